"""How much was earned: in all, a year, and by calendar period. Conventions: see `basics`."""

from __future__ import annotations

from math import nan

import numpy as np

from copilot.diagnosis.metrics.basics import TRADING_DAYS, share
from copilot.diagnosis.series import Floats, ReturnSeries, aligned, filled


def total_return(returns: Floats) -> float:
    """Compounded return over the whole series, a fraction; NaN without any return."""
    return float(np.nanprod(1.0 + returns) - 1.0) if len(returns) else nan


def annualised_return(returns: Floats, periods: int = TRADING_DAYS) -> float:
    """(1 + total return) ^ (periods / n) - 1, n counting every return of the series; NaN when empty."""
    if not len(returns):
        return nan
    end = float(np.nanprod(1.0 + returns))
    return float(end ** (periods / len(returns)) - 1.0)


def by_year(series: ReturnSeries) -> dict[int, float]:
    """Compounded return of each calendar year that has a return, whole or not."""
    return _by_period(series, _months(series) // 12)


def by_quarter(series: ReturnSeries) -> dict[int, float]:
    """Compounded return of each quarter; keys count quarters since year 0 (year * 4 + quarter - 1)."""
    return _by_period(series, _months(series) // 3)


def by_month(series: ReturnSeries) -> dict[int, float]:
    """Compounded return of each month; keys count months since year 0 (year * 12 + month - 1)."""
    return _by_period(series, _months(series))


def monthly(series: ReturnSeries) -> Floats:
    """The returns of `by_month` in order, shape (months,)."""
    return np.array(list(by_month(series).values()), dtype=np.float64)


def monthly_win_rate(series: ReturnSeries) -> float:
    """Share of months with a return above 0; NaN without any month."""
    return _gains(by_month(series))


def quarterly_win_rate(series: ReturnSeries) -> float:
    """Share of quarters with a return above 0; NaN without any quarter."""
    return _gains(by_quarter(series))


def monthly_win_rate_against(series: ReturnSeries, benchmark: ReturnSeries) -> float:
    """Share of months in which the series did better than the benchmark; NaN without a shared month."""
    own, other = aligned(series, benchmark)
    return _wins(by_month(own), by_month(other))


def quarterly_win_rate_against(series: ReturnSeries, benchmark: ReturnSeries) -> float:
    """Share of quarters in which the series did better than the benchmark; NaN without a shared quarter."""
    own, other = aligned(series, benchmark)
    return _wins(by_quarter(own), by_quarter(other))


def _months(series: ReturnSeries) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Months since year 0, one a return."""
    months = series.dates.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    return months.reshape(-1)


def _by_period(series: ReturnSeries, keys: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[int, float]:
    """Dates rise, so each period is one run of equal keys."""
    if not len(keys):
        return {}
    starts = np.concatenate(([0], np.flatnonzero(np.diff(keys)) + 1))
    grown = np.multiply.reduceat(1.0 + filled(series.values), starts) - 1.0
    return dict(zip(keys[starts].tolist(), grown.tolist(), strict=True))


def _gains(periods: dict[int, float]) -> float:
    return share(sum(value > 0 for value in periods.values()), len(periods))


def _wins(mine: dict[int, float], theirs: dict[int, float]) -> float:
    return share(sum(mine[key] > theirs[key] for key in mine), len(mine))
