"""Builds a document block by block, so that every offset is right by construction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from knowledge_base.document import Block, BlockKind, Cell, ParsedDocument, Table

CELL_GAP = " | "
UNIT = re.compile(r"单位\s*[:：]\s*(人民币)?\s*([亿万千百]*[元份股口手%％][^\s（）()，,。；;]{0,6})")
HEADING_NUMBER = re.compile(
    r"^(?:(?P<section>§\s*\d+)|(?P<chapter>第[一二三四五六七八九十百零\d]+[章部编])"
    r"|(?P<part>第[一二三四五六七八九十百零\d]+节)|(?P<dotted>\d{1,2}(?:\.\d{1,2}){1,4})(?![\d%％.,，])"
    r"|(?P<han>[一二三四五六七八九十]{1,3})、|(?P<bracket>[（(][一二三四五六七八九十]{1,3}[)）]))\s*(?=\D)"
)
NUMERIC = re.compile(r"^[-+−(（]?[\d,，.]+\s*[%％)）]?$")
_CJK = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_LINE_BREAK_IN_CJK = re.compile(rf"(?<={_CJK})[ \t\u00a0]*[\r\n]\s*(?={_CJK})")
_SPACE = re.compile(r"[\s\u00a0\u3000\u200b\ufeff]+")
_SPACE_BEFORE_PERCENT = re.compile(r"(?<=\d) (?=[%％])")


def clean(raw: str) -> str:
    """One line of text: runs of space become one, breaks inside Chinese and before % go."""
    text = _SPACE.sub(" ", _LINE_BREAK_IN_CJK.sub("", raw)).strip()
    return _SPACE_BEFORE_PERCENT.sub("", text)


def heading_level(text: str) -> int | None:
    """Level (1 = outermost) that the numbering at the start of a short line means, or None."""
    if len(text) > 60 or text.endswith(("。", "；", ";", "，", ",", "：", ":")):
        return None
    found = HEADING_NUMBER.match(text)
    if found is None:
        return None
    if found["dotted"]:
        return found["dotted"].count(".") + 1
    return {"section": 1, "chapter": 1, "part": 2, "han": 2, "bracket": 3}[found.lastgroup or "han"]


def unit_of(caption: str) -> str | None:
    """The unit a caption states, e.g. "金额单位：人民币元" -> "人民币元"."""
    found = UNIT.search(caption)
    return f"{found[1] or ''}{found[2]}" if found else None


def guess_header_rows(rows: list[list[str]]) -> int:
    """1 when the first row is words and some column below it is all numbers, else 0."""
    if len(rows) < 2 or any(NUMERIC.match(text) for text in rows[0]):
        return 0
    body = rows[1:]
    for column in range(1, len(rows[0])):
        below = [row[column] for row in body if column < len(row) and row[column]]
        if below and all(NUMERIC.match(text) for text in below):
            return 1
    return 0


@dataclass(frozen=True, kw_only=True)
class RawCell:
    """A cell as the file holds it, before spans are expanded."""

    text: str
    colspan: int = 1
    rowspan: int = 1


@dataclass
class DocumentBuilder:
    """Appends blocks to a canonical text; blocks are joined by newlines."""

    page: int | None = None
    anchor: str | None = None
    warnings: list[str] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _blocks: list[Block] = field(default_factory=list)
    _length: int = 0
    _headings: list[tuple[int, str]] = field(default_factory=list)
    _unit: str | None = None

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks so far."""
        return tuple(self._blocks)

    @property
    def heading_path(self) -> tuple[str, ...]:
        """Headings that the next block stands under, outermost first."""
        return tuple(heading for _, heading in self._headings)

    def heading(self, text: str, level: int) -> None:
        """A heading; those of the same or a deeper level before it end here."""
        text = clean(text)
        if not text:
            return
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._unit = None
        self._append(BlockKind.HEADING, text)
        self._headings.append((level, text))

    def paragraph(self, text: str) -> None:
        """A paragraph; a caption with a unit is remembered for the table that follows."""
        text = clean(text)
        if not text:
            return
        stated = unit_of(text) if len(text) < 60 else None
        self._unit = stated or (self._unit if len(text) < 30 else None)
        self._append(BlockKind.PARAGRAPH, text)

    def table(self, rows: Sequence[Sequence[RawCell]], header_rows: int, *, max_rows: int = 5000) -> None:
        """A table whose spans are expanded: cells under one span share their text and offsets."""
        if len(rows) > max_rows:
            self.warnings.append(f"A table of {len(rows)} rows was cut after {max_rows}.")
            rows = rows[:max_rows]
        printed, grid = _lay_out(rows, self._next_start())
        if not printed.strip(" |\n"):
            return
        table = Table(rows=grid, header_rows=min(header_rows, len(grid)), unit=self._unit)
        self._append(BlockKind.TABLE, printed, table)
        self._unit = None

    def graft(self, parsed: ParsedDocument) -> None:
        """The blocks of another document, under the headings that stand here; its warnings come along."""
        path = self.heading_path
        shift = self._next_start()
        for block in parsed.blocks:
            self._parts.append(block.text)
            self._blocks.append(_moved(block, shift, path))
        self._length = shift + len(parsed.text)
        self.warnings.extend(parsed.warnings)
        self._unit = None

    def build(self, title: str) -> ParsedDocument:
        return ParsedDocument(
            title=clean(title),
            text="\n".join(self._parts),
            blocks=tuple(self._blocks),
            warnings=tuple(self.warnings),
        )

    def _next_start(self) -> int:
        return self._length + 1 if self._parts else 0

    def _append(self, kind: BlockKind, text: str, table: Table | None = None) -> None:
        start = self._next_start()
        self._parts.append(text)
        self._length = start + len(text)
        block = Block(
            kind=kind,
            text=text,
            start=start,
            end=self._length,
            heading_path=self.heading_path,
            page=self.page,
            anchor=self.anchor,
            table=table,
        )
        self._blocks.append(block)


def _moved(block: Block, shift: int, path: tuple[str, ...]) -> Block:
    """The block as it lies `shift` characters further on, under more headings."""
    table = block.table
    if table is not None:
        rows = tuple(
            tuple(replace(cell, start=cell.start + shift, end=cell.end + shift) for cell in row) for row in table.rows
        )
        table = replace(table, rows=rows)
    return replace(
        block,
        start=block.start + shift,
        end=block.end + shift,
        heading_path=(*path, *block.heading_path),
        table=table,
    )


def _lay_out(rows: Sequence[Sequence[RawCell]], start: int) -> tuple[str, tuple[tuple[Cell, ...], ...]]:
    """Printed text of the rows (each cell once), and the grid of cells after expansion of spans."""
    lines: list[str] = []
    grid: list[tuple[Cell, ...]] = []
    hanging: dict[int, tuple[Cell, int]] = {}  # column -> cell from above, rows it still covers
    at = start
    for row in rows:
        line, cells = _lay_out_row(row, at, hanging)
        lines.append(line)
        grid.append(cells)
        at += len(line) + 1
    return "\n".join(lines), _even(grid)


def _lay_out_row(row: Sequence[RawCell], at: int, hanging: dict[int, tuple[Cell, int]]) -> tuple[str, tuple[Cell, ...]]:
    texts: list[str] = []
    cells: list[Cell] = []
    position = at
    for raw in row:
        _take_hanging(cells, hanging)
        text = clean(raw.text)
        cell = Cell(text=text, start=position, end=position + len(text))
        texts.append(text)
        position = cell.end + len(CELL_GAP)
        for _ in range(min(raw.colspan, 60)):
            if raw.rowspan > 1:
                hanging[len(cells)] = (cell, raw.rowspan - 1)
            cells.append(cell)
    _take_hanging(cells, hanging)
    return CELL_GAP.join(texts), tuple(cells)


def _take_hanging(cells: list[Cell], hanging: dict[int, tuple[Cell, int]]) -> None:
    """Put cells that reach down from rows above at their columns."""
    while (column := len(cells)) in hanging:
        cell, left = hanging.pop(column)
        if left > 1:
            hanging[column] = (cell, left - 1)
            cells.append(cell)
            continue
        cells.append(cell)


def _even(grid: list[tuple[Cell, ...]]) -> tuple[tuple[Cell, ...], ...]:
    """Rows of one width: short rows end in empty cells."""
    width = max((len(row) for row in grid), default=0)
    padded = []
    for row in grid:
        end = row[-1].end if row else 0
        padded.append(row + (Cell(text="", start=end, end=end),) * (width - len(row)))
    return tuple(padded)
