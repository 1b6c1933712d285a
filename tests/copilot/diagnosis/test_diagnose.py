"""Reports of funds and clients: what is said, what is left unsaid, and that every number is bound."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from compliance_filters.filters import standard_filters
from compliance_filters.finding import Draft, ReviewContext, Target
from compliance_filters.rules.shelf import builtin_pack
from copilot.diagnosis.analysis import FundInput
from copilot.diagnosis.data.index import IndexSeries, read_index
from copilot.diagnosis.data.nav import read_nav
from copilot.diagnosis.diagnose import diagnose_fund
from copilot.diagnosis.errors import DiagnosisError
from copilot.diagnosis.holdings import ClientInput, Holding, diagnose_client
from copilot.diagnosis.report import Adviser, DiagnosisReport
from mandarin.numerals import NumeralKind, find_numerals
from tests.copilot.diagnosis.conftest import LAST, WriteNav

MakeFund = Callable[..., FundInput]
TODAY = LAST + timedelta(days=1)
UNBOUND_KINDS = {NumeralKind.DATE, NumeralKind.ORDINAL}
PERFORMANCE = re.compile(r"(?:收益率|年化|回撤)-?\d")


def unbound(report: DiagnosisReport) -> list[str]:
    """Numbers of the text for which there is no fact of that value and unit."""
    facts = {(fact.value, fact.unit) for fact in report.facts}
    values = {value for value, _ in facts}
    loose = []
    for numeral in find_numerals(report.text()):
        bare = not numeral.unit and numeral.value in values
        code = numeral.quote in report.codes or numeral.kind in UNBOUND_KINDS
        if not (bare or code or (numeral.value, numeral.unit) in facts):
            loose.append(numeral.quote)
    return loose


def test_every_number_is_bound_to_a_fact(make_fund: MakeFund, index: IndexSeries) -> None:
    report = diagnose_fund(make_fund(), index, today=TODAY, client_level="C2")
    assert unbound(report) == []


def found_by_the_filters(report: DiagnosisReport) -> list[str]:
    """What the shipped compliance filters find in a report that goes to a client."""
    context = ReviewContext(
        today=report.made_on, client_id="K0007", client_level="C5", client_level_expires=date(2027, 1, 1),
        facts=report.facts, channel="client",
    )  # fmt: skip
    draft = Draft(text=report.text(), target=Target.REPORT, by="template")
    filters = standard_filters(builtin_pack())
    return [
        f"{found.rule}: {found.quote} {draft.text[found.start - 60 : found.end + 10]} {found.reason}"
        for one in filters
        for found in one.find(draft, context)
    ]


def test_the_filters_find_nothing_in_a_report(make_fund: MakeFund, index: IndexSeries) -> None:
    fund = replace(make_fund(), contract_benchmark="远山综合债指数收益率×90%＋远山宽基300指数收益率×10%")
    falling = make_fund("990002", drift=-0.001, spread=0.02)
    for one in (fund, falling, make_fund("990003", first=date(2026, 5, 20))):
        assert found_by_the_filters(diagnose_fund(one, index, today=TODAY, client_level="C2")) == []


def test_the_text_carries_disclosures_label_and_adviser(make_fund: MakeFund, index: IndexSeries) -> None:
    adviser = Adviser(name="陈立", licence="S0990000000001")
    report = diagnose_fund(make_fund(), index, today=TODAY, adviser=adviser)
    text = report.text()
    assert "过往业绩不预示其未来表现" in text
    assert "基金有风险，投资需谨慎" in text
    assert "登记编号：S0990000000001" in text
    assert text.splitlines()[-1] == "本报告由人工智能辅助生成，数字由程序计算。"
    assert len(report.summary) <= 5


def test_figures_follow_the_daily_growth(make_fund: MakeFund, index: IndexSeries) -> None:
    fund = make_fund()
    report = diagnose_fund(fund, index, today=TODAY)
    row = next(row for row in report.figures if row.name == "近3年收益率")
    kept = fund.nav.returns.between(date(2023, 11, 20), LAST)
    expected = 1.0
    for value in kept.values:
        expected *= 1 + value
    assert row.value == Decimal(f"{(expected - 1) * 100:.2f}")
    assert row.benchmark is not None


def test_every_return_has_the_benchmark_beside(make_fund: MakeFund, index: IndexSeries) -> None:
    early = make_fund(first=date(2015, 3, 2))
    report = diagnose_fund(early, index, today=TODAY)
    assert all(row.benchmark is not None for row in report.figures if row.group != "risk")
    assert any(note.kind == "short_benchmark" for note in report.notes)


def test_a_young_fund_shows_no_performance_and_says_so(make_fund: MakeFund, index: IndexSeries) -> None:
    report = diagnose_fund(make_fund(first=LAST - timedelta(days=21)), index, today=TODAY)
    assert report.figures == ()
    assert report.charts == ()
    assert "成立不足六个月，按规定不展示业绩。" in report.summary
    assert not PERFORMANCE.search(report.text())
    assert [seen.rule for seen in report.observations] == ["short_record"]
    missing = next(note.text for note in report.notes if note.kind == "unjudged")
    assert "因成立不足六个月，未判断“长期跑输基准”" in missing
    assert "因费率资料不全，未判断“费用偏高”" in missing
    assert "待2027-04-30记录满六个月后重新诊断" in report.summary[-1]
    assert not any("夏普" in line for line in report.conventions)  # nothing was computed by it
    assert found_by_the_filters(report) == []
    assert unbound(report) == []


def test_under_a_year_nothing_is_annualised(make_fund: MakeFund, index: IndexSeries) -> None:
    report = diagnose_fund(make_fund(first=date(2026, 2, 2)), index, today=TODAY)
    assert {row.name for row in report.figures} == {"近6个月收益率", "有记录以来收益率", "最大回撤"}
    assert unbound(report) == []


def test_a_fund_far_behind_falls_and_swings_is_found_out(make_fund: MakeFund, index: IndexSeries) -> None:
    report = diagnose_fund(make_fund(drift=-0.001, spread=0.02), index, today=TODAY, client_level="C2")
    rules = [seen.rule for seen in report.observations]
    assert rules == ["above_risk_level", "lags_benchmark", "lags_lately", "deep_drawdown", "high_volatility"]
    assert report.observations[0].words == "产品风险等级为R3，高于客户风险承受能力C2对应的R2，不匹配。"
    assert unbound(report) == []


def test_a_missing_product_level_is_not_taken_for_fitting(make_fund: MakeFund, index: IndexSeries) -> None:
    report = diagnose_fund(make_fund(risk_level=None), index, today=TODAY, client_level="C5")
    assert "超出风险等级" in next(note.text for note in report.notes if note.kind == "unjudged")


def test_a_hole_of_a_year_is_said(make_fund: MakeFund, index: IndexSeries) -> None:
    fund = make_fund()
    path_rows = fund.nav.returns
    hole = (path_rows.dates < fund.nav.returns.dates[300]) | (path_rows.dates > fund.nav.returns.dates[560])
    series = replace(path_rows, dates=path_rows.dates[hole], values=path_rows.values[hole])
    nav = replace(fund.nav, returns=series, unit_nav=fund.nav.unit_nav[hole], gap_days=366)
    report = diagnose_fund(replace(fund, nav=nav), index, today=TODAY)
    assert "data_gap" in [seen.rule for seen in report.observations]
    assert unbound(report) == []


def test_the_gate_knows_every_day_that_the_report_names(
    tmp_path: Path, write_nav: WriteNav, index: IndexSeries
) -> None:
    path = write_nav()
    head, *rows = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([head, *(row for row in rows if not row.startswith("2025"))]) + "\n", encoding="utf-8")
    seen = set()
    for today in (TODAY, TODAY + timedelta(days=40)):
        nav = read_nav(path, "990001", today=today)
        fund = FundInput(code="990001", name="云岭样本1号混合A", nav=nav, fund_type="混合型")
        report = diagnose_fund(fund, index, today=today)
        seen |= {note.kind for note in report.notes}
        assert unbound(report) == []
        assert found_by_the_filters(report) == []
    assert {"gap", "stale"} <= seen


def test_another_currency_is_said(make_fund: MakeFund, index: IndexSeries) -> None:
    fund = make_fund()
    report = diagnose_fund(replace(fund, nav=replace(fund.nav, currency="USD")), index, today=TODAY)
    assert any("以USD计价" in note.text for note in report.notes if note.kind == "currency")
    assert found_by_the_filters(report) == []
    assert all(note.kind != "currency" for note in diagnose_fund(fund, index, today=TODAY).notes)


def test_without_an_index_the_report_says_that_nothing_stands_beside(make_fund: MakeFund) -> None:
    report = diagnose_fund(make_fund(), None, today=TODAY)
    assert any(note.kind == "no_benchmark" for note in report.notes)
    assert all(row.benchmark is None for row in report.figures)
    assert unbound(report) == []


@pytest.fixture
def funds(make_fund: MakeFund) -> dict[str, FundInput]:
    return {
        "990001": make_fund("990001", seed=1, risk_level="R2"),
        "990002": make_fund("990002", seed=2, risk_level="R4", drift=-0.001, spread=0.02),
        "990003": make_fund("990003", seed=3, first=LAST - timedelta(days=21)),
    }


def holdings(*amounts: tuple[str, str]) -> list[Holding]:
    return [Holding(code=code, name=f"样本基金{code}", amount_cny=Decimal(amount)) for code, amount in amounts]


CLIENT = ClientInput(designation="客户K0007", level="C3", level_expires=date(2027, 1, 1))


def test_a_clients_report_weighs_and_judges(funds: dict[str, FundInput], index: IndexSeries) -> None:
    held = holdings(("990001", "30000"), ("990002", "65000.55"), ("990003", "5000"))
    report = diagnose_client(CLIENT, held, funds, index, today=TODAY)
    assert [row.code for row in report.holdings] == ["990002", "990001", "990003"]
    assert [row.weight for row in report.holdings] == [Decimal("65.00"), Decimal("30.00"), Decimal("5.00")]
    rules = [seen.rule for seen in report.observations]
    assert rules[0] == "above_risk_level"
    assert {"concentrated", "short_record", "deep_drawdown"} <= set(rules)
    assert report.holdings[2].year_return is None
    assert unbound(report) == []
    assert found_by_the_filters(report) == []


def test_an_expired_level_is_not_used(funds: dict[str, FundInput], index: IndexSeries) -> None:
    expired = replace(CLIENT, level_expires=date(2026, 1, 1))
    report = diagnose_client(expired, holdings(("990002", "1000")), funds, index, today=TODAY)
    assert "above_risk_level" not in [seen.rule for seen in report.observations]
    assert any(note.kind == "client_level" for note in report.notes)


def test_a_holding_without_nav_is_named(funds: dict[str, FundInput], index: IndexSeries) -> None:
    held = holdings(("990001", "10000"), ("990088", "10000"))
    report = diagnose_client(CLIENT, held, funds, index, today=TODAY)
    assert any(note.kind == "no_nav" and "990088" in note.text for note in report.notes)
    assert any(note.kind == "product_level" and "990088" in note.text for note in report.notes)
    assert unbound(report) == []


def test_no_holdings_is_one_clear_sentence(index: IndexSeries) -> None:
    with pytest.raises(DiagnosisError, match="没有市值大于零的持仓"):
        diagnose_client(CLIENT, holdings(("990001", "0")), {}, index, today=TODAY)


@pytest.mark.data
@pytest.mark.parametrize("code", ["000004", "000118", "000180", "022368"])
def test_real_funds_have_every_number_bound(real_data: Path, code: str) -> None:
    nav = read_nav(real_data / "nav" / f"{code}.csv", code, today=date(2026, 2, 14))
    fund = FundInput(code=code, name="真实基金", nav=nav, risk_level="R3")
    index = read_index(real_data / "index" / "000300.csv", "沪深300")
    report = diagnose_fund(fund, index, today=date(2026, 2, 14), client_level="C3")
    assert unbound(report) == []
    assert len(report.charts) >= 2
