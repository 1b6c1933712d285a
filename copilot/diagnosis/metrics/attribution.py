"""Where the difference to the benchmark came from: Brinson's attribution for one period.

Brinson and Fachler (1985): allocation (w_p - w_b)(r_b - R_b), selection w_b (r_p - r_b), interaction
(w_p - w_b)(r_p - r_b), per segment; together they are the portfolio's return less the benchmark's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from copilot.diagnosis.errors import DiagnosisError

_WHOLE = 1e-6  # weights may miss 1 by this much


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


def total_effects(effects: Mapping[str, Effects]) -> Effects:
    """The sum over all segments."""
    return Effects(
        allocation=sum(one.allocation for one in effects.values()),
        selection=sum(one.selection for one in effects.values()),
        interaction=sum(one.interaction for one in effects.values()),
    )
