"""Ray as muscle: actors that run the same worker loop over the same leased rows.

Nothing of the work lives in Ray: an actor that dies loses its lease, not its job.
"""

from __future__ import annotations

import logging
import threading
import time
from importlib import import_module
from typing import Any

from jobs.errors import EngineMissingError, PoolError
from jobs.pool import FALSE_STARTS_BORNE, WORN_OUT, Setup
from jobs.settings import JobSettings
from jobs.stop import Stop
from jobs.worker import run_worker

log = logging.getLogger("tougu.jobs.ray")

WATCH_S = 0.5
CPUS_LEFT_FREE = 0.5  # an actor pool that claims every CPU leaves Ray none for its own tasks and hangs


class RayWorker:
    """The body of an actor; `work` runs in one thread and `stop` in another."""

    def __init__(self, queue: str, setup: Setup, settings: JobSettings) -> None:
        self._queue = queue
        self._settings = settings
        self._stop = threading.Event()
        self._busy_since = 0.0  # time.monotonic() at the last sign of life of a job, 0 when idle
        self._store, self._handler = setup()

    def work(self, until_empty: bool, max_jobs: int | None) -> int:
        """Run the worker loop; returns 0 when it ended by itself, WORN_OUT after `max_jobs`."""
        handled = run_worker(
            self._store, self._queue, self._handler, stop=self._stop, settings=self._settings,
            until_empty=until_empty, max_jobs=max_jobs, busy=self._busy,
        )  # fmt: skip
        return WORN_OUT if max_jobs is not None and handled >= max_jobs else 0

    def ready(self) -> bool:
        """True, once the set-up has succeeded."""
        return True

    def busy_s(self) -> float:
        """Seconds since its job last showed life, 0 when idle; asked for while `work` runs."""
        since = self._busy_since
        return time.monotonic() - since if since else 0.0

    def _busy(self, working: bool) -> None:
        self._busy_since = time.monotonic() if working else 0.0

    def stop(self) -> None:
        """End the loop after the job in progress."""
        self._stop.set()


def run_ray(
    workers: int,
    queue: str,
    setup: Setup,
    *,
    stop: Stop,
    settings: JobSettings | None = None,
    until_empty: bool = False,
    max_jobs_per_worker: int | None = None,
    address: str | None = None,
) -> None:
    """Keep `workers` actors working on `queue`; the meaning of the arguments is that of `run_pool`.

    address: of a running Ray cluster; None starts a local one for this call. On a cluster the
    database must be reachable from every node, so PostgreSQL. Raises EngineMissingError without Ray.
    """
    ray = load_ray()
    started_here = not ray.is_initialized()
    if started_here:
        ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        crew = _Crew(ray, queue, setup, settings or JobSettings(), until_empty, max_jobs_per_worker)
        crew.start(workers)
        crew.watch(stop)
    finally:
        if started_here:
            ray.shutdown()


def load_ray() -> Any:
    """The ray module, imported now. Raises EngineMissingError with the remedy."""
    try:
        return import_module("ray")
    except ImportError as error:
        raise EngineMissingError(
            "Ray is not installed: install the extra with pip install 'tougu[ray]', or use the local engine."
        ) from error


def cpus_per_actor(workers: int, cluster_cpus: float) -> float:
    """The share of CPUs one actor reserves, so that all of them together leave some free."""
    return round(min(1.0, max(0.0, cluster_cpus - CPUS_LEFT_FREE) / workers), 3)


class _Crew:
    """The actors and their watchdog."""

    def __init__(
        self,
        ray: Any,
        queue: str,
        setup: Setup,
        settings: JobSettings,
        until_empty: bool,
        max_jobs: int | None,
    ) -> None:
        self._ray = ray
        self._arguments = (queue, setup, settings)
        self._loop = (until_empty, max_jobs)
        self._settings = settings
        self._actors: dict[Any, tuple[Any, Any]] = {}  # reference of the result -> actor, of its readiness
        self._asked: dict[Any, Any] = {}  # reference of the result -> of the answer how long its actor is busy
        self._false_starts = 0
        self._actor_class: Any = None

    def start(self, number: int) -> None:
        share = cpus_per_actor(number, self._ray.cluster_resources().get("CPU", 1.0))
        remote = self._ray.remote(num_cpus=share, max_concurrency=2, max_restarts=0)
        self._actor_class = remote(RayWorker)
        for _ in range(number):
            self._hire()

    def watch(self, stop: Stop) -> None:
        """Replace actors that die or hang; return when all have finished or `stop` was set."""
        while self._actors and not stop.is_set():
            ended, _ = self._ray.wait(list(self._actors), timeout=WATCH_S)
            for reference in ended:
                self._replace(reference)
            for reference in list(self._actors):
                self._kill_if_hung(reference)
        self._dismiss()

    def _hire(self) -> None:
        actor = self._actor_class.remote(*self._arguments)
        self._actors[actor.work.remote(*self._loop)] = (actor, actor.ready.remote())

    def _kill_if_hung(self, reference: Any) -> None:
        """Ask how long the actor is busy, and read the answer at a later look: nobody waits for one that hangs."""
        actor, _ready = self._actors[reference]
        if reference not in self._asked:
            self._asked[reference] = actor.busy_s.remote()
        asked = self._asked[reference]
        if not self._ray.wait([asked], timeout=0)[0]:
            return
        del self._asked[reference]
        try:
            hung = self._ray.get(asked) > self._settings.job_timeout_s
        except self._ray.exceptions.RayError:
            return  # it died; the next look replaces it
        if hung:
            log.error("actor hung, replaced")
            self._ray.kill(actor)

    def _replace(self, reference: Any) -> None:
        actor, ready = self._actors.pop(reference)
        self._asked.pop(reference, None)
        try:
            code = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            log.error("actor died, replaced", extra={"error": type(error).__name__})
            self._count_false_start(ready)
            code = WORN_OUT
        self._ray.kill(actor)
        if code == WORN_OUT:
            self._hire()

    def _count_false_start(self, ready: Any) -> None:
        try:
            self._ray.get(ready)
            self._false_starts = 0
        except self._ray.exceptions.RayError as error:
            self._false_starts += 1
            if self._false_starts >= FALSE_STARTS_BORNE:
                raise PoolError(
                    f"{FALSE_STARTS_BORNE} Ray actors ended before they were ready: their set-up fails; "
                    "run the same with the local engine to see why."
                ) from error

    def _dismiss(self) -> None:
        for actor, _ready in self._actors.values():
            actor.stop.remote()
        if self._actors:
            self._ray.wait(list(self._actors), num_returns=len(self._actors), timeout=self._settings.grace_s)
        for actor, _ready in self._actors.values():
            self._ray.kill(actor)
        self._actors.clear()
