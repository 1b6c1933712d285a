"""Leased work rows: the table is the truth, whatever engine does the work.

A row is claimed for a time by the database's clock. A worker that is killed simply lets its
lease run out; the row is then claimable again, and quarantined when that happened too often.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from jobs.clock import database_now
from jobs.errors import JobStateError, LeaseLostError, UnknownJobError
from jobs.locks import begin_writing
from jobs.retry import Backoff
from jobs.statements import DUE, EXPIRED, LEASE, TAKE_BACK, held_update
from jobs.tables import JobState, jobs, new_id

ROWS_A_QUERY = 500


@dataclass(frozen=True, kw_only=True)
class Job:
    """One row as it was when it was read."""

    id: str
    queue: str
    key: str  # unique in its queue: the same work enqueued twice is one row
    payload: Mapping[str, Any]
    state: JobState
    priority: int  # higher runs first
    attempts: int  # claims so far, this one included
    max_attempts: int
    run_after: datetime
    lease_owner: str | None
    lease_until: datetime | None
    progress_done: int
    progress_total: int | None
    progress_note: str
    result: Any
    error: str | None  # why the last attempt failed
    created_at: datetime
    updated_at: datetime
    started_by: str | None  # user id; None: the machine


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Rows of one queue by state."""

    ready: int = 0
    leased: int = 0
    done: int = 0
    quarantined: int = 0

    @property
    def open(self) -> int:
        """Rows still to be finished."""
        return self.ready + self.leased

    @property
    def total(self) -> int:
        return self.open + self.done + self.quarantined


class JobStore:
    """The rows of all queues. Methods that take a `Job` need its lease and raise LeaseLostError
    when it ran out or passed on; they change nothing then."""

    def __init__(self, engine: Engine, *, max_attempts: int = 3, backoff: Backoff | None = None) -> None:
        self.engine = engine
        self._max_attempts = max_attempts
        self._backoff = backoff or Backoff()

    def enqueue(
        self,
        queue: str,
        key: str,
        payload: Mapping[str, Any],
        *,
        priority: int = 0,
        run_after: datetime | None = None,
        max_attempts: int | None = None,
        started_by: str | None = None,
        connection: Connection | None = None,
    ) -> str:
        """Add a row and return its id; a key that is there already returns the row that holds it.

        With `connection` the row is part of the caller's transaction.
        """
        insert = postgresql.insert if self.engine.dialect.name == "postgresql" else sqlite.insert
        with self._transaction(connection) as (own, now):
            values = {
                "id": new_id(), "queue": queue, "key": key, "payload": dict(payload),
                "state": JobState.READY.value, "priority": priority, "attempts": 0,
                "max_attempts": max_attempts or self._max_attempts, "run_after": run_after or now,
                "progress_done": 0, "progress_note": "", "created_at": now, "updated_at": now,
                "started_by": started_by,
            }  # fmt: skip
            added = insert(jobs).values(values).on_conflict_do_nothing(index_elements=["queue", "key"])
            made: str | None = own.execute(added.returning(jobs.c.id)).scalar_one_or_none()
            if made is not None:
                return made
            found: str = own.execute(select(jobs.c.id).where(jobs.c.queue == queue, jobs.c.key == key)).scalar_one()
            return found

    def claim(self, queue: str, owner: str, lease_s: float, limit: int = 1) -> tuple[Job, ...]:
        """Lease up to `limit` due rows to `owner`, highest priority first, then oldest.

        Rows whose lease ran out come back first; two claimers never get the same row.
        """
        with self._transaction() as (connection, now):
            self._take_back_expired(connection, queue, now)
            picked = connection.execute(DUE, {"of": queue, "now": now, "most": limit}).scalars().all()
            if not picked:
                return ()
            lease = {"ids": picked, "owner": owner, "until": now + timedelta(seconds=lease_s), "now": now}
            rows = {row.id: _job(row) for row in connection.execute(LEASE, lease)}
            return tuple(rows[id_] for id_ in picked)

    def extend(self, job: Job, lease_s: float) -> Job:
        """Hold the lease for `lease_s` seconds from now."""
        with self._transaction() as (connection, now):
            return self._change(connection, job, now, lease_until=now + timedelta(seconds=lease_s))

    def progress(self, job: Job, done: int, total: int | None = None, note: str = "") -> None:
        """Say how far the work is; `note` is shown to people and holds no client text."""
        with self._transaction() as (connection, now):
            self._change(connection, job, now, progress_done=done, progress_total=total, progress_note=note[:255])

    def complete(self, job: Job, result: Any = None, *, connection: Connection | None = None) -> None:
        """Finish the row. With `connection`, in one transaction with what the job wrote: its effects
        then happen exactly once, since a lost lease raises and the caller's transaction rolls back."""
        with self._transaction(connection) as (own, now):
            self._release(own, job, now, state=JobState.DONE, result=result, error=None)

    def fail(self, job: Job, error: str, *, retry_in_s: float | None = None) -> JobState:
        """Put the row back for another attempt after a backoff, or in quarantine after the last one."""
        if job.attempts >= job.max_attempts:
            self.quarantine(job, error)
            return JobState.QUARANTINED
        delay_s = self._backoff.delay_s(job.attempts) if retry_in_s is None else retry_in_s
        with self._transaction() as (connection, now):
            again_at = now + timedelta(seconds=delay_s)
            self._release(connection, job, now, state=JobState.READY, error=error, run_after=again_at)
        return JobState.READY

    def quarantine(self, job: Job, reason: str) -> None:
        """Set the row aside, with the reason, until a person requeues it."""
        with self._transaction() as (connection, now):
            self._release(connection, job, now, state=JobState.QUARANTINED, error=reason)

    def release(self, job: Job) -> None:
        """Give the row back untouched: the attempt does not count."""
        with self._transaction() as (connection, now):
            self._release(connection, job, now, state=JobState.READY, attempts=job.attempts - 1)

    def amend(self, job_id: str, payload: Mapping[str, Any]) -> Job:
        """Replace the payload of a row that nobody works on. Raises JobStateError for a leased or finished one."""
        free = [JobState.READY.value, JobState.QUARANTINED.value]
        with self._transaction() as (connection, now):
            changed = update(jobs).where(jobs.c.id == job_id, jobs.c.state.in_(free)).values(
                payload=dict(payload), updated_at=now
            ).returning(*jobs.c)  # fmt: skip
            row = connection.execute(changed).one_or_none()
        if row is None:
            raise JobStateError(f"Job {job_id} is {self.get(job_id).state}: only one that waits can be amended.")
        return _job(row)

    def requeue(
        self, job_id: str, *, payload: Mapping[str, Any] | None = None, connection: Connection | None = None
    ) -> Job:
        """Start a quarantined or finished row afresh, with another payload where one is given.

        With `connection` it is part of the caller's transaction. Raises JobStateError for any other state.
        """
        again = {JobState.QUARANTINED, JobState.DONE}
        with self._transaction(connection) as (own, now):
            rows = self._restart(own, now, jobs.c.id == job_id, again, payload)
        if not rows:
            state = self.get(job_id).state
            raise JobStateError(f"Job {job_id} is {state}: only quarantined or done jobs are requeued.")
        return rows[0]

    def requeue_quarantined(self, queue: str) -> int:
        """Start every quarantined row of the queue afresh; returns how many."""
        with self._transaction() as (connection, now):
            return len(self._restart(connection, now, jobs.c.queue == queue, {JobState.QUARANTINED}))

    def counts(self, queue: str) -> Counts:
        """Rows of the queue by state."""
        query = select(jobs.c.state, func.count()).where(jobs.c.queue == queue).group_by(jobs.c.state)
        with self.engine.connect() as connection:
            return Counts(**dict(connection.execute(query).tuples().all()))

    def get(self, job_id: str) -> Job:
        """Read one row. Raises UnknownJobError."""
        return self._one(jobs.c.id == job_id, job_id)

    def find(self, queue: str, key: str) -> Job:
        """Read one row by its key. Raises UnknownJobError."""
        return self._one((jobs.c.queue == queue) & (jobs.c.key == key), f"{key} in {queue}")

    def find_many(self, queue: str, keys: Sequence[str]) -> Iterator[Job]:
        """The rows of the queue that have these keys, in no order; a key without a row gives none."""
        for start in range(0, len(keys), ROWS_A_QUERY):
            some = keys[start : start + ROWS_A_QUERY]
            with self.engine.connect() as connection:
                found = connection.execute(select(jobs).where(jobs.c.queue == queue, jobs.c.key.in_(some))).all()
            yield from map(_job, found)

    def list(self, queue: str, *, state: JobState | None = None, after_id: str = "", limit: int = 100) -> Sequence[Job]:
        """Rows of the queue by id, the oldest first; pass the last id as `after_id` for the next page."""
        query = select(jobs).where(jobs.c.queue == queue, jobs.c.id > after_id)
        if state is not None:
            query = query.where(jobs.c.state == state.value)
        with self.engine.connect() as connection:
            return [_job(row) for row in connection.execute(query.order_by(jobs.c.id).limit(limit))]

    def every(self, queue: str, *, state: JobState | None = None) -> Iterator[Job]:
        """All rows of the queue by id, read page by page; what happens to them meanwhile may be seen or not."""
        after_id = ""
        while page := self.list(queue, state=state, after_id=after_id, limit=ROWS_A_QUERY):
            yield from page
            after_id = page[-1].id

    @contextmanager
    def _transaction(self, connection: Connection | None = None) -> Iterator[tuple[Connection, datetime]]:
        if connection is not None:
            yield connection, database_now(connection)
            return
        with self.engine.begin() as own:
            begin_writing(own)
            yield own, database_now(own)

    def _take_back_expired(self, connection: Connection, queue: str, now: datetime) -> None:
        ids = connection.execute(EXPIRED, {"of": queue, "now": now}).scalars().all()
        if ids:
            connection.execute(TAKE_BACK, {"ids": ids, "now": now})

    def _release(self, connection: Connection, job: Job, now: datetime, **values: Any) -> None:
        self._change(connection, job, now, lease_owner=None, lease_until=None, **values)

    def _change(self, connection: Connection, job: Job, now: datetime, **values: Any) -> Job:
        held = {"of": job.id, "owner": job.lease_owner, "attempt": job.attempts, "now": now}
        row = connection.execute(held_update(tuple(values)), {**held, **values}).one_or_none()
        if row is None:
            raise LeaseLostError(
                f"{job.lease_owner} no longer holds job {job.id}: the lease ran out or passed to another."
            )
        return _job(row)

    def _restart(
        self,
        connection: Connection,
        now: datetime,
        which: ColumnElement[bool],
        states: set[JobState],
        payload: Mapping[str, Any] | None = None,
    ) -> Sequence[Job]:
        other = {} if payload is None else {"payload": dict(payload)}
        restarted = update(jobs).where(which, jobs.c.state.in_([state.value for state in states])).values(
            state=JobState.READY.value, attempts=0, run_after=now, error=None, result=None,
            progress_done=0, progress_total=None, progress_note="", updated_at=now, **other,
        ).returning(*jobs.c)  # fmt: skip
        return [_job(row) for row in connection.execute(restarted)]

    def _one(self, which: ColumnElement[bool], name: str) -> Job:
        with self.engine.connect() as connection:
            row = connection.execute(select(jobs).where(which)).one_or_none()
        if row is None:
            raise UnknownJobError(f"There is no job {name}.")
        return _job(row)


def _job(row: Row[Any]) -> Job:
    fields = dict(row._mapping)
    return Job(**{**fields, "state": JobState(fields["state"])})
