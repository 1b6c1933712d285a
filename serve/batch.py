"""Batch transcription wired: one process, or several over the same leased rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from intent.archive import QUEUE, Archive, Outcome, Progress, TranscribeHandler
from jobs.pool import run_pool
from serve.progress import reporting

if TYPE_CHECKING:
    from intent.recordings import RecordingFile
    from jobs.leases import JobStore
    from jobs.worker import Handler
    from serve.settings import Settings
    from serve.wiring import House


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
) -> list[Outcome]:
    """Transcribe what is not done yet; stopped at any moment, the same call goes on where it was."""
    archive = Archive(house.jobs, out, engine=house.transcriber.name, formats=formats)
    archive.enqueue(recordings, retry_failed=retry_failed)
    stop = threading.Event()
    if workers == 1:
        handler = TranscribeHandler(house.transcriber, settings.speech, house.repairer)
        archive.run(handler, stop=stop, settings=settings.jobs, on_progress=on_progress)
    else:
        with reporting(archive, on_progress):
            run_pool(workers, QUEUE, partial(_setup, settings), stop=stop, settings=settings.jobs, until_empty=True)
        archive.write_manifest()
        on_progress(archive.progress())
    return list(archive.outcomes())


def _setup(settings: Settings) -> tuple[JobStore, Handler]:
    """What each worker process builds for itself: one thread of arithmetic a process."""
    from serve.wiring import House

    speech = settings.speech.model_copy(update={"threads": settings.speech.threads or 1})
    house = House(settings.model_copy(update={"speech": speech}))
    return house.jobs, TranscribeHandler(house.transcriber, speech, house.repairer)
