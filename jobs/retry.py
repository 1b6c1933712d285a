"""When to try again: exponential backoff with jitter, one rule for jobs and for the outbox."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Delays of base_s, base_s * factor, base_s * factor**2, ... up to cap_s, each spread by +-jitter."""

    base_s: float = 2.0
    factor: float = 2.0
    cap_s: float = 600.0
    jitter: float = 0.25  # share of the delay, so that rows that failed together do not return together

    def delay_s(self, attempt: int) -> float:
        """Seconds to wait after failed attempt number `attempt` (the first is 1)."""
        exponent = min(max(attempt, 1) - 1, 64)
        delay_s = min(self.base_s * self.factor**exponent, self.cap_s)
        return delay_s * random.uniform(1 - self.jitter, 1 + self.jitter)
