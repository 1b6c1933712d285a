"""Events: once each whatever arrives twice or late, summed by day, and their clients marked as changed."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, select

from knowledge_base.access import AccessDeniedError, Principal, Role
from knowledge_base.client_facts import load_facts
from knowledge_base.clients import BehaviourEvent
from knowledge_base.errors import EventError, ImportFileError
from knowledge_base.events import EventStore
from knowledge_base.imports import import_csv
from knowledge_base.tables import client_changes, event_days, events, metadata
from tests.knowledge_base.made import SYSTEM, write

START = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)  # 23:30 in China


@pytest.fixture
def kb(engine: Engine, tmp_path: Path) -> Engine:
    metadata.create_all(engine)
    import_csv("clients", write(tmp_path, "c.csv", "id,name\nC1,甲\nC2,乙\n"), engine=engine, principal=SYSTEM)
    with engine.begin() as connection:
        connection.execute(delete(client_changes))
    return engine


def event(number: int, **fields: Any) -> BehaviourEvent:
    values: dict[str, Any] = {
        "id": f"E{number:04d}",
        "client_id": "C1",
        "kind": "product_view",
        "at": START + timedelta(hours=number % 50),
        "product_code": "990001",
        "amount_cny": Decimal(number) / 100,
    }
    return BehaviourEvent(**{**values, **fields})


def days_of(kb: Engine) -> list[tuple[Any, ...]]:
    with kb.connect() as connection:
        return [tuple(row) for row in connection.execute(select(event_days).order_by(*event_days.primary_key.columns))]


def test_duplicates_and_another_order_come_to_the_same(kb: Engine) -> None:
    store = EventStore(kb)
    sent = [event(number) for number in range(1200)]
    whole = store.add(sent, principal=SYSTEM)
    assert (whole.added, whole.known) == (1200, 0)
    once = days_of(kb)
    with kb.begin() as connection:
        connection.execute(delete(event_days))
        connection.execute(delete(events))
    shuffled = random.Random(3).sample(sent, len(sent))
    for start in range(0, 1200, 100):
        store.add([*shuffled[start : start + 100], *shuffled[max(0, start - 50) : start + 10]], principal=SYSTEM)
    assert store.add(sent, principal=SYSTEM).known == 1200
    assert days_of(kb) == once
    assert sum(row[4] for row in once) == 1200


def test_days_are_those_of_china_and_sums_are_exact(kb: Engine) -> None:
    EventStore(kb).add([event(0, amount_cny=Decimal("0.10")), event(1, amount_cny=Decimal("0.20"))], principal=SYSTEM)
    assert days_of(kb) == [
        ("C1", date(2026, 11, 20), "product_view", "990001", 1, 10),
        ("C1", date(2026, 11, 21), "product_view", "990001", 1, 20),
    ]
    with kb.connect() as connection:
        facts = load_facts(connection, ["C1", "nobody"], since=date(2026, 11, 21))
    assert list(facts) == ["C1"]
    assert [(d.times, d.amount_cny) for d in facts["C1"].event_days] == [(1, Decimal("0.2"))]


def test_only_clients_of_new_events_are_marked_as_changed(kb: Engine) -> None:
    store = EventStore(kb)
    store.add([event(1)], principal=SYSTEM)
    with kb.begin() as connection:
        assert connection.scalars(select(client_changes.c.client_id)).all() == ["C1"]
        connection.execute(delete(client_changes))
    store.add([event(1), event(2, client_id="C2")], principal=SYSTEM)
    with kb.connect() as connection:
        assert connection.scalars(select(client_changes.c.client_id)).all() == ["C2"]


@pytest.mark.parametrize(
    ("fields", "why"), [({"kind": "lgoin"}, "no kind of event 'lgoin'"), ({"client_id": "C9"}, "No client C9")]
)
def test_one_bad_event_keeps_all_out(kb: Engine, fields: dict[str, Any], why: str) -> None:
    with pytest.raises(EventError, match=why):
        EventStore(kb).add([event(1), event(2, **fields)], principal=SYSTEM)
    with kb.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(events)) == 0


def test_a_kind_of_the_firms_own_and_who_may_send(kb: Engine) -> None:
    assert EventStore(kb).add([event(1, kind="x_salon")], principal=SYSTEM).added == 1
    advisor = Principal(user_id="A1", roles=frozenset({Role.ADVISOR}))
    with pytest.raises(AccessDeniedError):
        EventStore(kb).add([event(2)], principal=advisor)


def test_csv_and_parquet_hold_the_same(kb: Engine, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="expected: needs tougu[parquet]")
    from pyarrow import parquet

    text = "id,client_id,kind,at,product_code,amount_cny\nE1,C1,maturity,2026-12-01T00:00:00+08:00,990001,1000.50\n"
    by_csv = import_csv("events", write(tmp_path, "e.csv", text), engine=kb, principal=SYSTEM)
    before = days_of(kb)
    assert (by_csv.added, before) == (1, [("C1", date(2026, 12, 1), "maturity", "990001", 1, 100050)])
    table = pa.table(
        {
            "id": ["E1", "E2"], "client_id": ["C1", "C2"], "kind": ["maturity", "login"], "at": [START, START],
            "amount_cny": [Decimal("1000.50"), None],
        }
    )  # fmt: skip
    parquet.write_table(table, tmp_path / "e.parquet")
    done = import_csv("events", tmp_path / "e.parquet", engine=kb, principal=SYSTEM)
    assert (done.ok, done.added) == (True, 1)
    assert days_of(kb) == [*before, ("C2", date(2026, 11, 20), "login", "", 1, 0)]
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    with pytest.raises(ImportFileError, match="no readable Parquet"):
        import_csv("events", tmp_path / "broken.parquet", engine=kb, principal=SYSTEM)


def test_a_bad_kind_in_a_file_is_named_with_its_line(kb: Engine, tmp_path: Path) -> None:
    text = "id,client_id,kind,at\nE1,C1,login,2026-11-01T00:00:00+08:00\nE2,C1,logon,2026-11-01T00:00:00+08:00\n"
    done = import_csv("events", write(tmp_path, "e.csv", text), engine=kb, principal=SYSTEM)
    assert [(row.line, row.column) for row in done.bad] == [(3, "kind")]
    assert "login" in done.bad[0].remedy
    assert days_of(kb) == []
