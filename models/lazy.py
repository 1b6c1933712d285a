"""A value made at its first use, once, whatever the number of threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lazy(Generic[T]):
    """Holds what `make()` returned. A failure is not remembered: the next use tries again."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._held: list[T] = []
        self.loads = 0  # how often `make` succeeded

    def get(self) -> T:
        with self._lock:
            if not self._held:
                self._held.append(self._make())
                self.loads += 1
            return self._held[0]

    @property
    def is_loaded(self) -> bool:
        return bool(self._held)

    def release(self) -> None:
        """Forget the value, so that its memory can go; the next use makes it again."""
        with self._lock:
            self._held.clear()
