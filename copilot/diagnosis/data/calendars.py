"""Trading calendars, and the kinds of funds with how late each publishes its NAV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from copilot.diagnosis.errors import RuleFileError
from copilot.diagnosis.series import Dates


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """A market's trading days: weekdays that are not in `closed`."""

    id: str
    name: str
    until: date  # beyond it only weekends and fixed holidays are known
    closed: Dates  # (n,), rising

    def is_open(self, day: date) -> bool:
        return bool(np.is_busday(np.datetime64(day, "D"), holidays=self.closed))

    def trading_days(self, after: date, until: date) -> int:
        """Trading days later than `after`, up to and with `until`; 0 where that is empty."""
        if until <= after:
            return 0
        first, last = np.datetime64(after, "D") + 1, np.datetime64(until, "D") + 1
        return int(np.busday_count(first, last, holidays=self.closed))

    def back(self, day: date, trading_days: int) -> date:
        """The trading day so many before `day` (the last one not after it, for 0)."""
        found = np.busday_offset(np.datetime64(day, "D"), -trading_days, roll="backward", holidays=self.closed)
        moved: date = found.astype(object)
        return moved

    def ahead(self, day: date, trading_days: int) -> date:
        """The trading day so many after `day`; `day` itself for 0."""
        if not trading_days:
            return day
        found = np.busday_offset(np.datetime64(day, "D"), trading_days, roll="backward", holidays=self.closed)
        moved: date = found.astype(object)
        return moved


@dataclass(frozen=True, kw_only=True)
class FundKind:
    """A kind of fund: the group of its peers, and what it may be measured against."""

    id: str
    name: str
    prefixes: tuple[str, ...]
    equity: bool
    lag_days: int  # trading days from a NAV's date to its publication

    @property
    def waits_for_the_night(self) -> bool:
        """Whether its NAV of a day is struck when that day's closes abroad are known (QDII: published at T+2)."""
        return self.lag_days > 1


UNKNOWN_KIND = FundKind(id="unknown", name="未知类型", prefixes=(), equity=True, lag_days=1)


@cache
def calendar(id_: str = "cn") -> Calendar:
    """The calendar of a market. Raises RuleFileError for one that is not in calendars.yaml."""
    try:
        raw = _yaml("calendars.yaml")[id_]
        ranges = [*raw["closed"], *_every_year(raw["every_year"], raw["until"])]
        closed = sorted({day for first, last in ranges for day in _days(first, last)})
        return Calendar(id=id_, name=raw["name"], until=raw["until"], closed=np.array(closed, dtype="datetime64[D]"))
    except (KeyError, TypeError, ValueError) as error:
        raise RuleFileError(f"The calendar {id_!r} is not valid ({error}): mend calendars.yaml.") from error


def _every_year(days: list[str], until: date) -> Iterator[tuple[date, date]]:
    """Fixed holidays before and after the years that are listed one by one."""
    for year in (*range(1998, 2015), *range(until.year + 1, until.year + 21)):
        for month_day in days:
            day = date.fromisoformat(f"{year}-{month_day}")
            yield day, day


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


@cache
def _kinds() -> tuple[FundKind, ...]:
    try:
        return tuple(FundKind(**{**item, "prefixes": tuple(item["prefixes"])}) for item in _yaml("kinds.yaml")["kinds"])
    except (KeyError, TypeError) as error:
        raise RuleFileError(f"The kinds of funds are not valid ({error}): mend kinds.yaml.") from error


@cache
def fund_kind(words: str | None) -> FundKind:
    """The kind that a type's words mean, by the longest prefix; `UNKNOWN_KIND` for any other."""
    found = [
        (len(prefix), kind) for kind in _kinds() for prefix in kind.prefixes if (words or "").strip().startswith(prefix)
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else UNKNOWN_KIND


@cache
def closes_late(index_name: str) -> bool:
    """Whether an index's close of a day comes after the evening on which funds at home are valued (markets.yaml)."""
    words = _yaml("markets.yaml")
    name = index_name.upper()
    return any(word in name for word in words["late"]) and not any(word in name for word in words["home"])


def _yaml(name: str) -> Any:
    import yaml

    return yaml.safe_load(resources.files("copilot.diagnosis.data").joinpath(name).read_text("utf-8"))
