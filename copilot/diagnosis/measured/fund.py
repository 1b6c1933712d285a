"""Everything measured of one fund."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from math import isfinite, nan
from types import MappingProxyType

import numpy as np

from copilot.diagnosis.data.calendars import FundKind, calendar
from copilot.diagnosis.data.disclosure import FundPortfolio
from copilot.diagnosis.data.index import Benchmark, IndexSeries
from copilot.diagnosis.data.nav import NavSeries
from copilot.diagnosis.data.peers import PeerTable
from copilot.diagnosis.data.rates import RiskFree
from copilot.diagnosis.data.segments import SegmentPeriod
from copilot.diagnosis.measured.attribution import Attribution, measure_attribution
from copilot.diagnosis.measured.window import WindowMeasures, measure_window
from copilot.diagnosis.metrics.costs import Cost, FeeSchedule, cost_over
from copilot.diagnosis.metrics.payouts import Payout, PayoutSummary, payout_summary
from copilot.diagnosis.metrics.phases import MarketState, PhaseResult, market_states, phase_results
from copilot.diagnosis.metrics.ranking import Rank, rank, rank_persistence
from copilot.diagnosis.metrics.returns import total_return
from copilot.diagnosis.metrics.risk import Drawdown, worst_drawdowns
from copilot.diagnosis.metrics.rolling import Distribution, distribution, rolling_returns, rolling_win_rate
from copilot.diagnosis.metrics.style import StyleFit, style_drift, style_fit
from copilot.diagnosis.phases import load_phases
from copilot.diagnosis.series import ReturnSeries, spanned
from copilot.diagnosis.windows import Window, add_months, old_enough, trailing_windows, year_windows

COST_AMOUNT = 10_000.0  # yuan; costs are told a ten thousand
COST_YEARS = (1, 3, 5)
LEAST_ROLLING_MONTHS = 24  # of record: fewer rolling years are all about the same one
STYLE_MONTHS = 12  # the style now, beside that of the twelve months before


@dataclass(frozen=True, kw_only=True)
class Market:
    """What funds are measured against, beside their benchmark; empty parts are simply not told."""

    risk_free: RiskFree
    styles: Mapping[str, IndexSeries] = field(default_factory=dict)
    peers: PeerTable | None = None


@dataclass(frozen=True, kw_only=True)
class YearReturn:
    """A whole calendar year; NaN without a benchmark that covers it."""

    year: int
    own: float
    benchmark: float


@dataclass(frozen=True, kw_only=True)
class Rolling:
    """All spans of twelve months within the record."""

    own: Distribution | None
    benchmark: Distribution | None
    win_rate: float  # share of spans ahead of the benchmark


@dataclass(frozen=True, kw_only=True)
class Style:
    """The mix of style indexes that moves like the fund: over the last year, and the year before."""

    now: StyleFit
    before: StyleFit | None
    drift: float  # 0 = unchanged, 1 = wholly another; NaN without a year before


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Places among peers, latest period first, and whether places last in this group."""

    group: str
    ranks: tuple[Rank, ...]
    persistence: Mapping[str, float]  # "2023-2024" -> rank correlation of the whole group
    as_of: date


@dataclass(frozen=True, kw_only=True)
class FundMeasures:
    """All measures of one fund as of its last NAV; empty where the record is too short to be shown."""

    code: str
    kind: FundKind
    currency: str
    first_day: date
    last_day: date
    nav_count: int
    basis: Mapping[str, int]  # NAVs by how their return was found
    benchmark_name: str | None
    told: bool  # False: under six months, nothing below may be shown
    windows: tuple[WindowMeasures, ...] = ()
    years: tuple[YearReturn, ...] = ()
    drawdowns: tuple[Drawdown, ...] = ()  # the deepest of the record, deepest first
    rolling: Rolling | None = None
    regimes: tuple[PhaseResult, ...] = ()
    scenarios: tuple[PhaseResult, ...] = ()
    states: tuple[MarketState, ...] = ()
    payouts: tuple[Payout, ...] = ()
    payout_summary: PayoutSummary | None = None
    style: Style | None = None
    ranking: Ranking | None = None
    costs: Mapping[str, Cost] = field(default_factory=dict)  # by years, a ten thousand yuan
    portfolio: FundPortfolio | None = None
    attribution: Attribution | None = None

    def window(self, name: str) -> WindowMeasures | None:
        """The measures of a period by its name: 近3年."""
        return next((one for one in self.windows if one.window.name == name), None)


def measure_fund(
    nav: NavSeries,
    kind: FundKind,
    benchmark: Benchmark | None,
    market: Market,
    *,
    inception: date | None = None,
    fees: FeeSchedule | None = None,
    portfolio: FundPortfolio | None = None,
    segments: tuple[SegmentPeriod, ...] = (),
) -> FundMeasures:
    """Measure one fund. Below six months of record, or of life, nothing but the record itself is told."""
    first, end = nav.first_day, nav.last_day
    plain = FundMeasures(
        code=nav.code, kind=kind, currency=nav.currency, first_day=first, last_day=end, nav_count=len(nav.returns),
        basis=MappingProxyType(dict(nav.basis)), benchmark_name=benchmark.name if benchmark else None, told=False,
        costs=_costs(fees), portfolio=portfolio,
    )  # fmt: skip
    if not old_enough(inception or first, end) or not old_enough(first, end):
        return plain
    series = nav.returns
    other = benchmark.returns_on(series.dates) if benchmark else None
    market_series = benchmark.returns() if benchmark else None
    whole = not bool(np.isnan(series.values[1:]).any())
    return replace(
        plain,
        told=True,
        windows=tuple(_measured(series, other, window, market) for window in trailing_windows(first, end)),
        years=tuple(_year(series, other, window) for window in year_windows(first, end)),
        drawdowns=worst_drawdowns(series) if whole else (),
        rolling=_rolling(series, other, first, end),
        regimes=phase_results(series, other, load_phases().regimes),
        scenarios=_scenarios(series, other, market_series),
        states=market_states(series, other) if other is not None and whole else (),
        payouts=nav.payouts,
        payout_summary=payout_summary(nav.payouts, series, nav.unit_nav),
        style=_style(series, market.styles, end),
        ranking=_ranking(nav.code, kind, market.peers),
        attribution=measure_attribution(segments, series),
    )


def _measured(series: ReturnSeries, other: ReturnSeries | None, window: Window, market: Market) -> WindowMeasures:
    return measure_window(
        series, other, window, daily_rate=lambda own: market.risk_free.daily_on(own.dates), calendar=calendar()
    )


def _year(series: ReturnSeries, other: ReturnSeries | None, window: Window) -> YearReturn:
    return YearReturn(
        year=window.end.year,
        own=_whole_return(series, window),
        benchmark=nan if other is None else _whole_return(other, window),
    )


def _whole_return(series: ReturnSeries, window: Window) -> float:
    """Compounded; NaN where the record does not span the year."""
    part = spanned(series, window.base, window.end)
    return total_return(part.values) if part else nan


def _rolling(series: ReturnSeries, other: ReturnSeries | None, first: date, end: date) -> Rolling | None:
    if not old_enough(first, end, LEAST_ROLLING_MONTHS):
        return None
    beside = other if other is not None else ReturnSeries.of([], [])
    return Rolling(
        own=distribution(rolling_returns(series)),
        benchmark=distribution(rolling_returns(beside)),
        win_rate=rolling_win_rate(series, beside),
    )


def _scenarios(
    series: ReturnSeries, other: ReturnSeries | None, market: ReturnSeries | None
) -> tuple[PhaseResult, ...]:
    """Crashes by the fund's own record, the benchmark beside; before its time by its beta to the benchmark."""
    if other is None or market is None:
        return phase_results(series, None, load_phases().scenarios)
    return phase_results(series, market, load_phases().scenarios, estimate=True)


def _style(series: ReturnSeries, styles: Mapping[str, IndexSeries], end: date) -> Style | None:
    if not styles:
        return None
    factors = {name: index.returns_on(series.dates) for name, index in styles.items()}
    turn, start = add_months(end, -STYLE_MONTHS), add_months(end, -2 * STYLE_MONTHS)
    now = style_fit(series.between(turn, end), factors)
    before = style_fit(series.between(start, turn), factors)
    if now is None:
        return None
    return Style(now=now, before=before, drift=style_drift(before, now) if before else nan)


def _ranking(code: str, kind: FundKind, peers: PeerTable | None) -> Ranking | None:
    found = peers.of(kind.id) if peers else {}
    ranks = [
        place
        for period in sorted(found, key=lambda one: (one == "P1Y", one), reverse=True)
        if code in found[period]
        and (place := rank(period, found[period][code], [v for other, v in found[period].items() if other != code]))
    ]
    if peers is None or not ranks:
        return None
    return Ranking(group=kind.id, ranks=tuple(ranks), persistence=_persistence(found), as_of=peers.as_of)


def _persistence(found: Mapping[str, Mapping[str, float]]) -> Mapping[str, float]:
    years = sorted(int(period) for period in found if period.isdigit())
    pairs = {f"{year}-{year + 1}": (str(year), str(year + 1)) for year in years if year + 1 in years}
    told = {name: rank_persistence(found[a], found[b]) for name, (a, b) in pairs.items()}
    return {name: value for name, value in told.items() if isfinite(value)}


def _costs(fees: FeeSchedule | None) -> Mapping[str, Cost]:
    return {str(years): cost_over(fees, COST_AMOUNT, years) for years in COST_YEARS} if fees else {}
