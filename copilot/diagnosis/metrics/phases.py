"""Returns in phases of the market and in named crashes. The phases are data: `phases.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import nan

import numpy as np

from copilot.diagnosis.metrics.basics import mean, share
from copilot.diagnosis.metrics.relative import beta, correlation
from copilot.diagnosis.metrics.returns import by_quarter, total_return
from copilot.diagnosis.metrics.risk import max_drawdown
from copilot.diagnosis.series import ReturnSeries, aligned, spanned

UP, DOWN = 0.05, -0.05  # quarters of the benchmark beyond these are up or down, the rest flat
LEAST_FIT = 0.5  # R squared below which a beta tells nothing about a crash


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A stretch of the market: returns later than `base`, up to and with `end`."""

    id: str
    name: str
    base: date
    end: date


@dataclass(frozen=True, kw_only=True)
class PhaseResult:
    """What a fund did in a phase; NaN where its record does not span it, or has a hole in it."""

    phase: Phase
    total_return: float
    max_drawdown: float
    benchmark_return: float
    benchmark_drawdown: float
    estimate: float = nan  # beta * the benchmark's return: only where there is no record and the fit is good


def phase_results(
    series: ReturnSeries, benchmark: ReturnSeries | None, phases: Sequence[Phase], *, estimate: bool = False
) -> tuple[PhaseResult, ...]:
    """All phases in order. `estimate`: a crash before the fund's time is told by its beta, and named so.

    The beta is that of the whole shared record; below an R squared of 0.5 there is no estimate.
    """
    slope = _trusted_beta(series, benchmark) if estimate and benchmark is not None else nan
    return tuple(_result(series, benchmark, phase, slope) for phase in phases)


def _trusted_beta(series: ReturnSeries, benchmark: ReturnSeries) -> float:
    fit = correlation(series, benchmark) ** 2
    return beta(series, benchmark) if fit >= LEAST_FIT else nan


def _result(series: ReturnSeries, benchmark: ReturnSeries | None, phase: Phase, slope: float) -> PhaseResult:
    earned, fallen = _figures(series, phase)
    market, market_fallen = _figures(benchmark, phase) if benchmark is not None else (nan, nan)
    return PhaseResult(
        phase=phase,
        total_return=earned,
        max_drawdown=fallen,
        benchmark_return=market,
        benchmark_drawdown=market_fallen,
        estimate=slope * market if earned != earned else nan,
    )


def _figures(series: ReturnSeries, phase: Phase) -> tuple[float, float]:
    """Return and deepest fall in the phase; NaN unless the record spans it without a hole."""
    part = spanned(series, phase.base, phase.end)
    return (total_return(part.values), max_drawdown(part.values)) if part else (nan, nan)


@dataclass(frozen=True, kw_only=True)
class MarketState:
    """Quarters in which the benchmark rose, stayed or fell, and what the fund did in them on average."""

    state: str  # up | flat | down
    quarters: int
    mean_return: float
    mean_benchmark: float
    win_rate: float


def market_states(series: ReturnSeries, benchmark: ReturnSeries) -> tuple[MarketState, ...]:
    """Up (> 5 %), flat and down (< -5 %) quarters of the benchmark, on shared days; NaN for a state without any."""
    own, other = aligned(series, benchmark)
    mine, market = by_quarter(own), by_quarter(other)
    states = {
        "up": [q for q, value in market.items() if value > UP],
        "flat": [q for q, value in market.items() if DOWN <= value <= UP],
        "down": [q for q, value in market.items() if value < DOWN],
    }
    return tuple(
        MarketState(
            state=state,
            quarters=len(quarters),
            mean_return=mean(np.array([mine[q] for q in quarters])),
            mean_benchmark=mean(np.array([market[q] for q in quarters])),
            win_rate=share(sum(mine[q] > market[q] for q in quarters), len(quarters)),
        )
        for state, quarters in states.items()
    )
