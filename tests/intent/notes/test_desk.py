from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from intent.call import Call, CallReading, Evidence, Polarity, Wish
from intent.errors import LeadError, LeadNotFoundError, NoteConflictError
from intent.leads.lead import ClientStanding
from intent.leads.store import LeadStore
from intent.leads.webhooks import cloud_event
from intent.notes.desk import NoteDesk, StoredNote, Task
from intent.notes.tables import call_note_texts, metadata
from jobs.outbox import Outbox
from jobs.tables import metadata as jobs_metadata
from knowledge_base.access import AccessDeniedError, Principal, Role, system_principal
from knowledge_base.tables import metadata as firm_metadata
from tests.intent.notes.talk import TAXONOMY, TUESDAY, call, note_of

SYSTEM = system_principal()
ADVISOR = Principal(user_id="A1", roles=frozenset({Role.ADVISOR}))
OTHER = Principal(user_id="A2", roles=frozenset({Role.ADVISOR}))
EAST = Principal(user_id="S1", roles=frozenset({Role.SUPERVISOR}), branches=frozenset({"east"}))
WEST = Principal(user_id="S2", roles=frozenset({Role.SUPERVISOR}), branches=frozenset({"west"}))
CRM = Principal(user_id="crm", roles=frozenset({Role.CRM}))
SAID = ("a:您好。", "c:我想开港股通。", "a:我把资料发您，佣金我明天给您答复。", "c:好。")


class Directory:
    """Every client is A1's, in branch east."""

    def standing(self, client_id: str) -> ClientStanding | None:
        return ClientStanding(advisor_id="A1", branch="east")


@pytest.fixture
def store(engine: Engine) -> LeadStore:
    jobs_metadata.create_all(engine)
    metadata.create_all(engine)
    firm_metadata.create_all(engine)
    return LeadStore(engine, taxonomy=TAXONOMY, directory=Directory())


@pytest.fixture
def desk(store: LeadStore) -> NoteDesk:
    record(store, "k1")
    return NoteDesk(store)


def record(store: LeadStore, call_id: str, *wishes: Wish, **fields: Any) -> Call:
    heard = replace(call(*SAID), id=call_id, **fields)
    reading = CallReading(call_id=call_id, wishes=wishes, note=note_of(*SAID))
    store.record(reading, heard, principal=SYSTEM)
    return heard


def confirmed(desk: NoteDesk, principal: Principal = ADVISOR, **fields: Any) -> StoredNote:
    return desk.confirm("k1", principal=principal, **fields)


def sent(store: LeadStore) -> list[dict[str, Any]]:
    return [dict(m.payload) for m in Outbox(store.engine).pending() if m.payload["type"] == "note.confirmed"]


def test_a_recorded_call_has_a_draft(store: LeadStore, desk: NoteDesk) -> None:
    note = desk.get("k1", principal=ADVISOR)
    assert (note.state, note.version, note.text_by, note.confirmed_by) == ("draft", 1, "extractive", None)
    assert note.text == note.draft == note_of(*SAID).text
    assert [each["act"] for each in note.content["promised"]] == ["send", "call"]
    assert store.call("k1", principal=ADVISOR)["note"] == note.draft
    assert sent(store) == []


def test_a_call_recorded_twice_has_one_note_and_its_tasks_once(store: LeadStore, desk: NoteDesk) -> None:
    record(store, "k1")
    assert len(desk.tasks(principal=SYSTEM)) == 2


def test_a_confirmed_note_goes_to_the_crm_once(store: LeadStore, desk: NoteDesk) -> None:
    first = confirmed(desk)
    assert (first.state, first.version, first.confirmed_by) == ("confirmed", 1, "A1")
    assert confirmed(desk) == confirmed(desk, EAST) == first
    (event,) = sent(store)
    assert (event["id"], event["text"], event["edited"], event["version"]) == ("k1", first.text, False, 1)
    assert event["promised"][1]["due"]["at"] == "2026-09-16T23:59:00+08:00"
    message = next(m for m in Outbox(store.engine).pending() if m.payload["type"] == "note.confirmed")
    assert (message.topic, message.key) == ("lead", "C1")
    assert cloud_event(message)["type"] == "note.confirmed"


def test_the_sequence_of_a_client_grows_over_leads_and_notes(store: LeadStore, desk: NoteDesk) -> None:
    wish = Wish(
        intent="permission.hk", goes_to="lead", polarity=Polarity.INTEREST, confidence=0.9,
        evidence=(Evidence(turn=1, quote="我想开港股通。", start_s=5.0, end_s=9.0),),
    )  # fmt: skip
    record(store, "k2", wish)
    record(store, "k3")
    desk.confirm("k2", principal=ADVISOR)
    desk.confirm("k3", principal=ADVISOR)
    numbers = [m.payload["sequence"] for m in Outbox(store.engine).pending()]
    assert numbers == sorted(set(numbers))


def test_an_edited_text_stands_beside_the_draft(store: LeadStore, desk: NoteDesk) -> None:
    note = confirmed(desk, text=" 客户想开港股通，明天答复佣金。\n", version=1)
    assert (note.version, note.text, note.text_by) == (2, "客户想开港股通，明天答复佣金。", "A1")
    assert note.draft == note_of(*SAID).text
    assert sent(store)[0]["edited"]
    with store.engine.connect() as connection:
        assert connection.scalars(select(call_note_texts.c.version)).all() == [1, 2]


def test_what_somebody_else_changed_is_not_overwritten(store: LeadStore, desk: NoteDesk) -> None:
    confirmed(desk, EAST, text="主管的话", version=1)
    for version in (1, None):
        with pytest.raises(NoteConflictError, match=r"S1 confirmed it, version 2.*read it again"):
            confirmed(desk, text="我的话", version=version)
    assert confirmed(desk, text="我的话", version=2).version == 3
    assert [event["version"] for event in sent(store)] == [2, 3]
    assert isinstance(NoteConflictError("x"), LeadError)  # which the API answers with 409


def test_a_draft_is_confirmed_in_the_version_that_was_read(desk: NoteDesk) -> None:
    with pytest.raises(NoteConflictError, match="it is a draft, version 1"):
        confirmed(desk, version=2)


@pytest.mark.parametrize("who", [OTHER, WEST])
def test_a_note_shows_to_those_who_see_the_call(desk: NoteDesk, who: Principal) -> None:
    with pytest.raises(LeadNotFoundError):
        desk.get("k1", principal=who)
    with pytest.raises(LeadNotFoundError):
        confirmed(desk, who)
    assert desk.tasks(principal=who) == ()


def test_whoever_reads_along_does_not_confirm(desk: NoteDesk) -> None:
    assert desk.get("k1", principal=CRM).state == "draft"
    with pytest.raises(AccessDeniedError):
        confirmed(desk, CRM)
    with pytest.raises(AccessDeniedError):
        desk.close(desk.tasks(principal=CRM)[0].id, principal=CRM)


def test_tasks_come_in_order_of_their_due_date(store: LeadStore, desk: NoteDesk) -> None:
    record(store, "k2", advisor_id="A2")
    mine = desk.tasks(principal=ADVISOR)
    assert [(task.act, task.due_said) for task in mine] == [("call", "明天"), ("send", None)]
    assert mine[0].evidence[0]["turn"] == 2
    assert len(desk.tasks(principal=SYSTEM)) == 4
    assert {task.advisor_id for task in desk.tasks(principal=EAST, advisor_id="A2")} == {"A2"}


def test_due_before_leaves_out_later_and_undated_tasks(desk: NoteDesk) -> None:
    assert len(desk.tasks(principal=ADVISOR, due_before=TUESDAY + timedelta(days=2))) == 1
    assert desk.tasks(principal=ADVISOR, due_before=TUESDAY + timedelta(hours=1)) == ()


def closed(desk: NoteDesk, outcome: str = "done", who: Principal = ADVISOR) -> Task:
    task = next(t for state in ("open", "done") for t in desk.tasks(principal=SYSTEM, state=state) if t.act == "call")
    return desk.close(task.id, principal=who, outcome=outcome)


def test_a_task_is_closed_once(desk: NoteDesk) -> None:
    done = closed(desk)
    assert (done.state, done.closed_by) == ("done", "A1")
    assert closed(desk, who=EAST) == done
    with pytest.raises(NoteConflictError, match="closed as done by A1"):
        closed(desk, "wrong")
    assert [task.act for task in desk.tasks(principal=ADVISOR)] == ["send"]


def test_another_outcome_and_an_unknown_task_are_refused(desk: NoteDesk) -> None:
    with pytest.raises(NoteConflictError, match="use done or wrong"):
        closed(desk, "later")
    with pytest.raises(LeadNotFoundError):
        desk.close("nothing", principal=ADVISOR)


def test_of_two_who_change_a_note_at_once_one_is_told(any_engine: Engine) -> None:
    jobs_metadata.create_all(any_engine)
    metadata.create_all(any_engine)
    store = LeadStore(any_engine, taxonomy=TAXONOMY, directory=Directory())
    record(store, "k1")
    desk, start, told = NoteDesk(store), threading.Barrier(2), []

    def change(who: Principal) -> None:
        start.wait()
        try:
            desk.confirm("k1", principal=who, text=f"{who.user_id}的话", version=1)
        except NoteConflictError as error:
            told.append(str(error))

    both = [threading.Thread(target=change, args=(who,)) for who in (ADVISOR, EAST)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    note = desk.get("k1", principal=SYSTEM)
    assert (len(told), note.version, note.text) == (1, 2, f"{note.confirmed_by}的话")
    assert len(sent(store)) == 1
    assert [task.act for task in desk.tasks(principal=ADVISOR)] == ["call", "send"]
