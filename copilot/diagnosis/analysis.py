"""One fund's figures and measures: what may be shown, rounded once, with the benchmark beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from math import isfinite, nan

from copilot.diagnosis import metrics
from copilot.diagnosis.data.calendars import FundKind, fund_kind
from copilot.diagnosis.data.disclosure import FundPortfolio
from copilot.diagnosis.data.index import Benchmark
from copilot.diagnosis.data.nav import NavSeries
from copilot.diagnosis.data.rates import ConstantRate
from copilot.diagnosis.data.segments import SegmentPeriod
from copilot.diagnosis.findings import Measure
from copilot.diagnosis.judged import fund_labels, fund_measures
from copilot.diagnosis.measured.fund import FundMeasures, Market, measure_fund
from copilot.diagnosis.measured.window import SPARSE, WindowMeasures
from copilot.diagnosis.metrics.costs import FeeSchedule
from copilot.diagnosis.parts import FigureRow
from copilot.diagnosis.rounding import rounded
from copilot.diagnosis.series import ReturnSeries
from copilot.diagnosis.windows import Window, old_enough, risk_window


@dataclass(frozen=True, kw_only=True)
class FundInput:
    """What is known of a fund beside its NAV; None where the caller does not know."""

    code: str
    name: str
    nav: NavSeries
    fund_type: str | None = None
    risk_level: str | None = None  # R1..R5
    inception: date | None = None  # None = the first NAV stands for it
    contract_benchmark: str | None = None  # 业绩比较基准 in the words of the contract
    own_benchmark: Benchmark | None = None  # the contract's, where all its parts are known; else the house's is used
    fees: FeeSchedule | None = None
    portfolio: FundPortfolio | None = None  # what it last disclosed
    segments: tuple[SegmentPeriod, ...] = ()  # periods that follow each other, the latest last
    manager: str | None = None
    manager_since: date | None = None
    size_cny: Decimal | None = None  # net assets
    size_as_of: date | None = None

    @property
    def kind(self) -> FundKind:
        return fund_kind(self.fund_type)

    def benchmark(self, house: Benchmark | None) -> Benchmark | None:
        """What it may be measured against: its own; or the house's, unless it would "lag" that by its nature."""
        return self.own_benchmark or (house if self.kind.equity else None)


@dataclass(frozen=True, kw_only=True)
class FundAnalysis:
    """Everything computed of one fund; empty figures where nothing may be shown."""

    fund: FundInput
    returns: ReturnSeries
    benchmark: ReturnSeries | None  # on the fund's own dates; None where it does not cover them
    benchmark_name: str | None
    window: Window | None  # of the risk figures
    figures: tuple[FigureRow, ...]
    measures: dict[str, Measure] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    drawdown: metrics.Drawdown | None = None
    uncovered: tuple[str, ...] = ()  # returns left out because the benchmark does not reach that far
    sparse: bool = False  # NAV is not daily: no figures a year
    measured: FundMeasures | None = None  # everything, unrounded


def analyse(
    fund: FundInput,
    house: Benchmark | None,
    *,
    risk_free_annual: Decimal = Decimal(0),
    market: Market | None = None,
) -> FundAnalysis:
    """Compute what the record allows. `risk_free_annual` is in per cent a year, unless `market` brings a rate.

    A fund without a benchmark of its own is measured against the house's, where its kind allows it.
    """
    nav = fund.nav
    first, end = nav.first_day, nav.last_day
    index = fund.benchmark(house)
    measured = measure_fund(
        nav,
        fund.kind,
        index,
        market or Market(risk_free=ConstantRate(percent=risk_free_annual)),
        inception=fund.inception,
        fees=fund.fees,
        portfolio=fund.portfolio,
        segments=fund.segments,
    )
    window = risk_window(first, end) if old_enough(fund.inception or first, end) else None
    at_risk = measured.window(window.name) if window else None
    computed = [*_return_rows(measured), *_year_rows(measured), *(_risk_rows(at_risk) if at_risk else ())]
    known = at_risk is not None and bool(at_risk.own)
    drawdown = metrics.deepest_drawdown(nav.returns.between(window.base, window.end)) if window and known else None
    uncovered = tuple(row.name for row in computed if index and _lacks_benchmark(row))
    figures = [row for row in computed if row.name not in uncovered]
    return FundAnalysis(
        fund=fund,
        returns=nav.returns,
        benchmark=index.returns_on(nav.returns.dates) if index else None,
        benchmark_name=index.name if index else None,
        window=window if known else None,
        figures=tuple(figures),
        measures=fund_measures(fund, figures, measured),
        labels=fund_labels(fund, window, drawdown, index),
        drawdown=drawdown,
        uncovered=uncovered,
        sparse=at_risk is not None and at_risk.withheld.get("yearly") == SPARSE,
        measured=measured,
    )


def _lacks_benchmark(row: FigureRow) -> bool:
    """A return may only be shown with the benchmark beside it (rule performance.display)."""
    return row.benchmark is None and (row.group != "risk" or row.name == "年化收益率")


# Rows of the figures table: name, measure, and whether it is shown in per cent.
_RISK = (
    ("最大回撤", "max_drawdown", True),
    ("年化收益率", "annualised_return", True),
    ("年化波动率", "annualised_volatility", True),
    ("下行风险", "downside_risk", True),
    ("夏普比率", "sharpe", False),
    ("索提诺比率", "sortino", False),
    ("卡玛比率", "calmar", False),
    ("日度在险价值", "value_at_risk", True),
    ("日度条件在险价值", "conditional_value_at_risk", True),
    ("月度正收益占比", "monthly_win_rate", True),
    ("季度正收益占比", "quarterly_win_rate", True),
)
_RELATIVE = (
    ("贝塔", "beta", False),
    ("年化阿尔法", "alpha", True),
    ("跟踪误差", "tracking_error", True),
    ("信息比率", "information_ratio", False),
    ("上行捕获率", "up_capture", True),
    ("下行捕获率", "down_capture", True),
    ("月度跑赢基准占比", "monthly_win_rate_against", True),
    ("季度跑赢基准占比", "quarterly_win_rate_against", True),
)


def _return_rows(measured: FundMeasures) -> Iterator[FigureRow]:
    for one in measured.windows:
        yield from _rows(one.window, one.own, one.benchmark, ((f"{one.window.name}收益率", "total_return", True),))


def _year_rows(measured: FundMeasures) -> Iterator[FigureRow]:
    for year in measured.years:
        window = Window(name=f"{year.year}年", base=date(year.year - 1, 12, 31), end=date(year.year, 12, 31), months=12)
        own, other = {"total_return": year.own}, {"total_return": year.benchmark}
        yield from _rows(window, own, other, ((f"{window.name}收益率", "total_return", True),), "year")


def _risk_rows(at: WindowMeasures) -> Iterator[FigureRow]:
    yield from _rows(at.window, at.own, at.benchmark, _RISK, "risk")
    yield from _rows(at.window, at.relative, None, _RELATIVE, "risk")


def _rows(
    window: Window,
    own: Mapping[str, float],
    other: Mapping[str, float] | None,
    table: Sequence[tuple[str, str, bool]],
    group: str = "return",
) -> Iterator[FigureRow]:
    """Rows of what is a number; a benchmark's value that is none stays empty."""
    for name, measure, in_percent in table:
        value, beside = _shown(own, measure, in_percent), _shown(other or {}, measure, in_percent)
        if value is not None:
            unit = "%" if in_percent else ""
            yield FigureRow(name=name, period=window.period, value=value, unit=unit, benchmark=beside, group=group)


def _shown(values: Mapping[str, float], measure: str, in_percent: bool) -> Decimal | None:
    value = values.get(measure, nan)
    return rounded(value * 100 if in_percent else value) if isfinite(value) else None
