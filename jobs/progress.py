"""How far a batch is, told from a thread while others work on its rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

P = TypeVar("P", covariant=True)
Told = TypeVar("Told")
EVERY_S = 0.5
LOOKING_SHARE = 20.0  # looking how far a batch is takes a twentieth of the time at most, however long it is


class Counted(Protocol[P]):
    """A batch that knows how far it is."""

    def progress(self) -> P: ...


@contextmanager
def reporting(batch: Counted[Told], on_progress: Callable[[Told], None], *, every_s: float = EVERY_S) -> Iterator[None]:
    """Tell `batch.progress()` again and again while the block runs; nothing is told after it."""
    over = threading.Event()

    def report() -> None:
        wait_s = every_s
        while not over.wait(wait_s):
            began = time.monotonic()
            on_progress(batch.progress())
            wait_s = max(every_s, LOOKING_SHARE * (time.monotonic() - began))

    reporter = threading.Thread(target=report, name="progress", daemon=True)
    reporter.start()
    try:
        yield
    finally:
        over.set()
        reporter.join()
