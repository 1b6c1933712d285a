"""What funds disclosed, in print: each figure with the day it was disclosed for, and what nobody disclosed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from copilot.diagnosis.analysis import FundInput
from copilot.diagnosis.data.disclosure import FundPortfolio, Position, portfolio_on
from copilot.diagnosis.data.index import IndexSeries
from copilot.diagnosis.data.ledger import ledger
from copilot.diagnosis.diagnose import diagnose_fund
from copilot.diagnosis.holdings import ClientInput, Holding, diagnose_client
from copilot.diagnosis.report import DiagnosisReport
from knowledge_base.clients import Transaction
from tests.copilot.diagnosis.conftest import LAST
from tests.copilot.diagnosis.test_diagnose import TODAY, found_by_the_filters, unbound

MakeFund = Callable[..., FundInput]


def disclosed(code: str, day: date, told: tuple[tuple[str, str, float], ...]) -> FundPortfolio:
    positions = tuple(
        Position(report_date=day, breakdown=kind, code=name, name=name, weight=weight) for kind, name, weight in told
    )
    found = portfolio_on(code, positions, LAST)
    assert found is not None
    return found


INSIDE = (
    ("资产", "股票", 0.8),
    ("资产", "债券", 0.1),
    ("行业", "制造业", 0.5),
    ("证券", "甲股份", 0.09),
    ("证券", "乙股份", 0.06),
)


def clients_report(make_fund: MakeFund, index: IndexSeries, *days: date, **more: object) -> DiagnosisReport:
    funds = {}
    for n, day in enumerate(days, start=1):
        fund = make_fund(f"99000{n}", seed=n)
        funds[fund.code] = replace(fund, portfolio=disclosed(fund.code, day, INSIDE))
    held = [Holding(code=code, name=f"样本{code[-1]}号混合", amount_cny=Decimal(100)) for code in (*funds, "990009")]
    client = ClientInput(designation="客户K0007", level="C5", level_expires=date(2027, 1, 1))
    return diagnose_client(client, held, funds, index, today=TODAY, **more)  # type: ignore[arg-type]


def test_a_funds_report_tells_what_it_disclosed_and_of_which_day(make_fund: MakeFund, index: IndexSeries) -> None:
    made = diagnose_fund(
        replace(make_fund(), portfolio=disclosed("990001", date(2026, 9, 30), INSIDE)), index, today=TODAY
    )
    text = made.text()
    assert "资产占净值比例（2026-09-30披露）：股票80.00%，债券10.00%。" in text
    assert "行业占净值比例（2026-09-30披露）：制造业50.00%。" in text
    assert "所披露证券中最大的2只合计占净值15.00%（2026-09-30披露）。" in text
    assert unbound(made) == []
    assert found_by_the_filters(made) == []
    assert "最近披露的持仓" not in diagnose_fund(make_fund("990002"), index, today=TODAY).text()


def test_an_account_is_looked_through_with_the_days_of_its_funds(make_fund: MakeFund, index: IndexSeries) -> None:
    made = clients_report(make_fund, index, date(2026, 6, 30), date(2026, 9, 30))
    text = made.text()
    assert "按最近披露（2026-06-30至2026-09-30）穿透的行业占比：制造业33.33%；未披露行业占比66.67%。" in text
    assert "按最近披露（2026-06-30至2026-09-30）穿透的资产占比：股票53.33%，债券6.67%；未披露资产占比40.00%。" in text
    assert "持有的证券重合最多，披露证券重合占比15.00%" in text
    assert unbound(made) == []
    assert found_by_the_filters(made) == []


def test_one_day_is_told_as_one(make_fund: MakeFund, index: IndexSeries) -> None:
    made = clients_report(make_fund, index, date(2026, 9, 30))
    assert "按最近披露（2026-09-30）穿透的行业占比" in made.text()
    assert "重合最多" not in made.text()
    assert found_by_the_filters(made) == []


def test_turnover_is_told_of_a_year_and_more_alone(make_fund: MakeFund, index: IndexSeries) -> None:
    def told(bought: int, sold: int) -> str:
        nav = make_fund("990001", seed=1).nav
        trades = [
            Transaction(
                id=kind, client_id="K0007", product_code="990001", kind=kind, day=nav.returns.dates[at].astype(object),
                units=Decimal(units), amount_cny=Decimal(units) * Decimal(str(round(float(nav.unit_nav[at]), 4))),
            )
            for kind, at, units in (("buy", bought, 300), ("sell", sold, 100))
        ]  # fmt: skip
        books = ledger(trades, {"990001": Decimal(200)})
        made = clients_report(make_fund, index, date(2026, 9, 30), books=books)
        assert unbound(made) == []
        assert found_by_the_filters(made) == []
        return made.text()

    long, short = told(400, 1000), told(-100, -40)
    assert "其间申购1笔，赎回1笔，账户年换手率" in long
    assert "已赎回份额平均持有840天" in long
    assert "其间申购1笔，赎回1笔，已赎回份额平均持有84天" in short
