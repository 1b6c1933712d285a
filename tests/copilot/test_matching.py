"""Suggestions on the way to the gate: honest ones pass, and what the gate knows better holds the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from compliance_filters.finding import Outcome, ProductInContext, ReviewContext
from compliance_filters.gate import Gate
from copilot.diagnosis.data.provider import NavFolder
from copilot.diagnosis.errors import DiagnosisError
from copilot.fund_data import months_of
from copilot.reports import JudgedReport, ReportDesk
from knowledge_base.access import Principal, system_principal
from knowledge_base.clients import Clients
from knowledge_base.consents import ConsentLedger, ConsentState, Proof, Purpose
from knowledge_base.imports import import_csv
from knowledge_base.products import Products
from knowledge_base.tables import metadata
from tests.copilot.diagnosis.conftest import LAST, drawn_returns, weekdays
from tests.copilot.firm import ADVISOR, TODAY, Facts

FILES = {
    "advisors": "id,name,branch,licence_number,registered_adviser\nA001,卫青禾,北岸营业部,S9900000000001,true\n"
    "A002,戚若水,北岸营业部,,false\n",
    "products": "code,name,kind,risk_level,on_sale_from,on_sale_to,subscription_fee,redemption_fee\n"
    "990001,云岭样本甲混合A,混合型,R4,2020-01-01,,1000000:1.5;:0.3,7:1.5;:0\n"
    "990002,云岭样本乙混合A,混合型,R3,2020-01-01,,1000000:1.5;:0.3,7:1.5;:0\n"
    "990003,云岭样本丙混合A,混合型,R3,2020-01-01,2026-10-31,,\n",
    "clients": "id,name,advisor_id,branch,risk_level,risk_level_expires,consents,opt_outs,goal,horizon_months\n"
    "C1,谷雨生,A001,北岸营业部,C3,2027-01-01,ai_analysis;marketing,,growth,60\n"
    "C2,席慕云,A001,北岸营业部,C3,2027-01-01,,marketing,,\n"
    "C3,晏知秋,A001,北岸营业部,C3,2026-01-01,,,,\nC4,荆楚楚,A002,北岸营业部,C3,2027-01-01,,,,\n",
    "holdings": "client_id,product_code,units,cost_cny,as_of\n"
    + "".join(f"{client},990001,10000,9000.00,2026-11-20\n" for client in ("C1", "C2", "C3", "C4")),
    "events": "id,client_id,kind,at,product_code\nE1,C1,product_view,2026-11-18T20:14:00+08:00,990002\n",
}


class Shelf(Facts):
    """What the gate is told: as the firm's own records, but for what a test changes."""

    def __init__(self, **changes: object) -> None:
        self._changes = changes

    def client_context(self, client_id: str | None, *, today: date, principal: Principal) -> ReviewContext:
        known = super().client_context(client_id, today=today, principal=principal)
        return replace(known, **{k: v for k, v in self._changes.items() if k.startswith("client")})  # type: ignore[arg-type]

    def products(self, codes: Sequence[str], *, principal: Principal, today: date) -> tuple[ProductInContext, ...]:
        names = {"990001": ("甲", "R4"), "990002": ("乙", "R3"), "990003": ("丙", "R3")}
        plain = [
            ProductInContext(
                code=code,
                name=f"云岭样本{names[code][0]}混合A",
                risk_level=names[code][1],
                on_shelf=True,
                inception=date(2018, 1, 2),
            )
            for code in codes
        ]
        changes = {k: v for k, v in self._changes.items() if not k.startswith("client")}
        return tuple(replace(one, **changes) if one.code == "990002" else one for one in plain)  # type: ignore[arg-type]


@pytest.fixture
def navs(tmp_path: Path) -> NavFolder:
    days = weekdays(LAST.replace(year=2021), LAST)
    for n, code in enumerate(("990001", "990002", "990003")):
        growth = drawn_returns(len(days), n + 3)
        rows = zip(days, np.cumprod(1 + growth), growth, strict=True)
        lines = "".join(f"{day},{value:.4f},{rate * 100:.2f}\n" for day, value, rate in rows)
        (tmp_path / f"{code}.csv").write_text("净值日期,单位净值,日增长率\n" + lines, encoding="utf-8")
    levels = 3000 * np.cumprod(1 + drawn_returns(len(days), 99))
    index = "".join(f"{day},{level:.2f}\n" for day, level in zip(days, levels, strict=True))
    (tmp_path / "benchmark.csv").write_text("date,close\n" + index, encoding="utf-8")
    return NavFolder(tmp_path, tmp_path / "benchmark.csv", benchmark_name="远山宽基300")


@pytest.fixture
def firm(engine: Engine, tmp_path: Path) -> Engine:
    metadata.create_all(engine)
    for kind, text in FILES.items():
        (tmp_path / f"{kind}.csv").write_text(text, encoding="utf-8")
        assert import_csv(kind, tmp_path / f"{kind}.csv", engine=engine, principal=system_principal()).ok
    return engine


def report(firm: Engine, gate: Gate, navs: NavFolder, client: str = "C1", **changes: object) -> JudgedReport:
    desk = ReportDesk(gate=gate, clients=Clients(firm), products=Products(firm), facts=Shelf(**changes), navs=navs)
    principal = ADVISOR if client != "C4" else replace(ADVISOR, user_id="A002")
    return desk.client(client, principal=principal, today=TODAY)


def test_an_honest_suggestion_passes_the_gate(firm: Engine, real_gate: Gate, navs: NavFolder, tmp_path: Path) -> None:
    judged = report(firm, real_gate, navs)
    assert judged.report.recommends == ("990002",)
    assert judged.verdict.cleared, (judged.verdict.findings, judged.verdict.errors)
    text = judged.report.text()
    assert "可以考虑转换为云岭样本乙混合A（990002）" in text
    assert "登记编号：S9900000000001" in text
    assert "客户近期浏览过" in text
    assert judged.write(tmp_path / "out" / "r.pdf").is_file()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"restricted": True}, "product.restricted"),
        ({"on_shelf": False}, "product.off_shelf"),
        ({"risk_level": "R4"}, "suitability.mismatch"),
        ({"client_level": "C2"}, "suitability.mismatch"),
        ({"client_level_expires": date(2026, 11, 1)}, "suitability.unknown"),
    ],
)
def test_the_gate_holds_what_must_not_be_suggested(
    firm: Engine, real_gate: Gate, navs: NavFolder, tmp_path: Path, changes: dict[str, object], rule: str
) -> None:
    """The shelf changed between the match and the gate: the gate's own look decides."""
    judged = report(firm, real_gate, navs, **changes)
    assert rule in {found.rule for found in judged.verdict.findings}
    assert judged.verdict.outcome is Outcome.BLOCK
    with pytest.raises(DiagnosisError, match="not cleared"):
        judged.write(tmp_path / "held.pdf")


@pytest.mark.parametrize(
    ("client", "words"),
    [("C2", "客户不接受营销"), ("C3", "没有有效的风险承受能力等级"), ("C4", "没有登记编号的投资顾问署名")],
)
def test_who_gets_no_suggestion_is_told_why(
    firm: Engine, real_gate: Gate, navs: NavFolder, client: str, words: str
) -> None:
    expired = {"client_level_expires": date(2026, 1, 1)} if client == "C3" else {}
    judged = report(firm, real_gate, navs, client, **expired)
    assert judged.report.recommends == ()
    assert words in judged.report.text()
    assert judged.verdict.cleared, judged.verdict.findings


@pytest.mark.parametrize(
    ("purpose", "words"), [(Purpose.MARKETING, "客户不接受营销"), (Purpose.PERSONALISED, "客户已关闭个性化服务")]
)
def test_what_was_refused_in_a_call_counts_as_what_the_file_says(
    firm: Engine, real_gate: Gate, navs: NavFolder, purpose: Purpose, words: str
) -> None:
    with firm.begin() as connection:
        ConsentLedger(firm).write(
            connection, "C1", purpose, ConsentState.WITHDRAWN, Proof(source="call"), by="A001", at=datetime.now(UTC)
        )
    judged = report(firm, real_gate, navs)
    assert judged.report.recommends == ()
    assert words in judged.report.text()


def test_a_fund_report_suggests_nothing(firm: Engine, real_gate: Gate, navs: NavFolder) -> None:
    desk = ReportDesk(gate=real_gate, clients=Clients(firm), products=Products(firm), facts=Shelf(), navs=navs)
    judged = desk.fund("990002", principal=ADVISOR, today=TODAY)
    assert judged.report.advice is None
    assert judged.verdict.cleared


@pytest.mark.parametrize(
    ("words", "months"), [("三年", 36), ("3年", 36), ("6个月", 6), ("180天", 6), ("185天", 7), ("无", None)]
)
def test_a_least_holding_period_in_months(words: str, months: int | None) -> None:
    assert months_of(words) == months
