"""Another try after a failure that may pass: backoff with jitter, and never longer than there is time for.

The client library would wait as long as a server's Retry-After says, whoever waits for the answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from jobs.retry import Backoff

Got = TypeVar("Got")
BACKOFF = Backoff(base_s=0.4, cap_s=8.0)
_PASSING = frozenset({408, 409, 425, 429})  # and whatever the server itself is at fault for
_LONGEST_WAIT_S = 10.0


def retrying(
    ask: Callable[[], Got],
    *,
    retries: int,
    within_s: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Got:
    """What `ask` returns. Raises what it raised last, when that will not pass, or neither try nor time is left.

    `within_s` bounds the beginning of the last try; None leaves it to the number of tries.
    """
    until = None if within_s is None else clock() + within_s
    for attempt in range(1, retries + 1):
        try:
            return ask()
        except Exception as error:
            wait_s = max(BACKOFF.delay_s(attempt), _asked_for_s(error))
            if not _may_pass(error) or wait_s > _LONGEST_WAIT_S or (until is not None and clock() + wait_s >= until):
                raise
            sleep(wait_s)
    return ask()


def _may_pass(error: Exception) -> bool:
    status = getattr(error, "status_code", None)
    if status is not None:
        return status in _PASSING or int(status) >= 500
    return "APIConnectionError" in {kind.__name__ for kind in type(error).__mro__}  # a time-out is one, too


def _asked_for_s(error: Exception) -> float:
    """What the server's Retry-After asks for; 0 where it does not, or not in seconds."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return max(0.0, float(headers.get("retry-after", 0)))
    except ValueError:
        return 0.0
