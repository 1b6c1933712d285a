"""The effect of reports: who is compared with whom, over which days, and how sure it is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, insert

from copilot.loop.effect import LEAST, EffectStudy
from copilot.loop.errors import ReportStateError
from copilot.loop.past import Account, PastClients
from copilot.tables import deliveries, metadata, report_links, report_versions
from knowledge_base.access import AccessDeniedError, Principal, Role, system_principal
from knowledge_base.clients import Clients
from knowledge_base.tables import clients, holdings, transactions
from knowledge_base.tables import metadata as people

SYSTEM = system_principal()
TODAY, SENT = date(2026, 11, 20), date(2026, 9, 1)


@pytest.fixture
def firm(engine: Engine) -> Engine:
    for tables in (metadata, people):
        tables.create_all(engine)
    return engine


def add_client(engine: Engine, name: str, *, level: str = "C3", assets: int = 200_000) -> None:
    row = {
        "id": name, "name": name, "advisor_id": "A1", "branch": "B1", "risk_level": level, "consents": [],
        "opt_outs": [], "account_state": "open", "assets_cny": Decimal(assets),
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(clients).values(row))


def trade(engine: Engine, client: str, kind: str, day: date, units: int, amount: int, code: str = "990001") -> None:
    with engine.begin() as connection:
        count = connection.execute(transactions.select()).all()
        connection.execute(
            insert(transactions).values(
                id=f"t{len(count)}", client_id=client, product_code=code, kind=kind, day=day, units=Decimal(units),
                amount_cny=Decimal(amount),
            )
        )  # fmt: skip


def hold(engine: Engine, client: str, units: int, code: str = "990001") -> None:
    row = {"client_id": client, "product_code": code, "units": Decimal(units), "cost_cny": Decimal(1), "as_of": TODAY}
    with engine.begin() as connection:
        connection.execute(insert(holdings).values(row))


def serve(engine: Engine, client: str, day: date = SENT) -> None:
    at = datetime.fromisoformat(f"{day}T10:00:00+08:00")
    version = {
        "id": f"rp_{client}", "report_id": client, "version": 1, "client_id": client, "by": "A1", "outcome": "pass",
        "model_id": "a_1", "findings": 1, "created_at": at,
    }  # fmt: skip
    delivery = {
        "id": f"dl_{client}", "client_id": client, "user_id": "A1", "channel": "report_link", "target": "report",
        "sha256": "0", "audit_id": "a", "text": "", "created_at": at,
    }  # fmt: skip
    link = {
        "id": f"rl_{client}", "token": client, "version_id": f"rp_{client}", "delivery_id": f"dl_{client}",
        "client_id": client, "sent_by": "A1", "created_at": at, "expires_at": at + timedelta(days=14), "codes": 0,
        "codes_today": 0, "misses": 0, "locks": 0,
    }  # fmt: skip
    with engine.begin() as connection:
        for table, row in ((report_versions, version), (deliveries, delivery), (report_links, link)):
            connection.execute(insert(table).values(row))


def account(client: str, day: date) -> Account | None:
    """Those served spread their holdings and have one finding less afterwards."""
    better = client.startswith("S") and day > SENT
    return Account(hhi=0.5 if better else 0.8, findings=1 if better else 2)


def study(engine: Engine) -> EffectStudy:
    return EffectStudy(engine, Clients(engine), account)


class TestStudy:
    def test_served_clients_are_compared_with_their_like_on_the_same_days(self, firm: Engine) -> None:
        for name in ("S1", "N1", "N2"):
            add_client(firm, name)
        add_client(firm, "richer", assets=2_000_000)
        add_client(firm, "bolder", level="C5")
        serve(firm, "S1")
        trade(firm, "S1", "buy", SENT + timedelta(days=5), 100, 1000)
        trade(firm, "S1", "sell", SENT + timedelta(days=6), 10, 200)
        trade(firm, "S1", "buy", SENT - timedelta(days=1), 100, 7777)
        trade(firm, "S1", "buy", SENT + timedelta(days=31), 100, 9999)
        trade(firm, "N1", "buy", SENT + timedelta(days=5), 10, 100)
        trade(firm, "richer", "buy", SENT + timedelta(days=5), 10, 5000)
        found = study(firm).run(days=30, today=TODAY, principal=SYSTEM)
        assert (found.served, found.matched, found.controls) == (1, 1, 2)
        net, hhi, findings = found.measures
        assert (net.served, net.others, net.difference) == (800.0, 50.0, 750.0)
        assert (hhi.difference, findings.difference) == (-0.3, -1.0)
        assert (net.n, net.low, net.high) == (1, None, None), "one client gives no interval"
        assert "不是随机试验" in found.caution

    def test_ninety_days_wait_for_ninety_days(self, firm: Engine) -> None:
        add_client(firm, "S1")
        serve(firm, "S1")
        trade(firm, "S1", "buy", SENT, 1, 1)
        assert study(firm).run(days=90, today=TODAY, principal=SYSTEM).served == 0
        assert study(firm).run(days=90, today=SENT + timedelta(days=90), principal=SYSTEM).served == 1

    def test_who_was_served_meanwhile_is_nobodys_control(self, firm: Engine) -> None:
        for name in ("S1", "S2", "late"):
            add_client(firm, name)
        serve(firm, "S1")
        serve(firm, "S2", SENT + timedelta(days=10))
        serve(firm, "late", SENT + timedelta(days=60))
        trade(firm, "S1", "buy", SENT, 1, 1)
        found = study(firm).run(days=30, today=TODAY, principal=SYSTEM)
        assert (found.served, found.matched, found.controls) == (2, 2, 1)

    def test_enough_clients_give_an_interval_that_holds_the_difference(self, firm: Engine) -> None:
        for n in range(LEAST + 2):
            add_client(firm, f"S{n}")
            serve(firm, f"S{n}")
            trade(firm, f"S{n}", "buy", SENT + timedelta(days=2), 1, 100 + n)
        for n in range(3):
            add_client(firm, f"N{n}")
        net = study(firm).run(days=30, today=TODAY, principal=SYSTEM).measures[0]
        assert net.low is not None
        assert net.high is not None
        assert net.difference is not None
        assert 100 <= net.low < net.difference < net.high <= 112
        again = study(firm).run(days=30, today=TODAY, principal=SYSTEM).measures[0]
        assert again == net, "the same data, the same interval"

    def test_without_trades_it_says_so(self, firm: Engine) -> None:
        add_client(firm, "S1")
        serve(firm, "S1")
        with pytest.raises(ReportStateError, match="没有导入任何交易"):
            study(firm).run(days=30, today=TODAY, principal=SYSTEM)

    def test_an_advisor_does_not_study(self, firm: Engine) -> None:
        advisor = Principal(user_id="A1", roles=frozenset({Role.ADVISOR}))
        with pytest.raises(AccessDeniedError):
            study(firm).run(days=30, today=TODAY, principal=advisor)


class TestPast:
    def test_positions_are_led_back_by_the_trades_since(self, firm: Engine) -> None:
        add_client(firm, "C1")
        hold(firm, "C1", 150)
        trade(firm, "C1", "buy", date(2026, 1, 5), 100, 100)
        trade(firm, "C1", "split", date(2026, 3, 5), 20, 0)
        trade(firm, "C1", "reinvest", date(2026, 4, 5), 10, 9)
        trade(firm, "C1", "dividend", date(2026, 4, 6), 0, 5)
        trade(firm, "C1", "buy", date(2026, 5, 5), 50, 60)
        trade(firm, "C1", "sell", date(2026, 6, 5), 30, 40)

        def units(day: date) -> list[Decimal]:
            return [each.units for each in PastClients(Clients(firm), day).holdings("C1", principal=SYSTEM)]

        assert units(date(2026, 1, 4)) == []
        assert units(date(2026, 1, 5)) == [100]
        assert units(date(2026, 3, 5)) == [120]
        assert units(date(2026, 5, 4)) == [130]
        assert units(date(2026, 6, 4)) == [180]
        assert units(TODAY) == [150]

    def test_what_was_sold_since_is_there_again(self, firm: Engine) -> None:
        add_client(firm, "C1")
        trade(firm, "C1", "buy", date(2026, 1, 5), 100, 100, "990002")
        trade(firm, "C1", "sell", date(2026, 6, 5), 100, 120, "990002")
        (held,) = PastClients(Clients(firm), date(2026, 5, 1)).holdings("C1", principal=SYSTEM)
        assert (held.product_code, held.units) == ("990002", 100)
        assert len(PastClients(Clients(firm), date(2026, 5, 1)).transactions("C1", principal=SYSTEM)) == 1
