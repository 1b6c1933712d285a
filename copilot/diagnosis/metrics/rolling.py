"""Every year that could have been lived through: returns over rolling spans and how they are spread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from copilot.diagnosis.metrics.basics import known, share
from copilot.diagnosis.series import Dates, ReturnSeries, aligned, to_date


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """Order statistics of returns, fractions; percentiles interpolate linearly."""

    count: int
    worst: float
    p5: float
    p25: float
    median: float
    p75: float
    p95: float
    best: float
    loss_share: float  # share below 0
    first_end: date  # last day of the first span
    last_end: date


def months_before(dates: Dates, months: int) -> Dates:
    """The same day `months` earlier, the last day of the month where it does not exist; shape (n,)."""
    month = dates.astype("datetime64[M]")
    day = (dates - month.astype("datetime64[D]")).astype(np.int64)
    start = month - months
    length = ((start + 1).astype("datetime64[D]") - start.astype("datetime64[D]")).astype(np.int64)
    found: Dates = (start.astype("datetime64[D]") + np.minimum(day, length - 1)).astype("datetime64[D]")
    return found


def rolling_returns(series: ReturnSeries, months: int = 12) -> ReturnSeries:
    """For each date the return since `months` earlier, from the last value known then.

    Only dates whose span begins within the record are there; a span with an unknown day is NaN.
    """
    if not len(series):
        return series
    bases = months_before(series.dates, months)
    at = np.searchsorted(series.dates, bases, side="right") - 1
    whole = at >= 0
    value = series.growth()
    unknown = np.cumsum(np.isnan(series.values))
    start, end = at[whole], np.flatnonzero(whole)
    values = value[end] / value[start] - 1.0
    values[unknown[end] > unknown[start]] = np.nan
    return ReturnSeries(dates=series.dates[whole], values=values)


def distribution(rolled: ReturnSeries) -> Distribution | None:
    """How the returns of rolling spans are spread; None without any known one."""
    values = known(rolled.values)
    if not len(values):
        return None
    p5, p25, median, p75, p95 = (float(p) for p in np.percentile(values, (5, 25, 50, 75, 95)))
    days = rolled.dates[~np.isnan(rolled.values)]
    return Distribution(
        count=len(values),
        worst=float(values.min()),
        p5=p5,
        p25=p25,
        median=median,
        p75=p75,
        p95=p95,
        best=float(values.max()),
        loss_share=share(int((values < 0).sum()), len(values)),
        first_end=to_date(days[0]),
        last_end=to_date(days[-1]),
    )


def rolling_win_rate(series: ReturnSeries, benchmark: ReturnSeries, months: int = 12) -> float:
    """Share of rolling spans in which the series did better than the benchmark; NaN without any."""
    own, other = aligned(rolling_returns(series, months), rolling_returns(benchmark, months))
    return share(int((own.values > other.values).sum()), len(own))
