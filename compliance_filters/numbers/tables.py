"""Tables written with | : what heading and row say of the figure in a cell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from mandarin.numerals import NumeralKind, find_numerals

SPANS_OF_TIME = frozenset({
    "月", "个月", "季度", "个季度", "周", "年", "周年", "天", "日", "小时", "个小时", "分钟", "秒",
    "个自然日", "自然日",
})  # fmt: skip
_UNITS = "%|％|个百分点|百分点|亿元|万元|元|亿份|万份|份|亿股|万股|股|户|万户|天|年|[亿万]?(?:港元|港币|美元|欧元)"
_UNIT = re.compile(rf"[(（]\s?(?:单位[:：]\s?)?(?:人民币)?({_UNITS})\s?[)）]")
_UNIT_LINE = re.compile(
    rf"单位[:：]\s?(?:人民币)?(亿元|百万元|千万元|万元|千元|元|亿份|万份|份|[亿万]?(?:港元|港币|美元|欧元))|[(（]\s?(?:人民币)?({_UNITS})\s?[)）]\s*$"
)
_RULE = set("|-: \t")


class Tables:
    """The tables of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._rows = _rows(text) if text.count("|") > 1 else {}

    def cell(self, place: int) -> tuple[str, str, int]:
        """The heads of row and column of the figure at `place`, the unit they give, and which column it is.

        Outside a table all are empty.
        """
        if not self._rows:
            return "", "", 0
        line = self._text.rfind("\n", 0, place) + 1
        row = self._rows.get(line)
        if row is None:
            return "", "", 0
        column = self._text.count("|", line, place)
        label = row.label(column, self._text[line:place].rsplit("|", 1)[-1])
        found = _UNIT.findall(label)
        return label, (found[-1] if found else row.unit), column + 1

    def is_head(self, place: int) -> bool:
        """Whether a place lies in the heading of a table: the 2026 of 2026E净利（亿元） is no figure."""
        row = self._rows.get(self._text.rfind("\n", 0, place) + 1) if self._rows else None
        return row is not None and row.is_head


@dataclass(frozen=True, kw_only=True)
class _Row:
    cells: tuple[str, ...]
    head: tuple[str, ...]  # the heading of each column, () where the table has none
    unit: str  # what a line above says: 单位：万元
    is_head: bool

    def label(self, column: int, own: str) -> str:
        first = next((cell for cell in self.cells if cell.strip()), "")
        head = self._whose(column) + self.head[column] if column < len(self.head) else ""
        row = "" if column < len(self.cells) and self.cells[column] is first else first
        return f"{row} {head} {own}"

    def _whose(self, column: int) -> str:
        """The column that one of several alike belongs to: | 甲混合 | 基准 | 乙债券 | 基准 |, the nearest before it."""
        heads = [head.strip() for head in self.head]
        if not heads[column] or heads.count(heads[column]) == 1:
            return ""
        first = next(at for at, head in enumerate(heads) if head)  # which heads the rows' names
        return next((self.head[at] for at in range(column - 1, first, -1) if heads.count(heads[at]) == 1), "")


def _rows(text: str) -> dict[int, _Row]:
    """Rows of tables by the offset of their line."""
    rows: dict[int, _Row] = {}
    head: tuple[str, ...] = ()
    unit, inside = "", False
    lines = list(_lines(text))
    bare: list[int] = []  # rows of the last table, where no line above says what they are in
    for at, (start, line) in enumerate(lines):
        if line.count("|") < 2:
            found = _UNIT_LINE.search(line)
            unit = (found[1] or found[2]) if found else ("" if inside else unit)
            if found and line.lstrip().startswith(("单位", "（单位", "(单位")):
                rows.update({start: replace(rows[start], unit=unit) for start in bare})
            bare = bare if not line.strip() else []
            head, inside = (), False
            continue
        cells = tuple(line.split("|"))
        if set(line) <= _RULE:
            continue
        ruled = at + 1 < len(lines) and "-" in lines[at + 1][1] and set(lines[at + 1][1]) <= _RULE
        if not inside and (ruled or not _has_figure(line)):
            head = cells
        is_head = cells is head
        bare = [*(bare if inside else []), start] if not unit else []
        rows[start] = _Row(cells=cells, head=() if is_head else head, unit=unit, is_head=is_head)
        inside = True
    return rows


def _lines(text: str) -> Iterator[tuple[int, str]]:
    lines = text.split("\n")
    return zip(accumulate([len(line) + 1 for line in lines[:-1]], initial=0), lines, strict=True)


def _has_figure(line: str) -> bool:
    return any(n.kind not in (NumeralKind.DATE, NumeralKind.ORDINAL) and n.unit not in SPANS_OF_TIME
               for n in find_numerals(line))  # fmt: skip
