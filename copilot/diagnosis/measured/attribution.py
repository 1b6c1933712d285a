"""What a fund's segments brought beside the benchmark's, over the latest periods that follow each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import nan

from copilot.diagnosis.data.segments import SegmentPeriod
from copilot.diagnosis.metrics.attribution import Effects, both_returns, compounded, linked, total_effects
from copilot.diagnosis.metrics.returns import total_return
from copilot.diagnosis.series import ReturnSeries, spanned
from copilot.diagnosis.windows import old_enough


@dataclass(frozen=True, kw_only=True)
class SegmentResult:
    """Weights are means over the periods by their days; effects are fractions of the whole."""

    weight: float
    benchmark_weight: float
    effects: Effects


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Brinson's attribution; the effects of all segments sum to `portfolio_return` - `benchmark_return`."""

    base: date
    end: date
    periods: int
    benchmark_name: str
    portfolio_return: float  # as the segments add up, before trading within periods and fees
    benchmark_return: float
    nav_return: float  # of the fund's NAV over the same time; NaN where the record does not span it
    unexplained: float  # NAV less segments: trading, fees, rounding
    segments: Mapping[str, SegmentResult]  # the largest effect first
    total: Effects


def measure_attribution(chain: tuple[SegmentPeriod, ...], series: ReturnSeries) -> Attribution | None:
    """None without periods, and where they are shorter than what may be shown: six months in all."""
    if not chain or not old_enough(chain[0].start, chain[-1].end):
        return None
    both = [both_returns(period.segments) for period in chain]
    own, other = compounded([one for one, _ in both]), compounded([one for _, one in both])
    effects = linked([period.segments for period in chain])
    known = spanned(series, chain[0].start, chain[-1].end)
    nav = total_return(known.values) if known else nan
    return Attribution(
        base=chain[0].start,
        end=chain[-1].end,
        periods=len(chain),
        benchmark_name=chain[0].benchmark_name,
        portfolio_return=own,
        benchmark_return=other,
        nav_return=nav,
        unexplained=nav - own,
        segments={name: _result(name, chain, effects[name]) for name in _ordered(effects)},
        total=total_effects(effects),
    )


def _ordered(effects: Mapping[str, Effects]) -> list[str]:
    return sorted(effects, key=lambda name: (-abs(effects[name].total), name))


def _result(name: str, chain: tuple[SegmentPeriod, ...], effects: Effects) -> SegmentResult:
    days = [(period.end - period.start).days for period in chain]
    held = [
        (length, period.segments[name]) for length, period in zip(days, chain, strict=True) if name in period.segments
    ]
    return SegmentResult(
        weight=sum(length * one.weight for length, one in held) / sum(days),
        benchmark_weight=sum(length * one.benchmark_weight for length, one in held) / sum(days),
        effects=effects,
    )
