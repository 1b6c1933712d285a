"""Dated returns and notes on the data behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compliance_filters.finding import BoundFact

LONGEST_BREAK_DAYS = 15  # Spring Festival and National Day close the market for up to 11 calendar days
_BREAK = timedelta(days=LONGEST_BREAK_DAYS)

Dates = NDArray[np.datetime64]
Floats = NDArray[np.float64]


class NoteLevel(StrEnum):
    """How much a data note weighs: read along, mind it, or do not trust the figures."""

    INFO = "info"
    WARNING = "warning"
    SERIOUS = "serious"


@dataclass(frozen=True, kw_only=True)
class DataNote:
    """Something about the input that the reader of a report must know; nothing is mended silently."""

    kind: str  # gap, duplicate, bad_value, jump, stale, order, no_growth, dividend, false_row, ...
    level: NoteLevel
    text: str  # one sentence in Chinese
    facts: tuple[BoundFact, ...] = ()  # every number the sentence holds; its dates as their periods


@dataclass(frozen=True, kw_only=True)
class ReturnSeries:
    """Simple returns as fractions (0.01 = 1 %), one a date, dates rising; NaN = unknown that day."""

    dates: Dates  # shape (n,), datetime64[D]
    values: Floats  # shape (n,)

    def __post_init__(self) -> None:
        if self.dates.shape != self.values.shape:
            raise ValueError(f"{self.dates.shape[0]} dates do not fit {self.values.shape[0]} returns")

    @classmethod
    def of(cls, dates: Sequence[date], values: Sequence[float]) -> ReturnSeries:
        return cls(dates=np.array(dates, dtype="datetime64[D]"), values=np.array(values, dtype=np.float64))

    def __len__(self) -> int:
        return len(self.values)

    def between(self, after: date | None, until: date | None = None) -> ReturnSeries:
        """Returns later than `after` (the base day itself is not part) and not later than `until`."""
        first = 0 if after is None else int(np.searchsorted(self.dates, np.datetime64(after, "D"), side="right"))
        last = len(self) if until is None else int(np.searchsorted(self.dates, np.datetime64(until, "D"), side="right"))
        return ReturnSeries(dates=self.dates[first:last], values=self.values[first:last])

    def less(self, daily: Floats) -> ReturnSeries:
        """Returns less a rate of each day, (n,)."""
        return ReturnSeries(dates=self.dates, values=self.values - daily)

    def growth(self) -> Floats:
        """Value of 1 invested before the first return, after each return; an unknown day counts 0."""
        return np.cumprod(1.0 + filled(self.values)).astype(np.float64, copy=False)


def spanned(series: ReturnSeries, base: date, end: date) -> ReturnSeries | None:
    """Returns of a period, where the record really spans it; None otherwise.

    There must be a value shortly before (or at) both ends, and no unknown day between: a period that begins or
    ends within a hole would else pass for a whole one.
    """
    edges = [base - _BREAK, base, end - _BREAK, end]
    early, first, late, last = np.searchsorted(series.dates, np.array(edges, dtype="datetime64[D]"), side="right")
    values = series.values[first:last]
    if first == last or early == first or late == last or np.isnan(values).any():
        return None
    return ReturnSeries(dates=series.dates[first:last], values=values)


def aligned(a: ReturnSeries, b: ReturnSeries) -> tuple[ReturnSeries, ReturnSeries]:
    """Both series on the dates they share and on which both are known."""
    if len(a) == len(b) and np.array_equal(a.dates, b.dates):
        both = ~(np.isnan(a.values) | np.isnan(b.values))
        if both.all():
            return a, b
        return (
            ReturnSeries(dates=a.dates[both], values=a.values[both]),
            ReturnSeries(dates=b.dates[both], values=b.values[both]),
        )
    shared, at_a, at_b = np.intersect1d(a.dates, b.dates, assume_unique=True, return_indices=True)
    known = ~(np.isnan(a.values[at_a]) | np.isnan(b.values[at_b]))
    dates = shared[known]
    return (
        ReturnSeries(dates=dates, values=a.values[at_a][known]),
        ReturnSeries(dates=dates, values=b.values[at_b][known]),
    )


def filled(values: Floats) -> Floats:
    """Unknown days as no change, (n,)."""
    return np.where(np.isnan(values), 0.0, values)


def to_date(moment: Any) -> date:
    """A numpy day as a `date`."""
    day: date = np.datetime64(moment, "D").astype(object)
    return day


def days_of(dates: Dates) -> tuple[date, ...]:
    """Numpy days as dates, all at once."""
    days: list[date] = dates.astype("datetime64[D]").tolist()
    return tuple(days)
