"""The board: own leads by deadline, claim, outcome with a reason, another hand, and counts with a bound."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, update

from intent.board.desk import BoardDesk
from intent.board.team import TeamDesk, monday
from intent.errors import CursorError, LeadError, LeadNotFoundError
from intent.leads.lead import Lead
from intent.leads.tables import leads
from intent.settings import BoardSettings
from knowledge_base.access import AccessDeniedError, Principal, Role
from knowledge_base.consents import ConsentState, Proof, Purpose
from knowledge_base.tables import advisors, clients
from tests.intent.follow_ups.firm import OFFICER, SYSTEM, Firm, advisor, supervisor, wish

A1, A3, BOSS = advisor("A1"), advisor("A3"), supervisor()


@pytest.fixture
def firm(any_engine: Engine) -> Firm:
    return Firm(any_engine)


@pytest.fixture
def board(firm: Firm) -> BoardDesk:
    return BoardDesk(firm.store, firm.clients, firm.directory, BoardSettings(page=3))


def a_lead(firm: Firm, call_id: str = "k1", client_id: str = "C1", hours: float = 0, intent: str = "fund.buy") -> Lead:
    """A lead of a call that ended so many hours ago; it is due after 24."""
    started = datetime.now(UTC) - timedelta(hours=hours)
    return firm.record(wish(intent, "lead", "想买"), call_id=call_id, client_id=client_id, started_at=started).leads[0]


class TestOwnLeads:
    def test_the_overdue_come_first_and_pages_go_on(self, firm: Firm, board: BoardDesk) -> None:
        for n, (client_id, hours) in enumerate((("C1", 2), ("C2", 50), ("C3", 30), ("C1", 10))):
            a_lead(firm, f"k{n}", client_id, hours, "fund.buy" if n < 3 else "fund.sip")
        first = board.page("todo", principal=A1)
        rest = board.page("todo", principal=A1, cursor=first.cursor or "")
        assert [lead.client_id for lead in first.leads] == ["C2", "C3", "C1"]
        assert first.leads[0].due_at < datetime.now(UTC)
        assert [lead.intent for lead in rest.leads] == ["fund.sip"]
        assert rest.cursor is None

    def test_what_is_claimed_stays_contacted_and_done_move_on(self, firm: Firm, board: BoardDesk) -> None:
        first, second = a_lead(firm), a_lead(firm, "k2", "C2")
        board.claim(first.id, principal=A1)
        assert len(board.page("todo", principal=A1).leads) == 2
        board.outcome(first.id, "contacted", principal=A1)
        assert [lead.id for lead in board.page("contacted", principal=A1).leads] == [first.id]
        board.outcome(first.id, "won", principal=A1)
        board.claim(second.id, principal=A1)
        board.outcome(second.id, "lost", principal=A1)
        assert [lead.id for lead in board.page("done", principal=A1).leads] == [second.id, first.id]
        assert board.page("todo", principal=A1).leads == ()

    def test_nobody_else_sees_them(self, firm: Firm, board: BoardDesk) -> None:
        lead = a_lead(firm)
        assert board.page("todo", principal=A3, advisor_id="A1").leads == ()
        assert board.page("todo", principal=supervisor("b", "west"), advisor_id="A1").leads == ()
        assert len(board.page("todo", principal=BOSS, advisor_id="A1").leads) == 1
        for other in (A3, supervisor("b", "west")):
            with pytest.raises(LeadNotFoundError):
                board.claim(lead.id, principal=other)
        with pytest.raises(AccessDeniedError):
            board.claim(lead.id, principal=OFFICER)

    def test_who_refused_since_is_neither_shown_nor_claimed(self, firm: Firm, board: BoardDesk) -> None:
        lead = a_lead(firm)
        proof = Proof(source="staff", why="客户来电")
        firm.consents.record("C1", Purpose.CONTACT, ConsentState.WITHDRAWN, proof, principal=A1)
        page = board.page("todo", principal=A1)
        assert (page.leads, page.kept_back) == ((), 0)
        with pytest.raises(LeadError, match="may not be contacted"):
            board.claim(lead.id, principal=A1)
        assert firm.store.get(lead.id, principal=SYSTEM).state.value == "withdrawn"

    def test_a_closed_account_counts_at_the_claim_too(self, firm: Firm, board: BoardDesk) -> None:
        lead = a_lead(firm)
        with firm.engine.begin() as connection:
            connection.execute(update(clients).values(account_state="closed"))
        page = board.page("todo", principal=A1)
        assert (page.leads, page.kept_back) == ((), 1)
        with pytest.raises(LeadError, match="may not be contacted"):
            board.claim(lead.id, principal=A1)

    def test_an_unknown_view_and_a_foreign_cursor_are_refused(self, board: BoardDesk) -> None:
        with pytest.raises(LeadError, match="no view"):
            board.page("all", principal=A1)
        with pytest.raises(CursorError):
            board.page("todo", principal=A1, cursor="zzz")


class TestClaimAndOutcome:
    def test_one_holds_it_and_a_lease_that_ran_out_frees_it(self, firm: Firm, board: BoardDesk) -> None:
        lead = a_lead(firm)
        taken = board.claim(lead.id, principal=A1)
        assert taken.lease_until is not None
        assert taken.lease_until - datetime.now(UTC) > timedelta(hours=7)
        with pytest.raises(LeadError, match="faster"):
            board.claim(lead.id, principal=BOSS)
        with pytest.raises(LeadError, match="somebody else"):
            board.outcome(lead.id, "won", principal=BOSS)
        assert board.claim(lead.id, principal=A1).owner == "A1", "again is no mistake"
        with firm.engine.begin() as connection:
            connection.execute(update(leads).values(lease_until=datetime(2020, 1, 1, tzinfo=UTC)))
        assert board.claim(lead.id, principal=BOSS).owner == "boss"

    def test_wrong_needs_a_reason_and_keeps_its_words(self, firm: Firm, board: BoardDesk) -> None:
        lead = a_lead(firm)
        board.claim(lead.id, principal=A1)
        for nothing in ("", "  "):
            with pytest.raises(LeadError, match="a reason"):
                board.outcome(lead.id, "wrong", principal=A1, reason=nothing)
        done = board.outcome(lead.id, "wrong", principal=A1, reason="misheard")
        assert (done.state.value, done.reason) == ("wrong", "听写有误，客户没这么说")
        told = [(e.event, e.by) for e in firm.store.events(lead.id, principal=A1)]
        assert told == [("created", "system"), ("claimed", "A1"), ("acked", "A1")]


class TestAnotherHand:
    def test_a_supervisor_gives_leads_to_an_advisor_of_the_branch(self, firm: Firm, board: BoardDesk) -> None:
        lead, other = a_lead(firm), a_lead(firm, "k2", "C2")
        board.claim(lead.id, principal=A1)
        given = board.reassign([lead.id, other.id, lead.id], "A3", principal=BOSS, why="休假")
        assert {x.advisor_id for x in given} == {"A3"}
        assert {x.owner for x in given} == {None}
        assert len(board.page("todo", principal=A3).leads) == 2
        assert board.page("todo", principal=A1).leads == ()
        assert firm.store.events(lead.id, principal=BOSS)[-1].why == "A1 -> A3 休假"
        assert board.claim(lead.id, principal=A3).owner == "A3"

    def test_all_or_none(self, firm: Firm, board: BoardDesk) -> None:
        lead, closed = a_lead(firm), a_lead(firm, "k2", "C2")
        board.claim(closed.id, principal=A1)
        board.outcome(closed.id, "won", principal=A1)
        with pytest.raises(LeadError, match="is won"):
            board.reassign([lead.id, closed.id], "A3", principal=BOSS)
        assert firm.store.get(lead.id, principal=BOSS).advisor_id == "A1"

    def test_advice_goes_to_a_registered_adviser_only(self, firm: Firm, board: BoardDesk) -> None:
        lead = a_lead(firm, intent="stock.advice")
        with pytest.raises(LeadError, match="for advice a registered adviser"):
            board.reassign([lead.id], "A3", principal=BOSS)
        with pytest.raises(LeadError, match="only a registered adviser"):
            board.claim(lead.id, principal=BOSS)
        with firm.engine.begin() as connection:  # the registration ended after the lead was given
            connection.execute(update(advisors).values(registered_adviser=False))
        with pytest.raises(LeadError, match="only a registered adviser"):
            board.claim(lead.id, principal=A1)
        assert firm.store.get(lead.id, principal=SYSTEM).state.value == "new"

    def test_a_line_that_somebody_does_not_serve_is_not_given_to_them(self, firm: Firm, board: BoardDesk) -> None:
        with firm.engine.begin() as connection:
            connection.execute(update(advisors).where(advisors.c.id == "A3").values(lines=["margin"]))
        lead = a_lead(firm)
        with pytest.raises(LeadError, match="serves the line fund"):
            board.reassign([lead.id], "A3", principal=BOSS)

    def test_what_its_client_refused_since_is_withdrawn_and_not_given(self, firm: Firm, board: BoardDesk) -> None:
        lead, other = a_lead(firm), a_lead(firm, "k2", "C2")
        with firm.engine.begin() as connection:
            connection.execute(update(clients).where(clients.c.id == "C1").values(account_state="closed"))
        given = board.reassign([lead.id, other.id], "A3", principal=BOSS)
        assert {x.client_id: x.state.value for x in given} == {"C1": "withdrawn", "C2": "offered"}

    def test_a_lead_that_is_offered_again_has_no_outcome_yet(self, firm: Firm, board: BoardDesk) -> None:
        lead = a_lead(firm)
        board.claim(lead.id, principal=A1)
        board.outcome(lead.id, "wrong", principal=A1, reason="misheard")
        firm.store.requeue(lead.id, principal=BOSS, why="听过录音，是真的")
        assert [x.id for x in board.page("todo", principal=A1).leads] == [lead.id]
        assert board.page("done", principal=A1).leads == ()
        assert TeamDesk(firm.store, firm.clients).team(principal=BOSS).members[0].wrong == 0

    @pytest.mark.parametrize(
        ("who", "to"), [(A1, "A3"), (OFFICER, "A3"), (BOSS, "A2"), (BOSS, "nobody"), (supervisor("b", "west"), "A3")]
    )
    def test_who_may_not(self, firm: Firm, board: BoardDesk, who: Principal, to: str) -> None:
        lead = a_lead(firm)
        with pytest.raises(AccessDeniedError):
            board.reassign([lead.id], to, principal=who)


class TestTeam:
    def test_it_counts_by_advisor_those_with_overdue_leads_first(self, firm: Firm, board: BoardDesk) -> None:
        overdue = a_lead(firm, "k1", "C1", hours=50)
        won = a_lead(firm, "k2", "C2")
        a_lead(firm, "k3", "C3")
        for lead, outcome in ((won, "won"), (overdue, None)):
            board.claim(lead.id, principal=A1)
            if outcome:
                board.outcome(lead.id, outcome, principal=A1)
        found = TeamDesk(firm.store, firm.clients).team(principal=BOSS)
        first = found.members[0]
        assert (first.advisor_id, first.open, first.overdue, first.claimed, first.won) == ("A1", 2, 1, 1, 1)
        assert {m.advisor_id for m in found.members} == {"A1", "A3", "-"}, "another branch is not shown"
        with pytest.raises(AccessDeniedError):
            TeamDesk(firm.store, firm.clients).team(principal=A1)

    def test_last_weeks_outcomes_do_not_count_and_no_count_passes_its_bound(self, firm: Firm, board: BoardDesk) -> None:
        for n in range(12):
            a_lead(firm, f"k{n}", "C1", intent="fund.buy")
            with firm.engine.begin() as connection:
                connection.execute(update(leads).values(intent=f"x{n}").where(leads.c.intent == "fund.buy"))
        old = a_lead(firm, "k99", "C2")
        board.claim(old.id, principal=A1)
        board.outcome(old.id, "won", principal=A1)
        with firm.engine.begin() as connection:
            last_week = monday(datetime.now(UTC)) - timedelta(minutes=1)
            connection.execute(update(leads).where(leads.c.id == old.id).values(updated_at=last_week))
        found = TeamDesk(firm.store, firm.clients, BoardSettings(most_counted=10)).team(principal=BOSS)
        assert (found.members[0].open, found.members[0].won, found.bound) == (10, 0, 10)

    def test_leads_of_nobody_are_the_branchs(self, firm: Firm, board: BoardDesk) -> None:
        a_lead(firm)
        with firm.engine.begin() as connection:
            connection.execute(update(leads).values(advisor_id=None))
        nobody = TeamDesk(firm.store, firm.clients).team(principal=BOSS).members[0]
        assert (nobody.advisor_id, nobody.open) == ("-", 1)
        (lead,) = board.page("todo", principal=BOSS, advisor_id="-").leads
        assert board.reassign([lead.id], "A3", principal=BOSS)[0].advisor_id == "A3"


def many(engine: Engine, count: int) -> None:
    """So many leads of forty advisors, one in five closed."""
    now, states = datetime.now(UTC), ("new", "claimed", "contacted", "won", "new")
    rows: list[dict[str, Any]] = [
        {
            "id": f"{n:032x}", "client_id": f"C{n % 5 + 1}", "advisor_id": None if n % 41 == 40 else f"A{n % 41 + 1}",
            "branch": "east" if n % 2 else "west", "intent": "fund.buy", "product": "", "line": "fund",
            "state": states[n % 5], "confidence": 0.9, "score": 0.5, "urgency": "normal", "evidence": [],
            "sequence": n, "disposition": states[n % 5] if n % 5 in (2, 3) else None,
            "due_at": now + timedelta(minutes=n % 9999 - 3000), "first_seen_at": now, "last_seen_at": now,
            "updated_at": now - timedelta(minutes=n % 20_000),
        }
        for n in range(count)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(leads), rows)
        connection.exec_driver_sql("ANALYZE")


def test_no_page_reads_all_leads(engine: Engine) -> None:
    """Every statement of the board finds its leads by an index, at any number of them (SQLite's own plan)."""
    firm = Firm(engine)
    many(engine, 20_000)
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, sql, args, _x, _m: asked.append((sql, args)))
    board = BoardDesk(firm.store, firm.clients, firm.directory)
    both = supervisor("A1", "east", Role.ADVISOR)
    for who, whose in ((A1, None), (both, None), (both, "A3"), (BOSS, "A1"), (BOSS, "-"), (SYSTEM, "A1")):
        for view in ("todo", "contacted", "done"):
            page = board.page(view, principal=who, advisor_id=whose)
            board.page(view, principal=who, advisor_id=whose, cursor=page.cursor or "")
    team = TeamDesk(firm.store, firm.clients)
    for who in (BOSS, SYSTEM):
        team.team(principal=who)
    with engine.connect() as connection:
        plans = [
            (sql, row[3])
            for sql, args in tuple(asked)
            if "FROM leads" in sql
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", args)
        ]
    assert len(asked) > 60
    assert [(plan, sql) for sql, plan in plans if plan.startswith("SCAN leads")] == []
    sorted_anew = [plan for sql, plan in plans if "TEMP B-TREE FOR ORDER BY" in plan]
    assert sorted_anew == [], "the order comes from the index, too"
