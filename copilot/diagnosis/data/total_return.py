"""Total returns of a fund from whichever form its NAV comes in.

| basis       | return of a row                                                          |
|-------------|--------------------------------------------------------------------------|
| growth      | 日增长率 as given: dividends and splits are in it                         |
| adjusted    | 复权净值 over the one before                                              |
| events      | (unit NAV * 拆分比例 + 每份分红) / unit NAV before - 1                     |
| accumulated | change of 累计净值 over the unit NAV before                               |
| unit        | unit NAV over the one before: a dividend since then is missed, and said   |

The first basis of the table that a row (and the row before it) allows is taken. 每份分红 is yuan a unit held
before a split of the same day; 拆分比例 is units after it for one before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import isnan, nan

from copilot.diagnosis.series import LONGEST_BREAK_DAYS

BASES = ("growth", "adjusted", "events", "accumulated", "unit")
ROUNDING = 0.005  # growth and NAV of one day agree to better than this


@dataclass(frozen=True, kw_only=True)
class NavRow:
    """One line of a NAV file; NaN where a column is empty or absent."""

    day: date
    unit_nav: float = nan
    accumulated_nav: float = nan
    growth: float = nan  # fraction, not per cent
    adjusted_nav: float = nan
    dividend: float = nan  # yuan a unit
    split: float = nan  # units after for one before


@dataclass(frozen=True, kw_only=True)
class TotalReturns:
    """Returns (one a row; the first row's as far as given) and how each was found."""

    values: tuple[float, ...]
    basis: Counter[str]  # rows by basis; a row without any return is in none
    uncovered: tuple[tuple[date, date], ...]  # gaps whose return nobody knows: NaN
    conflicts: tuple[date, ...]  # days on which unit NAV rose by more than the growth: one of them is wrong


def total_returns(rows: Sequence[NavRow], *, has_events: bool) -> TotalReturns:
    """Returns of rows in order of date. `has_events`: the file lists dividends and splits, so an empty cell is none."""
    values = [rows[0].growth] if rows else []
    basis: Counter[str] = Counter() if not rows or isnan(rows[0].growth) else Counter(growth=1)
    uncovered, conflicts = [], []
    for before, row in pairwise(rows):
        found = _by_basis(before, row, has_events)
        name = next((one for one in BASES if one in found and not isnan(found[one])), None)
        value = found[name] if name else nan
        change = _change(found)
        if name == "growth" and _falls_short(before, row, value, change):
            uncovered.append((before.day, row.day))
            value, name = nan, None
        elif name == "growth" and change - value > ROUNDING:
            conflicts.append(row.day)
        values.append(value)
        basis.update([name] if name else [])
    return TotalReturns(
        values=tuple(values), basis=basis, uncovered=tuple(uncovered), conflicts=tuple(conflicts)
    )  # fmt: skip


def _by_basis(before: NavRow, row: NavRow, has_events: bool) -> dict[str, float]:
    dividend = 0.0 if isnan(row.dividend) else row.dividend
    split = 1.0 if isnan(row.split) else row.split
    found = {
        "growth": row.growth,
        "adjusted": row.adjusted_nav / before.adjusted_nav - 1.0,
        "accumulated": (row.accumulated_nav - before.accumulated_nav) / before.unit_nav,
        "unit": row.unit_nav / before.unit_nav - 1.0,
    }
    if has_events:
        found["events"] = (row.unit_nav * split + dividend) / before.unit_nav - 1.0
    return found


def _change(found: dict[str, float]) -> float:
    """What the NAV columns say beside the growth; NaN where they say nothing."""
    return next((found[one] for one in BASES[1:] if one in found and not isnan(found[one])), nan)


def _falls_short(before: NavRow, row: NavRow, growth: float, change: float) -> bool:
    """After a long break a day's growth is that of one day, unless the NAV says it covers the whole break."""
    return (row.day - before.day).days > LONGEST_BREAK_DAYS and not abs(growth - change) <= ROUNDING
