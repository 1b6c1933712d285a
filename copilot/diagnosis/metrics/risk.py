"""How bumpy the way was: deviation, falls, tails, and return for the risk taken. Conventions: see `basics`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import nan, sqrt

import numpy as np

from copilot.diagnosis.metrics.basics import TAIL, TRADING_DAYS, deviation, known, mean, ratio, spread
from copilot.diagnosis.metrics.returns import annualised_return
from copilot.diagnosis.series import Floats, ReturnSeries, filled, to_date


def annualised_volatility(returns: Floats) -> float:
    """Standard deviation times sqrt(252); NaN with fewer than two returns."""
    return deviation(returns) * sqrt(TRADING_DAYS)


def downside_risk(returns: Floats, required: float | Floats = 0.0) -> float:
    """Root mean square of shortfalls below the daily `required` return, times sqrt(252); NaN when empty."""
    if not np.isfinite(returns).any():
        return nan
    shortfall = np.minimum(returns - required, 0.0)
    return float(np.sqrt(np.nanmean(shortfall**2)) * sqrt(TRADING_DAYS))


def sharpe(returns: Floats, risk_free: float | Floats = 0.0) -> float:
    """Mean excess over its deviation, times sqrt(252); NaN below two returns, +-inf without spread."""
    excess = returns - risk_free
    return ratio(mean(excess), spread(excess)) * sqrt(TRADING_DAYS)


def sortino(returns: Floats, required: float | Floats = 0.0) -> float:
    """Annualised mean excess over downside risk; NaN with fewer than two returns."""
    if len(returns) < 2:
        return nan
    return ratio(mean(returns - required) * TRADING_DAYS, downside_risk(returns, required))


def calmar(returns: Floats) -> float:
    """Annualised return over the size of the maximum drawdown; NaN where there was no drawdown."""
    depth = max_drawdown(returns)
    return annualised_return(returns) / abs(depth) if depth < 0 else nan


def drawdowns(returns: Floats) -> Floats:
    """Distance from the highest value so far, the start included: shape (n,), each <= 0."""
    value = np.concatenate(([1.0], np.cumprod(1.0 + filled(returns))))
    peak = np.maximum.accumulate(value)
    fallen: Floats = (value / peak - 1.0)[1:]
    return fallen


def max_drawdown(returns: Floats) -> float:
    """The deepest drawdown, a fraction <= 0; NaN when empty."""
    return float(drawdowns(returns).min()) if len(returns) else nan


@dataclass(frozen=True, kw_only=True)
class Drawdown:
    """A fall: from the last high before it to the low, and back if it came back."""

    depth: float  # fraction < 0
    peak: date
    trough: date
    recovery: date | None  # None = not yet recovered

    @property
    def recovery_days(self) -> int | None:
        """Calendar days from the low back to the old high; None while it is not reached."""
        return (self.recovery - self.trough).days if self.recovery else None


def deepest_drawdown(series: ReturnSeries) -> Drawdown | None:
    """The maximum drawdown with its dates; None when the value never fell.

    A fall that begins with the very first return has that return's date as its peak date.
    """
    deepest = worst_drawdowns(series, most=1)
    return deepest[0] if deepest else None


def worst_drawdowns(series: ReturnSeries, most: int = 5) -> tuple[Drawdown, ...]:
    """The deepest falls, each from a high to its recovery, so that no two overlap; the deepest first."""
    if not len(series):
        return ()
    fallen = drawdowns(series.values)
    below = np.concatenate(([False], fallen < 0, [False]))
    edges = np.flatnonzero(below[1:] != below[:-1])
    spans = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))  # [first day below, first day back)
    deepest = sorted(spans, key=lambda span: (float(fallen[span[0] : span[1]].min()), span[0]))[:most]
    return tuple(_drawdown(series, fallen, start, stop) for start, stop in deepest)


def _drawdown(series: ReturnSeries, fallen: Floats, start: int, stop: int) -> Drawdown:
    trough = start + int(fallen[start:stop].argmin())
    days = series.dates
    return Drawdown(
        depth=float(fallen[trough]),
        peak=to_date(days[max(start - 1, 0)]),
        trough=to_date(days[trough]),
        recovery=to_date(days[stop]) if stop < len(days) else None,
    )


def value_at_risk(returns: Floats, tail: float = TAIL) -> float:
    """Historical one-day VaR: the `tail` percentile of returns, linearly interpolated; NaN when empty."""
    kept = known(returns)
    return float(np.percentile(kept, 100 * tail)) if len(kept) else nan


def conditional_value_at_risk(returns: Floats, tail: float = TAIL) -> float:
    """Mean of the worst int((n - 1) * tail) + 1 daily returns; NaN when empty."""
    kept = np.sort(known(returns))
    return float(kept[: int((len(kept) - 1) * tail) + 1].mean()) if len(kept) else nan
