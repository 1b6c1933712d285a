"""A small firm for the tests of the copilot: two advisors, a client each, one fund on the shelf."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import Engine

from compliance_filters.finding import ProductInContext, ReviewContext
from knowledge_base.access import Principal, Role, system_principal
from knowledge_base.imports import import_csv
from knowledge_base.tables import metadata

TODAY = date(2026, 11, 20)
ADVISOR = Principal(user_id="A001", roles=frozenset({Role.ADVISOR}))
OTHER = Principal(user_id="A002", roles=frozenset({Role.ADVISOR}))
FUND = "990001"

FILES = {
    "advisors": "id,name,branch,licence_number,registered_adviser\n"
    "A001,卫青禾,北岸营业部,S9900000000001,true\nA002,戚若水,北岸营业部,,false\n",
    "products": "code,name,kind,risk_level,on_sale_from\n990001,云岭样本1号混合A,混合型,R3,2020-01-01\n",
    "clients": "id,name,advisor_id,branch,risk_level,risk_level_expires\n"
    "C1,谷雨生,A001,北岸营业部,C3,2027-01-01\nC2,席慕云,A002,北岸营业部,C1,2027-01-01\n",
    "holdings": "client_id,product_code,units,cost_cny,as_of\nC1,990001,10000,9000.00,2026-11-20\n",
}


def make_firm(engine: Engine, folder: Path) -> None:
    """Tables and people, imported the way an operator does it."""
    metadata.create_all(engine)
    for kind, text in FILES.items():
        path = folder / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        report = import_csv(kind, path, engine=engine, principal=system_principal())
        assert report.ok, report.bad


class Facts:
    """What the gate is told: a client of level C3, and the products named."""

    def client_context(self, client_id: str | None, *, today: date, principal: Principal) -> ReviewContext:
        return ReviewContext(
            today=today,
            client_id=client_id,
            client_level="C3",
            client_level_expires=date(2027, 1, 1),
            client_names=("谷雨生",),
            adviser_name="卫青禾",
            adviser_licence="S9900000000001",
        )

    def products(self, codes: Sequence[str], *, principal: Principal, today: date) -> tuple[ProductInContext, ...]:
        return tuple(
            ProductInContext(code=code, name="云岭样本1号混合A", risk_level="R3", on_shelf=True) for code in codes
        )
