"""The worker loop: claim a row, keep its lease alive, run the handler, write down the outcome."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from jobs.errors import JobInterruptedError, LeaseLostError, PoisonJobError
from jobs.leases import Job, JobStore
from jobs.locks import begin_writing
from jobs.settings import JobSettings
from jobs.stop import Stop
from jobs.tables import new_id

log = logging.getLogger("tougu.jobs")

OUTAGES_BORNE = 6  # claims that may fail in a row, 1 s, 2 s, 4 s... apart, before the worker gives up


class Watch:
    """When a job counts as hung, and whether its lease was lost; `tell` starts the watchdog's clock anew."""

    def __init__(self, timeout_s: float, tell: Callable[[bool], None] = lambda working: None) -> None:
        self.lost = threading.Event()
        self._timeout_s, self._tell = timeout_s, tell
        self._deadline = time.monotonic() + timeout_s

    @property
    def hung(self) -> bool:
        return time.monotonic() > self._deadline

    def renew(self) -> None:
        self._deadline = time.monotonic() + self._timeout_s
        self._tell(True)


class Task:
    """A leased job in a handler's hands."""

    def __init__(self, store: JobStore, job: Job, stop: Stop, watch: Watch) -> None:
        self.job = job
        self.finished = False
        self._store = store
        self._stop = stop
        self._watch = watch

    @property
    def stopping(self) -> bool:
        """True once the worker is asked to stop: long handlers then raise JobInterruptedError."""
        return self._stop.is_set()

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Say how far the work is. Raises LeaseLostError when the job is no longer ours."""
        self.check()
        self._store.progress(self.job, done, total, note)

    def check(self) -> None:
        """Raise LeaseLostError when the job is no longer ours, so that a long handler ends early."""
        if self._watch.lost.is_set():
            raise LeaseLostError(f"Job {self.job.id} passed to another worker.")

    def alive(self) -> None:
        """Say that a long job goes on: the time after which it counts as hung begins anew. Raises LeaseLostError."""
        self.check()
        self._watch.renew()

    @contextmanager
    def finishing(self, result: Any = None) -> Iterator[Connection]:
        """A transaction for the job's effects that also completes the job: both happen, or neither."""
        with self._store.engine.begin() as connection:
            begin_writing(connection)
            yield connection
            self._store.complete(self.job, result, connection=connection)
        self.finished = True


Handler = Callable[[Task], Any]
"""Does the work of one job and returns its result (JSON). It may run twice for one job, so that its
effects are idempotent or written inside `task.finishing()`. PoisonJobError quarantines at once; any
other error is retried after a backoff."""


def run_worker(
    store: JobStore,
    queue: str,
    handler: Handler,
    *,
    stop: Stop,
    settings: JobSettings | None = None,
    until_empty: bool = False,
    max_jobs: int | None = None,
    busy: Callable[[bool], None] | None = None,
) -> int:
    """Work on `queue` until `stop` is set and return the number of jobs handled.

    until_empty: return when no row is ready or leased, instead of waiting for more.
    max_jobs: return after that many. busy: told True before a job and False after it.
    Raises sqlalchemy OperationalError when the database stays away.
    """
    rules = settings or JobSettings()
    owner = f"{socket.gethostname()}:{os.getpid()}:{new_id()[-8:]}"
    tell = busy or (lambda _: None)
    handled = 0
    while not stop.is_set() and (max_jobs is None or handled < max_jobs):
        claimed = _claim(store, queue, owner, rules, stop)
        for job in claimed:
            tell(True)
            _work(store, job, handler, stop, rules, tell)
            tell(False)
            handled += 1
        if not claimed:
            if until_empty and store.counts(queue).open == 0:
                break
            stop.wait(rules.idle_s)
    return handled


def _claim(store: JobStore, queue: str, owner: str, rules: JobSettings, stop: Stop) -> tuple[Job, ...]:
    for outage in range(OUTAGES_BORNE):
        try:
            return store.claim(queue, owner, rules.lease_s)
        except OperationalError as error:
            log.warning("claim failed", extra={"queue": queue, "error": type(error.orig).__name__})
            if stop.wait(2.0**outage):
                return ()
    return store.claim(queue, owner, rules.lease_s)


def _work(
    store: JobStore, job: Job, handler: Handler, stop: Stop, rules: JobSettings, tell: Callable[[bool], None]
) -> None:
    """Run one job to its outcome; no error of the handler leaves this function."""
    log.info("job started", extra={"queue": job.queue, "job": job.id, "attempt": job.attempts})
    with _heartbeat(store, job, rules, Watch(rules.job_timeout_s, tell)) as watch:
        try:
            _run(store, job, handler, Task(store, job, stop, watch))
        except LeaseLostError:
            log.warning("lease lost", extra={"queue": job.queue, "job": job.id})
        except OperationalError as error:
            # The lease runs out and the row comes back: nothing is lost while the database is away.
            log.warning("outcome not written", extra={"job": job.id, "error": type(error.orig).__name__})


def _run(store: JobStore, job: Job, handler: Handler, task: Task) -> None:
    try:
        result = handler(task)
    except JobInterruptedError:
        store.release(job)
    except PoisonJobError as error:
        _note_failure(job, error)
        store.quarantine(job, str(error))
    except LeaseLostError:
        raise
    except Exception as error:
        _note_failure(job, error)
        store.fail(job, f"{type(error).__name__}: {error}")
    else:
        if not task.finished:
            store.complete(job, result)


def _note_failure(job: Job, error: Exception) -> None:
    """The log names the kind of error only: its words could hold a client's."""
    detail = {"queue": job.queue, "job": job.id, "attempt": job.attempts, "error": type(error).__name__}
    log.warning("job failed", extra=detail)


@contextmanager
def _heartbeat(store: JobStore, job: Job, rules: JobSettings, watch: Watch) -> Iterator[Watch]:
    """Extend the lease from a thread, until the job counts as hung; the watch is told when the lease was lost."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(rules.heartbeat_s):
            if watch.hung:
                watch.lost.set()
                return
            try:
                store.extend(job, rules.lease_s)
            except LeaseLostError:
                watch.lost.set()
                return
            except OperationalError as error:  # the next beat tries again, before the lease runs out
                log.warning("heartbeat failed", extra={"job": job.id, "error": type(error.orig).__name__})

    thread = threading.Thread(target=beat, name=f"heartbeat-{job.id[:8]}", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join()
