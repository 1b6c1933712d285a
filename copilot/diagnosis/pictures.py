"""Which charts a report carries, each with words for those who cannot see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from copilot.diagnosis import metrics
from copilot.diagnosis.analysis import FundAnalysis
from copilot.diagnosis.charts import HALF, Band, BarChart, Bars, Chart, HeatMap, Line, LineChart, RankedChart, thinned
from copilot.diagnosis.measured.portfolio import PortfolioMeasures
from copilot.diagnosis.metrics.rolling import rolling_returns
from copilot.diagnosis.parts import FigureRow, HoldingRow
from copilot.diagnosis.series import Floats, ReturnSeries, days_of
from copilot.diagnosis.windows import Window

OWN, OTHER = "本基金", "基准"  # the names at the lines' ends; titles and words tell which fund and benchmark
MOST_IN_HEAT_MAP = 20
_LEAST_YEARS = 2  # a bar chart of one year shows nothing that its number does not
_MOST_RANKED = 12
_EVERY = 5  # rolling years day by day look the same as week by week
_LEAST_ROLLED = 120  # spans of a year: fewer are all about the same one


def fund_charts(analysis: FundAnalysis) -> tuple[Chart, ...]:
    """Growth against the benchmark, underwater, calendar years, rolling years; none where nothing may be shown."""
    window = analysis.window
    if window is None:
        return ()
    own = analysis.returns.between(window.base, window.end)
    other = analysis.benchmark.between(window.base, window.end) if analysis.benchmark else None
    if other is not None and bool(np.isnan(other.values).any()):
        other = None
    years = [row for row in analysis.figures if row.group == "year"]
    charts: list[Chart] = [
        thinned(_growth(analysis, own, other, window)),
        thinned(_underwater(analysis, own, other, window)),
    ]
    if len(years) >= _LEAST_YEARS:
        charts.append(_years(analysis, years))
    rolled = _rolling(analysis)
    return tuple([*charts, rolled] if rolled else charts)


def allocation_chart(rows: Sequence[HoldingRow]) -> RankedChart:
    """Weights of a client's holdings, the largest first."""
    shown = sorted(rows, key=lambda row: row.weight, reverse=True)[:_MOST_RANKED]
    named = "，".join(f"{row.name}（{row.code}）占持仓{row.weight}%" for row in shown)
    return RankedChart(
        title="持仓占比",
        alt=f"按市值从大到小：{named}。",
        labels=tuple(row.name for row in shown),
        values=tuple(float(row.weight) for row in shown),
        shown=tuple(f"{row.weight}%" for row in shown),
    )


def correlation_chart(portfolio: PortfolioMeasures, names: Mapping[str, str]) -> HeatMap | None:
    """Correlations of the largest holdings; None with fewer than two that share enough days."""
    order = sorted(portfolio.codes, key=lambda code: -portfolio.weights[code])[:MOST_IN_HEAT_MAP]
    if len(order) < 2 or not portfolio.correlation:
        return None
    at = {code: n for n, code in enumerate(portfolio.codes)}
    table = [[portfolio.correlation[at[one]][at[other]] for other in order] for one in order]
    return HeatMap(
        title="持仓之间的相关性",
        alt="持仓两两之间日收益的相关系数，颜色越深越接近同涨同跌，详见诊断发现中的高相关重复持有。",
        labels=tuple(names[code] for code in order),
        values=tuple(tuple(None if value != value else value for value in row) for row in table),
    )


def _growth(analysis: FundAnalysis, own: ReturnSeries, other: ReturnSeries | None, window: Window) -> LineChart:
    """Gains in per cent since the day before the first return."""
    beside = f"与基准{analysis.benchmark_name}" if other else ""
    return LineChart(
        title=f"累计收益走势（{window.name}）",
        alt=f"{analysis.fund.name}{beside}的累计收益曲线（{window.period}），数值见{window.name}收益率。",
        unit="%",
        dates=days_of(own.dates),
        lines=tuple(_pair(_gain(own), _gain(other) if other else None)),
        size=HALF,
    )


def _underwater(analysis: FundAnalysis, own: ReturnSeries, other: ReturnSeries | None, window: Window) -> LineChart:
    fallen = metrics.drawdowns(own.values) * 100
    beside = metrics.drawdowns(other.values) * 100 if other else None
    deepest = f"，最深处在{analysis.drawdown.trough}" if analysis.drawdown else ""
    return LineChart(
        title=f"回撤走势（{window.name}）",
        alt=f"{analysis.fund.name}距前期最高点的跌幅{deepest}，数值见最大回撤。",
        unit="%",
        dates=days_of(own.dates),
        lines=tuple(_pair(fallen, beside)),
        filled=True,
        size=HALF,
    )


def _years(analysis: FundAnalysis, rows: Sequence[FigureRow]) -> BarChart:
    groups = [Bars(name=OWN, values=tuple(float(row.value) for row in rows))]
    if analysis.benchmark_name and any(row.benchmark is not None for row in rows):
        beside = tuple(None if row.benchmark is None else float(row.benchmark) for row in rows)
        groups.append(Bars(name=OTHER, values=beside))
    ahead = sum(row.benchmark is not None and row.value > row.benchmark for row in rows)
    told = f"{len(rows)}个自然年度中有{ahead}个跑赢基准" if len(groups) > 1 else f"共{len(rows)}个自然年度"
    return BarChart(
        title="各自然年度收益率",
        alt=f"{analysis.fund.name}逐年收益率柱状图，{told}。",
        unit="%",
        labels=tuple(row.name.removesuffix("年收益率") for row in rows),
        bars=tuple(groups),
        size=HALF,
    )


def _rolling(analysis: FundAnalysis) -> LineChart | None:
    """What each span of twelve months brought, and the band in which half of them lie."""
    spread = analysis.measured.rolling if analysis.measured else None
    if spread is None or spread.own is None:
        return None
    rolled = rolling_returns(analysis.returns)
    beside = rolling_returns(analysis.benchmark).values if analysis.benchmark else np.full(len(rolled), np.nan)
    known = ~np.isnan(rolled.values)
    if int(known.sum()) < _LEAST_ROLLED:
        return None
    dates, own = rolled.dates[known][::-_EVERY][::-1], rolled.values[known][::-_EVERY][::-1]
    other = beside[known][::-_EVERY][::-1]
    chart = LineChart(
        title="滚动一年历史收益率",
        alt=f"{analysis.fund.name}截至各日的过去一年收益率曲线，阴影为居中的区间。",
        unit="%",
        dates=days_of(dates),
        lines=tuple(_pair(own * 100, None if bool(np.isnan(other).any()) else other * 100)),
        band=Band(name="居中区间", low=spread.own.p25 * 100, high=spread.own.p75 * 100),
        size=HALF,
    )
    return thinned(chart)


def _gain(series: ReturnSeries) -> Floats:
    return (series.growth() - 1.0) * 100


def _pair(own: Floats, other: Floats | None) -> Iterator[Line]:
    yield Line(name=OWN, values=tuple(own.tolist()))
    if other is not None:
        yield Line(name=OTHER, values=tuple(other.tolist()))
