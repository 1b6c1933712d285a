"""Brinson's attribution from a file to the report: sums, what the NAV adds, and words that the gate passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from copilot.diagnosis.analysis import FundInput
from copilot.diagnosis.blocks import Sheet
from copilot.diagnosis.data.index import IndexSeries
from copilot.diagnosis.data.segments import SegmentPeriod
from copilot.diagnosis.diagnose import diagnose_fund
from copilot.diagnosis.measured.attribution import measure_attribution
from copilot.diagnosis.metrics.attribution import Segment, brinson, linked, total_effects
from copilot.diagnosis.metrics.costs import FeeSchedule, Tier
from copilot.diagnosis.report import DiagnosisReport
from tests.copilot.diagnosis.test_diagnose import TODAY, found_by_the_filters, unbound

MakeFund = Callable[..., FundInput]


def segment(weight: float, beside: float, own: float, other: float) -> Segment:
    return Segment(weight=weight, benchmark_weight=beside, portfolio_return=own, benchmark_return=other)


CHAIN = (
    SegmentPeriod(
        start=date(2026, 1, 5), end=date(2026, 6, 30), benchmark_name="沪深300",
        segments={"制造业": segment(0.6, 0.5, 0.08, 0.05), "金融业": segment(0.4, 0.5, 0.02, 0.01)},
    ),
    SegmentPeriod(
        start=date(2026, 6, 30), end=date(2026, 9, 30), benchmark_name="沪深300",
        segments={"制造业": segment(0.9, 0.4, -0.02, 0.03), "现金": segment(0.1, 0.6, 0.002, -0.01)},
    ),
)  # fmt: skip


def report(make_fund: MakeFund, index: IndexSeries, chain: tuple[SegmentPeriod, ...]) -> DiagnosisReport:
    return diagnose_fund(replace(make_fund(), segments=chain), index, today=TODAY)


def test_linked_effects_add_up_to_the_difference_of_compounded_returns() -> None:
    own = (1 + 0.6 * 0.08 + 0.4 * 0.02) * (1 + 0.9 * -0.02 + 0.1 * 0.002) - 1
    other = (1 + 0.5 * 0.05 + 0.5 * 0.01) * (1 + 0.4 * 0.03 + 0.6 * -0.01) - 1
    effects = linked([period.segments for period in CHAIN])
    assert set(effects) == {"制造业", "金融业", "现金"}
    assert total_effects(effects).total == pytest.approx(own - other, abs=1e-12)


def test_one_period_is_not_changed_by_linking() -> None:
    plain, alone = brinson(CHAIN[0].segments), linked([CHAIN[0].segments])
    for name, effects in plain.items():
        assert alone[name].allocation == pytest.approx(effects.allocation)
        assert alone[name].total == pytest.approx(effects.total)


def test_equal_returns_of_both_sides_are_linked_too() -> None:
    even = {"甲": segment(1.0, 1.0, 0.05, 0.05)}
    assert total_effects(linked([even, CHAIN[0].segments])).total == pytest.approx(1.05 * (0.056 - 0.03))


def test_what_the_nav_earned_beside_the_segments_is_told(make_fund: MakeFund) -> None:
    returns = make_fund().nav.returns
    found = measure_attribution(CHAIN, returns)
    assert found is not None
    within = returns.between(CHAIN[0].start, CHAIN[-1].end)
    assert found.nav_return == pytest.approx(within.growth()[-1] - 1)
    assert found.unexplained == pytest.approx(found.nav_return - found.portfolio_return)
    assert found.total.total == pytest.approx(found.portfolio_return - found.benchmark_return)
    days = [(period.end - period.start).days for period in CHAIN]
    assert found.segments["制造业"].weight == pytest.approx((days[0] * 0.6 + days[1] * 0.9) / sum(days))


def test_the_report_tells_segments_with_bound_numbers(make_fund: MakeFund, index: IndexSeries) -> None:
    made = report(make_fund, index, CHAIN)
    assert "业绩归因" in made.text()
    assert "制造业配置贡献" in made.text()
    assert unbound(made) == []
    assert found_by_the_filters(made) == []
    assert made.measures is not None
    told = made.measures.json()["funds"]["990001"]["attribution"]
    assert told["periods"] == 2
    assert set(told["segments"]) == {"制造业", "金融业", "现金"}


def test_under_six_months_nothing_is_attributed_and_the_report_says_so(make_fund: MakeFund, index: IndexSeries) -> None:
    made = report(make_fund, index, CHAIN[1:])
    assert "【业绩归因】" not in made.text()
    assert [note.kind for note in made.notes].count("short_segments") == 1
    assert found_by_the_filters(made) == []


def test_a_funds_report_tells_phases_and_costs(make_fund: MakeFund, index: IndexSeries) -> None:
    fees = FeeSchedule(management=0.012, custody=0.002, subscription=(Tier(below=None, rate=0.015),))
    fund = replace(make_fund(first=date(2020, 1, 2)), fees=fees)
    made = diagnose_fund(fund, index, today=TODAY)
    sheets = {block.title: block for block in made.blocks() if isinstance(block, Sheet)}
    assert [row[0] for row in sheets["市场阶段表现"].rows] == ["2021至2024年调整", "2024年以来修复"]
    assert sheets["持有费用测算"].rows[0] == ("1年", "147.78", "137.93", "—", "—")
    assert {"上行捕获率", "季度正收益占比"} <= {row[0] for row in sheets["风险与风险调整后指标"].rows}
    assert unbound(made) == []
    assert found_by_the_filters(made) == []
    young = diagnose_fund(replace(make_fund("990002", first=date(2026, 11, 2)), fees=fees), index, today=TODAY)
    assert not any(isinstance(block, Sheet) for block in young.blocks())
