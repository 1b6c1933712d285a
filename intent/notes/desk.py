"""The life of a note: a draft that a person confirms, which sends it to the CRM; and the tasks of advisors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, select, update

from intent.errors import LeadNotFoundError, NoteConflictError
from intent.leads.queue import TOPIC, LeadQueue, visible
from intent.leads.tables import calls
from intent.notes.tables import call_note_texts, call_notes, call_tasks
from jobs.clock import database_now
from jobs.locks import begin_writing
from jobs.outbox import Outbox
from knowledge_base.access import AccessDeniedError, Principal, Role

DRAFT, CONFIRMED = "draft", "confirmed"
OPEN, OUTCOMES = "open", ("done", "wrong")  # wrong: nobody promised it, the note misread
MOST = 1000  # tasks a page


@dataclass(frozen=True, kw_only=True)
class StoredNote:
    """A note as it stands, with the draft beside the text that is in force."""

    call_id: str
    client_id: str | None
    advisor_id: str | None
    branch: str | None
    state: str  # draft | confirmed
    version: int  # of `text`; 1 is the draft
    draft: str
    text: str
    text_by: str  # who wrote `text`; "extractive" or a chat model's name for a draft
    content: Mapping[str, Any]  # the structured note: purpose, facts, promised, client_promised, next_steps
    confirmed_by: str | None
    confirmed_at: datetime | None
    sequence: int | None  # of the client's events, once it was sent
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class PastCall:
    """A call of a client, in a line."""

    id: str
    at: datetime  # when it ended
    duration_s: float
    note: str


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something an advisor promised in a call, or a call that somebody must listen to (`act` is listen)."""

    id: str
    call_id: str
    client_id: str | None
    advisor_id: str | None
    branch: str | None
    act: str
    what: str
    due_at: datetime | None
    due_precision: str | None  # minute | part | day
    due_said: str | None
    evidence: tuple[Mapping[str, Any], ...]
    state: str  # open | done | wrong
    closed_by: str | None
    closed_at: datetime | None
    created_at: datetime


class NoteDesk:
    """Shows and confirms notes, lists and closes tasks. Rights are those of leads."""

    def __init__(self, queue: LeadQueue) -> None:
        self._queue, self._engine, self._outbox = queue, queue.engine, Outbox(queue.engine)

    def get(self, call_id: str, *, principal: Principal) -> StoredNote:
        """Raises LeadNotFoundError when there is no such note that the principal may see."""
        with self._engine.connect() as connection:
            return _get(connection, call_id, principal)

    def confirm(
        self, call_id: str, *, principal: Principal, text: str | None = None, version: int | None = None
    ) -> StoredNote:
        """Put a note in force, with another text where one is given, and send it to the CRM.

        The advisor of the call, or a supervisor of the branch. `version`: the one that was read; needed to change a
        note that is confirmed. Confirming once more what stands changes nothing and sends nothing.
        Raises NoteConflictError when somebody else changed the note meanwhile, LeadNotFoundError, AccessDeniedError.
        """
        with self._writing() as (connection, now):
            note = _get(connection, call_id, principal, lock=True)
            _require_own(note, principal)
            wanted = note.text if text is None else text.strip()
            if note.state == CONFIRMED and wanted == note.text:
                return note
            if version != note.version and (note.state == CONFIRMED or version is not None):
                raise NoteConflictError(_changed(note))
            return self._confirmed(connection, note, wanted, principal, now)

    def tasks(
        self,
        *,
        principal: Principal,
        advisor_id: str | None = None,
        client_id: str | None = None,
        due_before: datetime | None = None,
        state: str = OPEN,
        limit: int = 100,
    ) -> tuple[Task, ...]:
        """Tasks that the principal may see, the first due first and those without a time last.

        due_before: only what is due before it, aware; tasks without a time are left out then.
        """
        query = select(call_tasks).where(visible(principal, call_tasks), call_tasks.c.state == state)
        if advisor_id is not None:
            query = query.where(call_tasks.c.advisor_id == advisor_id)
        if client_id is not None:
            query = query.where(call_tasks.c.client_id == client_id)
        if due_before is not None:
            query = query.where(call_tasks.c.due_at < due_before)
        order = (call_tasks.c.due_at.is_(None), call_tasks.c.due_at, call_tasks.c.id)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(*order).limit(max(1, min(limit, MOST)))).all()
        return tuple(_task(row) for row in rows)

    def last_calls(self, client_id: str, *, principal: Principal, limit: int) -> tuple[PastCall, ...]:
        """The latest calls of a client that the principal may see, with the note in force; the latest first."""
        in_force = and_(call_note_texts.c.call_id == calls.c.id, call_note_texts.c.version == call_notes.c.version)
        query = (
            select(calls.c.id, calls.c.ended_at, calls.c.duration_s, calls.c.note, call_note_texts.c.text)
            .outerjoin(call_notes, call_notes.c.call_id == calls.c.id)
            .outerjoin(call_note_texts, in_force)
            .where(visible(principal, calls), calls.c.client_id == client_id)
            .order_by(calls.c.ended_at.desc(), calls.c.id.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return tuple(
            PastCall(id=row.id, at=row.ended_at, duration_s=row.duration_s, note=row.text or row.note) for row in rows
        )

    def postpone(self, task_id: str, until: datetime, *, principal: Principal) -> tuple[Task, Task]:
        """Give an open task another time, aware and still to come; the task before and after.

        Raises NoteConflictError for a time that is past or a task that is closed, LeadNotFoundError, AccessDeniedError.
        """
        with self._writing() as (connection, now):
            task = _own_task(connection, task_id, principal)
            if task.state != OPEN:
                raise NoteConflictError(f"The task {task_id} was closed as {task.state} by {task.closed_by}: leave it.")
            if until <= now:
                raise NoteConflictError("A task cannot be put off to the past: name a time that is still to come.")
            values = {"due_at": until, "due_precision": "minute"}
            changed = update(call_tasks).where(call_tasks.c.id == task_id).values(values)
            return task, _task(connection.execute(changed.returning(*call_tasks.c)).one())

    def close(self, task_id: str, *, principal: Principal, outcome: str = "done") -> Task:
        """Close a task as done, or as wrong where nobody promised it; the same outcome twice changes nothing.

        Raises NoteConflictError for another outcome than it was closed with, LeadNotFoundError, AccessDeniedError.
        """
        if outcome not in OUTCOMES:
            raise NoteConflictError(f"There is no outcome {outcome}: use {' or '.join(OUTCOMES)}.")
        with self._writing() as (connection, now):
            task = _own_task(connection, task_id, principal)
            if task.state == outcome:
                return task
            if task.state != OPEN:
                raise NoteConflictError(f"The task {task_id} was closed as {task.state} by {task.closed_by}: leave it.")
            values = {"state": outcome, "closed_by": principal.user_id, "closed_at": now}
            changed = update(call_tasks).where(call_tasks.c.id == task_id).values(values)
            return _task(connection.execute(changed.returning(*call_tasks.c)).one())

    def _confirmed(
        self, connection: Connection, note: StoredNote, text: str, principal: Principal, now: datetime
    ) -> StoredNote:
        version = note.version
        if text != note.text:
            version += 1
            connection.execute(
                insert(call_note_texts).values(
                    call_id=note.call_id, version=version, text=text, by=principal.user_id, at=now
                )
            )
        values: dict[str, Any] = {
            "state": CONFIRMED, "version": version, "confirmed_by": principal.user_id, "confirmed_at": now,
        }  # fmt: skip
        if note.client_id is not None:
            values["sequence"] = self._queue.next_sequence(connection, note.client_id)
        connection.execute(update(call_notes).where(call_notes.c.call_id == note.call_id).values(values))
        after = _get(connection, note.call_id, principal)
        event = {"type": "note.confirmed", "event": "confirmed", **event_body(after)}
        self._outbox.add(connection, TOPIC, after.client_id, event)
        return after

    @contextmanager
    def _writing(self) -> Iterator[tuple[Connection, datetime]]:
        with self._engine.begin() as connection:
            begin_writing(connection)
            yield connection, database_now(connection)


def event_body(note: StoredNote) -> dict[str, Any]:
    """A confirmed note as the CRM gets it; like a lead's event it holds what was said in the call."""
    return {
        "id": note.call_id,
        "call_id": note.call_id,
        "client_id": note.client_id,
        "advisor_id": note.advisor_id,
        "version": note.version,
        "edited": note.text != note.draft,
        "text": note.text,
        "promised": note.content["promised"],
        "client_promised": note.content["client_promised"],
        "confirmed_by": note.confirmed_by,
        "confirmed_at": note.confirmed_at.isoformat() if note.confirmed_at else None,
        "sequence": note.sequence,
    }


def _get(connection: Connection, call_id: str, principal: Principal, *, lock: bool = False) -> StoredNote:
    query = select(call_notes).where(call_notes.c.call_id == call_id, visible(principal, call_notes))
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise LeadNotFoundError(f"There is no note of a call {call_id} that {principal.user_id} may see.")
    kept = select(call_note_texts).where(
        call_note_texts.c.call_id == call_id, call_note_texts.c.version.in_((1, row.version))
    )
    texts = {each.version: each for each in connection.execute(kept)}
    current = texts[row.version]
    return StoredNote(**row._mapping, draft=texts[1].text, text=current.text, text_by=current.by)


def _own_task(connection: Connection, task_id: str, principal: Principal) -> Task:
    query = select(call_tasks).where(call_tasks.c.id == task_id, visible(principal, call_tasks))
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None:
        raise LeadNotFoundError(f"There is no task {task_id} that {principal.user_id} may see.")
    task = _task(row)
    _require_own(task, principal)
    return task


def _require_own(item: StoredNote | Task, principal: Principal) -> None:
    """The advisor who spoke, or a supervisor who sees the branch; whoever merely reads along may not."""
    own = principal.has(Role.ADVISOR) and item.advisor_id == principal.user_id
    supervises = principal.has(Role.SUPERVISOR) and item.branch in principal.branches
    if not (own or supervises or principal.has(Role.SYSTEM)):
        raise AccessDeniedError(
            f"{principal.user_id} may not change this: it is for the advisor of the call or a supervisor of the branch."
        )


def _changed(note: StoredNote) -> str:
    who = f"{note.confirmed_by} confirmed it" if note.state == CONFIRMED else "it is a draft"
    return (
        f"The note of the call {note.call_id} is not the one you read ({who}, version {note.version}): "
        f"read it again and send version {note.version} with your text."
    )


def _task(row: Row[Any]) -> Task:
    fields = dict(row._mapping)
    return Task(**{**fields, "evidence": tuple(fields["evidence"])})
