"""DOCX and XLSX, unpacked within bounds."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

from knowledge_base.document import BlockKind, ParsedDocument
from knowledge_base.errors import ParseError
from knowledge_base.parse.builder import DocumentBuilder, RawCell, guess_header_rows, heading_level

HEADING_STYLE = re.compile(r"^(?:heading|标题)\s*(\d)$", re.IGNORECASE)


def parse_docx(content: bytes, *, name: str, max_rows: int = 5000) -> ParsedDocument:
    """Headings by style or bold numbering, paragraphs and tables in reading order.

    Raises ParseError for a broken file.
    """
    import docx
    from docx.table import Table

    try:
        document = docx.Document(io.BytesIO(content))
    except Exception as error:  # python-docx raises KeyError, ValueError and lxml's own on broken parts
        raise ParseError(f"{name} is a broken DOCX ({type(error).__name__}); save it again.") from error
    builder = DocumentBuilder()
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            rows = _docx_rows(item)
            texts = [[cell.text.strip() for cell in row] for row in rows]
            builder.table(rows, guess_header_rows(texts) or 1, max_rows=max_rows)
        else:
            _docx_paragraph(builder, item)
    stated = str(document.core_properties.title or "")
    return builder.build(stated or _first_line(builder) or _stem(name))


def _docx_paragraph(builder: DocumentBuilder, paragraph: Any) -> None:
    style = paragraph.style.name if paragraph.style is not None else ""
    styled = HEADING_STYLE.match(style)
    bold = bool(paragraph.runs) and all(run.bold for run in paragraph.runs if run.text.strip())
    level = 1 if style in ("Title", "标题") else int(styled[1]) if styled else None
    level = level or (heading_level(paragraph.text.strip()) if bold else None)
    if level is not None:
        builder.heading(paragraph.text, level)
    else:
        builder.paragraph(paragraph.text)


def _docx_rows(table: Any) -> list[list[RawCell]]:
    """Rows with spans: python-docx repeats a merged cell at each place it covers."""
    grid = [list(row.cells) for row in table.rows]
    seen: set[int] = set()
    rows = []
    for number, cells in enumerate(grid):
        row = []
        for column, cell in enumerate(cells):
            if id(cell._tc) in seen:
                continue
            seen.add(id(cell._tc))
            across = sum(1 for other in cells[column:] if other._tc is cell._tc)
            down = sum(1 for below in grid[number:] if column < len(below) and below[column]._tc is cell._tc)
            row.append(RawCell(text=cell.text, colspan=across, rowspan=down))
        rows.append(row)
    return rows


def parse_xlsx(content: bytes, *, name: str, max_rows: int = 5000) -> ParsedDocument:
    """Each visible sheet a heading and a table; values, not formulas. Raises ParseError for a broken file."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises KeyError, ValueError and zlib's own on broken parts
        raise ParseError(f"{name} is a broken XLSX ({type(error).__name__}); save it again.") from error
    builder = DocumentBuilder()
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        builder.anchor = sheet.title
        rows = [_xlsx_row(row) for row in sheet.iter_rows(values_only=True)]
        filled = [row for row in rows if any(cell.text for cell in row)]
        builder.heading(sheet.title, 1)
        builder.table(filled, 1, max_rows=max_rows)
    book.close()
    return builder.build(_stem(name))


def _xlsx_row(values: Sequence[Any]) -> list[RawCell]:
    cells = [RawCell(text="" if value is None else str(value)) for value in values]
    while cells and not cells[-1].text:
        cells.pop()
    return cells


def _first_line(builder: DocumentBuilder) -> str | None:
    first = next((block for block in builder.blocks if block.kind is not BlockKind.TABLE), None)
    return first.text if first is not None and len(first.text) <= 80 else None


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
