"""Everything measured of several funds held together, by the weights of the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import isfinite, nan

import numpy as np

from copilot.diagnosis import metrics
from copilot.diagnosis.data.disclosure import FundPortfolio
from copilot.diagnosis.measured.fund import FundMeasures
from copilot.diagnosis.metrics.holdings import (
    LookThrough,
    correlation_matrix,
    effective_number,
    hhi,
    look_through,
    mixed_returns,
    overlap,
)
from copilot.diagnosis.metrics.phases import PhaseResult
from copilot.diagnosis.series import ReturnSeries
from copilot.diagnosis.windows import add_months, old_enough

MIX_MONTHS = 36
LEAST_MIX_MONTHS = 12
ALIKE = 0.9  # correlation from which two funds are named
MOST_IN_MATRIX = 50  # with more funds only the pairs that are alike are told
MOST_PAIRS = 100
MOST_SECURITIES = 20


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two funds held together."""

    one: str
    other: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What a crash would have done to today's mix: by record where funds have one, by beta where it fits."""

    id: str
    name: str
    base: date
    end: date
    loss: float  # of the part that is known, a fraction; NaN where less than half of the account is
    known: float  # share of the account by the funds' own record
    estimated: float  # share by beta
    benchmark: float


@dataclass(frozen=True, kw_only=True)
class Mix:
    """Today's weights held over the last three years (or what all funds share), rebalanced daily."""

    first_day: date
    last_day: date
    weight: float  # share of the account in it
    total_return: float
    annualised_volatility: float
    max_drawdown: float


@dataclass(frozen=True, kw_only=True)
class PortfolioMeasures:
    """Weights are fractions of the whole account, funds without NAV included."""

    weights: Mapping[str, float]
    hhi: float
    effective_number: float
    largest: str | None
    codes: tuple[str, ...] = ()  # order of the matrix
    correlation: tuple[tuple[float, ...], ...] = ()  # empty with more than 50 funds
    alike: tuple[Pair, ...] = ()  # correlation >= 0.9, highest first
    overlaps: tuple[Pair, ...] = ()  # disclosed securities in common, largest first
    assets: LookThrough | None = None
    industries: LookThrough | None = None
    securities: LookThrough | None = None
    disclosed: Mapping[str, Mapping[str, date]] = field(default_factory=dict)  # by fund and breakdown
    ongoing_fee: float = nan  # yearly, weighted; NaN unless known for every fund
    mix: Mix | None = None
    scenarios: tuple[Scenario, ...] = ()


def measure_portfolio(
    weights: Mapping[str, float],
    series: Mapping[str, ReturnSeries],
    funds: Mapping[str, FundMeasures],
    *,
    fees: Mapping[str, float] | None = None,
) -> PortfolioMeasures:
    """`weights` by code, fractions that sum to 1; `series`, `funds`, yearly `fees` of those that are known."""
    told = {code: one for code, one in series.items() if weights.get(code, 0.0) > 0 and funds[code].told}
    inside = {code: one.portfolio for code, one in funds.items() if one.portfolio and weights.get(code, 0.0) > 0}
    codes, end = tuple(told), max((one.last_day for one in funds.values()), default=None)
    recent = [one.between(add_months(end, -MIX_MONTHS), end) for one in told.values()] if end else []
    matrix = correlation_matrix(recent)
    return PortfolioMeasures(
        weights=dict(weights),
        hhi=hhi(list(weights.values())),
        effective_number=effective_number(list(weights.values())),
        largest=max(weights, key=lambda code: weights[code]) if weights else None,
        codes=codes,
        correlation=tuple(map(tuple, matrix.tolist())) if len(codes) <= MOST_IN_MATRIX else (),
        alike=_alike(codes, matrix),
        overlaps=_overlaps(inside),
        assets=_through(weights, inside, "assets"),
        industries=_through(weights, inside, "industries"),
        securities=_through(weights, inside, "securities"),
        disclosed={code: dict(one.as_of) for code, one in inside.items()},
        ongoing_fee=_fee(weights, fees or {}),
        mix=_mix(dict(zip(codes, recent, strict=True)), weights),
        scenarios=_scenarios(weights, [funds[code] for code in codes]),
    )


def _alike(codes: Sequence[str], matrix: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[Pair, ...]:
    high = np.argwhere(np.triu(np.nan_to_num(matrix, nan=0.0) >= ALIKE, k=1))
    pairs = [Pair(one=codes[i], other=codes[j], value=float(matrix[i, j])) for i, j in high]
    return tuple(sorted(pairs, key=lambda pair: (-pair.value, pair.one, pair.other))[:MOST_PAIRS])


def _overlaps(inside: Mapping[str, FundPortfolio]) -> tuple[Pair, ...]:
    held = [(code, one.securities) for code, one in inside.items() if one.securities]
    pairs = [
        Pair(one=code, other=other, value=shared)
        for n, (code, mine) in enumerate(held)
        for other, theirs in held[n + 1 :]
        if (shared := overlap(mine, theirs)) > 0
    ]
    return tuple(sorted(pairs, key=lambda pair: (-pair.value, pair.one, pair.other))[:MOST_PAIRS])


def _through(weights: Mapping[str, float], inside: Mapping[str, FundPortfolio], what: str) -> LookThrough | None:
    parts = {code: getattr(one, what) for code, one in inside.items() if getattr(one, what)}
    if not parts:
        return None
    found = look_through(weights, parts)
    most = dict(list(found.weights.items())[:MOST_SECURITIES])
    return LookThrough(weights=most, known=found.known, unknown=found.unknown)


def _fee(weights: Mapping[str, float], fees: Mapping[str, float]) -> float:
    """Weighted by value over the funds held; one unknown fee makes the whole unknown."""
    held = {code: weight for code, weight in weights.items() if weight > 0}
    return sum(weight * fees.get(code, nan) for code, weight in held.items()) if held else nan


def _mix(series: Mapping[str, ReturnSeries], weights: Mapping[str, float]) -> Mix | None:
    """None unless the funds share a year."""
    mixed = mixed_returns(series, weights)
    if len(mixed) < 2:
        return None
    first, last = mixed.dates[0].astype(object), mixed.dates[-1].astype(object)
    if not old_enough(first, last, LEAST_MIX_MONTHS):
        return None
    return Mix(
        first_day=first,
        last_day=last,
        weight=sum(weights[code] for code in series),
        total_return=metrics.total_return(mixed.values),
        annualised_volatility=metrics.annualised_volatility(mixed.values),
        max_drawdown=metrics.max_drawdown(mixed.values),
    )


def _scenarios(weights: Mapping[str, float], funds: Sequence[FundMeasures]) -> tuple[Scenario, ...]:
    by_phase = zip(*(one.scenarios for one in funds), strict=True) if funds else ()
    return tuple(_scenario(results, [weights[one.code] for one in funds]) for results in by_phase)


def _scenario(results: Sequence[PhaseResult], weights: Sequence[float]) -> Scenario:
    own = [(w, r.total_return) for w, r in zip(weights, results, strict=True) if isfinite(r.total_return)]
    guessed = [(w, r.estimate) for w, r in zip(weights, results, strict=True) if isfinite(r.estimate)]
    known, estimated = sum(w for w, _ in own), sum(w for w, _ in guessed)
    part = known + estimated
    phase = results[0].phase
    return Scenario(
        id=phase.id,
        name=phase.name,
        base=phase.base,
        end=phase.end,
        loss=sum(w * loss for w, loss in (*own, *guessed)) / part if part >= 0.5 else nan,
        known=known,
        estimated=estimated,
        benchmark=next((r.benchmark_return for r in results if isfinite(r.benchmark_return)), nan),
    )
