from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge_base.access import Principal, Role
from knowledge_base.clients import Clients
from knowledge_base.errors import UnknownClientError
from knowledge_base.imports import import_csv
from knowledge_base.tables import metadata
from tests.knowledge_base.made import SYSTEM, advisor, write

FILES = {
    "advisors": "id,name,branch,licence_number,registered_adviser\nA1,卫某,南门,S1,true\nA2,戚某,北岸,,false\n",
    "clients": "id,name,advisor_id,branch,risk_level,risk_level_expires,"
    "consents,opt_outs,account_state,assets_cny\n"
    "C1,甄某,A1,南门,C3,2026-12-31,call_analysis;marketing,marketing,open,1000.10\n"
    "C2,晏某,A2,北岸,C2,2024-01-01,,,frozen,\n"
    "C3,无某,,,,,,,,\n",
    "holdings": "client_id,product_code,units,cost_cny,as_of\nC1,990001,10.5,11.25,2026-11-20\n"
    "C2,990001,1,1,2026-11-20\n",
    "transactions": "id,client_id,product_code,kind,day,units,amount_cny,fee_cny\n"
    "T2,C1,990001,sell,2026-03-02,5,6.20,0.03\nT1,C1,990001,buy,2026-01-05,15.5,17.00,\n"
    "T3,C2,990001,dividend,2026-03-02,,0.40,\n",
    "insistence": "client_id,document_id,product_code,sha256,signed_at,recording_id,client_level,risk_level\n"
    f"C1,D2,990001,{'AB' * 32},2026-11-02T10:00:00+08:00,R2,C3,R4\n"
    f"C1,D1,990001,{'cd' * 32},2026-11-01T10:00:00+08:00,R1,C3,R4\n",
    "events": "id,client_id,kind,product_code,amount_cny,at\nE1,C1,login,,,2026-11-18T20:14:00+08:00\n"
    "E2,C1,deposit,,300,2026-11-19T09:00:00+08:00\n",
}


@pytest.fixture
def clients(engine: Engine, tmp_path: Path) -> Clients:
    metadata.create_all(engine)
    for kind, text in FILES.items():
        done = import_csv(kind, write(tmp_path, f"{kind}.csv", text), engine=engine, principal=SYSTEM)
        assert done.ok, done.bad
    return Clients(engine)


def test_a_client_with_everything(clients: Clients) -> None:
    found = clients.get("C1", principal=advisor("A1"))
    assert (found.risk_level, found.assets_cny) == ("C3", Decimal("1000.10"))
    assert found.risk_level_on(date(2026, 12, 31)) == "C3"
    assert found.risk_level_on(date(2027, 1, 1)) is None
    assert found.agrees_to("call_analysis")
    assert not found.agrees_to("marketing")
    (position,) = clients.holdings("C1", principal=advisor("A1"))
    assert (position.units, position.cost_cny) == (Decimal("10.5"), Decimal("11.25"))
    events = clients.events("C1", principal=advisor("A1"))
    assert (events[0].kind, events[0].at) == ("deposit", datetime(2026, 11, 19, 1, tzinfo=UTC))
    assert len(clients.events("C1", principal=advisor("A1"), since=datetime(2026, 11, 19, tzinfo=UTC))) == 1


def test_trades_oldest_first(clients: Clients) -> None:
    bought, sold = clients.transactions("C1", principal=advisor("A1"))
    assert (bought.id, bought.kind, bought.day, bought.fee_cny) == ("T1", "buy", date(2026, 1, 5), None)
    assert (sold.units, sold.amount_cny, sold.fee_cny) == (Decimal(5), Decimal("6.20"), Decimal("0.03"))
    (paid,) = clients.transactions("C2", principal=SYSTEM)
    assert (paid.units, paid.amount_cny) == (0, Decimal("0.40"))


def test_written_insistence_oldest_first(clients: Clients) -> None:
    first, second = clients.insistence("C1", principal=advisor("A1"))
    assert (first.document_id, first.recording_id, first.client_level, first.risk_level) == ("D1", "R1", "C3", "R4")
    assert first.signed_at == datetime(2026, 11, 1, 2, tzinfo=UTC)
    assert second.sha256 == "ab" * 32
    assert clients.insistence("C3", principal=SYSTEM) == ()


def test_names_follow_access_and_imports_are_counted(clients: Clients, tmp_path: Path) -> None:
    assert clients.names(principal=SYSTEM) == {"甄某", "晏某", "无某"}
    assert clients.names(principal=advisor("A1")) == {"甄某"}
    before = clients.imports()
    renamed = write(tmp_path, "renamed.csv", "id,name\nC3,有某\n")
    assert clients.imports() == before
    import_csv("clients", renamed, engine=clients.engine, principal=SYSTEM)
    assert clients.imports() == before + 1
    import_csv("advisors", tmp_path / "advisors.csv", engine=clients.engine, principal=SYSTEM)
    assert clients.imports() == before + 1


def test_somebody_elses_client_looks_like_none(clients: Clients) -> None:
    for read in (clients.get, clients.holdings, clients.transactions, clients.events, clients.insistence):
        messages = []
        for client_id in ("C2", "C9"):
            with pytest.raises(UnknownClientError) as caught:
                read(client_id, principal=advisor("A1"))
            messages.append(str(caught.value).replace(client_id, "*"))
        assert messages[0] == messages[1]
    assert [one.id for one in clients.holders("990001", principal=advisor("A1"))] == ["C1"]


def test_the_list_and_the_single_read_agree_for_every_principal(clients: Clients) -> None:
    for roles, user, branches in product(
        [{role} for role in Role] + [{Role.ADVISOR, Role.SUPERVISOR}],
        ["A1", "A2", "X"],
        [frozenset[str](), frozenset({"北岸"})],
    ):
        who = Principal(user_id=user, roles=frozenset(roles), branches=branches)
        alone = []
        for client_id in ("C1", "C2", "C3"):
            try:
                alone.append(clients.get(client_id, principal=who).id)
            except UnknownClientError:
                continue
        assert [one.id for one in clients.all(principal=who)] == alone


def test_advisors(clients: Clients) -> None:
    found = clients.advisor("A1", principal=advisor("A1"))
    assert found is not None
    assert found.registered_adviser
    assert clients.advisor("A1", principal=advisor("A2")) is None


def test_pages(clients: Clients) -> None:
    first = clients.all(principal=SYSTEM, limit=2)
    rest = clients.all(principal=SYSTEM, limit=2, after=first[-1].id)
    assert [one.id for one in (*first, *rest)] == ["C1", "C2", "C3"]
