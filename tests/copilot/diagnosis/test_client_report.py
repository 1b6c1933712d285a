"""A client's report as a whole: bad input, what is said of it, five lines that tell what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from copilot.diagnosis.analysis import FundInput
from copilot.diagnosis.data.index import IndexSeries
from copilot.diagnosis.data.ledger import ledger
from copilot.diagnosis.holdings import ClientInput, Holding, diagnose_client
from copilot.diagnosis.report import DiagnosisReport
from copilot.diagnosis.shared import SharedFunds, study_key
from copilot.diagnosis.suitability import LEVEL_RULE, LEVEL_TITLE
from copilot.diagnosis.whole import MOST_PAGES
from knowledge_base.clients import Transaction
from tests.copilot.diagnosis.conftest import LAST
from tests.copilot.diagnosis.test_diagnose import found_by_the_filters, unbound

MakeFund = Callable[..., FundInput]
TODAY = LAST + timedelta(days=1)
CLIENT = ClientInput(designation="客户K0007", level="C5", level_expires=date(2027, 1, 1))


@pytest.fixture
def funds(make_fund: MakeFund) -> dict[str, FundInput]:
    return {
        "990001": make_fund("990001", seed=1, risk_level="R2"),
        "990002": make_fund("990002", seed=2, risk_level="R4"),
        "990003": make_fund("990003", seed=2, risk_level="R4"),
    }


def held(*amounts: str) -> list[Holding]:
    return [
        Holding(code=f"99000{n}", name=f"样本{n}号混合", amount_cny=Decimal(amount))
        for n, amount in enumerate(amounts, start=1)
    ]


def report_of(funds: dict[str, FundInput], index: IndexSeries | None, *amounts: str, **more: object) -> DiagnosisReport:
    return diagnose_client(CLIENT, held(*amounts), funds, index, today=TODAY, **more)  # type: ignore[arg-type]


def test_five_lines_tell_what_there_is_and_what_to_do(funds: dict[str, FundInput], index: IndexSeries) -> None:
    report = report_of(funds, index, "30000", "20000", "10000")
    assert len(report.summary) <= 5
    assert "共持有3只产品，市值合计60,000.00元" in report.summary[0]
    assert report.summary[-1].startswith("下一步：")
    first = report.text().split("【账户概况】")[0]
    assert "需要留意" in first


def test_each_fund_has_its_page_and_its_line(funds: dict[str, FundInput], index: IndexSeries) -> None:
    report = report_of(funds, index, "30000", "20000", "10000")
    assert [page.code for page in report.pages] == ["990001", "990002", "990003"]
    assert [row.code for row in report.comparison] == ["990001", "990002", "990003"]
    assert all(len(page.charts) == 4 for page in report.pages)
    assert unbound(report) == []
    assert found_by_the_filters(report) == []


def test_two_funds_that_move_as_one_are_named(funds: dict[str, FundInput], index: IndexSeries) -> None:
    report = report_of(funds, index, "30000", "20000", "10000")
    (seen,) = [one for one in report.observations if one.rule == "alike"]
    assert "样本2号混合（990002）与样本3号混合（990003）的日收益相关系数1.00" in seen.words
    assert "合计占持仓50.00%" in seen.words
    assert seen.entity == "990003"


def test_of_many_pairs_the_weightiest_are_named(make_fund: MakeFund, index: IndexSeries) -> None:
    """A handful of pairs in which most of the money lies, not those that happen to be closest."""
    funds = {f"99000{n}": make_fund(f"99000{n}", seed=5) for n in range(1, 6)}
    report = report_of(funds, index, "10", "20", "30", "40000", "50000")
    seen = [one for one in report.observations if one.rule == "alike"]
    assert len(seen) == 3
    assert "样本4号混合（990004）与样本5号混合（990005）" in seen[0].words


def test_trades_tell_what_the_account_earned_and_how_it_traded(funds: dict[str, FundInput], index: IndexSeries) -> None:
    nav = funds["990001"].nav
    price = Decimal(str(round(float(nav.unit_nav[600]), 4)))
    day = nav.returns.dates[600].astype(object)
    trades = [
        Transaction(id="T1", client_id="K", product_code="990001", kind="buy", day=day, units=Decimal(10_000),
                    amount_cny=(10_000 * price).quantize(Decimal("0.01"))),
    ]  # fmt: skip
    books = ledger(trades, {"990001": Decimal(10_000)})
    report = report_of(funds, index, "30000", books=books)
    assert f"自{day}起账户累计损益" in report.summary[1]
    assert any(getattr(block, "title", "") == "账户损益归因" for block in report.account)
    assert unbound(report) == []
    assert found_by_the_filters(report) == []


def test_a_holding_in_another_currency_is_said_and_not_valued(funds: dict[str, FundInput], index: IndexSeries) -> None:
    foreign = Holding(
        code="990002", name="样本2号", amount_cny=Decimal(0), unvalued="样本2号（990002）以USD计价而没有汇率。"
    )
    report = diagnose_client(CLIENT, [*held("30000"), foreign], funds, index, today=TODAY)
    assert [row.code for row in report.holdings] == ["990001"]
    assert any("以USD计价而没有汇率" in note.text for note in report.notes)


def test_a_client_without_a_level_gets_no_judgement_of_suitability(
    funds: dict[str, FundInput], index: IndexSeries
) -> None:
    client = replace(CLIENT, level=None)
    report = diagnose_client(client, held("30000"), funds, index, today=TODAY)
    assert "风险承受能力等级缺失或已过期" in report.summary[0]
    assert any(note.kind == "client_level" for note in report.notes)
    assert "above_risk_level" not in {seen.rule for seen in report.observations}


def test_amounts_of_ten_digits_are_whole(funds: dict[str, FundInput], index: IndexSeries, tmp_path: Path) -> None:
    from copilot.diagnosis.render import render
    from tests.copilot.diagnosis.test_render import pdf_text, squeezed

    report = report_of(funds, index, "9876543210.12", "1234567890.34")
    assert "11,111,111,100.46元" in report.summary[0]
    text = squeezed(pdf_text(render(report, tmp_path / "r.pdf")))
    assert "9,876,543,210.12" in text
    assert unbound(report) == []


def test_a_benchmark_that_starts_later_leaves_no_blank_chart(funds: dict[str, FundInput], index: IndexSeries) -> None:
    late = replace(index, dates=index.dates[-200:], closes=index.closes[-200:])
    report = report_of(funds, late, "30000")
    page = report.pages[0]
    assert any(note.kind == "short_benchmark" for note in report.notes)
    assert all(row.benchmark is not None for row in page.figures if row.group == "return")
    assert next(len(chart.lines) for chart in page.charts if hasattr(chart, "lines")) == 1
    assert unbound(report) == []


def test_a_hole_of_a_year_gives_no_chart_and_no_figure_across_it(
    funds: dict[str, FundInput], index: IndexSeries
) -> None:
    fund = funds["990001"]
    dates = fund.nav.returns.dates
    kept = (dates < np_day(2025, 1, 2)) | (dates > np_day(2026, 1, 5))
    values = fund.nav.returns.values.copy()
    first_after = int((dates > np_day(2026, 1, 5)).argmax())
    values[first_after] = float("nan")
    nav = replace(
        fund.nav, returns=replace(fund.nav.returns, dates=dates[kept], values=values[kept]),
        unit_nav=fund.nav.unit_nav[kept], gap_days=368,
    )  # fmt: skip
    report = report_of({"990001": replace(fund, nav=nav)}, index, "30000")
    page = report.pages[0]
    assert not any(row.name in ("近1年收益率", "近3年收益率", "最大回撤") for row in page.figures)
    assert all(len(chart.dates) > 0 for chart in page.charts if hasattr(chart, "dates"))
    assert "data_gap" in {seen.rule for seen in report.observations}
    assert unbound(report) == []


def np_day(year: int, month: int, day: int) -> object:
    import numpy as np

    return np.datetime64(date(year, month, day), "D")


@pytest.mark.slow
def test_five_hundred_holdings_are_told_in_bounded_time_and_length(make_fund: MakeFund, index: IndexSeries) -> None:
    plain = make_fund("990001")
    codes = [f"{991000 + n}" for n in range(500)]
    funds = {code: replace(plain, code=code, nav=replace(plain.nav, code=code)) for code in codes}
    many = [Holding(code=code, name=f"样本{code}号", amount_cny=Decimal(1000 + n)) for n, code in enumerate(codes)]
    report = diagnose_client(CLIENT, many, funds, index, today=TODAY)
    assert len(report.holdings) == 500
    assert len(report.pages) == MOST_PAGES
    assert any("没有单独成页" in note.text for note in report.notes)
    assert unbound(report) == []


def test_shared_funds_are_studied_once_and_anew_when_anything_changes(
    funds: dict[str, FundInput], index: IndexSeries
) -> None:
    from copilot.diagnosis.diagnose import Settings

    shared, market = SharedFunds(most=2), Settings().market
    first = report_of(funds, index, "30000", "20000", shared=shared)
    again = report_of(funds, index, "50000", "20000", shared=shared)
    assert shared.hits == 2
    assert first.pages[1].charts is again.pages[1].charts
    fund = funds["990001"]
    keys = {
        study_key(one, house, market)
        for one, house in (
            (fund, index),
            (replace(fund, risk_level="R5"), index),
            (replace(fund, nav=replace(fund.nav, unit_nav=fund.nav.unit_nav * 2)), index),
            (fund, None),
            (fund, replace(index, closes=index.closes * index.closes)),
        )
    }
    assert len(keys) == 5
    assert study_key(fund, index, Settings(risk_free_annual=Decimal(3)).market) not in keys


def test_page_one_says_how_much_lies_above_the_clients_level(funds: dict[str, FundInput], index: IndexSeries) -> None:
    client = replace(CLIENT, level="C3")
    report = diagnose_client(client, held("30000", "20000", "10000"), funds, index, today=TODAY)
    (line,) = (one for one in report.summary if one.startswith("需要留意"))
    assert line.startswith("需要留意：超出风险等级的产品2只，占持仓50.00%")
    assert {"超出风险等级的产品数", "超出风险等级的产品占持仓"} <= {fact.name for fact in report.facts}
    assert unbound(report) == []
    titles = {seen.title for seen in report.observations if seen.rule == LEVEL_RULE}
    assert titles == {LEVEL_TITLE}


def test_page_one_shows_every_kind_of_finding_before_the_same_again(
    make_fund: MakeFund, index: IndexSeries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copilot.diagnosis.whole.MOST_PAGES", 2)
    plain = make_fund("990001", risk_level="R4")
    codes = [f"{991000 + n}" for n in range(8)]
    funds = {code: replace(plain, code=code, nav=replace(plain.nav, code=code)) for code in codes}
    held_now = [
        Holding(code=code, name=f"样本{code}号", amount_cny=Decimal(1000 + n), risk_level="R4")
        for n, code in enumerate(codes)
    ]
    report = diagnose_client(replace(CLIENT, level="C1"), held_now, funds, index, today=TODAY)
    first, rest = report.text().split("【账户概况】")
    assert first.count("超出风险等级（重要）") == 2
    assert "高相关重复持有（关注）" in first
    for seen in report.observations:
        assert seen.words in report.text(), "what page one leaves out stands behind it, with or without a fund's page"
    assert rest.count("超出风险等级（重要）") >= 6
    assert unbound(report) == []
