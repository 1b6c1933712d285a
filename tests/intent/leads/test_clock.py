"""What time does to leads, however often it is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, update

from intent.leads import tables
from intent.leads.clock import LeadClock, Swept
from intent.leads.lead import ClientStanding, LeadState, Staff
from jobs.outbox import Outbox
from tests.intent.leads.firm import (
    BOSS,
    CRM,
    SYSTEM,
    Firm,
    advisor,
    check_books,
    history,
    let_leases_end,
    many,
    record,
    store_on,
    wish,
)


def test_whose_clock_ran_out_is_escalated_once_and_stays_in_the_queue(any_engine: Engine) -> None:
    store = store_on(any_engine)
    late = record(store, wish(), ended_h=25).leads[0]
    record(store, wish(), call_id="k2", client_id="C2")
    clock = LeadClock(store)
    assert clock.sweep() == Swept(escalated=1)
    assert clock.sweep() == Swept()
    shown = store.escalated(principal=BOSS)
    assert [(x.id, x.state) for x in shown] == [(late.id, LeadState.NEW)]
    assert shown[0].escalated_at is not None
    assert store.list(principal=BOSS, escalated=True) == shown
    assert [m.payload["type"] for m in Outbox(any_engine).pending()].count("lead.escalated") == 1
    assert store.events(late.id, principal=SYSTEM)[-1].by == "clock"
    store.claim(principal=CRM, limit=2)
    store.ack(late.id, principal=CRM)
    assert store.escalated(principal=BOSS) == (), "somebody spoke with the client"
    check_books(any_engine)


def test_the_clock_of_a_merged_lead_runs_from_its_first_call(any_engine: Engine) -> None:
    store = store_on(any_engine)
    first = record(store, wish(), ended_h=25).leads[0]
    assert record(store, wish(), call_id="k2").leads[0].due_at == first.due_at


def test_leases_end_without_anybody_claiming(any_engine: Engine) -> None:
    store = store_on(any_engine)
    many(store, 3)
    store.claim(principal=CRM, limit=2)
    let_leases_end(any_engine)
    assert LeadClock(store).sweep().taken_back == 2
    assert len(store.list(principal=SYSTEM, states=["offered"])) == 2
    check_books(any_engine)


def test_what_nobody_took_for_long_expires_unless_its_client_spoke_again(any_engine: Engine) -> None:
    store = store_on(any_engine, expire_days=10)
    old, spoken = many(store, 2)
    long_ago = datetime.now(UTC) - timedelta(days=20)
    with any_engine.begin() as connection:
        connection.execute(update(tables.leads).values(due_at=long_ago))
        connection.execute(update(tables.leads).where(tables.leads.c.id == old).values(last_seen_at=long_ago))
    done = LeadClock(store).sweep()
    assert (done.escalated, done.expired) == (2, 1)
    assert store.get(old, principal=SYSTEM).state is LeadState.EXPIRED
    assert store.get(spoken, principal=SYSTEM).state is LeadState.NEW
    again = record(store, wish(), call_id="k9", client_id="M000").leads[0]
    assert again.id != old
    check_books(any_engine)


def test_what_waited_for_somebody_is_given_when_a_place_becomes_free(any_engine: Engine) -> None:
    firm = Firm()
    del firm.people["A2"]
    store = store_on(any_engine, firm)
    lead = record(store, wish("stock.advice")).leads[0]
    gone = record(store, wish("stock.advice"), call_id="k2", client_id="C2").leads[0]
    assert LeadClock(store).sweep() == Swept()
    firm.people["A3"] = ("east", Staff(id="A3", registered_adviser=True))
    firm.clients["C2"] = ClientStanding(branch="east", account_state="closed")
    fresh = store_on(any_engine, firm)  # another process, which has not looked at the staff yet
    assert LeadClock(fresh).sweep() == Swept(given=1, withdrawn=1)
    assert store.get(lead.id, principal=SYSTEM).advisor_id == "A3"
    assert store.get(gone.id, principal=SYSTEM).state is LeadState.WITHDRAWN
    assert history(store, lead.id) == ["created", "offered"]
    assert [x.id for x in store.claim(principal=advisor("A3"))] == [lead.id]
    check_books(any_engine)
