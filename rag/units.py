"""Quotable units of a chunk: sentences word for word, and table rows made readable."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge_base.document import Cell
from rag.cite import Claim, Place, place_in
from rag.passage import Chunk, TableSlice
from rag.sentences import sentence_spans, whole_spans

_ENDS = re.compile(r"[。！？；!?;]\s*$")
_NUMBER_CELL = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")
_CODE_CELL = re.compile(r"[\d.,%％\-/A-Z]*")
_UNIT_OF_COLUMN = re.compile(r"[（(](?:人民币)?([百千万亿]*元|[万亿]*[份股]|张|户|只|天|年|[%％])[）)]|(?<=例)([%％])$")
_BESIDE_NOTHING = re.compile(
    r"\s*[/／]\s*[-－—]$"
)  # 72.09 /-: of two values that a cell may hold the one that is there
_UNIT_COLUMN = re.compile(r"(?:计量|指标)?单位$")
_ROW_UNITS = frozenset({"%", "％", "元", "万元"})  # of a column of units
_NOTHING = re.compile(r"[^\w]*|无|不适用")
_NAMED_VALUE = re.compile(r"([\u4e00-\u9fff]{2,12})[：:]")
_CAPTION = re.compile(r"^[（(]?(?:金额|份额|数量)?单位[：:]")
_EMPTY_NAMES = frozenset({"数值", "内容", "说明", "项目内容", "情况"})  # column names that name nothing
_LONGEST_HEADING = 60
_LONGEST_QUOTE = 120  # characters; a longer enumeration is quoted by the clause
_MOST_COLUMNS = 6
_FEWEST_BARE = 2  # values of a row without label that is told all the same


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A sentence or row with the words that are matched against a question."""

    claim: Claim
    words: str  # its own
    heading: str  # the line right above it, or of its table
    above: str  # context of the whole chunk
    label: str = ""  # first cell, of a row
    table: tuple[str, int] | None = None  # version and header of its table, of a row
    rank: int | None = None  # number in front of a row of a ranked list
    values: tuple[tuple[str, str, Cell], ...] = ()  # column name, unit and cell of a row, right of its label


def units(chunk: Chunk, wanted: Sequence[str]) -> Iterator[Unit]:
    """Sentences outside tables and rows of tables, in the order of the text.

    `wanted` words choose the columns of a row that are shown.
    """
    spans = [list(_spans(table)) for table in chunk.tables]
    heading = _path_end(chunk)
    next_table = 0
    lines = list(whole_spans(chunk.text, offset=chunk.start, longest=_LONGEST_QUOTE))
    tables = [_table_at(line, spans) for line in lines]
    for (start, end), inside, behind in zip(lines, tables, [*tables[1:], None], strict=True):
        if inside is not None:
            for i in range(next_table, inside + 1):
                yield from _rows(chunk, i, heading, wanted)
            next_table = max(next_table, inside + 1)
            continue
        place = place_in(chunk, start, end)
        if _is_heading(place.quote):
            heading = place.quote
            continue
        if _CAPTION.match(place.quote) or " | " in place.quote:
            continue
        claim = Claim(text=place.quote, places=(place,))
        if behind is not None and _is_caption(place.quote):
            heading = place.quote  # 资产项目名称：一号楼, above the table of its figures
        named = _NAMED_VALUE.match(place.quote)
        label = named.group(1) if named else ""
        yield Unit(claim=claim, words=place.quote, heading=heading, above=chunk.context, label=label)


def _path_end(chunk: Chunk) -> str:
    """The caption of the table the chunk begins with, or the innermost heading that the whole chunk lies under."""
    paths = [line for line in chunk.context.splitlines()[1:] if not line.startswith(("表头：", "单位："))]
    return paths[-1].rpartition(" > ")[2] if paths else ""


def _is_heading(line: str) -> bool:
    """A short line without full stop that gives no value after a colon."""
    return len(line) <= _LONGEST_HEADING and not _ENDS.search(line) and not re.search(r"[：:]\s*\S", line)


def _is_caption(line: str) -> bool:
    """A short line without full stop; right above a table it says what the table is of."""
    return len(line) <= _LONGEST_HEADING and not _ENDS.search(line)


def _table_at(line: tuple[int, int], spans: Sequence[Sequence[tuple[int, int]]]) -> int | None:
    """Which table a line belongs to; None for a line of text."""
    start, end = line
    return next((i for i, of in enumerate(spans) if any(start < e and s < end for s, e in of)), None)


def _spans(table: TableSlice) -> Iterator[tuple[int, int]]:
    if table.header_cell is not None:
        yield table.header_cell.start, table.header_cell.end
    for row in table.rows:
        cells = [cell for cell in row if cell.text]
        if cells:
            end = max(cell.end for cell in cells)
            yield min(cell.start for cell in cells if cell.end <= end), end


def _rows(chunk: Chunk, index: int, heading: str, wanted: Sequence[str]) -> Iterator[Unit]:
    table = chunk.tables[index]
    over = ""
    for row in table.rows:
        alone = {cell for cell in row if cell.text.strip()}
        if len(alone) == 1:  # a row of one cell: prose, under the row that names it (产品特有风险)
            cell = alone.pop()
            if "。" in cell.text:
                yield from _sentences_of_cells(chunk, [cell], over or heading)
            over = cell.text.strip()
            continue
        at = next((i for i, cell in enumerate(row) if not _CODE_CELL.fullmatch(cell.text.strip())), None)
        values = _values(table, row, -1 if at is None else at)
        prose = [cell for _, _, cell in values if "。" in cell.text]
        if prose and at is not None:
            yield from _sentences_of_cells(chunk, prose, row[at].text.strip())
            values = [value for value in values if value[2] not in prose]
            if len(values) < _FEWEST_BARE:
                continue
        if at is None and len(values) < _FEWEST_BARE:
            continue
        shown = _shown(values, wanted)
        places = tuple(_places(chunk, table, row, shown))
        if not shown or not places:
            continue
        label = row[at].text.strip() if at is not None else ""
        printed = "，".join(_printed(name, unit, cell.text.strip()) for name, unit, cell in shown)
        yield Unit(
            claim=Claim(text=f"{label}：{printed}。" if label else f"{printed}。", places=places),
            words=f"{label} {' '.join(name for name, _, _ in values)} {printed}",
            heading=heading,
            above=chunk.context,
            label=label,
            table=(chunk.version_id, table.header_cell.start if table.header_cell else row[0].start),
            rank=_rank(row, at),
            values=tuple(values),
        )


def _rank(row: Sequence[Cell], label_at: int | None) -> int | None:
    """The number in front of a row; the second row of one issuer (A and H shares) has the same."""
    first = row[0].text.strip()
    return int(first) if label_at and first.isdigit() and len(first) <= 3 else None


def _shown(values: Sequence[tuple[str, str, Cell]], wanted: Sequence[str]) -> list[tuple[str, str, Cell]]:
    """The columns that the question's words name, with the name that it tells; all where they name none."""
    if not any(word in name for name, _, _ in values for word in wanted):
        return list(values[:_MOST_COLUMNS])
    return [
        value
        for value in values
        if any(word in value[0] or (len(word) > 1 and word in value[2].text) for word in wanted)
    ]


def _sentences_of_cells(chunk: Chunk, cells: Sequence[Cell], label: str) -> Iterator[Unit]:
    """A cell that holds prose is quoted by the sentence, with the row's label as heading."""
    for cell in cells:
        for start, end in sentence_spans(cell.text, offset=cell.start):
            if chunk.start <= start and end <= chunk.end:
                place = place_in(chunk, start, end)
                claim = Claim(text=place.quote, places=(place,))
                yield Unit(claim=claim, words=place.quote, heading=label, above=chunk.context)


def _values(table: TableSlice, row: tuple[Cell, ...], label_at: int) -> list[tuple[str, str, Cell]]:
    """Column name, unit and cell of what stands right of the label; a cell over several columns once."""
    seen: dict[Cell, str] = {}
    label = row[label_at] if label_at >= 0 else None
    for i, cell in enumerate(row):
        if i > label_at and cell != label and not _NOTHING.fullmatch(cell.text.strip()):
            name = table.header[i] if i < len(table.header) else ""
            if not _NUMBER_CELL.fullmatch(cell.text.strip()) and name.endswith(cell.text.strip()):
                continue  # a row within the table that heads the rows below it
            seen.setdefault(cell, "" if name in _EMPTY_NAMES else name)
    own = next(
        (cell.text.strip() for name, cell in zip(table.header, row, strict=False) if _UNIT_COLUMN.search(name)), ""
    )
    return [
        (*_name_and_unit(name, cell.text, own if own in _ROW_UNITS else table.unit), cell)
        for cell, name in seen.items()
    ]


def _name_and_unit(name: str, text: str, unit: str | None) -> tuple[str, str]:
    """公允价值（元） -> 公允价值, 元; the table's unit for a number with decimals where the column has none."""
    found = _UNIT_OF_COLUMN.search(name)
    if found:
        told = found[1] or found[2]
        return name[: found.start()] + name[found.end() :], "%" if told in "%％" else told
    if unit and "." in text and "户数" not in name:
        return name, unit.removeprefix("人民币")
    return name, ""


def _printed(name: str, unit: str, text: str) -> str:
    """Column name and value with its unit, where the value is a bare number."""
    plain = _BESIDE_NOTHING.sub("", text)
    if unit and _NUMBER_CELL.fullmatch(plain):
        text = plain + unit
    return f"{name} {text}" if name else text


def _places(
    chunk: Chunk, table: TableSlice, row: Sequence[Cell], shown: Sequence[tuple[str, str, Cell]]
) -> Iterator[Place]:
    """The row's own line, a label that began in an earlier row, and the header where it has numbers."""
    inside = [cell for cell in row if cell.text and chunk.start <= cell.start and cell.end <= chunk.end]
    if not inside:
        return
    end = max(cell.end for cell in inside)
    line = chunk.start + chunk.text.rfind("\n", 0, end - chunk.start) + 1
    start = min((cell.start for cell in inside if cell.start >= line), default=inside[0].start)
    yield place_in(chunk, start, end)
    for cell in dict.fromkeys(row):
        if cell.text and cell.end <= start:
            yield Place(chunk=chunk, start=cell.start, end=cell.end, quote=cell.text)
    header = table.header_cell
    if header is not None and any(re.search(r"\d", name) for name, _, _ in shown):
        yield Place(chunk=chunk, start=header.start, end=header.end, quote=header.text)
