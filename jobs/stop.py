"""How loops are asked to end."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Protocol


class Stop(Protocol):
    """An event of threading or multiprocessing."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float) -> bool: ...


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; call it in the main thread."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop
