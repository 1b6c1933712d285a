"""Cases: registered, numbered without a gap, never for the advisors concerned, watched until they are answered."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update

from intent.errors import CursorError, LeadError, LeadNotFoundError
from intent.follow_ups.item import Escalation, FollowUp
from intent.follow_ups.tables import follow_up_events, follow_ups
from knowledge_base.access import AccessDeniedError, Role
from tests.intent.follow_ups.firm import DESK, OFFICER, Firm, advisor, complaint, fails_after, intents, supervisor, wish


@pytest.fixture
def firm(any_engine: Engine) -> Firm:
    return Firm(any_engine)


def a_case(firm: Firm, **fields: str) -> FollowUp:
    return firm.record(complaint(), **fields).follow_ups[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("client_id", "days"), [("C9", 0), ("C4", 0), ("C0", 0), (None, 0), ("C1", 4000)],
    ids=["closed account", "opted out", "unknown client", "no client", "an old call"],
)  # fmt: skip
def test_nothing_suppresses_a_case(firm: Firm, client_id: str | None, days: int) -> None:
    started = datetime.now(UTC) - timedelta(days=days, minutes=2)
    done = firm.record(
        complaint(), wish("fund.buy", "lead", "我想买基金", turn=9), client_id=client_id, started_at=started
    )
    assert done.leads == (), "who may not be offered gives no lead"
    (case,) = firm.desk.list("case", principal=OFFICER).items
    assert case.number is not None
    assert case.number.startswith("TS-")
    assert not hasattr(case, "score"), "a case is never scored"


class TestWhoSees:
    def test_compliance_and_the_supervisor_but_neither_the_speaker_nor_the_clients_advisor(self, firm: Firm) -> None:
        case = a_case(firm, advisor_id="A2")  # A2 took the call, A1 serves the client
        for reader in (OFFICER, supervisor()):
            assert [each.id for each in firm.desk.list("case", principal=reader).items] == [case.id]
            assert firm.desk.events(case.id, principal=reader)[0].event == "opened"
        for denied in (advisor("A1"), advisor("A2"), DESK):
            with pytest.raises(AccessDeniedError):
                firm.desk.list("case", principal=denied)
            with pytest.raises(LeadNotFoundError):
                firm.desk.get(case.id, principal=denied)

    @pytest.mark.parametrize("concerned", ["A1", "A2"])
    @pytest.mark.parametrize("role", [Role.COMPLIANCE, Role.SYSTEM, Role.SUPERVISOR])
    def test_no_other_role_lets_an_advisor_concerned_in(self, firm: Firm, concerned: str, role: Role) -> None:
        case = a_case(firm, advisor_id="A2")
        both = supervisor(concerned, "east", Role.ADVISOR, role)
        assert firm.desk.list("case", principal=both).items == ()
        for act in (firm.desk.get, firm.desk.events):
            with pytest.raises(LeadNotFoundError):
                act(case.id, principal=both)
        with pytest.raises(LeadNotFoundError):
            firm.desk.answer(case.id, "没有这回事", principal=both)

    def test_a_supervisor_of_another_branch_sees_nothing(self, firm: Firm) -> None:
        a_case(firm)
        assert firm.desk.list("case", principal=supervisor("boss2", "west")).items == ()

    def test_its_words_travel_in_no_lead_and_no_ticket(self, firm: Firm) -> None:
        """The client complains of their own advisor to a colleague: the lead goes to the one complained of."""
        worried = wish("loss.anxiety", "lead", "我要投诉你们的客户经理")
        asks = wish("service.account", "ticket", "我要投诉你们的客户经理")
        other = wish("fund.redeem", "lead", "我想全赎了", turn=9)
        firm.record(complaint(), worried, asks, other, advisor_id="A2")
        leads = {lead.intent: lead for lead in firm.store.list(principal=advisor("A1"))}
        assert leads["loss.anxiety"].evidence[0]["quote"] == "（请听录音）"
        assert leads["fund.redeem"].evidence[0]["quote"] == "我想全赎了"
        (ticket,) = firm.desk.list("ticket", principal=advisor("A1")).items
        assert "投诉" not in str(ticket)
        assert "complaint" not in str(ticket)
        (case,) = firm.desk.list("case", principal=OFFICER).items
        assert case.evidence[0]["quote"] == "我要投诉你们的客户经理"


class TestHandling:
    def test_it_goes_from_hand_to_hand_with_its_history(self, firm: Firm) -> None:
        case, boss = a_case(firm), supervisor()
        firm.desk.assign(case.id, boss, principal=OFFICER, why="先了解情况")
        contacted = firm.desk.contact(case.id, "已电话联系客户", principal=boss)
        assert contacted.due_at == contacted.answer_due_at
        with pytest.raises(LeadError, match="not answered yet"):
            firm.desk.close(case.id, "结案", principal=boss)
        firm.desk.answer(case.id, "已书面答复并致歉", principal=boss)
        closed = firm.desk.close(case.id, "客户认可", principal=boss)
        assert (closed.state, closed.handler_id, closed.outcome) == ("closed", "boss", "客户认可")
        assert firm.desk.list("case", principal=OFFICER).items == ()
        again = firm.desk.reopen(case.id, "客户又来电不满", principal=OFFICER)
        assert again.state == "assigned"
        assert again.due_at > datetime.now(UTC)
        told = [(e.event, e.by) for e in firm.desk.events(case.id, principal=OFFICER)]
        assert told == [
            ("opened", "system"), ("assigned", "officer"), ("contacted", "boss"), ("answered", "boss"),
            ("closed", "boss"), ("reopened", "officer"),
        ]  # fmt: skip

    @pytest.mark.parametrize("handler", ["A1", "A2"])
    def test_an_advisor_concerned_is_never_the_handler(self, firm: Firm, handler: str) -> None:
        case = a_case(firm, advisor_id="A2")
        everything = supervisor(handler, "east", Role.COMPLIANCE, Role.ADVISOR, Role.SYSTEM)
        with pytest.raises(LeadError, match="may not handle"):
            firm.desk.assign(case.id, everything, principal=OFFICER)
        assert firm.desk.get(case.id, principal=OFFICER).handler_id is None

    def test_neither_is_another_advisor(self, firm: Firm) -> None:
        with pytest.raises(LeadError, match="may not handle"):
            firm.desk.assign(a_case(firm).id, advisor("A3"), principal=OFFICER)

    def test_an_act_without_words_or_out_of_order_changes_nothing(self, firm: Firm) -> None:
        case = a_case(firm)
        for act in (firm.desk.contact, firm.desk.answer):
            with pytest.raises(LeadError, match="a sentence"):
                act(case.id, "  ", principal=OFFICER)
        with pytest.raises(LeadError, match="is open"):
            firm.desk.reopen(case.id, "x", principal=OFFICER)
        assert len(firm.desk.events(case.id, principal=OFFICER)) == 1


class TestNumbers:
    def test_they_have_no_gap_after_a_failure(self, firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
        first = a_case(firm)

        with monkeypatch.context() as broken:
            broken.setattr(firm.register, "open", fails_after(firm.register.open))
            with pytest.raises(RuntimeError):
                firm.record(complaint(), wish("fund.buy", "lead", "买基金", turn=9), call_id="k2")
        second = a_case(firm, call_id="k3")
        fraud = firm.record(wish("fraud.report", "case", "是不是骗子"), call_id="k4").follow_ups[0]
        assert (first.number or "")[-6:] == "000001"
        assert (second.number or "")[-6:] == "000002"
        assert (fraud.number or "").startswith("JB-")

    def test_calls_recorded_at_once_never_share_one(self, firm: Firm) -> None:
        def take(n: int) -> None:
            for m in range(4):
                a_case(firm, call_id=f"k{n}-{m}", client_id=f"C{n + 1}")

        threads = [threading.Thread(target=take, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        numbers = sorted(item.number or "" for item in firm.desk.list("case", principal=OFFICER).items)
        assert [number[-6:] for number in numbers] == [f"{n:06d}" for n in range(1, 13)]


class TestDeadlines:
    def test_each_is_escalated_once_when_it_nears_and_once_when_it_has_passed(self, firm: Firm) -> None:
        case = a_case(firm)
        assert firm.desk.chase() == 0
        for moved, escalation in (
            (timedelta(minutes=100), Escalation.NEARS),
            (timedelta(minutes=121), Escalation.PASSED),
        ):
            ended = datetime.now(UTC) - moved
            due = ended + timedelta(hours=2)
            look = due if escalation == Escalation.PASSED else due - timedelta(minutes=30)
            with firm.engine.begin() as connection:
                connection.execute(update(follow_ups).values(due_at=due, look_at=look))
            assert firm.desk.chase() == 1
            assert firm.desk.chase() == 0, "a second look, or a second process, changes nothing"
            assert firm.desk.get(case.id, principal=OFFICER).escalation == escalation
        events = [e.event for e in firm.desk.events(case.id, principal=OFFICER)]
        assert events == ["opened", "nearing", "overdue"]

    def test_what_was_answered_is_not_chased(self, firm: Firm) -> None:
        case = a_case(firm)
        firm.desk.answer(case.id, "已答复", principal=OFFICER)
        with firm.engine.begin() as connection:
            connection.execute(update(follow_ups).values(due_at=datetime(2020, 1, 1, tzinfo=UTC)))
        assert firm.desk.chase() == 0

    def test_pages_go_by_deadline_over_all_states(self, firm: Firm) -> None:
        started = datetime.now(UTC) - timedelta(days=3)
        for n in range(7):
            a_case(firm, call_id=f"k{n}")
            with firm.engine.begin() as connection:
                moved = follow_ups.c.call_id == f"k{n}"
                connection.execute(
                    update(follow_ups).where(moved).values(
                        due_at=started + timedelta(hours=(n * 5) % 7), state="assigned" if n % 2 else "open"
                    )
                )  # fmt: skip
        seen: list[datetime] = []
        cursor: str | None = ""
        while cursor is not None:
            page = firm.desk.list("case", principal=OFFICER, cursor=cursor, limit=3)
            seen += [item.due_at for item in page.items]
            cursor = page.cursor
        assert seen == sorted(seen)
        assert len(seen) == 7
        for cursor in ("x", "W10=", "eyJhIjoxfQ==", "é"):
            with pytest.raises(CursorError):
                firm.desk.list("case", principal=OFFICER, cursor=cursor)

    def test_the_history_is_in_the_database_with_every_change(self, firm: Firm) -> None:
        case = a_case(firm)
        firm.desk.contact(case.id, "已联系", principal=OFFICER)
        with firm.engine.connect() as connection:
            rows = connection.execute(select(follow_up_events).order_by(follow_up_events.c.id)).all()
        assert [(row.event, row.by, row.why) for row in rows] == [
            ("opened", "system", "call k1"), ("contacted", "officer", "已联系"),
        ]  # fmt: skip


class TestTickets:
    def test_the_desk_and_the_clients_advisor_work_on_them(self, firm: Firm) -> None:
        ticket = firm.record(wish("service.account", "ticket", "密码忘了"), advisor_id="A2").follow_ups[0]
        assert ticket.number is None
        for reader in (DESK, advisor("A1"), advisor("A2"), supervisor()):
            assert intents(firm.desk.list("ticket", principal=reader).items) == ["service.account"]
        assert firm.desk.list("ticket", principal=advisor("A3")).items == ()
        firm.desk.assign(ticket.id, advisor("A1"), principal=supervisor())
        assert [x.id for x in firm.desk.list("ticket", principal=DESK, handler_id="A1").items] == [ticket.id]
        done = firm.desk.close(ticket.id, "已重置密码", principal=advisor("A1"))
        assert (done.state, done.outcome) == ("closed", "已重置密码")
        assert firm.desk.reopen(ticket.id, "还是登不上", principal=DESK).state == "assigned"

    def test_their_clock_is_the_taxonomys_from_the_end_of_the_call(self, firm: Firm) -> None:
        started = datetime.now(UTC) - timedelta(hours=1)
        ticket = firm.record(wish("service.account", "ticket", "密码忘了"), started_at=started).follow_ups[0]
        assert ticket.due_at - started == timedelta(hours=24, seconds=60)
