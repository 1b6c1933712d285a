"""NAV files in, total-return series and data notes out.

A NAV file is a CSV (UTF-8, with or without BOM) or Parquet file with the column 净值日期 and at least one of
单位净值, 日增长率 and 复权净值; optionally 累计净值, 每份分红, 拆分比例 and 币种; others are ignored. How returns are
made of them stands in `total_return`; what is doubtful about them is told by `quality`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from math import isnan
from pathlib import Path

import numpy as np

from copilot.diagnosis.data import quality
from copilot.diagnosis.data.tables import number, parsed
from copilot.diagnosis.data.total_return import NavRow, total_returns
from copilot.diagnosis.errors import NavFileError
from copilot.diagnosis.metrics.payouts import Payout, implied_payouts
from copilot.diagnosis.series import DataNote, Floats, ReturnSeries, to_date

NAV_COLUMNS = ("单位净值", "日增长率", "复权净值")
EVENT_COLUMNS = ("每份分红", "拆分比例")
HOME_CURRENCY = "CNY"
_HOME_WORDS = {"人民币", "人民币元", "RMB"}


@dataclass(frozen=True, kw_only=True)
class NavSeries:
    """A fund's history as far as the file tells it."""

    code: str
    returns: ReturnSeries  # one return a row, the first row's included when the file gives it
    unit_nav: Floats  # shape (n,), same rows as `returns`; NaN where the file has none
    notes: tuple[DataNote, ...]
    gap_days: int  # calendar days inside gaps, 0 where there are none
    currency: str = HOME_CURRENCY
    basis: Mapping[str, int] = field(default_factory=dict)  # rows by how their return was found
    payouts: tuple[Payout, ...] = ()  # declared where the file lists them, else worked out

    @property
    def first_day(self) -> date:
        return to_date(self.returns.dates[0])

    @property
    def last_day(self) -> date:
        return to_date(self.returns.dates[-1])


def read_nav(path: Path, code: str, *, today: date | None = None, lag_days: int = 0) -> NavSeries:
    """Read a fund's NAV file. `lag_days`: trading days after which its kind publishes.

    Raises NavFileError when no row can be used.
    """
    columns: set[str] = set()
    currencies: set[str] = set()

    def read(row: dict[str, str]) -> NavRow:
        columns.update(row)
        if cell := (row.get("币种") or "").strip():
            currencies.add(HOME_CURRENCY if cell.upper() in _HOME_WORDS else cell.upper())
        return _nav_row(row)

    rows = parsed(path, read, {"净值日期"})
    if columns and not columns.intersection(NAV_COLUMNS):
        raise NavFileError(f"{path.name} has no column {'、'.join(NAV_COLUMNS)}: one of them is needed.")
    if len(currencies) > 1:
        raise NavFileError(f"{path.name} mixes the currencies {'、'.join(sorted(currencies))}: keep a file for each.")
    return nav_of(
        rows,
        code,
        source=path.name,
        today=today,
        lag_days=lag_days,
        has_unit="单位净值" in columns,
        has_events=bool(columns.intersection(EVENT_COLUMNS)),
        currency=next(iter(currencies), HOME_CURRENCY),
    )


def nav_of(
    rows: Sequence[NavRow | None],
    code: str,
    *,
    source: str,
    today: date | None = None,
    lag_days: int = 0,
    has_unit: bool = True,
    has_events: bool = False,
    currency: str = HOME_CURRENCY,
) -> NavSeries:
    """A series of rows in any order; None = a row that could not be read. Raises NavFileError without a usable one."""
    clean, notes = quality.clean(rows, has_unit=has_unit)
    if not clean:
        raise NavFileError(f"{source} holds no usable NAV row: check the columns 净值日期, 单位净值, 日增长率.")
    found = total_returns(clean, has_events=has_events)
    returns = ReturnSeries.of([row.day for row in clean], found.values)
    unit_nav = np.array([row.unit_nav for row in clean])
    gaps = quality.gaps(clean)
    payouts = _declared(clean) if has_events else implied_payouts(returns, unit_nav)
    return NavSeries(
        code=code,
        returns=returns,
        unit_nav=unit_nav,
        notes=(*notes, *quality.notes(clean, found, gaps, today=today, lag_days=lag_days, has_events=has_events)),
        gap_days=sum((end - start).days for start, end in gaps),
        currency=currency,
        basis=dict(found.basis),
        payouts=payouts,
    )


def _nav_row(row: dict[str, str]) -> NavRow:
    return NavRow(
        day=date.fromisoformat(row["净值日期"].strip()[:10]),
        unit_nav=number(row.get("单位净值")),
        accumulated_nav=number(row.get("累计净值")),
        growth=number(row.get("日增长率")) / 100.0,
        adjusted_nav=number(row.get("复权净值")),
        dividend=number(row.get("每份分红")),
        split=number(row.get("拆分比例")),
    )


def _declared(rows: Sequence[NavRow]) -> tuple[Payout, ...]:
    """Dividends as the file lists them, over the unit NAV of the row before."""
    return tuple(
        Payout(day=row.day, per_unit=row.dividend, yield_=row.dividend / before.unit_nav, declared=True)
        for before, row in pairwise(rows)
        if not isnan(row.dividend) and row.dividend > 0
    )
