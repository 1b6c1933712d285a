"""Chunks by structure: sections packed to one size, tables cut between rows with their header carried."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from knowledge_base.document import Block, BlockKind, Cell, DocumentVersion, ParsedDocument, Table
from rag.errors import ChunkOffsetError
from rag.passage import Chunk, TableSlice
from rag.sentences import sentence_spans
from rag.settings import RagSettings

MAX_PASSAGE_CHARS = 800
_HEADER_CHARS = 200  # of a table's header in a chunk's context
_CAPTION_CHARS = 60  # 报告期末按公允价值占基金资产净值比例大小排序的前五名债券投资明细 has 33
_UNIT_LINE = re.compile(r"^[（(]?(?:金额|份额|数量)?单位[：:]")
_DIGITS = re.compile(r"-?\d[\d,.]{3,}%?")
_SPACE = re.compile(r"\s+")

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """The smallest span that is never cut: a heading, some sentences, or some table rows."""

    start: int
    end: int
    path: tuple[str, ...]
    block: Block
    table: TableSlice | None = None
    header_inside: bool = True  # False for the later row groups of a long table
    caption: str = ""  # the line above a table


def chunk_document(version: DocumentVersion, parsed: ParsedDocument, settings: RagSettings) -> tuple[Chunk, ...]:
    """Cut a document into chunks of at most 800 characters with exact offsets.

    Raises ChunkOffsetError when a block does not lie where it says in the canonical text.
    """
    _check_offsets(parsed)
    pieces = [piece for block in parsed.blocks for piece in _pieces(block, settings.chunk_chars)]
    groups = _pack(_captioned(pieces), settings)
    return tuple(_chunk(version, parsed, group, ordinal) for ordinal, group in enumerate(groups))


def embedding_text(chunk: Chunk, max_chars: int) -> str:
    """Context and text for the encoder: long numbers are left out, they carry no meaning and cost most."""
    text = _SPACE.sub(" ", _DIGITS.sub("", f"{chunk.context}\n{chunk.text}"))
    return text[:max_chars]


def _check_offsets(parsed: ParsedDocument) -> None:
    for block in parsed.blocks:
        if parsed.text[block.start : block.end] != block.text:
            raise ChunkOffsetError(
                f"the parser of {parsed.title!r} gave a {block.kind} at {block.start}..{block.end} that is "
                "not in the canonical text, so it cannot be cited: report this file to the parser's owner"
            )


def _pieces(block: Block, size: int) -> Iterator[_Piece]:
    if block.kind is BlockKind.HEADING:
        path = block.heading_path
        if not path or path[-1] != block.text:
            path = (*path, block.text)
        yield _Piece(start=block.start, end=block.end, path=path, block=block)
    elif block.table is not None:
        yield from _table_pieces(block, block.table, size)
    else:
        for start, end in _fill(list(sentence_spans(block.text, offset=block.start)), size):
            yield _Piece(start=start, end=end, path=block.heading_path, block=block)


def _captioned(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Every row group of a table with the line that stands above the table; a unit alone is no caption."""
    captioned: list[_Piece] = []
    caption, of_table = "", ""
    for piece in pieces:
        if piece.table is not None:
            of_table = caption or of_table
            caption = ""
            captioned.append(replace(piece, caption=of_table))
            continue
        if not _UNIT_LINE.match(piece.block.text):
            caption = piece.block.text if _leads_in(piece) else ""
            of_table = ""
        captioned.append(piece)
    return captioned


def _fill(spans: Sequence[Span], size: int) -> Iterator[Span]:
    """Join neighbouring spans up to `size`; a span longer than that is cut hard."""
    start = end = -1
    for span_start, span_end in spans:
        if start >= 0 and span_end - start > size:
            yield from _cut(start, end, size)
            start = -1
        start = span_start if start < 0 else start
        end = span_end
    if start >= 0:
        yield from _cut(start, end, size)


def _cut(start: int, end: int, size: int) -> Iterator[Span]:
    limit = size if end - start > MAX_PASSAGE_CHARS else MAX_PASSAGE_CHARS
    for at in range(start, end, limit):
        yield at, min(at + limit, end)


def _table_pieces(block: Block, table: Table, size: int) -> Iterator[_Piece]:
    """Row groups up to `size`; the first holds the header rows, the others carry it as context."""
    rows: list[tuple[Cell, ...]] = []
    start = end = block.start
    first = True
    for row, row_end in _row_ends(table, block):
        if rows and row_end - start > size:
            yield from _row_group(block, table, rows, (start, end), first)
            rows, first, start = [], False, end
        rows.append(row)
        end = row_end
    yield from _row_group(block, table, rows, (start, block.end), first)


def _row_group(
    block: Block, table: Table, rows: Sequence[tuple[Cell, ...]], span: Span, first: bool
) -> Iterator[_Piece]:
    """One piece for a group of rows; a single row longer than a passage is cut."""
    text = block.text[span[0] - block.start : span[1] - block.start]
    start, end = span[1] - len(text.lstrip()), span[1] - len(text) + len(text.rstrip())
    rest = TableSlice(
        header=column_names(table), unit=table.unit, rows=tuple(rows), header_cell=_header_cell(table, block)
    )
    for at, until in _cut(start, end, MAX_PASSAGE_CHARS):
        yield _Piece(
            start=at,
            end=until,
            path=block.heading_path,
            block=block,
            table=rest,
            header_inside=first and at == start,
        )


def _row_ends(table: Table, block: Block) -> Iterator[tuple[tuple[Cell, ...], int]]:
    """Body rows with the end of what they add to the text (a cell spanning rows counts where it begins)."""
    reached = max((cell.end for row in table.header for cell in row), default=block.start)
    for row in table.body:
        own = [cell.end for cell in row if cell.start >= reached and cell.end > cell.start]
        if own:
            reached = max(own)
            yield row, reached


def _header_cell(table: Table, block: Block) -> Cell | None:
    cells = [cell for row in table.header for cell in row if cell.text]
    if not cells:
        return None
    start, end = min(cell.start for cell in cells), max(cell.end for cell in cells)
    return Cell(text=block.text[start - block.start : end - block.start], start=start, end=end)


def column_names(table: Table) -> tuple[str, ...]:
    """One name a column: the header rows joined from the top, repeats left out."""
    columns = zip_longest(*([_SPACE.sub("", cell.text) for cell in row] for row in table.header), fillvalue="")
    return tuple("".join(dict.fromkeys(part for part in column if part)) for column in columns)


def _pack(pieces: Sequence[_Piece], settings: RagSettings) -> Iterator[list[_Piece]]:
    """Group pieces up to the size; a new chapter starts a chunk once the one before is long enough."""
    group: list[_Piece] = []
    for piece in pieces:
        if group and _must_break(group, piece, settings):
            kept, group = _without_lead_in(group)
            if kept:
                yield kept
            if group and piece.end - group[0].start > MAX_PASSAGE_CHARS:
                group = []  # headings that do not fit stay in the context
        group.append(piece)
    if group:
        yield group


def _must_break(group: list[_Piece], piece: _Piece, settings: RagSettings) -> bool:
    if piece.end - group[0].start > settings.chunk_chars:
        return True
    length = group[-1].end - group[0].start
    return length >= settings.chunk_min_chars and piece.path[:2] != group[-1].path[:2]


def _without_lead_in(group: list[_Piece]) -> tuple[list[_Piece], list[_Piece]]:
    """Split off headings and captions at the end: they belong to what follows."""
    cut = len(group)
    while cut > 0 and _leads_in(group[cut - 1]):
        cut -= 1
    return group[:cut], group[cut:]


def _leads_in(piece: _Piece) -> bool:
    if piece.block.kind is BlockKind.HEADING:
        return True
    short = piece.end - piece.start <= _CAPTION_CHARS
    return short and piece.table is None and not piece.block.text.endswith(("。", "；", "！", "？"))


def _chunk(version: DocumentVersion, parsed: ParsedDocument, group: list[_Piece], ordinal: int) -> Chunk:
    start, end = group[0].start, group[-1].end
    return Chunk(
        id=f"{version.id}#{ordinal}",
        version_id=version.id,
        document_id=version.document_id,
        title=version.title,
        product_codes=version.product_codes,
        labels=version.labels,
        effective_from=version.effective_from,
        effective_to=version.effective_to,
        context=_context(version, group),
        text=parsed.text[start:end],
        start=start,
        end=end,
        page=group[0].block.page,
        anchor=group[0].block.anchor,
        period=version.period,
        document_type=version.document_type,
        tables=tuple(_tables(group, start, end)),
    )


def _tables(group: Sequence[_Piece], start: int, end: int) -> Iterator[TableSlice]:
    """The table rows that end inside the chunk, so that a row is rendered from one chunk only."""
    for piece in group:
        if piece.table is not None:
            rows = tuple(row for row in piece.table.rows if start < max(cell.end for cell in row) <= end)
            if rows:
                yield replace(piece.table, rows=rows)


def _context(version: DocumentVersion, group: Sequence[_Piece]) -> str:
    """Title, codes, common heading path, and of each table the unit and the header not in the text."""
    lines = [version.title]
    if version.product_codes:
        lines[0] += f"（{'、'.join(version.product_codes)}）"
    path = _common_path([piece.path for piece in group])
    if path:
        lines.append(" > ".join(path))
    first = group[0]
    if first.caption and (not path or path[-1] != first.caption):
        lines.append(first.caption)
    for piece in group:
        if piece.table is not None and not piece.header_inside and piece.table.header:
            lines.append("表头：" + " | ".join(piece.table.header)[:_HEADER_CHARS])
        if piece.table is not None and piece.table.unit:
            lines.append(f"单位：{piece.table.unit}")
    return "\n".join(dict.fromkeys(lines))


def _common_path(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    common: list[str] = []
    for level in zip(*paths, strict=False):
        if len(set(level)) > 1:
            break
        common.append(level[0])
    return tuple(common)
