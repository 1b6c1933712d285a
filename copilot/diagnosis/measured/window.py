"""One fund over one period: its figures, the benchmark's, and those between the two; or why there are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import nan
from types import MappingProxyType

import numpy as np

from copilot.diagnosis import metrics
from copilot.diagnosis.data.calendars import Calendar
from copilot.diagnosis.metrics.basics import share
from copilot.diagnosis.metrics.relative import capture_of_months
from copilot.diagnosis.metrics.returns import monthly
from copilot.diagnosis.series import Floats, ReturnSeries, spanned
from copilot.diagnosis.windows import Window

LEAST_COVERAGE = 0.9  # NAVs a trading day; below it nothing is annualised by 252 days

# Why a figure is not there.
UNDER_ONE_YEAR = "under_one_year"  # nothing is annualised under a year
UNKNOWN_DAY = "unknown_day"  # a hole whose return nobody knows, or at whose edge the period begins
SPARSE = "sparse"  # NAV not daily, or a hole
NO_BENCHMARK = "no_benchmark"
SHORT_BENCHMARK = "short_benchmark"  # it does not cover the period
NO_RATE = "no_rate"  # the risk-free rate is not known for the whole period

Plain = Callable[[ReturnSeries, Floats], float]

PLAIN: Mapping[str, Plain] = {
    "total_return": lambda own, _: metrics.total_return(own.values),
    "max_drawdown": lambda own, _: metrics.max_drawdown(own.values),
}
YEARLY: Mapping[str, Plain] = {
    "annualised_return": lambda own, _: metrics.annualised_return(own.values),
    "annualised_volatility": lambda own, _: metrics.annualised_volatility(own.values),
    "downside_risk": lambda own, rate: metrics.downside_risk(own.values, rate),
    "sharpe": lambda own, rate: metrics.sharpe(own.values, rate),
    "sortino": lambda own, rate: metrics.sortino(own.values, rate),
    "calmar": lambda own, _: metrics.calmar(own.values),
    "value_at_risk": lambda own, _: metrics.value_at_risk(own.values),
    "conditional_value_at_risk": lambda own, _: metrics.conditional_value_at_risk(own.values),
    "monthly_win_rate": lambda own, _: metrics.monthly_win_rate(own),
    "quarterly_win_rate": lambda own, _: metrics.quarterly_win_rate(own),
}
NEED_RATE = frozenset({"downside_risk", "sharpe", "sortino", "alpha"})
RELATIVE: Mapping[str, Callable[[ReturnSeries, ReturnSeries], float]] = {
    "beta": metrics.beta,
    "tracking_error": metrics.tracking_error,
    "information_ratio": metrics.information_ratio,
    "correlation": metrics.correlation,
    "quarterly_win_rate_against": metrics.quarterly_win_rate_against,
}


@dataclass(frozen=True, kw_only=True)
class WindowMeasures:
    """Figures are fractions, ratios or shares; a figure that is withheld is not in the mappings."""

    window: Window
    returns: int  # NAVs in the period
    coverage: float  # of the trading days
    own: Mapping[str, float]
    benchmark: Mapping[str, float] | None  # None: nothing to compare with in this period
    relative: Mapping[str, float]
    withheld: Mapping[str, str] = field(default_factory=dict)  # figure or group -> reason


def measure_window(
    series: ReturnSeries,
    benchmark: ReturnSeries | None,
    window: Window,
    *,
    daily_rate: Callable[[ReturnSeries], Floats],
    calendar: Calendar,
) -> WindowMeasures:
    """All figures of the period that may be told. `benchmark` is on the fund's own dates."""
    own = series.between(window.base, window.end)
    coverage = len(own) / max(calendar.trading_days(window.base, window.end), 1)
    unknown = spanned(series, window.base, window.end) is None
    other = None if unknown or benchmark is None else benchmark.between(window.base, window.end)
    short = other is not None and bool(np.isnan(other.values).any())
    other = None if short else other
    withheld: dict[str, str] = {}
    if unknown:
        withheld["all"] = UNKNOWN_DAY
    elif other is None:
        withheld["benchmark"] = SHORT_BENCHMARK if short else NO_BENCHMARK
    yearly = not unknown and window.may_annualise and coverage >= LEAST_COVERAGE
    if not unknown and not yearly:
        withheld["yearly"] = SPARSE if window.may_annualise else UNDER_ONE_YEAR
    rate = daily_rate(own)
    rated = not bool(np.isnan(rate).any())
    if yearly and not rated:
        withheld |= dict.fromkeys(sorted(NEED_RATE), NO_RATE)
    return WindowMeasures(
        window=window,
        returns=len(own),
        coverage=coverage,
        own={} if unknown else _alone(own, rate, yearly, rated),
        benchmark=None if other is None else _of_benchmark(other, rate, yearly, rated),
        relative={} if other is None else _between(own, other, rate, yearly, rated),
        withheld=withheld,
    )


def _alone(series: ReturnSeries, rate: Floats, yearly: bool, rated: bool) -> dict[str, float]:
    told = {**PLAIN, **(YEARLY if yearly else {})}
    return {name: one(series, rate) for name, one in told.items() if rated or name not in NEED_RATE}


def _of_benchmark(series: ReturnSeries, rate: Floats, yearly: bool, rated: bool) -> Mapping[str, float]:
    """Funds of one account mostly share their dates, and so the benchmark's figures."""
    parts = (series.dates.astype(np.int64).tobytes(), series.values.tobytes(), rate.tobytes())
    return _remembered(*parts, yearly, rated)


@lru_cache(maxsize=256)
def _remembered(dates: bytes, values: bytes, rate: bytes, yearly: bool, rated: bool) -> Mapping[str, float]:
    days = np.frombuffer(dates, dtype=np.int64).astype("datetime64[D]")
    series = ReturnSeries(dates=days, values=np.frombuffer(values, dtype=np.float64))
    return MappingProxyType(_alone(series, np.frombuffer(rate, dtype=np.float64), yearly, rated))


def _between(own: ReturnSeries, other: ReturnSeries, rate: Floats, yearly: bool, rated: bool) -> dict[str, float]:
    found = {"excess_return": metrics.total_return(own.values) - metrics.total_return(other.values)}
    if yearly:
        found |= {name: one(own, other) for name, one in RELATIVE.items()}
        found["alpha"] = metrics.alpha(own.less(rate), other.less(rate)) if rated else nan
        found["r_squared"] = found["correlation"] ** 2
        found |= _by_months(monthly(own), monthly(other))
    return found if rated or not yearly else {name: value for name, value in found.items() if name not in NEED_RATE}


def _by_months(own: Floats, other: Floats) -> dict[str, float]:
    """Both series are known on the same days here, so their months are the same."""
    up, down = capture_of_months(own, other)
    won = share(int((own > other).sum()), len(own))
    return {"up_capture": up, "down_capture": down, "monthly_win_rate_against": won}
