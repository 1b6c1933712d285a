"""NAV and index files in, total-return series and data notes out.

A NAV file is a CSV (UTF-8, with or without BOM) with the columns 净值日期, 单位净值 and 日增长率,
optionally 累计净值; other columns are ignored. 单位净值 is not adjusted for dividends. 日增长率 is the
day's total return in per cent, dividends included, and is what returns are made of. On a day
without it the return comes from 累计净值 (change over the unit NAV before), or else from 单位净值
alone, and a note says so. An index file has the columns date and close, optionally open, high, low.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from math import isfinite, nan
from pathlib import Path
from typing import TypeVar

import numpy as np

from compliance_filters.finding import BoundFact
from copilot.diagnosis.errors import NavFileError
from copilot.diagnosis.series import DataNote, Dates, Floats, NoteLevel, ReturnSeries, to_date

Row = TypeVar("Row")

LONGEST_BREAK_DAYS = 15  # Spring Festival and National Day close the market for up to 11 calendar days
STALE_AFTER_DAYS = 15
UNCHANGED_ROWS = 20  # trading days without any movement
JUMP = 0.15  # larger one-day moves of a fund are looked at by a person
DIVIDEND_GAP = 0.005  # unit NAV fell this much more than the return explains
_FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (10, 1), (10, 2), (10, 3)})  # no trading in mainland China


@dataclass(frozen=True, kw_only=True)
class NavRow:
    """One line of a NAV file; NaN where a column is empty."""

    day: date
    unit_nav: float
    accumulated_nav: float
    growth: float  # fraction, not per cent


@dataclass(frozen=True, kw_only=True)
class NavSeries:
    """A fund's history as far as the file tells it."""

    code: str
    returns: ReturnSeries  # one return a row, the first row's included when the file gives it
    unit_nav: Floats  # shape (n,), same rows as `returns`
    notes: tuple[DataNote, ...]
    gap_days: int  # calendar days inside gaps, 0 where there are none

    @property
    def first_day(self) -> date:
        return to_date(self.returns.dates[0])

    @property
    def last_day(self) -> date:
        return to_date(self.returns.dates[-1])


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
        at = np.searchsorted(self.dates, dates, side="right") - 1
        levels = np.where(at >= 0, self.closes[np.maximum(at, 0)], np.nan)
        levels = np.where(dates > self.dates[-1], np.nan, levels)
        values = np.full(len(dates), np.nan)
        values[1:] = levels[1:] / levels[:-1] - 1.0
        return ReturnSeries(dates=dates, values=values)


def read_nav(path: Path, code: str, *, today: date | None = None) -> NavSeries:
    """Read a fund's NAV file. Raises NavFileError when no row can be used."""
    rows, notes = _clean(_parsed(path, _nav_row, {"净值日期", "单位净值"}))
    if not rows:
        raise NavFileError(f"{path.name} holds no usable NAV row: check the columns 净值日期, 单位净值, 日增长率.")
    values, how = _returns(rows)
    series = ReturnSeries.of([row.day for row in rows], values)
    gaps = _gaps(series)
    found = (
        *notes,
        *how,
        *_gap_notes(gaps),
        *_jumps(rows, values),
        *_dividends(rows, values),
        *_stale(rows, today),
    )
    return NavSeries(
        code=code,
        returns=series,
        unit_nav=np.array([row.unit_nav for row in rows]),
        notes=found,
        gap_days=sum((end - start).days for start, end in gaps),
    )


def read_index(path: Path, name: str) -> IndexSeries:
    """Read index closes; a row that repeats the next one on a day without trading is dropped and noted.

    Raises NavFileError when fewer than two rows can be used.
    """
    parsed = _parsed(path, _index_row, {"date", "close"})
    rows = sorted((row for row in parsed if row is not None), key=lambda row: row[0])
    false_days = {row[0] for row, later in pairwise(rows) if row[1] == later[1] and _closed(row[0])}
    kept = {day: quote[-1] for day, quote in rows if day not in false_days}
    if len(kept) < 2:
        raise NavFileError(f"{path.name} holds fewer than two index rows: check the columns date and close.")
    notes = tuple(
        DataNote(kind="false_row", level=NoteLevel.INFO, text=f"{name}行情中{day}为非交易日的重复行，已剔除。")
        for day in sorted(false_days)
    )
    days = np.array(list(kept), dtype="datetime64[D]")
    return IndexSeries(name=name, dates=days, closes=np.array(list(kept.values())), notes=notes)


def _parsed(path: Path, read: Callable[[dict[str, str]], Row], needed: set[str]) -> list[Row | None]:
    """All rows of a CSV; None where a row cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = needed - set(reader.fieldnames or ())
            if missing:
                raise NavFileError(
                    f"{path.name} has no column {'、'.join(sorted(missing))}: see the documented format."
                )
            return [_attempt(read, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NavFileError(f"{path.name} cannot be read as a UTF-8 CSV file ({error}): check the path.") from error


def _attempt(read: Callable[[dict[str, str]], Row], row: dict[str, str]) -> Row | None:
    try:
        return read(row)
    except (ValueError, TypeError, KeyError):
        return None


def _number(raw: str | None) -> float:
    """A number, NaN for an empty cell. Raises ValueError for anything else."""
    cell = (raw or "").strip().rstrip("%").replace(",", "")
    if not cell or cell in ("--", "-", "nan", "NaN"):
        return nan
    value = float(cell)
    if not isfinite(value):
        raise ValueError(f"{raw!r} is no finite number")
    return value


def _nav_row(row: dict[str, str]) -> NavRow:
    return NavRow(
        day=date.fromisoformat(row["净值日期"].strip()),
        unit_nav=_number(row["单位净值"]),
        accumulated_nav=_number(row.get("累计净值")),
        growth=_number(row.get("日增长率")) / 100.0,
    )


def _index_row(row: dict[str, str]) -> tuple[date, tuple[float, ...]]:
    quote = tuple(_number(row.get(column)) for column in ("open", "high", "low") if row.get(column))
    close = _number(row["close"])
    if not close > 0:
        raise ValueError("an index level is positive")
    return date.fromisoformat(row["date"].strip()), (*quote, close)


def _closed(day: date) -> bool:
    """Weekends and the public holidays whose calendar date is fixed."""
    return day.weekday() >= 5 or (day.month, day.day) in _FIXED_HOLIDAYS


def _clean(parsed: list[NavRow | None]) -> tuple[list[NavRow], tuple[DataNote, ...]]:
    """Readable rows with a positive NAV, in order, one a day; and what had to be left out."""
    readable = [row for row in parsed if row is not None]
    usable = [row for row in readable if row.unit_nav > 0]
    by_day: dict[date, NavRow] = {}
    for row in usable:
        by_day.setdefault(row.day, row)
    ordered = sorted(by_day.values(), key=lambda row: row.day)
    left_out = (
        ("unreadable", len(parsed) - len(readable), "有{}行净值数据无法识别，未参与计算。"),
        ("bad_value", len(readable) - len(usable), "有{}行单位净值为空、为零或为负，未参与计算。"),
        ("duplicate", len(usable) - len(by_day), "有{}行净值日期重复，只采用首次出现的记录。"),
    )
    notes = [
        DataNote(kind=kind, level=NoteLevel.WARNING, text=text.format(count), facts=(_counted(count, "行"),))
        for kind, count, text in left_out
        if count
    ]
    if [row.day for row in usable] != sorted(row.day for row in usable):
        notes.append(DataNote(kind="order", level=NoteLevel.INFO, text="净值数据未按日期排列，已重新排序。"))
    return ordered, tuple(notes)


def _returns(rows: list[NavRow]) -> tuple[list[float], tuple[DataNote, ...]]:
    values: list[float] = []
    accumulated = unit = 0
    for before, row in zip((None, *rows[:-1]), rows, strict=True):
        if row.growth == row.growth or before is None:
            values.append(row.growth)
        elif row.accumulated_nav == row.accumulated_nav and before.accumulated_nav == before.accumulated_nav:
            values.append((row.accumulated_nav - before.accumulated_nav) / before.unit_nav)
            accumulated += 1
        else:
            values.append(row.unit_nav / before.unit_nav - 1.0)
            unit += 1
    return values, tuple(_growth_notes(accumulated, unit))


def _growth_notes(accumulated: int, unit: int) -> Iterator[DataNote]:
    if accumulated:
        text = f"有{accumulated}行缺少日增长率，按累计净值推算。"
        yield DataNote(kind="no_growth", level=NoteLevel.INFO, text=text, facts=(_counted(accumulated, "行"),))
    if unit:
        text = f"有{unit}行缺少日增长率，按单位净值推算，其间如有分红则收益被低估。"
        yield DataNote(kind="no_growth", level=NoteLevel.SERIOUS, text=text, facts=(_counted(unit, "行"),))


def _gaps(series: ReturnSeries) -> list[tuple[date, date]]:
    """Pairs of neighbouring dates further apart than any market holiday."""
    days = np.diff(series.dates).astype(int)
    places = np.flatnonzero(days > LONGEST_BREAK_DAYS)
    return [(to_date(series.dates[i]), to_date(series.dates[i + 1])) for i in places]


def _gap_notes(gaps: list[tuple[date, date]]) -> Iterator[DataNote]:
    for start, end in gaps:
        text = f"{start}至{end}之间没有净值，该段未补齐，跨越该段的收益与风险指标仅供参考。"
        yield DataNote(kind="gap", level=NoteLevel.SERIOUS, text=text)


def _jumps(rows: list[NavRow], values: list[float]) -> Iterator[DataNote]:
    for row, value in zip(rows, values, strict=True):
        if abs(value) > JUMP:
            moved = Decimal(f"{value * 100:.2f}")
            text = f"{row.day}单日变动{moved}%，幅度异常，请核对原始净值。"
            fact = BoundFact(name="单日变动", value=moved, unit="%", period=str(row.day))
            yield DataNote(kind="jump", level=NoteLevel.WARNING, text=text, facts=(fact,))


def _dividends(rows: list[NavRow], values: list[float]) -> Iterator[DataNote]:
    """Days on which the unit NAV fell by more than the return says: a dividend or a split."""
    days = [
        row.day
        for before, row, value in zip(rows, rows[1:], values[1:], strict=False)
        if value - (row.unit_nav / before.unit_nav - 1.0) > DIVIDEND_GAP
    ]
    if days:
        text = f"有{len(days)}个净值日发生分红或拆分（最近为{days[-1]}），收益按日增长率计算，已包含分红。"
        yield DataNote(kind="dividend", level=NoteLevel.INFO, text=text, facts=(_counted(len(days), "个"),))


def _stale(rows: list[NavRow], today: date | None) -> Iterator[DataNote]:
    last = rows[-1].day
    if today is not None and (today - last).days > STALE_AFTER_DAYS:
        behind = (today - last).days
        text = f"净值只更新至{last}，距报告日已有{behind}天。"
        yield DataNote(kind="stale", level=NoteLevel.WARNING, text=text, facts=(_counted(behind, "天"),))
    run = longest = 1
    for before, row in pairwise(rows):
        run = run + 1 if row.unit_nav == before.unit_nav else 1
        longest = max(longest, run)
    if longest > UNCHANGED_ROWS:
        text = f"单位净值曾连续{longest}个净值日没有变化，请核对是否停止估值。"
        yield DataNote(kind="unchanged", level=NoteLevel.WARNING, text=text, facts=(_counted(longest, "个"),))


def _counted(count: int, unit: str) -> BoundFact:
    return BoundFact(name="数据提示计数", value=Decimal(count), unit=unit)
