"""Service tasks: one thing to be done by a day for each client of a segment, each with the client's own advisor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row, insert, select, update

from compliance_filters.audit.log import AuditEvent, AuditLog
from copilot.day.errors import ServiceTaskError, UnknownServiceTaskError
from copilot.tables import service_tasks
from jobs.tables import new_id
from knowledge_base.access import Principal, Role
from knowledge_base.batches import batches
from knowledge_base.client_facts import BATCH
from knowledge_base.clients import Client, Clients, visible_clients
from knowledge_base.consents import Purpose, refused_by
from knowledge_base.tables import clients

GIVERS = (Role.ADVISOR, Role.SUPERVISOR, Role.OPERATIONS, Role.SYSTEM)
MOST = 1000  # clients of one round, and tasks of one list
OPEN, OUTCOMES = "open", ("done", "dropped")
_row = service_tasks.c


class Members(Protocol):
    """Clients of a segment whom the principal may see (intent.segments)."""

    def members(self, name: str, *, principal: Principal) -> tuple[str, ...]: ...


@dataclass(frozen=True, kw_only=True)
class Given:
    """A round of tasks."""

    round: str
    tasks: int
    left_out: int  # clients who are gone, do not wish to be contacted, or have nobody to do it


@dataclass(frozen=True, kw_only=True)
class ServiceTask:
    """One task; whose it is follows the client file."""

    id: str
    round: str
    segment: str
    client_id: str
    advisor_id: str | None  # of the client, today
    what: str
    due_at: datetime
    state: str  # open | done | dropped
    given_by: str
    given_at: datetime
    closed_by: str | None
    closed_at: datetime | None


class ServiceTasks:
    """Gives, lists and closes tasks for clients whom the principal may see."""

    def __init__(self, audit: AuditLog, *, segments: Members, clients: Clients) -> None:
        self._audit, self._engine = audit, audit.engine
        self._segments, self._clients = segments, clients

    def give(self, segment: str, what: str, due_at: datetime, *, principal: Principal) -> Given:
        """One task a client of a segment whom the principal sees, in one transaction. due_at: aware, still to come.

        Raises ServiceTaskError for a time that is past or too many clients, SegmentError, AccessDeniedError.
        """
        principal.require("give service tasks", *GIVERS)
        ids = self._segments.members(segment, principal=principal)
        if not 1 <= len(ids) <= MOST:
            raise ServiceTaskError(
                f"The segment {segment} has {len(ids)} clients of yours: choose one of 1 to {MOST}.",
                zh=f"客群中您可见的客户有 {len(ids)} 位：请选择 1 到 {MOST} 位的客群。",
            )
        served = self._served(ids, principal)
        given = Given(round=new_id(), tasks=len(served), left_out=len(ids) - len(served))
        with self._audit.writer.turn() as turn:
            if due_at <= turn.now:
                raise ServiceTaskError("The time is past: name one to come.", zh="时间已过：请填写以后的时间。")
            rows = [
                {
                    "id": new_id(), "round": given.round, "segment": segment, "client_id": client.id,
                    "what": what.strip(), "due_at": due_at, "state": OPEN, "given_by": principal.user_id,
                    "given_at": turn.now,
                }
                for client in served
            ]  # fmt: skip
            if rows:
                turn.connection.execute(insert(service_tasks), rows)
            told = {"round": given.round, "segment": segment, "tasks": given.tasks, "left_out": given.left_out}
            event = AuditEvent(
                event="service_task.given", actor=principal.user_id, data=told, payload={"what": what.strip()}
            )
            turn.write([self._audit.entry(event)])
        return given

    def list(
        self,
        *,
        principal: Principal,
        advisor_id: str | None = None,
        state: str = OPEN,
        limit: int = 100,
    ) -> tuple[ServiceTask, ...]:
        """Tasks of clients whom the principal sees, the first due first."""
        query = _tasks(principal).where(_row.state == state)
        if advisor_id is not None:
            query = query.where(clients.c.advisor_id == advisor_id)
        query = query.order_by(_row.due_at, _row.id).limit(max(1, min(limit, MOST)))
        with self._engine.connect() as connection:
            return tuple(_task(row) for row in connection.execute(query))

    def close(self, task_id: str, *, outcome: str, principal: Principal) -> ServiceTask:
        """Close a task as done or dropped; the same outcome twice changes nothing.

        Raises UnknownServiceTaskError, ServiceTaskError for another outcome than it has, AccessDeniedError.
        """
        principal.require("close service tasks", *GIVERS)
        if outcome not in OUTCOMES:
            raise ServiceTaskError(f"There is no outcome {outcome}: use done or dropped.", zh="没有这种处理结果。")
        task = self._get(task_id, principal)
        if task.state == outcome:
            return task
        with self._audit.writer.turn() as turn:
            values = {"state": outcome, "closed_by": principal.user_id, "closed_at": turn.now}
            closing = update(service_tasks).where(_row.id == task_id, _row.state == OPEN).values(values)
            if turn.connection.execute(closing).rowcount == 0:
                raise ServiceTaskError(f"The task {task_id} was closed already.", zh="这项任务已由他人处理。")
            told = {"task": task_id, "round": task.round, "outcome": outcome}
            event = AuditEvent(
                event="service_task.closed", actor=principal.user_id, subject=task.client_id, data=told
            )  # fmt: skip
            turn.write([self._audit.entry(event)])
        return self._get(task_id, principal)

    def _served(self, ids: Sequence[str], principal: Principal) -> Sequence[Client]:
        """Those of the clients who have an account and an advisor, and may be contacted."""
        found: list[Client] = []
        for part in batches(ids, BATCH):
            known = self._clients.some(part, principal=principal)
            with self._engine.connect() as connection:
                refused = refused_by(connection, known)
            found += [
                client
                for client in known
                if client.account_state != "closed" and client.advisor_id and Purpose.CONTACT not in refused[client.id]
            ]
        return found

    def _get(self, task_id: str, principal: Principal) -> ServiceTask:
        with self._engine.connect() as connection:
            row = connection.execute(_tasks(principal).where(_row.id == task_id)).one_or_none()
        if row is None:
            raise UnknownServiceTaskError(task_id)
        return _task(row)


def _tasks(principal: Principal) -> Any:
    joined_ = service_tasks.join(clients, clients.c.id == _row.client_id)
    return select(service_tasks, clients.c.advisor_id).select_from(joined_).where(visible_clients(principal))


def _task(row: Row[Any]) -> ServiceTask:
    return ServiceTask(**{name: getattr(row, name) for name in ServiceTask.__dataclass_fields__})
