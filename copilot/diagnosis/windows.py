"""Which periods may be shown: never under six months, and nothing annualised under a year.

Source: the rule performance.display (宣传推介材料管理暂行规定, 2020, articles 4 to 6).
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

LEAST_MONTHS = 6  # of a fund's life and of every displayed period; exactly six months pass
LEAST_MONTHS_ANNUALISED = 12
_TRAILING = ((6, "近6个月"), (12, "近1年"), (36, "近3年"), (60, "近5年"))


@dataclass(frozen=True, kw_only=True)
class Window:
    """A displayed period: returns later than `base`, up to and with `end`."""

    name: str  # 近1年, 今年以来, 2024年
    base: date
    end: date
    months: int  # its nominal length, which decides what may be annualised

    @property
    def period(self) -> str:
        return f"{self.base}至{self.end}"

    @property
    def may_annualise(self) -> bool:
        return self.months >= LEAST_MONTHS_ANNUALISED


def add_months(day: date, months: int) -> date:
    """The same day `months` later (or earlier), the last day of the month where it does not exist."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def old_enough(start: date, end: date, months: int = LEAST_MONTHS) -> bool:
    """Whether at least `months` whole months lie between the two days."""
    return add_months(start, months) <= end


def trailing_windows(first: date, end: date) -> tuple[Window, ...]:
    """近6个月 to 近5年, 今年以来 where it is long enough, and the whole record."""
    windows = [
        Window(name=name, base=add_months(end, -months), end=end, months=months)
        for months, name in _TRAILING
        if add_months(end, -months) >= first
    ]
    last_year = date(end.year - 1, 12, 31)
    if last_year >= first and old_enough(last_year, end):
        windows.insert(1, Window(name="今年以来", base=last_year, end=end, months=LEAST_MONTHS))
    if old_enough(first, end):
        windows.append(Window(name="有记录以来", base=first, end=end, months=_whole_months(first, end)))
    return tuple(windows)


def year_windows(first: date, end: date, most: int = 8) -> tuple[Window, ...]:
    """The last `most` whole calendar years of the record; a year needs a NAV at its very beginning."""
    years = range(end.year - most, end.year + 1)
    return tuple(
        Window(name=f"{year}年", base=date(year - 1, 12, 31), end=date(year, 12, 31), months=12)
        for year in years
        if first <= date(year - 1, 12, 31) and end >= date(year, 12, 31) - timedelta(days=3)
    )


def risk_window(first: date, end: date) -> Window | None:
    """What risk figures rest on: three years, or the record where it is shorter; None when too short."""
    if add_months(end, -36) >= first:
        return Window(name="近3年", base=add_months(end, -36), end=end, months=36)
    if not old_enough(first, end):
        return None
    return Window(name="有记录以来", base=first, end=end, months=_whole_months(first, end))


def _whole_months(first: date, end: date) -> int:
    months = (end.year - first.year) * 12 + end.month - first.month
    return months if add_months(first, months) <= end else months - 1
