"""Batch transcription wired: one process, or several over the same leased rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intent.archive import QUEUE, Archive, Outcome, Progress, TranscribeHandler
from jobs.errors import JobInterruptedError
from jobs.pool import run_pool
from jobs.progress import reporting
from jobs.tables import JobState
from jobs.worker import Task
from serve.call_queue import CALLS

if TYPE_CHECKING:
    from intent.recordings import RecordingFile
    from intent.settings import SpeechSettings
    from jobs.leases import JobStore
    from jobs.worker import Handler
    from serve.settings import Settings
    from serve.wiring import House

LOOK_S = 0.2  # between two looks at the queue of calls
PATIENCE_S = 300.0
FILES_A_WORKER = 500


class FreshFirst:
    """An archive's handler that begins no recording while a worker reads a call: leads go cold, archives do not.

    What was begun is finished, so that a fresh call shares the processors with one recording at most.
    """

    def __init__(self, store: JobStore, handler: Handler) -> None:
        self._store, self._handler = store, handler

    def __call__(self, task: Task) -> Any:
        """See Handler. Gives the row back, uncounted, after PATIENCE_S: others of the queue may be asked to stop."""
        patience = time.monotonic() + PATIENCE_S
        while self._reading_calls():
            if task.stopping or time.monotonic() > patience:
                raise JobInterruptedError("Calls of today come first.")
            task.check()
            time.sleep(LOOK_S)
        return self._handler(task)

    def _reading_calls(self) -> bool:
        """Whether a living worker has a call in hand; a dead one's lease runs out."""
        now = datetime.now(UTC)
        leased = self._store.list(CALLS, state=JobState.LEASED)
        return any(job.lease_until is not None and job.lease_until > now for job in leased)


def transcribe_batch(
    house: House,
    settings: Settings,
    recordings: Sequence[RecordingFile],
    *,
    out: Path,
    formats: Sequence[str],
    workers: int,
    retry_failed: bool,
    on_progress: Callable[[Progress], None],
    engine: str = "local",
    watched: bool = False,
) -> list[Outcome]:
    """Transcribe what is not done yet; stopped at any moment, the same call goes on where it was.

    `engine`: local (this process, or several) or ray (actors over the same rows). One worker works in this process
    unless it is to be `watched`: a worker process that dies or hangs is replaced, and so is one that did
    FILES_A_WORKER recordings, so that what a library leaks does not add up. Raises EngineMissingError without Ray.
    """
    archive = Archive(
        house.jobs, out, engine=f"{house.transcriber.name}|{settings.speech.configuration}", formats=formats
    )
    archive.enqueue(recordings, retry_failed=retry_failed)
    stop = threading.Event()
    if workers == 1 and engine == "local" and not watched:
        handler = FreshFirst(house.jobs, _handler(house, settings.speech))
        archive.run(handler, stop=stop, settings=settings.jobs, on_progress=on_progress)
    else:
        with reporting(archive, on_progress):
            _pool_of(engine)(
                workers,
                QUEUE,
                partial(_setup, settings),
                stop=stop,
                settings=settings.jobs,
                until_empty=True,
                max_jobs_per_worker=FILES_A_WORKER,
            )
        archive.write_manifest()
        on_progress(archive.progress())
    return list(archive.outcomes())


def _pool_of(engine: str) -> Callable[..., None]:
    if engine == "local":
        return run_pool
    from jobs.ray_engine import run_ray

    return run_ray


def _setup(settings: Settings) -> tuple[JobStore, Handler]:
    """What each worker process builds for itself: one thread of arithmetic a process."""
    from serve.wiring import House

    speech = settings.speech.model_copy(update={"threads": settings.speech.threads or 1})
    house = House(settings.model_copy(update={"speech": speech}))
    return house.jobs, FreshFirst(house.jobs, _handler(house, speech))


def _handler(house: House, speech: SpeechSettings) -> TranscribeHandler:
    return TranscribeHandler(
        house.transcriber,
        speech,
        house.repairer,
        hotwords=house.hotwords,
        masker=house.transcript_masks,
        originals=house.originals,
    )
