"""What officers decide. Each step and its audit entry are one transaction, taken in turn with every other one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update

from compliance_filters.audit.bound import claims
from compliance_filters.audit.keys import new_entry_id
from compliance_filters.audit.log import AuditEvent
from compliance_filters.audit.writer import Turn
from compliance_filters.errors import ReviewNotFoundError, ReviewQueueError
from compliance_filters.review.item import OPEN, Kind, ReviewItem, State
from compliance_filters.review.queue import ReviewQueue
from compliance_filters.tables import compliance_review, compliance_review_event
from jobs.outbox import Outbox
from knowledge_base.access import Principal, Role

TOPIC = "review"  # of the outbox: review.overdue, review.expired
CLOCK = "clock"  # who lets items expire
BATCH = 500  # items told in one transaction
_columns = compliance_review.c


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a step led to."""

    state: State
    entry_id: str  # of the audit log


class Decisions:
    """The steps of officers, and of the clock. An approval by itself delivers nothing: `Gate.release` does."""

    def __init__(self, queue: ReviewQueue) -> None:
        self._queue = queue
        self._outbox = Outbox(queue.engine)

    def check(self, item_id: str, *, reason: str, principal: Principal) -> None:
        """Raise what `approve` would raise for this principal and item, before anything is judged or written."""
        _allowed(reason, principal)
        with self._queue.engine.connect() as connection:
            row = connection.execute(select(compliance_review).where(_columns.id == item_id)).first()
        self._refuse_own(_waiting(row, item_id, Kind.DOUBT), principal)

    def approve(
        self, item: ReviewItem, *, text: str, edit_id: str | None = None, reason: str, principal: Principal
    ) -> Decision:
        """Approve `text`: the item's own, or the officer's, whose verdict is `edit_id`.

        Where two persons are needed the first approval waits, and another text makes its writer the first.
        Raises ReviewQueueError for one's own text, a decided item, or one that was changed meanwhile.
        """
        _allowed(reason, principal)
        with self._turn(item.id, Kind.DOUBT) as (turn, row):
            self._refuse_own(row, principal)
            if row.edit_id != item.edit_id:
                raise ReviewQueueError(f"review item {item.id} was edited meanwhile: reload it.")
            second = self._queue.policy.needs_second(grave=row.grave)
            state = State.SECONDED if second and (row.first_by is None or edit_id) else State.APPROVED
            if state is State.APPROVED and second and row.first_by == principal.user_id:
                raise ReviewQueueError("the second approval must come from another officer than the first.")
            changes = {"edit_id": edit_id or row.edit_id}
            if state is State.SECONDED:
                changes["first_by"] = principal.user_id
            return self._write(turn, row, state, reason, principal.user_id, {"text": text}, **changes)

    def reject(self, item_id: str, *, reason: str, principal: Principal) -> Decision:
        """Reject a doubt. One officer is enough; the text need not be readable."""
        _allowed(reason, principal)
        with self._turn(item_id, Kind.DOUBT) as (turn, row):
            self._refuse_own(row, principal)
            return self._write(turn, row, State.REJECTED, reason, principal.user_id, {})

    def close(self, item_id: str, *, reason: str, principal: Principal) -> Decision:
        """Deal with a confidential escalation."""
        _allowed(reason, principal)
        with self._turn(item_id, Kind.ESCALATION) as (turn, row):
            self._refuse_own(row, principal)
            return self._write(turn, row, State.CLOSED, reason, principal.user_id, {})

    def judge_sample(self, item_id: str, *, fine: bool, reason: str, principal: Principal) -> Decision:
        """Say of a delivered text that it was fine, or should not have passed; a mistake needs a reason."""
        principal.require("judge a sample", Role.COMPLIANCE)
        if not fine:
            _allowed(reason, principal)
        with self._turn(item_id, Kind.SAMPLE) as (turn, row):
            self._refuse_own(row, principal)
            state = State.FINE if fine else State.MISTAKE
            return self._write(turn, row, state, reason, principal.user_id, {})

    def chase(self) -> int:
        """Tell of deadlines that passed, once each, and let expire what is stale; returns how many items.

        Nothing is ever approved by the clock.
        """
        told = 0
        with self._queue.audit.turn() as turn:
            stale = turn.now - timedelta(hours=self._queue.policy.expire_h)
            due = select(compliance_review).where(_columns.kind == Kind.DOUBT, _columns.state.in_(OPEN))
            expired = turn.connection.execute(due.where(_columns.created_at <= stale).limit(BATCH)).all()
            late = due.where(_columns.due_at <= turn.now, _columns.escalated_at.is_(None), _columns.created_at > stale)
            for row in expired:
                self._write(turn, row, State.EXPIRED, "", CLOCK, {})
            for row in turn.connection.execute(late.limit(BATCH)).all():
                self._record(turn, row, _Step(act="overdue", by=CLOCK), {"escalated_at": turn.now})
                told += 1
            return told + len(expired)

    @contextmanager
    def _turn(self, item_id: str, kind: Kind) -> Iterator[tuple[Turn, Row[Any]]]:
        """The item, read while no other step can be taken."""
        with self._queue.audit.turn() as turn:
            row = turn.connection.execute(select(compliance_review).where(_columns.id == item_id)).first()
            yield turn, _waiting(row, item_id, kind)

    def _refuse_own(self, row: Row[Any], principal: Principal) -> None:
        if principal.user_id in (row.created_by, row.written_by):
            if row.confidential:
                raise ReviewNotFoundError(_no_item(row.id))
            raise ReviewQueueError("nobody decides on a text of their own: let another officer do it.")

    def _write(
        self, turn: Turn, row: Row[Any], state: State, reason: str, by: str, payload: Mapping[str, Any], **changes: Any
    ) -> Decision:
        step = _Step(act=state.value, reason=reason, by=by, payload=payload)
        values: dict[str, Any] = {"state": state.value, **changes}
        if state not in OPEN:
            values |= {"decided_by": by, "decided_at": turn.now, "decision_id": step.id, "reason": reason or None}
        self._record(turn, row, step, values)
        return Decision(state=state, entry_id=step.id)

    def _record(self, turn: Turn, row: Row[Any], step: _Step, values: Mapping[str, Any]) -> None:
        """The audit entry with the item's row as it was and is, its history, and for what the clock did a message."""
        audit, before = self._queue.audit, dict(row._mapping)
        past = {
            "audit_id": step.id, "review_id": row.id, "at": turn.now, "by": step.by, "act": step.act,
            "reason": step.reason,
        }  # fmt: skip
        bound = claims(
            audit.secrets, (compliance_review, before, {**before, **values}), (compliance_review_event, None, past)
        )
        told = AuditEvent(
            event=f"review.{step.act}", actor=step.by, subject=row.client_id,
            data={"review": row.id, "of": row.audit_id, **bound}, payload={**step.payload, "reason": step.reason},
        )  # fmt: skip
        turn.write([audit.entry(told, entry_id=step.id)])
        turn.connection.execute(insert(compliance_review_event).values(past))
        turn.connection.execute(update(compliance_review).where(_columns.id == row.id).values(values))
        if step.by == CLOCK:
            due = row.due_at.isoformat()
            message = {"type": f"review.{step.act}", "id": row.id, "due_at": due, "by": row.created_by}
            self._outbox.add(turn.connection, TOPIC, None, message)


@dataclass(frozen=True, kw_only=True)
class _Step:
    """What is about to happen to an item; `id` is that of its entry."""

    act: str
    by: str
    reason: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=new_entry_id)


def _allowed(reason: str, principal: Principal) -> None:
    principal.require("decide a review", Role.COMPLIANCE)
    if not reason.strip():
        raise ReviewQueueError("a decision needs a reason: write one sentence.")


def _waiting(row: Row[Any] | None, item_id: str, kind: Kind) -> Row[Any]:
    if row is None:
        raise ReviewNotFoundError(_no_item(item_id))
    if row.kind != kind:
        raise ReviewQueueError(f"review item {item_id} is a {row.kind}: this step is for a {kind.value}.")
    if row.state not in OPEN:
        raise ReviewQueueError(f"review item {item_id} has been decided already: reload the queue.")
    return row


def _no_item(item_id: str) -> str:
    return f"there is no review item {item_id}: list the queue to see which wait."
