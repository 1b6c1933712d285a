"""The desk of cases and tickets: list, assign, contact, answer, close, reopen, and the watch over deadlines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from intent.classifier.taxonomy import Taxonomy
from intent.errors import LeadError, LeadNotFoundError
from intent.follow_ups.access import CASE_READERS, SERVICE_DESK, may_handle, visible
from intent.follow_ups.deadlines import Deadlines
from intent.follow_ups.events import history, tell
from intent.follow_ups.item import UNFINISHED, Escalation, FollowUp, FollowUpEvent, Kind, State, follow_up_of
from intent.follow_ups.pages import by_deadline, decode, encode
from intent.follow_ups.tables import follow_ups
from jobs.clock import database_now
from jobs.locks import begin_writing
from knowledge_base.access import Principal

MOST = 200  # follow-ups a page
A_SWEEP = 500  # deadlines looked at in one transaction
BEFORE_ANSWER = (State.OPEN, State.ASSIGNED)
WATCH = "deadlines"  # who escalates
_row = follow_ups.c


@dataclass(frozen=True, kw_only=True)
class FollowUpPage:
    """A page of follow-ups, the most urgent first; no cursor where it is the last."""

    items: tuple[FollowUp, ...]
    cursor: str | None


class FollowUpDesk:
    """Every change is an event with who, when and why, in one transaction."""

    def __init__(self, engine: Engine, *, taxonomy: Taxonomy, deadlines: Deadlines) -> None:
        self.engine = engine
        self._taxonomy, self.deadlines = taxonomy, deadlines

    def list(
        self, kind: str, *, principal: Principal, states: Sequence[str] = UNFINISHED, handler_id: str | None = None,
        cursor: str = "", limit: int = 50,
    ) -> FollowUpPage:  # fmt: skip
        """Cases, tickets or consents that the principal may see. Raises AccessDeniedError, CursorError."""
        principal.require(f"read {kind}s", *(CASE_READERS if kind == Kind.CASE else SERVICE_DESK))
        count = max(1, min(limit, MOST))

        def of_state(state: str) -> Any:
            query = select(follow_ups).where(_row.kind == kind, _row.state == state, visible(principal))
            return query if handler_id is None else query.where(_row.handler_id == handler_id)

        with self.engine.connect() as connection:
            rows = by_deadline(
                connection, of_state, list(states), _row.due_at, _row.id, place=decode(cursor), limit=count + 1
            )
        items = tuple(follow_up_of(row) for row in rows[:count])
        more = len(rows) > count
        return FollowUpPage(items=items, cursor=encode((items[-1].due_at, items[-1].id)) if more else None)

    def get(self, item_id: str, *, principal: Principal) -> FollowUp:
        """Raises LeadNotFoundError for what is not there or not to be seen; both are told alike."""
        with self.engine.connect() as connection:
            return get(connection, item_id, principal)

    def events(self, item_id: str, *, principal: Principal) -> tuple[FollowUpEvent, ...]:
        """The history, the first event first. Raises LeadNotFoundError."""
        with self.engine.connect() as connection:
            get(connection, item_id, principal)
            return history(connection, item_id)

    def of_client(self, client_id: str, kind: str, *, principal: Principal, limit: int = 10) -> tuple[FollowUp, ...]:
        """The unfinished ones of a client that the principal may see."""
        query = select(follow_ups).where(
            _row.client_id == client_id, _row.kind == kind, _row.state.in_(list(UNFINISHED)), visible(principal)
        )
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(_row.due_at, _row.id).limit(limit)).all()
        return tuple(follow_up_of(row) for row in rows)

    def assign(self, item_id: str, handler: Principal, *, principal: Principal, why: str = "") -> FollowUp:
        """Give a case or a ticket to somebody; a case never to an advisor whom it concerns."""
        with self._item(item_id, principal, (*BEFORE_ANSWER, State.ANSWERED)) as (connection, item, now):
            if not may_handle(item, handler):
                raise LeadError(
                    f"{handler.user_id} may not handle this: give it to somebody of compliance or a supervisor of the "
                    "branch whom it does not concern."
                    if item.kind == Kind.CASE
                    else f"{handler.user_id} may not see this ticket: give it to somebody who may."
                )
            state = State.ASSIGNED if item.state in BEFORE_ANSWER else State.ANSWERED
            told = f"{handler.user_id}: {why}" if why else handler.user_id
            values = {"state": state, "handler_id": handler.user_id}
            return change(connection, item, "assigned", principal.user_id, told, now, **values)

    def contact(self, item_id: str, note: str, *, principal: Principal) -> FollowUp:
        """The client was spoken to: from now on the clock of the answer runs."""
        with self._item(item_id, principal, BEFORE_ANSWER) as (connection, item, now):
            values: dict[str, Any] = {"contacted_at": item.contacted_at or now, "look_at": None}
            if item.answer_due_at is not None and item.contacted_at is None:
                values |= self._clock(item.created_at, item.answer_due_at)
            return self._handled(connection, item, "contacted", note, principal, now, **values)

    def answer(self, item_id: str, text: str, *, principal: Principal) -> FollowUp:
        """The client has the answer, in words that are kept."""
        with self._item(item_id, principal, BEFORE_ANSWER) as (connection, item, now):
            return self._handled(
                connection, item, "answered", text, principal, now, state=State.ANSWERED, look_at=None,
                contacted_at=item.contacted_at or now, outcome=text,
            )  # fmt: skip

    def close(self, item_id: str, outcome: str, *, principal: Principal) -> FollowUp:
        """Close a ticket, or a case that was answered."""
        with self._item(item_id, principal, (*BEFORE_ANSWER, State.ANSWERED)) as (connection, item, now):
            if item.kind == Kind.CASE and item.state != State.ANSWERED:
                raise LeadError(f"The case {item.number} is not answered yet: write down the answer, then close it.")
            return self._handled(
                connection, item, "closed", outcome, principal, now, state=State.CLOSED, look_at=None,
                handled_at=now, outcome=outcome,
            )  # fmt: skip

    def reopen(self, item_id: str, why: str, *, principal: Principal) -> FollowUp:
        """Take up again what was answered or closed; its clock begins anew."""
        with self._item(item_id, principal, (State.ANSWERED, State.CLOSED)) as (connection, item, now):
            due = self.deadlines.answer(item.intent, now) if item.kind == Kind.CASE else None
            due = due or self.deadlines.first(item.intent, self._taxonomy, now)
            state = State.ASSIGNED if item.handler_id else State.OPEN
            values = {"state": state, "handled_at": None, **self._clock(now, due)}
            if item.answer_due_at is not None:
                values["answer_due_at"] = due
            return change(connection, item, "reopened", principal.user_id, _said(why), now, **values)

    def chase(self) -> int:
        """Escalate every deadline that nears or has passed, once each; returns how many events were written."""
        written = 0
        while found := self._sweep():
            written += found
            if found < A_SWEEP:
                break
        return written

    def _sweep(self) -> int:
        with self._writing() as (connection, now):
            query = select(follow_ups).where(_row.look_at <= now).order_by(_row.look_at).limit(A_SWEEP)
            rows = connection.execute(query.with_for_update(skip_locked=True)).all()
            for item in map(follow_up_of, rows):
                passed = item.due_at <= now
                change(
                    connection, item, "overdue" if passed else "nearing", WATCH, f"due {item.due_at.isoformat()}", now,
                    escalation=Escalation.PASSED if passed else Escalation.NEARS,
                    look_at=None if passed else item.due_at,
                )  # fmt: skip
        return len(rows)

    def _clock(self, since: datetime, due: datetime) -> dict[str, Any]:
        return {"due_at": due, "look_at": self.deadlines.warn_at(since, due), "escalation": Escalation.NONE}

    def _handled(
        self, connection: Connection, item: FollowUp, event: str, why: str, principal: Principal, now: datetime,
        **values: Any,
    ) -> FollowUp:  # fmt: skip
        """A change by somebody who handles it: who takes up what nobody has is its handler."""
        if not may_handle(item, principal):
            raise LeadError(f"{principal.user_id} may see this but not handle it: leave it to its handler.")
        return change(
            connection, item, event, principal.user_id, _said(why), now,
            **{"handler_id": item.handler_id or principal.user_id, **values},
        )  # fmt: skip

    @contextmanager
    def _item(
        self, item_id: str, principal: Principal, states: Sequence[State]
    ) -> Iterator[tuple[Connection, FollowUp, datetime]]:
        with self._writing() as (connection, now):
            item = get(connection, item_id, principal, lock=True)
            if item.kind == Kind.CONSENT:
                raise LeadError(f"{item_id} is a change of consent: confirm or dismiss it.")
            if item.state not in states:
                raise LeadError(f"{item.number or item.id} is {item.state}: somebody changed it; read it again.")
            yield connection, item, now

    @contextmanager
    def _writing(self) -> Iterator[tuple[Connection, datetime]]:
        with self.engine.begin() as connection:
            begin_writing(connection)
            yield connection, database_now(connection)


def get(connection: Connection, item_id: str, principal: Principal, *, lock: bool = False) -> FollowUp:
    """A follow-up that the principal may see. Raises LeadNotFoundError."""
    query = select(follow_ups).where(_row.id == item_id, visible(principal))
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise LeadNotFoundError(f"There is no follow-up {item_id} that you may see.")
    return follow_up_of(row)


def change(
    connection: Connection, item: FollowUp, event: str, by: str, why: str, now: datetime, **values: Any
) -> FollowUp:
    """Write a change with its event; the caller holds the transaction and the row."""
    plain = {name: value.value if isinstance(value, State) else value for name, value in values.items()}
    row = connection.execute(update(follow_ups).where(_row.id == item.id).values(plain).returning(*_row)).one()
    changed = follow_up_of(row)
    tell(connection, changed, event, by, why, now)
    return changed


def _said(words: str) -> str:
    if not words.strip():
        raise LeadError("This needs a sentence that says what was done or why: write one.")
    return words.strip()
