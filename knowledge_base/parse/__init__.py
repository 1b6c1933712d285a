"""One door for all formats: bytes in, a parsed document out, bounded and with one clear error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from knowledge_base.document import ParsedDocument
from knowledge_base.errors import ParseError
from knowledge_base.settings import KnowledgeBaseSettings

EXTENSIONS = frozenset({".html", ".htm", ".pdf", ".docx", ".xlsx", ".md", ".markdown", ".txt", ".csv"})
_HTML_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table")


def parse_file(path: Path, *, settings: KnowledgeBaseSettings | None = None) -> ParsedDocument:
    """Parse a file by what it holds, then by its extension. Raises ParseError with one sentence."""
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise ParseError(f"{path.name} cannot be read ({reason}); check that it is there and readable.") from error
    return parse_bytes(content, name=path.name, settings=settings)


def parse_bytes(content: bytes, *, name: str, settings: KnowledgeBaseSettings | None = None) -> ParsedDocument:
    """Parse bytes that were read from a file called `name`. Raises ParseError with one sentence."""
    bounds = settings or KnowledgeBaseSettings()
    if len(content) > bounds.max_file_mb * 2**20:
        raise ParseError(f"{name} is larger than {bounds.max_file_mb} MB; split it or raise max_file_mb.")
    if not content.strip():
        raise ParseError(f"{name} is empty; put its text in or delete it.")
    parser = _parser_of(content, name, bounds)
    try:
        parsed = parser(content)
    except ParseError:
        raise
    except Exception as error:  # the libraries raise what they like on a broken file
        raise ParseError(f"{name} cannot be parsed ({type(error).__name__}); export it again.") from error
    if not parsed.blocks:
        raise ParseError(f"{name} holds no text that can be read (a scan needs a text layer); export it with text.")
    return parsed


def _parser_of(content: bytes, name: str, bounds: KnowledgeBaseSettings) -> Callable[[bytes], ParsedDocument]:
    from knowledge_base.parse import html, office, pdf, text

    rows = bounds.max_table_rows
    parsers: dict[str, Callable[[bytes], ParsedDocument]] = {
        "pdf": lambda raw: pdf.parse_pdf(raw, name=name, max_pages=bounds.max_pdf_pages, max_rows=rows),
        "docx": lambda raw: office.parse_docx(raw, name=name, max_rows=rows),
        "xlsx": lambda raw: office.parse_xlsx(raw, name=name, max_rows=rows),
        "html": lambda raw: html.parse_html(raw, name=name, max_rows=rows),
        "md": lambda raw: text.parse_markdown(raw, name=name, max_rows=rows),
        "csv": lambda raw: text.parse_csv(raw, name=name, max_rows=rows),
        "txt": lambda raw: text.parse_plain(raw, name=name),
    }
    kind = sniff(content, name, max_unpacked_mb=bounds.max_unpacked_mb)
    if kind is None:
        known = ", ".join(sorted(EXTENSIONS))
        raise ParseError(f"{name} is of no kind that can be read; convert it to one of {known}.")
    return parsers[kind]


def sniff(content: bytes, name: str, *, max_unpacked_mb: int) -> str | None:
    """Kind of a file: by its first bytes where they tell, else by its extension; None when unknown."""
    from knowledge_base.parse.office import kind_of_zip

    head = content[:1024].lstrip(b"\xef\xbb\xbf\x00 \t\r\n").lower()
    if b"%pdf-" in head:
        return "pdf"
    if content.startswith(b"PK\x03\x04"):
        return kind_of_zip(content, name=name, max_unpacked_mb=max_unpacked_mb)
    suffix = Path(name).suffix.lower()
    if head.startswith(_HTML_STARTS) and suffix not in (".md", ".markdown"):
        return "html"
    by_extension = {
        ".htm": "html",
        ".html": "html",
        ".md": "md",
        ".markdown": "md",
        ".txt": "txt",
        ".csv": "csv",
    }
    return by_extension.get(suffix)
