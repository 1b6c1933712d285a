"""One fund of a client's report on one page, and its line in the comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compliance_filters.finding import BoundFact
from copilot.diagnosis import wording
from copilot.diagnosis.analysis import FundAnalysis
from copilot.diagnosis.diagnose import chart_facts, profile_facts
from copilot.diagnosis.findings import Judgement, Observation
from copilot.diagnosis.judged import fund_size, ongoing_fee
from copilot.diagnosis.parts import ComparisonRow, FigureRow, FundPage, HoldingRow
from copilot.diagnosis.shared import FundStudy
from copilot.diagnosis.unjudged import unjudged_sentence

# What a page shows of all figures: enough to judge by, and the whole still on one page.
_SHOWN = (
    "近6个月收益率", "今年以来收益率", "近1年收益率", "近3年收益率", "近5年收益率", "有记录以来收益率", "最大回撤",
    "年化收益率", "年化波动率", "夏普比率", "跟踪误差", "信息比率",
)  # fmt: skip
_PERIOD_RETURNS = 5  # of the first six: a whole record that is no longer than five years says nothing new


def fund_page(row: HoldingRow, study: FundStudy, observations: Sequence[Observation], judgement: Judgement) -> FundPage:
    """The page of a holding. `observations`: as the whole report tells them; `judgement`: what could not be judged."""
    analysis = study.analysis
    missing = unjudged_sentence(analysis, judgement)
    return FundPage(
        code=row.code,
        name=row.name,
        profile=wording.profile(analysis.fund),
        lead=tuple(wording.performance_lines(analysis)),
        figures=tuple(page_figures(analysis)),
        observations=tuple(observations),
        charts=study.charts,
        unjudged=(missing,) if missing else (),
        benchmark_name=analysis.benchmark_name,
    )


def page_figures(analysis: FundAnalysis) -> Iterator[FigureRow]:
    """The figures of a page."""
    rows = [row for row in analysis.figures if row.name in _SHOWN]
    returns = [row for row in rows if row.group == "return"]
    dropped = returns[_PERIOD_RETURNS:]
    return (row for row in rows if row not in dropped)


def page_facts(row: HoldingRow, analysis: FundAnalysis) -> Iterator[BoundFact]:
    """Numbers of a fund's page and of its line in the comparison."""
    for figure in page_figures(analysis):
        yield from figure.facts(row.code)
    yield from profile_facts(analysis.fund)
    yield from chart_facts(analysis)
    yield from comparison_row(row, analysis).facts()


def comparison_row(row: HoldingRow, analysis: FundAnalysis) -> ComparisonRow:
    """The fund beside the others."""
    figures = {figure.name: figure for figure in analysis.figures}
    long, swing, sharpe = (figures.get(name) for name in ("近3年收益率", "年化波动率", "夏普比率"))
    return ComparisonRow(
        code=row.code,
        name=row.name,
        long_return=long.value if long else None,
        long_benchmark=long.benchmark if long else None,
        volatility=swing.value if swing else None,
        sharpe=sharpe.value if sharpe else None,
        fee=ongoing_fee(analysis.fund),
        size=fund_size(analysis.fund),
    )
