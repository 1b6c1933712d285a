"""How much one caller may ask: a bucket of tokens each, in memory, refilled evenly through the minute."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil

from serve.errors import ServeError

MINUTE_S = 60.0
MOST_BUCKETS = 20_000  # callers remembered; who was not seen for longest is forgotten, and starts anew


class TooManyError(ServeError):
    """The caller asks too much for the moment."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Too many requests: wait {wait_s} seconds (limits in the settings).")
        self.zh = f"操作过于频繁，请{wait_s}秒后再试。"
        self.headers = {"retry-after": str(wait_s)}


class Limits:
    """Buckets by name; each holds at most a minute's worth."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # name -> tokens, when they were counted

    def take(self, name: str, per_minute: int) -> None:
        """Take one token of a bucket; 0 a minute means no limit. Raises TooManyError for an empty one."""
        if per_minute == 0:
            return
        with self._lock:
            now = self._clock()
            tokens, counted = self._buckets.pop(name, (float(per_minute), now))
            tokens = min(float(per_minute), tokens + (now - counted) * per_minute / MINUTE_S)
            self._buckets[name] = (max(0.0, tokens - 1), now) if tokens >= 1 else (tokens, now)
            while len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)
        if tokens < 1:
            raise TooManyError(max(1, ceil((1 - tokens) * MINUTE_S / per_minute)))
