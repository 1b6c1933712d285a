"""Whether a drafted sentence uses a number in the sense of what it cites: the same unit, and up or down as there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mandarin.numerals import Numeral, NumeralKind, find_numerals

_UP = re.compile(r"上涨|增长|上升|增加|提高|提升|上调|升值|盈利|跑赢|领先|高出|扩大|涨|升|增")
_DOWN = re.compile(r"下跌|下降|减少|降低|下调|回落|回撤|贬值|亏损|跑输|落后|低于|缩小|缩短|跌|亏|降|减|负")
_NO_DIRECTION = re.compile(r"增长率|增加值|涨跌幅?|升降|增减|超额收益率|涨幅|降幅|跌幅")
_REACH = 10  # characters before a number in which a word tells its direction
_CLAUSE = re.compile(r"[，。；：、！？\n|（(]")
_CALENDAR = frozenset({NumeralKind.DATE, NumeralKind.ORDINAL, NumeralKind.CODE})


def turned(text: str, source: str) -> list[str]:
    """Numbers of `text` that `source` prints only in another unit, or only in the opposite direction.

    A number that stands bare there, as in a table's cell, may take either from its column.
    """
    there = [(one, _direction(source, one)) for one in _figures(source)]
    return [one.quote for one in _figures(text) if _contradicted(one, _direction(text, one), there)]


def _contradicted(one: Numeral, way: int, there: list[tuple[Numeral, int]]) -> bool:
    same = [(other, its) for other, its in there if abs(other.value) == abs(one.value)]
    units = {other.unit for other, _ in same}
    if one.unit and units and "" not in units and one.unit not in units:
        return True
    ways = {its for _, its in same}
    return bool(way) and bool(ways) and ways == {-way}


def _direction(text: str, one: Numeral) -> int:
    """+1 or -1 as the last word before the number within its clause says, or its own sign; 0 where none does."""
    if one.value < 0:
        return -1
    before = _CLAUSE.split(text[max(0, one.start - _REACH) : one.start])[-1]
    before = _NO_DIRECTION.sub(lambda found: " " * len(found[0]), before)
    last = {way: max((found.end() for found in words.finditer(before)), default=0) for way, words in _WAYS}
    return 0 if last[1] == last[-1] else max(last, key=lambda way: last[way])


_WAYS = ((1, _UP), (-1, _DOWN))


def _figures(text: str) -> Iterator[Numeral]:
    return (one for one in find_numerals(text) if one.kind not in _CALENDAR)
