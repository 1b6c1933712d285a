"""One fund's figures and measures: what may be shown, rounded once, with the benchmark beside."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite

import numpy as np

from copilot.diagnosis import metrics
from copilot.diagnosis.data.index import IndexSeries
from copilot.diagnosis.data.nav import NavSeries
from copilot.diagnosis.findings import Measure
from copilot.diagnosis.report import FigureRow
from copilot.diagnosis.series import ReturnSeries
from copilot.diagnosis.windows import Window, old_enough, risk_window, trailing_windows, year_windows

_HUNDREDTH = Decimal("0.01")
NOT_EQUITY = ("货币", "债券")  # types without a comparable equity benchmark


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


def analyse(fund: FundInput, index: IndexSeries | None, *, risk_free_annual: Decimal = Decimal(0)) -> FundAnalysis:
    """Compute what the record allows. `risk_free_annual` is in per cent a year.

    A money or bond fund is not measured against the equity index: it would "lag" by its nature.
    """
    index = None if (fund.fund_type or "").startswith(NOT_EQUITY) else index
    nav = fund.nav
    first, end = nav.first_day, nav.last_day
    benchmark = index.returns_on(nav.returns.dates) if index else None
    window = risk_window(first, end) if old_enough(fund.inception or first, end) else None
    shown = _Shown(fund=fund, benchmark=benchmark, index_name=index.name if index else None)
    computed: list[FigureRow] = []
    drawdown = None
    if window:
        computed += [row for w in trailing_windows(first, end) if (row := shown.return_row(w, "return"))]
        computed += [row for w in year_windows(first, end) if (row := shown.return_row(w, "year"))]
        computed += shown.risk_rows(window, float(risk_free_annual))
        drawdown = metrics.deepest_drawdown(nav.returns.between(window.base, window.end))
    uncovered = tuple(row.name for row in computed if index and _lacks_benchmark(row))
    figures = [row for row in computed if row.name not in uncovered]
    return FundAnalysis(
        fund=fund,
        returns=nav.returns,
        benchmark=benchmark,
        benchmark_name=index.name if index else None,
        window=window,
        figures=tuple(figures),
        measures=_measures(fund, figures),
        labels=_labels(fund, window, drawdown, index),
        drawdown=drawdown,
        uncovered=uncovered,
    )


def _lacks_benchmark(row: FigureRow) -> bool:
    """A return may only be shown with the benchmark beside it (rule performance.display)."""
    return row.benchmark is None and (row.group != "risk" or row.name == "年化收益率")


def percent(fraction: float) -> Decimal:
    """A fraction as per cent with two decimals, half up."""
    return rounded(fraction * 100)


def rounded(value: float) -> Decimal:
    """Two decimals, half up, never minus zero."""
    result = Decimal(repr(float(value))).quantize(_HUNDREDTH, rounding=ROUND_HALF_UP)
    return abs(result) if result == 0 else result


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """Builds figure rows of one fund; a benchmark with a hole in the period stands beside nothing."""

    fund: FundInput
    benchmark: ReturnSeries | None
    index_name: str | None

    def slices(self, window: Window) -> tuple[ReturnSeries, ReturnSeries | None]:
        own = self.fund.nav.returns.between(window.base, window.end)
        other = self.benchmark.between(window.base, window.end) if self.benchmark else None
        return own, None if other is None or bool(np.isnan(other.values).any()) else other

    def return_row(self, window: Window, group: str) -> FigureRow | None:
        own, other = self.slices(window)
        if not len(own):
            return None
        return FigureRow(
            name=f"{window.name}收益率",
            period=window.period,
            value=percent(metrics.total_return(own.values)),
            unit="%",
            benchmark=percent(metrics.total_return(other.values)) if other else None,
            group=group,
        )

    def risk_rows(self, window: Window, risk_free_annual: float) -> list[FigureRow]:
        own, other = self.slices(window)
        daily = (1 + risk_free_annual / 100) ** (1 / metrics.TRADING_DAYS) - 1
        own_values = _plain(own, window, daily)
        other_values = _plain(other, window, daily) if other else {}
        rows = [
            FigureRow(name=name, period=window.period, value=value, unit=unit, group="risk",
                      benchmark=other_values.get(name, (None, ""))[0])
            for name, (value, unit) in own_values.items()
        ]  # fmt: skip
        return rows + (_relative(own, other, window, daily) if other and window.may_annualise else [])


def _plain(series: ReturnSeries, window: Window, daily: float) -> dict[str, tuple[Decimal, str]]:
    """Figures of one series; those per year only from one year on. What is NaN or infinite is left out."""
    values = series.values
    figures = {"最大回撤": (metrics.max_drawdown(values) * 100, "%")}
    if window.may_annualise:
        figures |= {
            "年化收益率": (metrics.annualised_return(values) * 100, "%"),
            "年化波动率": (metrics.annualised_volatility(values) * 100, "%"),
            "下行风险": (metrics.downside_risk(values, daily) * 100, "%"),
            "夏普比率": (metrics.sharpe(values, daily), ""),
            "索提诺比率": (metrics.sortino(values, daily), ""),
            "卡玛比率": (metrics.calmar(values), ""),
            "日度在险价值": (metrics.value_at_risk(values) * 100, "%"),
            "日度条件在险价值": (metrics.conditional_value_at_risk(values) * 100, "%"),
            "月度正收益占比": (metrics.monthly_win_rate(series) * 100, "%"),
        }
    return {name: (rounded(value), unit) for name, (value, unit) in figures.items() if isfinite(value)}


def _relative(own: ReturnSeries, other: ReturnSeries, window: Window, daily: float) -> list[FigureRow]:
    figures = {
        "贝塔": (metrics.beta(own, other), ""),
        "年化阿尔法": (metrics.alpha(own, other, daily) * 100, "%"),
        "跟踪误差": (metrics.tracking_error(own, other) * 100, "%"),
        "信息比率": (metrics.information_ratio(own, other), ""),
        "月度跑赢基准占比": (metrics.monthly_win_rate_against(own, other) * 100, "%"),
    }
    return [
        FigureRow(name=name, period=window.period, value=rounded(value), unit=unit, group="risk")
        for name, (value, unit) in figures.items()
        if isfinite(value)
    ]


def _measures(fund: FundInput, figures: list[FigureRow]) -> dict[str, Measure]:
    nav, code = fund.nav, fund.code
    found = [
        Measure(
            name="life_days",
            label="净值记录天数",
            value=Decimal((nav.last_day - nav.first_day).days),
            unit="天",
            entity=code,
        ),
        Measure(name="gap_days", label="缺口天数", value=Decimal(nav.gap_days), unit="天", entity=code),
    ]
    rows = {row.name: row for row in figures}
    volatility, depth = rows.get("年化波动率"), rows.get("最大回撤")
    if volatility:
        found.append(_measure("volatility", volatility, volatility.value, code))
    if depth:
        found.append(_measure("max_drawdown", depth, depth.value, code))
        found.append(_measure("drawdown_size", depth, abs(depth.value), code))
    return {measure.name: measure for measure in (*found, *_long_run(rows, code))}


def _long_run(rows: dict[str, FigureRow], code: str) -> list[Measure]:
    """Return against benchmark over three years, where both are known."""
    row = rows.get("近3年收益率")
    if not row or row.benchmark is None:
        return []
    excess = row.value - row.benchmark
    points = {"excess_long": excess, "lag_long": abs(excess)}
    return [
        _measure("return_long", row, row.value, code),
        Measure(
            name="benchmark_long",
            label=f"同期基准{row.name}",
            value=row.benchmark,
            unit="%",
            period=row.period,
        ),
        *(
            Measure(name=name, label="近3年超额收益", value=value, unit="个百分点", period=row.period, entity=code)
            for name, value in points.items()
        ),
    ]


def _measure(name: str, row: FigureRow, value: Decimal, code: str) -> Measure:
    return Measure(name=name, label=row.name, value=value, unit=row.unit, period=row.period, entity=code)


def _labels(
    fund: FundInput, window: Window | None, drawdown: metrics.Drawdown | None, index: IndexSeries | None
) -> dict[str, str]:
    labels = {
        "first_day": str(fund.nav.first_day),
        "one_year": "一年",
        "long_period": "近3年",
        "risk_period": window.name if window else "",
        "benchmark": index.name if index else "",
    }
    if drawdown:
        labels |= {"peak": str(drawdown.peak), "trough": str(drawdown.trough)}
    return labels
