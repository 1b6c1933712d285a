"""Closing levels of indexes, the benchmarks that are made of them, and where they are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np

from copilot.diagnosis.data.calendars import calendar
from copilot.diagnosis.data.tables import number, parsed
from copilot.diagnosis.errors import NavFileError
from copilot.diagnosis.series import DataNote, Dates, Floats, NoteLevel, ReturnSeries, to_date


class Benchmark(Protocol):
    """What a fund is measured against: one index, or a mix of indexes and fixed rates."""

    @property
    def name(self) -> str: ...

    @property
    def notes(self) -> tuple[DataNote, ...]: ...

    @property
    def last_day(self) -> date: ...

    def returns(self) -> ReturnSeries:
        """Returns on its own dates."""
        ...

    def returns_on(self, dates: Dates) -> ReturnSeries:
        """Returns between the given dates; NaN where it is not known."""
        ...


@dataclass(frozen=True, kw_only=True)
class IndexSeries:
    """Closing levels of a benchmark index."""

    name: str
    dates: Dates
    closes: Floats
    notes: tuple[DataNote, ...] = ()

    @property
    def last_day(self) -> date:
        return to_date(self.dates[-1])

    def returns(self) -> ReturnSeries:
        """Simple returns from close to close; the first day has none."""
        return ReturnSeries(dates=self.dates[1:], values=self.closes[1:] / self.closes[:-1] - 1.0)

    def returns_on(self, dates: Dates) -> ReturnSeries:
        """Returns between the given dates by the last close known on each; NaN before the first close.

        This is what a fund with another calendar (QDII, weekly NAV) is compared with.
        """
        levels = self.levels_on(dates)
        values = np.full(len(dates), np.nan)
        values[1:] = levels[1:] / levels[:-1] - 1.0
        return ReturnSeries(dates=dates, values=values)

    def levels_on(self, dates: Dates, lag_days: int = 0) -> Floats:
        """The last close known on each date, shape (n,); NaN before the first close and after the last.

        `lag_days`: of the closes before each date the so many-th from its end, for a market that closes after the
        fund is valued; a holiday of that market takes nothing from what was known.
        """
        known = np.searchsorted(self.dates, dates, side="left" if lag_days else "right")
        at = known - max(lag_days, 1)
        levels = np.where(at >= 0, self.closes[np.maximum(at, 0)], np.nan)
        found: Floats = np.where(dates > np.datetime64(self.known_until(lag_days), "D"), np.nan, levels)
        return found

    def known_until(self, lag_days: int = 0) -> date:
        """The last day on which a level is known; with a lag the closes reach so many trading days further."""
        return calendar().ahead(self.last_day, lag_days)


def read_index(path: Path, name: str) -> IndexSeries:
    """Read index closes; a row that repeats the next one on a day without trading is dropped and noted.

    Raises NavFileError when fewer than two rows can be used.
    """
    rows = parsed(path, _index_row, {"date", "close"})
    return index_of([row for row in rows if row is not None], name, source=path.name, unreadable=rows.count(None))


Quote = tuple[date, tuple[float, ...]]  # the day; open, high, low as far as known, and the close


def index_of(quotes: list[Quote], name: str, *, source: str, unreadable: int = 0) -> IndexSeries:
    """Index levels of quotes in any order; of a repeated day the last one counts, and a note says so."""
    rows = sorted(quotes, key=lambda row: row[0])
    false_days = {row[0] for row, later in pairwise(rows) if row[1] == later[1] and not calendar().is_open(row[0])}
    kept = {day: quote[-1] for day, quote in rows if day not in false_days}
    if len(kept) < 2:
        raise NavFileError(f"{source} holds fewer than two index rows: check the columns date and close.")
    notes = [
        DataNote(kind="false_row", level=NoteLevel.INFO, text=f"{name}行情中{day}为非交易日的重复行，已剔除。")
        for day in sorted(false_days)
    ]
    if unreadable or len(rows) - len(false_days) > len(kept):
        text = f"{name}行情中有无法识别或日期重复的行，未参与计算。"
        notes.append(DataNote(kind="index_rows", level=NoteLevel.WARNING, text=text))
    days = np.array(list(kept), dtype="datetime64[D]")
    return IndexSeries(name=name, dates=days, closes=np.array(list(kept.values())), notes=tuple(notes))


def _index_row(row: dict[str, str]) -> Quote:
    quote = tuple(number(row.get(column)) for column in ("open", "high", "low") if row.get(column))
    close = number(row["close"])
    if not close > 0:
        raise ValueError("an index level is positive")
    return date.fromisoformat(row["date"].strip()[:10]), (*quote, close)
