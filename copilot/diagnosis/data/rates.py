"""The risk-free rate: one number, or a series of yearly rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import numpy as np

from copilot.diagnosis.data.tables import number, parsed
from copilot.diagnosis.errors import NavFileError
from copilot.diagnosis.metrics.basics import TRADING_DAYS
from copilot.diagnosis.series import Dates, Floats, to_date


class RiskFree(Protocol):
    """The rate on each day, as the daily fraction that metrics take."""

    def daily_on(self, dates: Dates) -> Floats:
        """(1 + yearly rate) ^ (1 / 252) - 1 of the rate in force on each date, (n,); NaN where none is."""
        ...


@dataclass(frozen=True, kw_only=True)
class ConstantRate:
    """The same rate every day; per cent a year."""

    percent: Decimal

    def daily_on(self, dates: Dates) -> Floats:
        return np.full(len(dates), daily(float(self.percent) / 100.0))


@dataclass(frozen=True, kw_only=True)
class RateSeries:
    """Yearly rates as fractions, each in force from its date until the next."""

    name: str
    dates: Dates
    annual: Floats

    @property
    def last_day(self) -> date:
        return to_date(self.dates[-1])

    def daily_on(self, dates: Dates) -> Floats:
        """The last rate known on each date; NaN before the first."""
        at = np.searchsorted(self.dates, dates, side="right") - 1
        yearly = np.where(at >= 0, self.annual[np.maximum(at, 0)], np.nan)
        found: Floats = (1.0 + yearly) ** (1.0 / TRADING_DAYS) - 1.0
        return found


def daily(annual: float) -> float:
    """A yearly fraction as the fraction of one of 252 days."""
    return float((1.0 + annual) ** (1.0 / TRADING_DAYS) - 1.0)


def read_rates(path: Path, name: str) -> RateSeries:
    """A table `date,rate`, per cent a year. Raises NavFileError when no row can be used, or one is out of reason."""
    rows = sorted(row for row in parsed(path, _rate_row, {"date", "rate"}) if row is not None)
    if not rows:
        raise NavFileError(f"{path.name} holds no usable rate: check the columns date and rate (per cent a year).")
    return RateSeries(
        name=name,
        dates=np.array([day for day, _ in dict(rows).items()], dtype="datetime64[D]"),
        annual=np.array(list(dict(rows).values())),
    )


def _rate_row(row: dict[str, str]) -> tuple[date, float]:
    rate = number(row["rate"]) / 100.0
    if not -0.05 < rate < 0.5:
        raise ValueError("a rate in per cent a year lies between -5 and 50")
    return date.fromisoformat(row["date"].strip()[:10]), rate
