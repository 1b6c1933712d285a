"""What an advisor is to do after a report was sent: ask back, answer, call."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from compliance_filters.audit.log import AuditEvent, AuditLog
from compliance_filters.errors import SealedError
from copilot.loop.errors import ReportStateError, UnknownReportError
from copilot.tables import report_tasks
from intent.leads.queue import visible
from knowledge_base.access import Principal
from knowledge_base.tables import clients

VISIT, QUESTION, RATING, ACCEPTED, LOCKED = "visit", "question", "rating", "accepted", "locked"
WORDS = {
    VISIT: "回访：确认客户已收到并看懂报告",
    QUESTION: "回答客户在报告页提出的问题",
    RATING: "客户对报告评价较低，了解原因",
    ACCEPTED: "客户希望就报告中的建议与您沟通",
    LOCKED: "报告链接因验证码多次错误已被关闭，请联系客户核实",
}
OPEN, OUTCOMES = "open", ("done", "dropped")
MOST = 1000


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """One task; `words` are the client's own, where they wrote any and nobody sealed them."""

    id: str
    link_id: str
    client_id: str
    advisor_id: str | None
    why: str
    what: str
    words: str | None
    due_at: datetime
    state: str
    closed_by: str | None
    closed_at: datetime | None
    created_at: datetime


def add_task(
    connection: Connection,
    *,
    link_id: str,
    client_id: str,
    why: str,
    due_at: datetime,
    now: datetime,
    audit_id: str | None = None,
) -> str:
    """Add a task in the caller's transaction and return its id."""
    task_id = f"rt_{uuid.uuid4().hex}"
    connection.execute(
        insert(report_tasks).values(
            id=task_id, link_id=link_id, client_id=client_id, why=why, audit_id=audit_id, due_at=due_at, state=OPEN,
            created_at=now,
        )
    )  # fmt: skip
    return task_id


class TaskDesk:
    """Lists and closes tasks of the clients that a principal may see."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit, self._engine = audit, audit.engine

    def list(
        self,
        *,
        principal: Principal,
        advisor_id: str | None = None,
        due_before: datetime | None = None,
        state: str = OPEN,
        limit: int = 100,
    ) -> tuple[FollowUp, ...]:
        """The first due first. due_before: aware."""
        query = _tasks().where(visible(principal, clients), report_tasks.c.state == state)
        if advisor_id is not None:
            query = query.where(clients.c.advisor_id == advisor_id)
        if due_before is not None:
            query = query.where(report_tasks.c.due_at < due_before)
        query = query.order_by(report_tasks.c.due_at, report_tasks.c.id).limit(max(1, min(limit, MOST)))
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return tuple(self._task(row) for row in rows)

    def close(self, task_id: str, *, outcome: str, principal: Principal) -> FollowUp:
        """Close a task as done or dropped; the same outcome twice changes nothing.

        Raises UnknownReportError for a task not to be seen, ReportStateError for another outcome than it has.
        """
        if outcome not in OUTCOMES:
            raise ReportStateError(f"There is no outcome {outcome}: use {' or '.join(OUTCOMES)}.")
        task = self._get(task_id, principal)
        if task.state == outcome:
            return task
        with self._audit.writer.turn() as turn:
            values = {"state": outcome, "closed_by": principal.user_id, "closed_at": turn.now}
            closing = update(report_tasks).where(report_tasks.c.id == task_id, report_tasks.c.state == OPEN)
            if turn.connection.execute(closing.values(values)).rowcount == 0:
                raise ReportStateError(f"The task {task_id} was closed as {task.state} by {task.closed_by}: leave it.")
            told = {"task": task_id, "link": task.link_id, "why": task.why, "outcome": outcome}
            event = AuditEvent(event="delivery.task_closed", actor=principal.user_id, subject=task.client_id, data=told)
            turn.write([self._audit.entry(event)])
        return self._get(task_id, principal)

    def _get(self, task_id: str, principal: Principal) -> FollowUp:
        query = _tasks().where(report_tasks.c.id == task_id, visible(principal, clients))
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise UnknownReportError(f"There is no task {task_id} that you may see: list them to see which there are.")
        return self._task(row)

    def _task(self, row: Row[Any]) -> FollowUp:
        words = None
        if row.audit_id is not None:
            try:
                words = (self._audit.payload(row.audit_id) or {}).get("words")
            except SealedError:
                words = None
        held = {name: getattr(row, name) for name in FollowUp.__dataclass_fields__ if name not in ("what", "words")}
        return FollowUp(**held, what=WORDS[row.why], words=words)


def _tasks() -> Any:
    return select(report_tasks, clients.c.advisor_id).outerjoin(clients, clients.c.id == report_tasks.c.client_id)
