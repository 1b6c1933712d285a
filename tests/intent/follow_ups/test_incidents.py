"""Tickets of one fault become one incident with its clients and what they wanted to do."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select, text

from intent.errors import CursorError, LeadError, LeadNotFoundError
from intent.follow_ups.tables import incidents
from intent.follow_ups.words import load_outages
from jobs.locks import hold
from knowledge_base.access import AccessDeniedError
from tests.intent.follow_ups.firm import DESK, OFFICER, Firm, advisor, complaint, outage, supervisor, wish

NOON = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def firm(any_engine: Engine) -> Firm:
    return Firm(any_engine)


def call(firm: Firm, n: int, minutes: float, quote: str = "软件闪退，一直打不开", **fields: str) -> None:
    started = NOON + timedelta(minutes=minutes)
    firm.record(outage(quote), call_id=f"k{n}", started_at=started, **{"client_id": f"C{n}", **fields})


def test_two_clients_in_the_window_make_one_incident_and_one_alone_makes_none(firm: Firm) -> None:
    call(firm, 1, 0)
    assert firm.incidents.list(principal=DESK).items == ()
    call(firm, 2, 30)
    call(firm, 3, 80)
    (incident,) = firm.incidents.list(principal=DESK).items
    assert (incident.system, incident.tickets, incident.clients, incident.state) == ("app", 3, 3, "open")
    assert incident.last_at - incident.first_at == timedelta(minutes=80)
    assert incident.number.startswith("GZ-")
    assert [t.client_id for t in firm.incidents.tickets(incident.id, principal=DESK)] == ["C1", "C2", "C3"]


def test_the_same_client_twice_is_no_incident(firm: Firm) -> None:
    call(firm, 1, 0)
    call(firm, 2, 5, client_id="C1")
    assert firm.incidents.list(principal=DESK).items == ()


def test_another_system_or_another_time_stays_apart(firm: Firm) -> None:
    call(firm, 1, 0)
    call(firm, 2, 10, "银证转账转不过来")
    call(firm, 3, 200)
    assert firm.incidents.list(principal=DESK).items == ()


def test_calls_in_any_order_lead_to_the_same_incident(firm: Firm) -> None:
    """Two incidents that a late call joins become one; the earlier one stays."""
    for n, minutes in ((1, 0), (2, 20), (3, 130), (4, 140)):
        call(firm, n, minutes)
    first, second = sorted(firm.incidents.list(principal=DESK).items, key=lambda each: each.first_at)
    call(firm, 5, 75)
    (whole,) = firm.incidents.list(principal=DESK).items
    assert (whole.id, whole.tickets, whole.clients) == (first.id, 5, 5)
    assert firm.incidents.get(second.id, principal=DESK).id == first.id


def test_it_tells_what_its_clients_wanted_to_do_and_nothing_of_a_complaint(firm: Firm) -> None:
    call(firm, 1, 0)
    order = wish("order.request", "ticket", "帮我把新能源卖了", turn=5, product="云岭新能源", amount_cny=Decimal(50000))
    buy = wish("fund.buy", "lead", "我想买债基", turn=6)
    firm.record(outage(), order, buy, complaint("我要投诉"), call_id="k2", client_id="C2", started_at=NOON)
    (incident,) = firm.incidents.list(principal=DESK).items
    told = firm.incidents.tickets(incident.id, principal=DESK)[-1].wishes
    assert {(w["intent"], w["product"], w["amount_cny"]) for w in told} == {
        ("order.request", "云岭新能源", "50000"), ("fund.buy", None, None),
    }  # fmt: skip


def test_closing_it_closes_its_tickets_and_a_late_one_stays_open(firm: Firm) -> None:
    call(firm, 1, 0)
    call(firm, 2, 5)
    (incident,) = firm.incidents.list(principal=DESK).items
    with pytest.raises(LeadError, match="cause"):
        firm.incidents.close(incident.id, " ", principal=DESK)
    with pytest.raises(AccessDeniedError):
        firm.incidents.close(incident.id, "主机宕机", principal=advisor("A1"))
    closed, count = firm.incidents.close(incident.id, "主机宕机", principal=DESK)
    assert (closed.state, closed.cause, count) == ("closed", "主机宕机", 2)
    assert firm.desk.list("ticket", principal=DESK).items == ()
    with pytest.raises(LeadError, match="is closed"):
        firm.incidents.close(incident.id, "再来", principal=DESK)
    call(firm, 3, 20)
    (late,) = firm.desk.list("ticket", principal=DESK).items
    assert late.incident_id == incident.id


@pytest.mark.postgres
def test_closing_one_waits_for_a_ticket_on_its_way_and_holds_nothing_that_it_needs(pg_engine: Engine) -> None:
    firm = Firm(pg_engine)
    call(firm, 1, 0)
    call(firm, 2, 5)
    (incident,) = firm.incidents.list(principal=DESK).items
    closing = threading.Thread(target=lambda: firm.incidents.close(incident.id, "主机宕机", principal=DESK))
    with pg_engine.begin() as connection:  # what a new ticket does, step by step
        hold(connection, f"incidents:{incident.system}")
        closing.start()
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while not connection.scalar(waiting):
            time.sleep(0.01)
        connection.execute(select(incidents).with_for_update(nowait=True))
    closing.join(60)
    assert firm.incidents.get(incident.id, principal=DESK).state == "closed"


def test_clients_are_shown_to_those_who_may_see_them(firm: Firm) -> None:
    call(firm, 1, 0)
    call(firm, 5, 5)
    (incident,) = firm.incidents.list(principal=advisor("A1")).items
    assert incident.clients == 2
    seen = {
        who.user_id: [t.client_id for t in firm.incidents.tickets(incident.id, principal=who)]
        for who in (advisor("A2"), supervisor(), OFFICER)
    }
    assert seen == {"A2": ["C5"], "boss": ["C1"], "officer": ["C1", "C5"]}


def test_pages_and_unknown_ones(firm: Firm) -> None:
    for n, minutes in enumerate((0, 200, 400)):
        firm.record(outage(), call_id=f"a{n}", client_id="C1", started_at=NOON + timedelta(minutes=minutes))
        firm.record(outage(), call_id=f"b{n}", client_id="C2", started_at=NOON + timedelta(minutes=minutes))
    first = firm.incidents.list(principal=DESK, limit=2)
    rest = firm.incidents.list(principal=DESK, limit=2, cursor=first.cursor or "")
    times = [each.last_at for each in (*first.items, *rest.items)]
    assert times == sorted(times, reverse=True)
    assert (len(times), rest.cursor) == (3, None)
    with pytest.raises(CursorError):
        firm.incidents.list(principal=DESK, cursor="nonsense")
    with pytest.raises(LeadNotFoundError):
        firm.incidents.get("none", principal=DESK)


@pytest.mark.parametrize(
    ("quote", "system"),
    [("银证转账一直失败", "transfer"), ("赎回的钱还没到账", "transfer"), ("委托一直废单，下不了单", "trade"),
     ("行情不动了", "quotes"), ("登不上去", "login"), ("APP闪退", "app"), ("你们这是怎么了", "other")],
)  # fmt: skip
def test_words_name_the_system(quote: str, system: str) -> None:
    assert load_outages().system_of([quote]) == system
