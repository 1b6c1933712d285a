"""Lengths of time that lie between two days: 3月2日确认, 5月11日赎回, 共70天."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import combinations

from compliance_filters.numbers.quantities import Quantity

_WEEK, _WORKING = 7, 5
_DAYS = frozenset({"天", "交易日", "工作日"})
_MOST = 24  # days of which pairs are tried
_EITHER_END = 1  # the first day, the last one or both may be counted


def lies_between(mine: Quantity, days: Iterable[date]) -> bool:
    """Whether a length lies between two of these days; of trading days as many as weeks of five can hold."""
    if mine.unit not in _DAYS or mine.value != int(mine.value):
        return False
    wanted = int(mine.value)
    return any(_fits(wanted, length, working=mine.unit != "天") for length in _lengths(days))


def _lengths(days: Iterable[date]) -> Iterator[int]:
    ordered = sorted(set(days))[:_MOST]
    return ((later - earlier).days for earlier, later in combinations(ordered, 2))


def _fits(wanted: int, length: int, *, working: bool) -> bool:
    if not working:
        return abs(length - wanted) <= _EITHER_END
    most = length * _WORKING // _WEEK + _EITHER_END + 1
    return most - _WORKING <= wanted <= most and wanted > 0
