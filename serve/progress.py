"""How far a batch is, told from a thread while others work on its rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

P = TypeVar("P", covariant=True)
Told = TypeVar("Told")
EVERY_S = 0.5


class Counted(Protocol[P]):
    """A batch that knows how far it is."""

    def progress(self) -> P: ...


@contextmanager
def reporting(batch: Counted[Told], on_progress: Callable[[Told], None], *, every_s: float = EVERY_S) -> Iterator[None]:
    """Tell `batch.progress()` again and again while the block runs; nothing is told after it."""
    over = threading.Event()

    def report() -> None:
        while not over.wait(every_s):
            on_progress(batch.progress())

    reporter = threading.Thread(target=report, name="progress", daemon=True)
    reporter.start()
    try:
        yield
    finally:
        over.set()
        reporter.join()
