"""The outbox: a side effect is a row in the same transaction; a dispatcher delivers it.

Delivery is at least once with a constant id, so that a receiver can tell a repetition. Messages of
one topic and key are delivered in the order of their `sequence`: a later one waits for the earlier.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import OperationalError

from jobs.clock import database_now
from jobs.errors import DeliveryError, UnknownJobError
from jobs.locks import begin_writing, hold
from jobs.retry import Backoff
from jobs.stop import Stop
from jobs.tables import new_id, outbox, outbox_attempts

log = logging.getLogger("tougu.jobs.outbox")


@dataclass(frozen=True, kw_only=True)
class OutboxMessage:
    """One side effect to deliver."""

    id: str  # the same on every attempt
    sequence: int  # grows in the order of commits within one topic and key
    topic: str
    key: str | None
    payload: Mapping[str, Any]
    created_at: datetime
    attempt: int  # the attempt in progress, or the last one; 0 before the first
    delivered_at: datetime | None = None
    dead_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try to deliver; `finished_at` and `ok` stay None when the dispatcher was killed in it."""

    n: int
    started_at: datetime
    finished_at: datetime | None
    ok: bool | None
    detail: str


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What one pass of a dispatcher did."""

    delivered: int = 0
    failed: int = 0
    dead: int = 0

    @property
    def total(self) -> int:
        return self.delivered + self.failed + self.dead


class Outbox:
    """Writes messages and shows what became of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, connection: Connection, topic: str, key: str | None, payload: Mapping[str, Any]) -> str:
        """Add a message to the caller's transaction and return its id.

        A key keeps order: transactions that add to the same topic and key commit one after the other.
        Whoever adds several keys in one transaction adds them sorted, lest two such wait for each other.
        None asks for no order.
        """
        if key is not None:
            hold(connection, f"outbox:{topic}:{key}")
        row = message_row(topic, key, payload, database_now(connection))
        connection.execute(insert(outbox).values(row))
        return str(row["id"])

    def get(self, message_id: str) -> OutboxMessage:
        """Read one message. Raises UnknownJobError."""
        with self._engine.connect() as connection:
            row = connection.execute(select(outbox).where(outbox.c.id == message_id)).one_or_none()
        if row is None:
            raise UnknownJobError(f"There is no message {message_id}.")
        return _message(row)

    def attempts(self, message_id: str) -> Sequence[Attempt]:
        """Every try of one message, the first one first."""
        query = select(outbox_attempts).where(outbox_attempts.c.outbox_id == message_id)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(outbox_attempts.c.n)).all()
        return [
            Attempt(n=r.n, started_at=r.started_at, finished_at=r.finished_at, ok=r.ok, detail=r.detail) for r in rows
        ]

    def pending(self, limit: int = 100) -> Sequence[OutboxMessage]:
        """Messages not yet delivered and not dead, the oldest first."""
        return self._list(_open(outbox.c), limit)

    def dead(self, limit: int = 100, *, topic: str | None = None) -> Sequence[OutboxMessage]:
        """Messages given up, the oldest first."""
        which = outbox.c.dead_at.is_not(None)
        return self._list(which if topic is None else which & (outbox.c.topic == topic), limit)

    def replay(self, message_id: str) -> None:
        """Deliver a dead message after all, under its old id; its place in the order is lost.

        Raises UnknownJobError when there is no such dead message.
        """
        with self._engine.begin() as connection:
            begin_writing(connection)
            revived = update(outbox).where(outbox.c.id == message_id, outbox.c.dead_at.is_not(None))
            values = {"dead_at": None, "next_attempt_at": database_now(connection)}
            if connection.execute(revived.values(values)).rowcount == 0:
                raise UnknownJobError(f"There is no dead message {message_id}.")

    def replay_all(self, topic: str) -> int:
        """Deliver every dead message of a topic after all, in their old order among themselves; returns how many."""
        with self._engine.begin() as connection:
            begin_writing(connection)
            revived = update(outbox).where(outbox.c.topic == topic, outbox.c.dead_at.is_not(None))
            return connection.execute(revived.values(dead_at=None, next_attempt_at=database_now(connection))).rowcount

    def forget(self, days: float, *, limit: int = 1000) -> int:
        """Remove the oldest messages that were delivered longer ago than this, and their attempts; returns how many."""
        with self._engine.begin() as connection:
            begin_writing(connection)
            before = database_now(connection) - timedelta(days=days)
            oldest = select(outbox.c.sequence, outbox.c.id, outbox.c.delivered_at).order_by(outbox.c.sequence)
            rows = connection.execute(oldest.limit(limit).with_for_update(skip_locked=True)).all()
            old = [row.id for row in rows if row.delivered_at is not None and row.delivered_at < before]
            if old:
                connection.execute(delete(outbox_attempts).where(outbox_attempts.c.outbox_id.in_(old)))
                connection.execute(delete(outbox).where(outbox.c.id.in_(old)))
            return len(old)

    def _list(self, which: Any, limit: int) -> Sequence[OutboxMessage]:
        query = select(outbox).where(which).order_by(outbox.c.sequence).limit(limit)
        with self._engine.connect() as connection:
            return [_message(row) for row in connection.execute(query)]


def message_row(topic: str, key: str | None, payload: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A row of the outbox for those who write many at once; they see to it that messages of one key keep their order:
    nobody else may write to that key before they commit."""
    return {
        "id": new_id(), "topic": topic, "key": key, "payload": dict(payload), "created_at": now, "attempts": 0,
        "next_attempt_at": now,
    }  # fmt: skip


class Dispatcher:
    """Delivers what is due; any number may run side by side.

    topics: only these; none means every topic. `deliver` returns when the receiver has taken the message
    and raises otherwise; DeliveryError says whether another try makes sense. It must end within
    `lease_s`, else another dispatcher repeats it.
    """

    def __init__(
        self,
        engine: Engine,
        deliver: Callable[[OutboxMessage], None],
        *,
        topics: Sequence[str] = (),
        max_attempts: int = 18,
        lease_s: float = 120.0,
        backoff: Backoff | None = None,
        paused: Callable[[], bool] = lambda: False,
    ) -> None:
        """paused: asked before each message; while it says yes the messages wait, and no attempt is counted."""
        self._engine = engine
        self._paused = paused
        self._deliver = deliver
        self._max_attempts = max_attempts
        self._lease_s = lease_s
        self._backoff = backoff or Backoff(base_s=5.0, factor=2.5, cap_s=28_800.0)
        self._due = _oldest_due(topics)
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{new_id()[-8:]}"

    def run_once(self, limit: int = 100) -> Delivered:
        """Try up to `limit` due messages, one after the other, and return when none is due."""
        outcomes = {"delivered": 0, "failed": 0, "dead": 0}
        for _ in range(limit):
            message = None if self._paused() else self._claim()
            if message is None:
                break
            outcomes[self._try(message)] += 1
        return Delivered(**outcomes)

    def run(self, stop: Stop, *, idle_s: float = 0.5) -> None:
        """Deliver until `stop` is set; a database that is away is waited for."""
        while not stop.is_set():
            try:
                idle = self.run_once(limit=20).total == 0
            except OperationalError as error:
                log.warning("outbox waits for the database", extra={"error": type(error.orig).__name__})
                idle = True
            if idle:
                stop.wait(idle_s)

    def _claim(self) -> OutboxMessage | None:
        """Lease the oldest due message that no earlier one of its key holds back."""
        with self._engine.begin() as connection:
            begin_writing(connection)
            now = database_now(connection)
            due = connection.execute(self._due, {"now": now}).scalar_one_or_none()
            if due is None:
                return None
            leased = update(outbox).where(outbox.c.sequence == due).values(
                attempts=outbox.c.attempts + 1, lease_owner=self._owner,
                lease_until=now + timedelta(seconds=self._lease_s),
            ).returning(*outbox.c)  # fmt: skip
            message = _message(connection.execute(leased).one())
            connection.execute(
                insert(outbox_attempts).values(outbox_id=message.id, n=message.attempt, started_at=now, detail="")
            )
            return message

    def _try(self, message: OutboxMessage) -> str:
        """Deliver one leased message and write down the outcome, which is returned."""
        try:
            self._deliver(message)
        except DeliveryError as error:
            return self._failed(message, str(error), permanent=error.permanent, retry_in_s=error.retry_in_s)
        except Exception as error:
            return self._failed(message, f"{type(error).__name__}: {error}", permanent=False, retry_in_s=None)
        return self._settle(message, "delivered", ok=True, detail="")

    def _failed(self, message: OutboxMessage, reason: str, *, permanent: bool, retry_in_s: float | None) -> str:
        log.warning(
            "delivery failed",
            extra={"message_id": message.id, "topic": message.topic, "attempt": message.attempt},
        )
        if permanent or message.attempt >= self._max_attempts:
            return self._settle(message, "dead", ok=False, detail=reason)
        delay_s = self._backoff.delay_s(message.attempt) if retry_in_s is None else retry_in_s
        return self._settle(message, "failed", ok=False, detail=reason, delay_s=delay_s)

    def _settle(self, message: OutboxMessage, outcome: str, *, ok: bool, detail: str, delay_s: float = 0.0) -> str:
        """Close the attempt's row always, and the message only while its lease is still ours."""
        with self._engine.begin() as connection:
            begin_writing(connection)
            now = database_now(connection)
            fate = {
                "delivered": {"delivered_at": now},
                "dead": {"dead_at": now},
                "failed": {"next_attempt_at": now + timedelta(seconds=delay_s)},
            }[outcome]
            ours = and_(
                outbox.c.id == message.id,
                outbox.c.lease_owner == self._owner,
                outbox.c.attempts == message.attempt,
                _open(outbox.c),
            )
            settled = update(outbox).where(ours).values(lease_owner=None, lease_until=None, **fate)
            lost = connection.execute(settled).rowcount == 0
            this = (outbox_attempts.c.outbox_id == message.id) & (outbox_attempts.c.n == message.attempt)
            note = f"{detail} (lease lost: another dispatcher repeats it)".strip() if lost else detail
            connection.execute(update(outbox_attempts).where(this).values(finished_at=now, ok=ok, detail=note))
        return "failed" if lost else outcome


def _oldest_due(topics: Sequence[str]) -> Select[tuple[int]]:
    """The oldest message that is due at `now` and that no earlier one of its key holds back."""
    earlier, now = outbox.alias("earlier"), bindparam("now", type_=outbox.c.next_attempt_at.type)
    first_of_key = (  # a scalar, so that no planner without statistics turns it into a join of everything
        select(func.min(earlier.c.sequence))
        .where(earlier.c.topic == outbox.c.topic, earlier.c.key == outbox.c.key, _open(earlier.c))
        .scalar_subquery()
    )
    free = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= now)
    in_turn = or_(outbox.c.key.is_(None), outbox.c.sequence == first_of_key)
    due = and_(_open(outbox.c), outbox.c.next_attempt_at <= now, free, in_turn)
    if topics:
        due = and_(due, outbox.c.topic.in_(topics))
    oldest = select(outbox.c.sequence).where(due).order_by(outbox.c.next_attempt_at, outbox.c.sequence)
    return oldest.limit(1).with_for_update(skip_locked=True, of=outbox)


def _open(columns: Any) -> Any:
    return and_(columns.delivered_at.is_(None), columns.dead_at.is_(None))


def _message(row: Row[Any]) -> OutboxMessage:
    return OutboxMessage(
        id=row.id, sequence=row.sequence, topic=row.topic, key=row.key, payload=row.payload,
        created_at=row.created_at, attempt=row.attempts, delivered_at=row.delivered_at, dead_at=row.dead_at,
    )  # fmt: skip
