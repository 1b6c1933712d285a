"""Claims and leases, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text

from intent.errors import BatchError, LeadError, LeadNotFoundError
from intent.leads.lead import ClientStanding
from intent.leads.sql.postgres import _claim, _settle
from intent.leads.sql.rows import Sight, Wanted
from tests.intent.leads.firm import (
    BOSS,
    CRM,
    CRM2,
    SYSTEM,
    Firm,
    advisor,
    call_of,
    check_books,
    history,
    let_leases_end,
    many,
    record,
    store_on,
    wish,
)


class TestClaims:
    def test_filters_narrow_what_is_taken(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        record(store, wish("fund.buy"), wish("margin.open", confidence=0.4), wish("etf.trade"))
        record(store, wish("fund.buy"), call_id="k2", client_id="C2")
        for wanted, intents in (
            (Wanted(lines=("margin",)), ["margin.open"]),
            (Wanted(intents=("fund.buy",), clients=("C2",)), ["fund.buy"]),
            (Wanted(advisors=("A9",)), []),
            (Wanted(branches=("east",), min_score=0.6), ["fund.buy", "etf.trade"]),
        ):
            taken = store.claim(principal=CRM, wanted=wanted)
            assert sorted(lead.intent for lead in taken) == sorted(intents)
        check_books(any_engine)

    def test_the_best_score_first_then_the_oldest(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        ids = many(store, 3)
        best = record(store, wish(urgency="high"), call_id="k9", client_id="C9").leads[0]
        assert [store.claim(principal=CRM, limit=1)[0].id for _ in range(4)] == [best.id, *ids]

    def test_a_batch_above_the_bound_is_refused(self, any_engine: Engine) -> None:
        store = store_on(any_engine, max_claim=5)
        many(store, 6)
        for limit in (0, 6):
            with pytest.raises(BatchError, match="1 to 5"):
                store.claim(principal=CRM, limit=limit)
        assert len(store.claim(principal=CRM, limit=5)) == 5

    def test_several_leads_of_one_client_get_a_number_each(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        record(store, wish("fund.buy"), wish("margin.open"), wish("etf.trade"))
        assert len({lead.sequence for lead in store.claim(principal=CRM)}) == 3
        check_books(any_engine)

    def test_no_lead_goes_to_two_while_calls_are_written(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        many(store, 30)
        got: list[str] = []
        stop = threading.Event()

        def take() -> None:
            while claimed := store.claim(principal=CRM, limit=3):
                got.extend(lead.id for lead in claimed)

        def write() -> None:
            n = 0
            while not stop.is_set():
                batch = [call_of(wish(), call_id=f"w{n}-{i}", client_id=f"M{i:03d}") for i in range(0, 30, 7)]
                store.record_many(batch, principal=SYSTEM)
                n += 1

        writer = threading.Thread(target=write)
        takers = [threading.Thread(target=take) for _ in range(3)]
        writer.start()
        for each in takers:
            each.start()
        for each in takers:
            each.join(60)
        stop.set()
        writer.join(60)
        got += [lead.id for lead in store.claim(principal=CRM, limit=100)]
        assert len(got) == len(set(got)) == 30
        check_books(any_engine)

    def test_an_advisor_takes_their_own_a_supervisor_the_branchs(self, any_engine: Engine) -> None:
        firm = Firm()
        firm.clients["C2"] = ClientStanding(advisor_id="A2", branch="east")
        firm.clients["C3"] = ClientStanding(advisor_id="A1", branch="west")
        store = store_on(any_engine, firm)
        for n in (1, 2, 3):
            record(store, wish(), call_id=f"k{n}", client_id=f"C{n}")
        assert [lead.client_id for lead in store.claim(principal=advisor("A2"))] == ["C2"]
        assert [lead.client_id for lead in store.claim(principal=BOSS)] == ["C1"]
        assert [lead.client_id for lead in store.claim(principal=advisor("A1"))] == ["C3"]


class TestLeases:
    def test_they_end_by_the_clock_of_the_database(self, any_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        """A consumer's host whose clock is a day ahead or behind gets the same lease."""
        store = store_on(any_engine)
        (first, second) = many(store, 2)

        class Skewed(datetime):
            @classmethod
            def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
                return datetime(2031, 1, 1, tzinfo=UTC)

        monkeypatch.setattr("intent.leads.queue.datetime", Skewed)
        monkeypatch.setattr("time.time", lambda: 0.0)
        taken = {lead.id: lead for lead in store.claim(principal=CRM, lease_s=60)}
        assert set(taken) == {first, second}
        now = datetime.now(UTC)
        assert all(lead.lease_until and 0 < (lead.lease_until - now).total_seconds() <= 61 for lead in taken.values())

    def test_one_that_ran_out_is_offered_again_and_its_holder_is_told(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        (lead,) = many(store, 1)
        store.claim(principal=CRM)
        let_leases_end(any_engine)
        with pytest.raises(LeadError, match="ran out"):
            store.ack(lead, principal=CRM)
        assert [x.owner for x in store.claim(principal=CRM2)] == ["crm2"]
        with pytest.raises(LeadError, match="somebody else"):
            store.extend(lead, principal=CRM)
        assert history(store, lead) == ["created", "claimed", "lease_ended", "claimed"]
        check_books(any_engine)

    def test_a_report_sent_twice_changes_nothing_the_second_time(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        (lead,) = many(store, 1)
        store.claim(principal=CRM)
        for disposition in ("contacted", "won"):
            first = store.ack(lead, principal=CRM, disposition=disposition, reason="好")
            assert store.ack(lead, principal=CRM, disposition=disposition, reason="好") == first
        assert history(store, lead) == ["created", "claimed", "acked", "acked"]
        with pytest.raises(LeadError, match="is won"):
            store.ack(lead, principal=CRM, disposition="won", reason="another")
        with pytest.raises(LeadError, match="is won"):
            store.ack(lead, principal=CRM2, disposition="won", reason="好")
        with pytest.raises(LeadNotFoundError):
            store.ack("none", principal=CRM)
        check_books(any_engine)


@pytest.mark.postgres
def test_the_driver_reads_a_hot_statement_once(pg_engine: Engine) -> None:
    """psycopg reads one of more than 50 parameters or 4,096 characters anew in every run."""
    supervisor = Sight(everything=False, own=True, branches=3)
    columns = ("disposition", "lease_until", "reason", "state")
    for hot in (_settle(supervisor, columns, False), _claim(supervisor, (("lines", 3), ("intents", 3)), 10)):
        written = str(hot._statement.compile(dialect=pg_engine.dialect))
        assert len(written) <= 4096
        assert written.count("%(") <= 50


@pytest.mark.postgres
def test_a_claim_walks_an_index_at_size(pg_engine: Engine) -> None:
    """No plan reads the table: neither the claim of an advisor nor of the CRM, nor the clocks."""
    from eval.bench.lead_table import fill
    from serve.database import migrate

    migrate(pg_engine)
    fill(pg_engine, 0, 20_000, clients=3_000, everybody=3_000)
    with pg_engine.connect() as connection:
        for where, order, index in (
            ("state IN ('new', 'offered') AND advisor_id = 'A0007'", "score DESC, id", "ix_leads_offered_advisor"),
            ("state IN ('new', 'offered')", "score DESC, id", "ix_leads_offered"),
            ("state = 'claimed' AND lease_until <= now()", "lease_until", "ix_leads_leased"),
            ("client_id = 'B0000007'", "id", "ix_leads_client"),
        ):
            query = f"EXPLAIN SELECT * FROM leads WHERE {where} ORDER BY {order} LIMIT 5"
            plan = "\n".join(connection.execute(text(query)).scalars())
            assert index in plan, plan
            assert "Seq Scan" not in plan
