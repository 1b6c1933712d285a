"""Return and risk metrics: pure functions on daily simple returns given as fractions.

Conventions, shared by all functions unless a docstring says otherwise:
a year has 252 trading days; standard deviations take ddof 1; the risk-free rate is 0 unless given,
as a DAILY fraction; a day whose return is NaN is left out of means and deviations and counts as no
change in compounding; too little data gives NaN, never 0. Two series are compared on the dates they
share. Formulas agree with empyrical-reloaded where the conventions meet (the tests hold this).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import nan, sqrt

import numpy as np

from copilot.diagnosis.series import Floats, ReturnSeries, aligned, to_date

TRADING_DAYS = 252
TAIL = 0.05  # share of worst days in VaR and CVaR


def total_return(returns: Floats) -> float:
    """Compounded return over the whole series, a fraction; NaN without any return."""
    return float(np.nanprod(1.0 + returns) - 1.0) if len(returns) else nan


def annualised_return(returns: Floats) -> float:
    """(1 + total return) ^ (252 / n) - 1, n counting every day of the series; NaN when empty."""
    if not len(returns):
        return nan
    end = float(np.nanprod(1.0 + returns))
    return float(end ** (TRADING_DAYS / len(returns)) - 1.0)


def annualised_volatility(returns: Floats) -> float:
    """Standard deviation times sqrt(252); NaN with fewer than two returns."""
    return _deviation(returns) * sqrt(TRADING_DAYS)


def downside_risk(returns: Floats, required: float = 0.0) -> float:
    """Root mean square of shortfalls below the daily `required` return, times sqrt(252); NaN when empty."""
    if not np.isfinite(returns).any():
        return nan
    shortfall = np.minimum(returns - required, 0.0)
    return float(np.sqrt(np.nanmean(shortfall**2)) * sqrt(TRADING_DAYS))


def sharpe(returns: Floats, risk_free: float = 0.0) -> float:
    """Mean excess over its deviation, times sqrt(252); NaN below two returns, +-inf without spread."""
    excess = returns - risk_free
    return _ratio(_mean(excess), _spread(excess)) * sqrt(TRADING_DAYS)


def sortino(returns: Floats, required: float = 0.0) -> float:
    """Annualised mean excess over downside risk; NaN with fewer than two returns."""
    if len(returns) < 2:
        return nan
    return _ratio(_mean(returns - required) * TRADING_DAYS, downside_risk(returns, required))


def calmar(returns: Floats) -> float:
    """Annualised return over the size of the maximum drawdown; NaN where there was no drawdown."""
    depth = max_drawdown(returns)
    return annualised_return(returns) / abs(depth) if depth < 0 else nan


def drawdowns(returns: Floats) -> Floats:
    """Distance from the highest value so far, the start included: shape (n,), each <= 0."""
    value = np.concatenate(([1.0], np.cumprod(1.0 + np.nan_to_num(returns, nan=0.0))))
    peak = np.maximum.accumulate(value)
    fallen: Floats = (value / peak - 1.0)[1:]
    return fallen


def max_drawdown(returns: Floats) -> float:
    """The deepest drawdown, a fraction <= 0; NaN when empty."""
    return float(drawdowns(returns).min()) if len(returns) else nan


@dataclass(frozen=True, kw_only=True)
class Drawdown:
    """The deepest fall: from the last high before it to the low, and back if it came back."""

    depth: float  # fraction < 0
    peak: date
    trough: date
    recovery: date | None  # None = not yet recovered


def deepest_drawdown(series: ReturnSeries) -> Drawdown | None:
    """The maximum drawdown with its dates; None when the value never fell.

    A fall that begins with the very first return has that return's date as its peak date.
    """
    if not len(series) or max_drawdown(series.values) >= 0:
        return None
    fallen = drawdowns(series.values)
    trough = int(fallen.argmin())
    at_high = np.flatnonzero(fallen[:trough] >= 0)
    peak = int(at_high[-1]) if len(at_high) else 0
    after = np.flatnonzero(fallen[trough:] >= 0)
    recovery = to_date(series.dates[trough + int(after[0])]) if len(after) else None
    days = series.dates
    return Drawdown(
        depth=float(fallen[trough]), peak=to_date(days[peak]), trough=to_date(days[trough]), recovery=recovery
    )


def value_at_risk(returns: Floats, tail: float = TAIL) -> float:
    """Historical one-day VaR: the `tail` percentile of returns, linearly interpolated; NaN when empty."""
    known = returns[~np.isnan(returns)]
    return float(np.percentile(known, 100 * tail)) if len(known) else nan


def conditional_value_at_risk(returns: Floats, tail: float = TAIL) -> float:
    """Mean of the worst int((n - 1) * tail) + 1 daily returns; NaN when empty."""
    known = np.sort(returns[~np.isnan(returns)])
    return float(known[: int((len(known) - 1) * tail) + 1].mean()) if len(known) else nan


def beta(returns: ReturnSeries, benchmark: ReturnSeries) -> float:
    """Covariance with the benchmark over its variance; NaN below two shared days or without variance."""
    own, other = aligned(returns, benchmark)
    if len(own) < 2:
        return nan
    residual = other.values - other.values.mean()
    variance = float((residual**2).mean())
    return float((residual * own.values).mean()) / variance if variance >= 1e-30 else nan


def alpha(returns: ReturnSeries, benchmark: ReturnSeries, risk_free: float = 0.0) -> float:
    """Jensen's alpha, compounded to a year: (1 + mean daily alpha) ^ 252 - 1."""
    own, other = aligned(returns, benchmark)
    slope = beta(returns, benchmark)
    if len(own) < 2 or np.isnan(slope):
        return nan
    daily = (own.values - risk_free) - slope * (other.values - risk_free)
    return float((1.0 + daily.mean()) ** TRADING_DAYS - 1.0)


def tracking_error(returns: ReturnSeries, benchmark: ReturnSeries) -> float:
    """Deviation of the daily difference to the benchmark, times sqrt(252)."""
    own, other = aligned(returns, benchmark)
    return _deviation(own.values - other.values) * sqrt(TRADING_DAYS)


def information_ratio(returns: ReturnSeries, benchmark: ReturnSeries) -> float:
    """Mean daily difference over its deviation, times sqrt(252) (empyrical's excess_sharpe is not scaled)."""
    own, other = aligned(returns, benchmark)
    difference = own.values - other.values
    return _ratio(_mean(difference), _spread(difference)) * sqrt(TRADING_DAYS)


def by_year(series: ReturnSeries) -> dict[int, float]:
    """Compounded return of each calendar year that has a return, whole or not."""
    return _by_period(series, "datetime64[Y]", 1970)


def by_month(series: ReturnSeries) -> dict[int, float]:
    """Compounded return of each month; keys count months since year 0 (year * 12 + month - 1)."""
    return _by_period(series, "datetime64[M]", 1970 * 12)


def monthly_win_rate(series: ReturnSeries) -> float:
    """Share of months with a return above 0; NaN without any month."""
    months = list(by_month(series).values())
    return sum(value > 0 for value in months) / len(months) if months else nan


def monthly_win_rate_against(series: ReturnSeries, benchmark: ReturnSeries) -> float:
    """Share of months in which the series did better than the benchmark; NaN without a shared month."""
    own, other = aligned(series, benchmark)
    mine, theirs = by_month(own), by_month(other)
    return sum(mine[month] > theirs[month] for month in mine) / len(mine) if mine else nan


def raw_metrics(returns: ReturnSeries, benchmark: ReturnSeries | None = None) -> dict[str, float]:
    """Every metric of the whole series without any display rule, risk-free rate 0, as fractions.

    Counterparts in empyrical-reloaded, default arguments: total_return = cum_returns_final,
    annualised_return = annual_return, annualised_volatility = annual_volatility, max_drawdown,
    sharpe = sharpe_ratio, sortino = sortino_ratio, calmar = calmar_ratio, downside_risk,
    value_at_risk, conditional_value_at_risk, beta, alpha, and information_ratio =
    excess_sharpe * sqrt(252). tracking_error is annual_volatility of the difference.
    Metrics that need a benchmark are absent without one.
    """
    values = returns.values
    metrics = {
        "total_return": total_return(values),
        "annualised_return": annualised_return(values),
        "annualised_volatility": annualised_volatility(values),
        "max_drawdown": max_drawdown(values),
        "sharpe": sharpe(values),
        "sortino": sortino(values),
        "calmar": calmar(values),
        "downside_risk": downside_risk(values),
        "value_at_risk": value_at_risk(values),
        "conditional_value_at_risk": conditional_value_at_risk(values),
    }
    if benchmark is None:
        return metrics
    return metrics | {
        "beta": beta(returns, benchmark),
        "alpha": alpha(returns, benchmark),
        "tracking_error": tracking_error(returns, benchmark),
        "information_ratio": information_ratio(returns, benchmark),
    }


def _by_period(series: ReturnSeries, unit: str, origin: int) -> dict[int, float]:
    keys = series.dates.astype(unit).astype(int) + origin
    return {int(key): total_return(series.values[keys == key]) for key in np.unique(keys)}


def _mean(values: Floats) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else nan


def _deviation(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.std(ddof=1)) if len(known) > 1 else nan


def _spread(values: Floats) -> float:
    """The deviation, exactly 0 for a constant series, where rounding would leave a crumb."""
    known = values[~np.isnan(values)]
    return 0.0 if len(known) > 1 and known.max() == known.min() else _deviation(values)


def _ratio(numerator: float, denominator: float) -> float:
    """IEEE division: x/0 is +-inf, 0/0 and anything with NaN is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(numerator) / np.float64(denominator))
