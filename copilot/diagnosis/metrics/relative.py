"""Against a benchmark, on the days that both know. Conventions: see `basics`."""

from __future__ import annotations

from math import nan, sqrt

import numpy as np

from copilot.diagnosis.metrics.basics import MONTHS, TRADING_DAYS, deviation, mean, ratio, spread
from copilot.diagnosis.metrics.returns import annualised_return, monthly
from copilot.diagnosis.series import Floats, ReturnSeries, aligned


def beta(returns: ReturnSeries, benchmark: ReturnSeries) -> float:
    """Covariance with the benchmark over its variance; NaN below two shared days or without variance."""
    own, other = aligned(returns, benchmark)
    if len(own) < 2:
        return nan
    residual = other.values - other.values.mean()
    variance = float((residual**2).mean())
    return float((residual * own.values).mean()) / variance if variance >= 1e-30 else nan


def alpha(returns: ReturnSeries, benchmark: ReturnSeries, risk_free: float = 0.0) -> float:
    """Jensen's alpha, compounded to a year: (1 + mean daily alpha) ^ 252 - 1.

    For a risk-free rate that changes, give both series less the rate of each day, and 0 here.
    """
    own, other = aligned(returns, benchmark)
    slope = beta(own, other)
    if len(own) < 2 or np.isnan(slope):
        return nan
    daily = (own.values - risk_free) - slope * (other.values - risk_free)
    return float((1.0 + daily.mean()) ** TRADING_DAYS - 1.0)


def tracking_error(returns: ReturnSeries, benchmark: ReturnSeries) -> float:
    """Deviation of the daily difference to the benchmark, times sqrt(252)."""
    own, other = aligned(returns, benchmark)
    return deviation(own.values - other.values) * sqrt(TRADING_DAYS)


def information_ratio(returns: ReturnSeries, benchmark: ReturnSeries) -> float:
    """Mean daily difference over its deviation, times sqrt(252) (empyrical's excess_sharpe is not scaled)."""
    own, other = aligned(returns, benchmark)
    difference = own.values - other.values
    return ratio(mean(difference), spread(difference)) * sqrt(TRADING_DAYS)


def correlation(returns: ReturnSeries, benchmark: ReturnSeries) -> float:
    """Pearson's correlation of daily returns; NaN below two shared days or where one side is constant."""
    own, other = aligned(returns, benchmark)
    if len(own) < 2 or not spread(own.values) or not spread(other.values):
        return nan
    return float(np.corrcoef(own.values, other.values)[0, 1])


def up_capture(returns: ReturnSeries, benchmark: ReturnSeries) -> float:
    """Annualised return on days the benchmark rose, over the benchmark's; empyrical's daily up_capture."""
    own, other = aligned(returns, benchmark)
    return _capture(own.values, other.values, other.values > 0, TRADING_DAYS)


def down_capture(returns: ReturnSeries, benchmark: ReturnSeries) -> float:
    """Annualised return on days the benchmark fell, over the benchmark's; empyrical's daily down_capture."""
    own, other = aligned(returns, benchmark)
    return _capture(own.values, other.values, other.values < 0, TRADING_DAYS)


def monthly_up_capture(returns: ReturnSeries, benchmark: ReturnSeries) -> float:
    """The same on monthly returns: the figure that reports show; NaN without a month in which it rose."""
    return capture_of_months(*_by_month(returns, benchmark))[0]


def monthly_down_capture(returns: ReturnSeries, benchmark: ReturnSeries) -> float:
    """The same on monthly returns; NaN without a month in which the benchmark fell."""
    return capture_of_months(*_by_month(returns, benchmark))[1]


def capture_of_months(own: Floats, benchmark: Floats) -> tuple[float, float]:
    """Up and down capture of monthly returns, each shape (months,)."""
    up = _capture(own, benchmark, benchmark > 0, MONTHS)
    return up, _capture(own, benchmark, benchmark < 0, MONTHS)


def _by_month(returns: ReturnSeries, benchmark: ReturnSeries) -> tuple[Floats, Floats]:
    own, other = aligned(returns, benchmark)
    return monthly(own), monthly(other)


def _capture(own: Floats, other: Floats, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]], periods: int) -> float:
    if not chosen.any():
        return nan
    return ratio(annualised_return(own[chosen], periods), annualised_return(other[chosen], periods))
