"""Bootstrap intervals: how far a figure would move with other items of the same kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypedDict, TypeVar

import numpy as np

Item = TypeVar("Item")
RESAMPLES = 1000
SEED = 20261121


class Interval(TypedDict):
    """A figure with its 95 % percentile bootstrap interval."""

    value: float
    low: float
    high: float


def with_interval(items: Sequence[Item], metric: Callable[[Sequence[Item]], float | None]) -> Interval | None:
    """The metric over all items and its 2.5 and 97.5 percentiles over resampled items.

    Items are resampled whole (a call, a sentence), 1,000 times from a fixed seed. None when the metric is
    undefined on the items, for instance a recall without anything to recall.
    """
    value = metric(items)
    if value is None:
        return None
    random = np.random.default_rng(SEED)
    draws = (metric([items[i] for i in random.integers(len(items), size=len(items))]) for _ in range(RESAMPLES))
    known = [draw for draw in draws if draw is not None]
    low, high = np.percentile(known, [2.5, 97.5]) if known else (value, value)
    return Interval(value=round(value, 4), low=round(float(low), 4), high=round(float(high), 4))
