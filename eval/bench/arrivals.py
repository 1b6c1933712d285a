"""When the calls of a broker's day end: office hours with a rush at the opening and after lunch, and bursts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

# Share of a day's calls by hour of the day, China time: the market opens at 9:30, rests 11:30-13:00, closes at 15:00.
BY_HOUR = {8: 0.04, 9: 0.19, 10: 0.16, 11: 0.10, 12: 0.04, 13: 0.15, 14: 0.14, 15: 0.09, 16: 0.06, 17: 0.03}
BURST_SHARE = 0.2  # of the calls end together with others: a campaign, a news item, a queue that empties
BURST = 5  # calls of one burst
BURST_S = 30.0
HOUR_S = 3600.0


def day_of_calls(calls: int, *, seed: int) -> list[float]:
    """Seconds of the day at which calls end, rising."""
    drawn = random.Random(seed)
    hours, shares = list(BY_HOUR), list(BY_HOUR.values())
    ends: list[float] = []
    while len(ends) < calls:
        at = (drawn.choices(hours, shares)[0] + drawn.random()) * HOUR_S
        burst = drawn.random() < BURST_SHARE / BURST / (1 - BURST_SHARE + BURST_SHARE / BURST)
        ends += [at + drawn.random() * BURST_S for _ in range(BURST if burst else 1)]
    return sorted(ends[:calls])


def busiest(ends: Sequence[float], calls: int) -> list[float]:
    """The `calls` ends that lie closest together, counted from the first of them."""
    starts = range(max(1, len(ends) - calls + 1))
    first = min(starts, key=lambda i: ends[min(i + calls, len(ends)) - 1] - ends[i])
    return [end - ends[first] for end in ends[first : first + calls]]


@dataclass(frozen=True, kw_only=True)
class Day:
    """A whole day in one queue, read one call after the other."""

    waits_s: Sequence[float]  # from the end of each call to its leads
    busy_s: float  # of the worker


def simulated(ends: Sequence[float], services_s: Sequence[float], *, seed: int) -> Day:
    """First come, first served, with times of service drawn from those that were measured."""
    drawn = random.Random(seed)
    free, busy, waits = 0.0, 0.0, []
    for end in ends:
        service = drawn.choice(services_s)
        free = max(free, end) + service
        busy += service
        waits.append(free - end)
    return Day(waits_s=waits, busy_s=busy)
