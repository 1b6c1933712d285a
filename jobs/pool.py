"""Worker processes over one queue, and the watchdog that replaces those that die or hang."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

from jobs.errors import PoolError
from jobs.leases import JobStore
from jobs.settings import JobSettings
from jobs.stop import Stop, stop_on_signals
from jobs.worker import Handler, run_worker

log = logging.getLogger("tougu.jobs.pool")

Setup = Callable[[], tuple[JobStore, Handler]]
"""Builds store and handler inside a worker process. It is pickled: a function of a module, or a
functools.partial of one with plain arguments such as the database URL."""

WORN_OUT = 64  # exit code of a worker that did its share of jobs and wants a successor
FALSE_STARTS_BORNE = 3
WATCH_S = 0.2


@dataclass(kw_only=True)
class _Worker:
    """One process and what it shares with the watchdog."""

    process: SpawnProcess
    ready: Any  # multiprocessing Event: set once the worker's set-up succeeded
    busy_since: Any  # multiprocessing double: time.monotonic() at the start of its job, 0 when idle


def run_pool(
    workers: int,
    queue: str,
    setup: Setup,
    *,
    stop: Stop,
    settings: JobSettings | None = None,
    until_empty: bool = False,
    max_jobs_per_worker: int | None = None,
) -> None:
    """Keep `workers` processes working on `queue` until `stop` is set (or the queue is empty).

    A worker that dies is replaced at once, one that holds a job longer than `job_timeout_s` is killed
    and replaced; its row comes back when the lease runs out. When stopped, workers finish their job
    within `grace_s`. Raises PoolError when workers die before their set-up is done, again and again.
    """
    rules = settings or JobSettings()
    pool = _Pool(queue, setup, rules, until_empty, max_jobs_per_worker)
    pool.start(workers)
    try:
        while pool.workers and not stop.is_set():
            pool.watch()
            stop.wait(WATCH_S)
    finally:
        pool.shut_down()


class _Pool:
    def __init__(self, queue: str, setup: Setup, rules: JobSettings, until_empty: bool, max_jobs: int | None) -> None:
        self.workers: list[_Worker] = []
        self._context: SpawnContext = multiprocessing.get_context("spawn")
        self._arguments = (queue, setup, rules, until_empty, max_jobs)
        self._rules = rules
        self._false_starts = 0

    def start(self, number: int) -> None:
        self.workers += [self._spawn() for _ in range(number)]

    def watch(self) -> None:
        """Look at every worker once: kill the hung, replace the dead, let the finished go."""
        for worker in list(self.workers):
            self._kill_if_hung(worker)
            code = worker.process.exitcode
            if code is None:
                self._false_starts = 0 if worker.ready.is_set() else self._false_starts
                continue
            self.workers.remove(worker)
            if code != 0:
                self._replace(worker, code)

    def shut_down(self) -> None:
        """Ask, wait for `grace_s`, then kill."""
        for worker in self.workers:
            worker.process.terminate()
        deadline = time.monotonic() + self._rules.grace_s
        for worker in self.workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self.workers.clear()

    def _spawn(self) -> _Worker:
        ready, busy_since = self._context.Event(), self._context.Value("d", 0.0, lock=False)
        arguments = (*self._arguments, ready, busy_since)
        process = self._context.Process(target=_worker_main, args=arguments, daemon=True)
        process.start()
        return _Worker(process=process, ready=ready, busy_since=busy_since)

    def _kill_if_hung(self, worker: _Worker) -> None:
        since = worker.busy_since.value
        if since and time.monotonic() - since > self._rules.job_timeout_s:
            log.error("worker hung, replaced", extra={"pid": worker.process.pid})
            worker.process.kill()
            worker.process.join()

    def _replace(self, worker: _Worker, code: int) -> None:
        if code != WORN_OUT:
            log.error("worker died, replaced", extra={"pid": worker.process.pid, "exit_code": code})
        self._false_starts += 0 if worker.ready.is_set() else 1
        if self._false_starts >= FALSE_STARTS_BORNE:
            raise PoolError(
                f"{FALSE_STARTS_BORNE} workers ended before they were ready (exit code {code}): "
                "see the error above them in the log, then start again."
            )
        self.workers.append(self._spawn())


def _worker_main(
    queue: str,
    setup: Setup,
    rules: JobSettings,
    until_empty: bool,
    max_jobs: int | None,
    ready: Any,
    busy_since: Any,
) -> None:
    """The whole life of one worker process."""
    stop = stop_on_signals()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which asks by SIGTERM
    threading.Thread(target=_stop_with_parent, args=(stop,), daemon=True).start()
    store, handler = setup()
    ready.set()

    def busy(working: bool) -> None:
        busy_since.value = time.monotonic() if working else 0.0

    handled = run_worker(
        store,
        queue,
        handler,
        stop=stop,
        settings=rules,
        until_empty=until_empty,
        max_jobs=max_jobs,
        busy=busy,
    )
    store.engine.dispose()
    raise SystemExit(WORN_OUT if max_jobs is not None and handled >= max_jobs else 0)


def _stop_with_parent(stop: threading.Event) -> None:
    """A worker whose parent was killed must not go on alone for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        stop.set()
