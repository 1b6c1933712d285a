"""Markdown, plain text and CSV; UTF-8 or GB18030."""

from __future__ import annotations

import csv
import io
import re

from knowledge_base.document import ParsedDocument
from knowledge_base.errors import ParseError
from knowledge_base.parse.builder import DocumentBuilder, RawCell, guess_header_rows, heading_level

FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
MARKDOWN_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
PIPE_ROW = re.compile(r"^\s*\|.*\|\s*$")
PIPE_RULE = re.compile(r"^\s*\|?\s*:?-{1,}:?\s*(\|\s*:?-{1,}:?\s*)*\|?\s*$")
PIPE = re.compile(r"(?<!\\)\|")
FENCE = re.compile(r"^\s*(```|~~~)")
LIST_MARK = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*(gb\w+)", re.IGNORECASE)


def decode(content: bytes, *, name: str) -> str:
    """Text of the bytes: BOM, then UTF-8, then GB18030. Raises ParseError for anything else."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    declared_gb = CHARSET.search(content[:2048]) is not None
    for encoding in ("gb18030", "utf-8-sig") if declared_gb else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise ParseError(f"{name} is neither UTF-8 nor GB18030 text; save it as UTF-8.")


def front_matter(text: str) -> tuple[str | None, str]:
    """The YAML between the leading --- lines (None where there is none), and the text after it."""
    found = FRONT_MATTER.match(text)
    return (found[1], text[found.end() :]) if found else (None, text)


def parse_markdown(content: bytes, *, name: str, max_rows: int = 5000) -> ParsedDocument:
    """Headings, paragraphs, list items and pipe tables; front matter is left out of the text."""
    _, body = front_matter(decode(content, name=name))
    builder = DocumentBuilder()
    lines = body.splitlines()
    at = 0
    fenced = False
    paragraph: list[str] = []
    while at < len(lines):
        line = lines[at]
        if FENCE.match(line):
            fenced = not fenced
            at += 1
            continue
        rows = [] if fenced else _pipe_table(lines, at)
        heading = None if fenced else MARKDOWN_HEADING.match(line)
        if rows or heading or not line.strip() or LIST_MARK.match(line):
            _end_paragraph(builder, paragraph)
        if rows:
            _add_pipe_table(builder, rows, max_rows)
            at += len(rows)
            continue
        if heading:
            builder.heading(_plain(heading[2]), len(heading[1]))
        elif line.strip():
            paragraph.append(_plain(LIST_MARK.sub("", line).lstrip("> ")))
        at += 1
    _end_paragraph(builder, paragraph)
    return builder.build(_first_heading(builder) or _stem(name))


def parse_plain(content: bytes, *, name: str) -> ParsedDocument:
    """Each line a paragraph; a short numbered line is a heading."""
    builder = DocumentBuilder()
    for line in decode(content, name=name).splitlines():
        level = heading_level(line.strip())
        if level is not None:
            builder.heading(line, level)
        else:
            builder.paragraph(line)
    first = next((block.text for block in builder.blocks if len(block.text) <= 80), None)
    return builder.build(first or _stem(name))


def parse_csv(content: bytes, *, name: str, max_rows: int = 5000) -> ParsedDocument:
    """One table whose first row is its header."""
    text = decode(content, name=name)
    try:
        rows = [row for row in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ParseError(f"{name} is no readable CSV ({error}); export it again as UTF-8 CSV.") from error
    builder = DocumentBuilder()
    builder.table([[RawCell(text=cell) for cell in row] for row in rows], 1, max_rows=max_rows)
    return builder.build(_stem(name))


def _pipe_table(lines: list[str], at: int) -> list[str]:
    """Lines of the pipe table that starts here: a row, a rule, more rows; [] where none does."""
    if at + 1 >= len(lines) or not PIPE_ROW.match(lines[at]) or not PIPE_RULE.match(lines[at + 1]):
        return []
    end = at + 2
    while end < len(lines) and PIPE_ROW.match(lines[end]):
        end += 1
    return lines[at:end]


def _add_pipe_table(builder: DocumentBuilder, lines: list[str], max_rows: int) -> None:
    rows = [lines[0], *lines[2:]]
    cells = [[RawCell(text=_plain(cell.replace("\\|", "|"))) for cell in PIPE.split(row.strip()[1:-1])] for row in rows]
    texts = [[cell.text.strip() for cell in row] for row in cells]
    header = 1 if any(texts[0]) else 0
    builder.table(cells if header else cells[1:], header or guess_header_rows(texts[1:]), max_rows=max_rows)


def _plain(markdown: str) -> str:
    return EMPHASIS.sub(r"\2", LINK.sub(r"\1", markdown)).replace("`", "")


def _end_paragraph(builder: DocumentBuilder, lines: list[str]) -> None:
    builder.paragraph("\n".join(lines))
    lines.clear()


def _first_heading(builder: DocumentBuilder) -> str | None:
    return next((block.text for block in builder.blocks if block.kind.value == "heading"), None)


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
