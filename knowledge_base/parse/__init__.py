"""One door for all formats: bytes in, a parsed document out, bounded and with one clear error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from knowledge_base.document import ParsedDocument
from knowledge_base.errors import ParseError
from knowledge_base.parse.kinds import EXTENSIONS as EXTENSIONS
from knowledge_base.parse.kinds import REFUSED as REFUSED
from knowledge_base.parse.kinds import sniff
from knowledge_base.parse.ocr import PageReader, installed_reader
from knowledge_base.settings import KnowledgeBaseSettings


def parse_file(path: Path, *, settings: KnowledgeBaseSettings | None = None) -> ParsedDocument:
    """Parse a file by what it holds, then by its extension. Raises ParseError with one sentence."""
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise ParseError(f"{path.name} cannot be read ({reason}); check that it is there and readable.") from error
    return parse_bytes(content, name=path.name, settings=settings)


def parse_bytes(
    content: bytes,
    *,
    name: str,
    settings: KnowledgeBaseSettings | None = None,
    reader: PageReader | None = None,
) -> ParsedDocument:
    """Parse bytes that were read from a file called `name`. Raises ParseError with one sentence.

    `reader` reads pages that are pictures; where it is None, the one that is installed.
    """
    bounds = settings or KnowledgeBaseSettings()
    if bounds.ocr == "off":
        reader = None
    elif reader is None:
        reader = installed_reader()
    return _Door(bounds=bounds, reader=reader).parse(content, name)


@dataclass(frozen=True, kw_only=True)
class _Door:
    """The parsers under one set of bounds; a message opens it once more for each of its parts."""

    bounds: KnowledgeBaseSettings
    reader: PageReader | None
    depth: int = 0  # messages around what is parsed

    def parse(self, content: bytes, name: str) -> ParsedDocument:
        if len(content) > self.bounds.max_file_mb * 2**20:
            raise ParseError(f"{name} is larger than {self.bounds.max_file_mb} MB; split it or raise max_file_mb.")
        if not content.strip():
            raise ParseError(f"{name} is empty; put its text in or delete it.")
        parser = self._parser_of(content, name)
        try:
            parsed = parser(content)
        except ParseError:
            raise
        except Exception as error:  # the libraries raise what they like on a broken file
            raise ParseError(f"{name} cannot be parsed ({type(error).__name__}); export it again.") from error
        if not parsed.blocks:
            raise ParseError(f"{name} holds no text that can be read; export it with text or delete it.")
        return parsed

    def _parser_of(self, content: bytes, name: str) -> Callable[[bytes], ParsedDocument]:
        from knowledge_base.parse import html, office, pdf, slides, text

        bounds = self.bounds
        rows = bounds.max_table_rows
        parsers: dict[str, Callable[[bytes], ParsedDocument]] = {
            "pdf": lambda raw: pdf.parse_pdf(
                raw,
                name=name,
                max_pages=bounds.max_pdf_pages,
                max_rows=rows,
                reader=self.reader,
                max_ocr_pages=bounds.max_ocr_pages,
            ),
            "docx": lambda raw: office.parse_docx(raw, name=name, max_rows=rows),
            "xlsx": lambda raw: office.parse_xlsx(raw, name=name, max_rows=rows),
            "pptx": lambda raw: slides.parse_pptx(raw, name=name, max_rows=rows),
            "html": lambda raw: html.parse_html(raw, name=name, max_rows=rows),
            "md": lambda raw: text.parse_markdown(raw, name=name, max_rows=rows),
            "csv": lambda raw: text.parse_csv(raw, name=name, max_rows=rows),
            "txt": lambda raw: text.parse_plain(raw, name=name),
            "eml": lambda raw: self._message(raw, name),
        }
        kind = sniff(content, name, max_unpacked_mb=bounds.max_unpacked_mb)
        if kind is None:
            known = ", ".join(sorted(EXTENSIONS))
            raise ParseError(f"{name} is of no kind that can be read; convert it to one of {known}.")
        return parsers[kind]

    def _message(self, content: bytes, name: str) -> ParsedDocument:
        from knowledge_base.parse.mail import parse_eml

        if self.depth > self.bounds.max_mail_depth:
            raise ParseError(f"{name} lies more than {self.bounds.max_mail_depth} messages deep; save it apart.")
        inner = _Door(bounds=self.bounds, reader=self.reader, depth=self.depth + 1)
        return parse_eml(content, name=name, parse=inner.parse, max_attachments=self.bounds.max_attachments)
