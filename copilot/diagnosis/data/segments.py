"""Weights and returns of a fund and its benchmark by segment, period by period: what Brinson's attribution needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from copilot.diagnosis.data.tables import number, parsed
from copilot.diagnosis.errors import DiagnosisError, NavFileError
from copilot.diagnosis.metrics.attribution import Segment, both_returns, brinson

UNNAMED_BENCHMARK = "归因基准"
_NEEDED = {"开始日期", "结束日期", "分段", "基金权重", "基准权重", "基金收益率", "基准收益率"}


@dataclass(frozen=True, kw_only=True)
class SegmentPeriod:
    """One period: weights at its start, returns from `start` (its close) to `end`; both sides sum to 1."""

    start: date
    end: date
    benchmark_name: str
    segments: Mapping[str, Segment]


@dataclass(frozen=True, kw_only=True)
class _Row:
    start: date
    end: date
    benchmark_name: str
    name: str
    segment: Segment


def read_segments(path: Path) -> tuple[SegmentPeriod, ...]:
    """A table 开始日期, 结束日期, 分段, 基金权重, 基准权重, 基金收益率, 基准收益率 (per cent); optional 基准, its name.

    Raises NavFileError for a row that cannot be read, a segment told twice, periods that overlap, and weights that do
    not sum to 100: an attribution with a part missing would blame the wrong segment.
    """
    rows = parsed(path, _row, _NEEDED)
    found: dict[tuple[date, date, str], dict[str, Segment]] = {}
    for line, row in enumerate(rows, start=2):
        if row is None:
            raise NavFileError(f"{path.name} line {line} is no segment: correct its dates, name, weights or returns.")
        period = found.setdefault((row.start, row.end, row.benchmark_name), {})
        if row.name in period:
            raise NavFileError(f"{path.name} line {line} tells a segment of its period again: keep one of the two.")
        period[row.name] = row.segment
    periods = [
        SegmentPeriod(start=start, end=end, benchmark_name=name, segments=segments)
        for (start, end, name), segments in sorted(found.items(), key=lambda item: item[0])
    ]
    _checked(path, periods)
    return tuple(periods)


def chain_on(periods: tuple[SegmentPeriod, ...], day: date) -> tuple[SegmentPeriod, ...]:
    """The periods up to a day that follow each other without a gap, against one benchmark, the latest last."""
    chain: list[SegmentPeriod] = []
    for period in reversed([one for one in periods if one.end <= day]):
        if chain and (period.end, period.benchmark_name) != (chain[0].start, chain[0].benchmark_name):
            break
        chain.insert(0, period)
    return tuple(chain)


def _checked(path: Path, periods: list[SegmentPeriod]) -> None:
    for before, after in pairwise(periods):
        if after.start < before.end:
            raise NavFileError(f"{path.name} has periods that overlap from {after.start} on: keep one of them.")
    for period in periods:
        try:
            brinson(period.segments)
            if min(both_returns(period.segments)) <= -1.0:
                raise DiagnosisError("More than everything is lost: correct weights or returns.")
        except DiagnosisError as error:
            raise NavFileError(f"{path.name}, period from {period.start}: {error}") from error


def _row(row: dict[str, str]) -> _Row:
    start, end = (date.fromisoformat(row[name].strip()[:10]) for name in ("开始日期", "结束日期"))
    name = row["分段"].strip()
    weight, beside, own, other = (
        number(row[column]) / 100.0 for column in ("基金权重", "基准权重", "基金收益率", "基准收益率")
    )
    if not name or start >= end or not all(-1.0 <= one <= 5.0 for one in (weight, beside)):
        raise ValueError("no segment")
    if any(one <= -1.0 for one in (own, other)):
        raise ValueError("more than everything is lost")
    segment = Segment(weight=weight, benchmark_weight=beside, portfolio_return=own, benchmark_return=other)
    named = (row.get("基准") or "").strip() or UNNAMED_BENCHMARK
    return _Row(start=start, end=end, benchmark_name=named, name=name, segment=segment)
