"""Which charts a report carries, each with words for those who cannot see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from copilot.diagnosis import metrics
from copilot.diagnosis.analysis import FundAnalysis
from copilot.diagnosis.charts import BarChart, Bars, Chart, Line, LineChart
from copilot.diagnosis.report import FigureRow, HoldingRow
from copilot.diagnosis.series import Floats, ReturnSeries, to_date
from copilot.diagnosis.windows import Window

_LEAST_YEARS = 2  # a bar chart of one year shows nothing that its number does not


def fund_charts(analysis: FundAnalysis) -> tuple[Chart, ...]:
    """Growth against the benchmark, underwater, calendar years; none where nothing may be shown."""
    window = analysis.window
    if window is None:
        return ()
    own = analysis.returns.between(window.base, window.end)
    other = analysis.benchmark.between(window.base, window.end) if analysis.benchmark else None
    if other is not None and bool(np.isnan(other.values).any()):
        other = None
    years = [row for row in analysis.figures if row.group == "year"]
    charts: list[Chart] = [_growth(analysis, own, other, window), _underwater(analysis, own, other, window)]
    if len(years) >= _LEAST_YEARS:
        charts.append(_years(analysis, years))
    return tuple(charts)


def allocation_chart(rows: Sequence[HoldingRow]) -> BarChart:
    """Weights of a client's holdings, the largest first."""
    shown = sorted(rows, key=lambda row: row.weight, reverse=True)[:12]
    named = "，".join(f"{row.code}占{row.weight}%" for row in shown)
    return BarChart(
        title="持仓占比",
        alt=f"按市值从大到小：{named}。",
        unit="%",
        labels=tuple(row.code for row in shown),
        bars=(Bars(name="占持仓比例", values=tuple(float(row.weight) for row in shown)),),
    )


def _growth(analysis: FundAnalysis, own: ReturnSeries, other: ReturnSeries | None, window: Window) -> LineChart:
    """Gains in per cent since the day before the first return."""
    beside = f"与基准{analysis.benchmark_name}" if other else ""
    return LineChart(
        title=f"累计收益走势（{window.period}）",
        alt=f"{analysis.fund.name}{beside}的累计收益曲线，数值见主要指标中的{window.name}收益率。",
        unit="%",
        dates=tuple(to_date(day) for day in own.dates),
        lines=tuple(_pair(analysis, _gain(own), _gain(other) if other else None)),
    )


def _underwater(analysis: FundAnalysis, own: ReturnSeries, other: ReturnSeries | None, window: Window) -> LineChart:
    fallen = metrics.drawdowns(own.values) * 100
    beside = metrics.drawdowns(other.values) * 100 if other else None
    deepest = f"，最深处在{analysis.drawdown.trough}" if analysis.drawdown else ""
    return LineChart(
        title=f"回撤走势（{window.period}）",
        alt=f"{analysis.fund.name}距前期最高点的跌幅{deepest}，数值见主要指标中的最大回撤。",
        unit="%",
        dates=tuple(to_date(day) for day in own.dates),
        lines=tuple(_pair(analysis, fallen, beside)),
        filled=True,
    )


def _years(analysis: FundAnalysis, rows: Sequence[FigureRow]) -> BarChart:
    values = tuple(float(row.value) for row in rows)
    groups = [Bars(name=analysis.fund.name, values=values)]
    if analysis.benchmark_name and any(row.benchmark is not None for row in rows):
        beside = tuple(None if row.benchmark is None else float(row.benchmark) for row in rows)
        groups.append(Bars(name=analysis.benchmark_name, values=beside))
    return BarChart(
        title="各自然年度收益率",
        alt="逐年收益率柱状图，数值见主要指标中的各年度收益率。",
        unit="%",
        labels=tuple(row.name.removesuffix("年收益率") for row in rows),
        bars=tuple(groups),
    )


def _gain(series: ReturnSeries) -> Floats:
    return (series.growth() - 1.0) * 100


def _pair(analysis: FundAnalysis, own: Floats, other: Floats | None) -> Iterator[Line]:
    yield Line(name=analysis.fund.name, values=tuple(float(value) for value in own))
    if other is not None:
        name = analysis.benchmark_name or "基准"
        yield Line(name=name, values=tuple(float(value) for value in other))
