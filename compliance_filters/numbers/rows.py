"""The numbers of sources as rows of a table: each with the name that stands before it, and when it is of.

期末基金资产净值10.27亿元，上季度末基金资产净值11.63亿元: two rows of one name, a quarter apart.
10年期国债收益率11月13日1.82%，11月6日1.86%: what has no name of its own has that of the number before.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from compliance_filters.numbers.evidence import Known, SourcePage
from compliance_filters.numbers.moments import Moment, moments_in
from compliance_filters.numbers.quantities import Quantity

_MOST = 400  # rows of a source
_ENDS = re.compile("[。；;\n]")
_SENTENCE_ENDS = re.compile("[。\n]")
_NAME = re.compile("[A-Za-z0-9+\u4e00-\u9fff]+")
_UNTELLING = re.compile(
    "报告期末?|本期末?|期[末初]|本报告期|截至|截止|当期|其中|分别|为|收于?(?![益入费取])|报(?!告)|达到?|是|的|[，,、：:（()）/①-⑨\\s]|约|末|底|发生的?|应支付的?|累计"
)
_OF_NOW = re.compile("期末|期间|期内|本期")  # 期初…，期末…: what was told of the beginning ends there
_OF_NAMES = frozenset({"同比", "环比", "同期"})  # CPI同比 is what a row is called
_LEAST_END = 4  # characters of a name that is another's end
_LEAST = 2  # characters of a name


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A number of a source."""

    name: str
    quantity: Quantity
    moment: Moment
    source: int
    place: int  # in order of its source
    sentence: int  # which of its source
    own: bool  # its own words name it
    lead: str  # what stands between the number before and this one


class Rows:
    """The rows of all sources of one context, by name and by size."""

    def __init__(self, known: Known) -> None:
        self.of_source = {held.source.n: _rows(held) for held in known.sources}
        self.all = tuple(row for rows in self.of_source.values() for row in rows)
        self._alike: dict[tuple[int, str, str], list[Row]] = {}
        self.by_size: dict[tuple[object, str], list[Row]] = {}
        for row in self.all:
            self.by_size.setdefault((row.quantity.value, row.quantity.unit), []).append(row)
        self.names = tuple(dict.fromkeys((row.name, row.quantity.unit) for row in self.all))

    def alike(self, row: Row) -> Sequence[Row]:
        """The other rows of its name in its source; 期初基金份额总额 and 期末份额总额 are of one name."""
        found = self._alike.get((row.source, row.name, row.quantity.unit))
        if found is None:
            unit = row.quantity.unit
            found = [r for r in self.of_source[row.source] if r.quantity.unit == unit and _same(r.name, row.name)]
            self._alike[row.source, row.name, unit] = found
        return [r for r in found if r is not row]


@lru_cache(maxsize=8)
def rows_of(known: Known) -> Rows:
    """The rows of one context; several texts are judged by the same."""
    return Rows(known)


def _rows(held: SourcePage) -> tuple[Row, ...]:
    text, body = held.page.text, len(held.source.title) + 1
    times = [one for one in moments_in(text) if text[one[0] : one[1]] not in _OF_NAMES]
    starts = [start for start, _, _ in times]
    title = next((moment for start, _, moment in times if start < body and moment.last), Moment())
    rows: list[Row] = []
    head, head_time, name, last, sentence = "", title, "", body, 0
    for figure in held.page.figures:
        if figure.start < body or not figure.said or figure.rank or len(rows) == _MOST:
            continue
        lead = text[last : figure.start]
        if _SENTENCE_ENDS.search(lead):
            head, head_time, name = "", title, ""
            sentence += 1
        begin = max((m.end() for m in _ENDS.finditer(lead)), default=0) + last
        if ends := _ENDS.search(lead):
            name = name if ends.group() not in "。\n" else ""
        colon = max(text.rfind("：", begin, figure.start), text.rfind(":", begin, figure.start))
        near = times[bisect_left(starts, begin) : bisect_left(starts, figure.start)]
        if colon >= 0:
            head = _plain(text, begin, colon, near)
            headed = [moment for start, _, moment in near if start < colon]
            head_time = headed[-1] if headed else head_time
            begin, name = colon + 1, ""
        own_time = [(start, end, moment) for start, end, moment in near if start >= begin]
        told = _plain(text, begin, figure.start, near)
        name = told if len(told) >= _LEAST else name or ""
        if not own_time and _OF_NOW.search(text, begin, figure.start):
            head_time = title
        moment = own_time[-1][2] if own_time else head_time
        if own_time and told and not _plain(text, begin, own_time[0][0], ()):
            head_time = moment  # 2026年9月30日，股票…，现金…
        full = f"{head}{name}"
        if len(full) >= _LEAST:
            rows.append(
                Row(
                    name=full, quantity=figure.quantity, moment=moment, source=held.source.n, place=len(rows),
                    sentence=sentence, own=len(told) >= _LEAST, lead=lead,
                )
            )  # fmt: skip
        last = figure.end
    return tuple(rows)


def _same(mine: str, other: str) -> bool:
    shorter = min(mine, other, key=len)
    return mine == other or (len(shorter) >= _LEAST_END and (mine + "|" + other + "|").count(shorter + "|") > 1)


def _plain(text: str, start: int, end: int, times: Sequence[tuple[int, int, Moment]]) -> str:
    """The words from `start` to `end` without times and fillers."""
    pieces, place = [], start
    for first, last, _ in times:
        if first >= place and last <= end:
            pieces.append(text[place:first])
            place = last
    pieces.append(text[place:end])
    told = re.split("[，,]", "".join(pieces))[-1] or "".join(pieces)
    return "".join(_NAME.findall(_UNTELLING.sub("", told)))
