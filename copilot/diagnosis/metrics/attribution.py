"""Where the difference to the benchmark came from: Brinson's attribution of a period, and of several that follow.

Brinson and Fachler (1985): allocation (w_p - w_b)(r_b - R_b), selection w_b (r_p - r_b), interaction
(w_p - w_b)(r_p - r_b), per segment; together they are the portfolio's return less the benchmark's. Periods are
linked after Carino (1999), so that the effects of all still add up to the difference of the compounded returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log1p

from copilot.diagnosis.errors import DiagnosisError

_WHOLE = 1e-4  # weights may miss 1 by this much: files round them to hundredths of a per cent
_ALIKE = 1e-12  # returns that differ by less are the same


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One industry or asset class: weights at the start of the period and its returns, fractions."""

    weight: float
    benchmark_weight: float
    portfolio_return: float  # ignored where `weight` is 0
    benchmark_return: float


@dataclass(frozen=True, kw_only=True)
class Effects:
    """Contributions to the excess return, fractions."""

    allocation: float
    selection: float
    interaction: float

    @property
    def total(self) -> float:
        return self.allocation + self.selection + self.interaction


def brinson(segments: Mapping[str, Segment]) -> dict[str, Effects]:
    """Effects by segment. Raises DiagnosisError unless both sides' weights sum to 1 and all numbers are finite."""
    for side in ("weight", "benchmark_weight"):
        total = sum(getattr(one, side) for one in segments.values())
        if not abs(total - 1.0) <= _WHOLE:
            raise DiagnosisError(f"The {side}s sum to {total:.6g} instead of 1: add the missing segment (cash?).")
    whole = sum(one.benchmark_weight * one.benchmark_return for one in segments.values())
    found = {name: _effects(one, whole) for name, one in segments.items()}
    if not all(isfinite(one.total) for one in found.values()):
        raise DiagnosisError("A segment has no return: leave it out on both sides, or give its return.")
    return found


def _effects(one: Segment, whole: float) -> Effects:
    """A segment that is not held earned nothing by selection: its own return is the benchmark's."""
    own = one.portfolio_return if one.weight else one.benchmark_return
    active, better = one.weight - one.benchmark_weight, own - one.benchmark_return
    return Effects(
        allocation=active * (one.benchmark_return - whole),
        selection=one.benchmark_weight * better,
        interaction=active * better,
    )


def both_returns(segments: Mapping[str, Segment]) -> tuple[float, float]:
    """Return of the portfolio and of the benchmark over one period, as the segments add up."""
    own = sum(one.weight * one.portfolio_return for one in segments.values() if one.weight)
    return own, sum(one.benchmark_weight * one.benchmark_return for one in segments.values())


def compounded(returns: Sequence[float]) -> float:
    """The return of periods that follow each other."""
    grown = 1.0
    for one in returns:
        grown *= 1.0 + one
    return grown - 1.0


def linked(periods: Sequence[Mapping[str, Segment]]) -> dict[str, Effects]:
    """Effects by segment over periods that follow each other; they sum to the difference of the compounded returns.

    A segment that a period does not tell of has no effect in it. Raises DiagnosisError as `brinson` does.
    """
    both = [both_returns(segments) for segments in periods]
    whole = _log_ratio(compounded([own for own, _ in both]), compounded([other for _, other in both]))
    found: dict[str, Effects] = {}
    for segments, (own, other) in zip(periods, both, strict=True):
        scale = _log_ratio(own, other) / whole
        for name, one in brinson(segments).items():
            found[name] = _plus(found.get(name), one, scale)
    return found


def _log_ratio(own: float, other: float) -> float:
    """Carino's factor: the difference of the log returns over that of the returns."""
    return 1.0 / (1.0 + own) if abs(own - other) < _ALIKE else (log1p(own) - log1p(other)) / (own - other)


def _plus(before: Effects | None, one: Effects, scale: float) -> Effects:
    known = before or Effects(allocation=0.0, selection=0.0, interaction=0.0)
    return Effects(
        allocation=known.allocation + scale * one.allocation,
        selection=known.selection + scale * one.selection,
        interaction=known.interaction + scale * one.interaction,
    )


def total_effects(effects: Mapping[str, Effects]) -> Effects:
    """The sum over all segments."""
    return Effects(
        allocation=sum(one.allocation for one in effects.values()),
        selection=sum(one.selection for one in effects.values()),
        interaction=sum(one.interaction for one in effects.values()),
    )
