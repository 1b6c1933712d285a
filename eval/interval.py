"""Intervals: how far a figure would move with other items of the same kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypedDict, TypeVar

import numpy as np
from numpy.typing import NDArray

from eval.metrics.summed import Metric
from intent.classifier.figures import interval

Item = TypeVar("Item")
RESAMPLES = 1000
SEED = 20261121
BLOCK = 50  # resamples weighed at once: bounds the memory to 50 rows of item counts


class Interval(TypedDict):
    """A figure with its 95 % percentile bootstrap interval."""

    value: float
    low: float
    high: float


def with_interval(items: Sequence[Item], metric: Metric[Item]) -> Interval | None:
    """The metric over all items and its 2.5 and 97.5 percentiles over resampled items.

    Items are resampled whole (a call, a sentence), 1,000 times from a fixed seed. Resamples on which the
    metric is undefined are left out. None when it is undefined on the items themselves, for instance a
    recall without anything to recall.
    """
    value = metric(items)
    if value is None:
        return None
    known = [draw for draw in _draws(items, metric) if draw is not None]
    low, high = np.percentile(known, [2.5, 97.5]) if known else (value, value)
    return Interval(value=round(value, 4), low=round(float(low), 4), high=round(float(high), 4))


def _draws(items: Sequence[Item], metric: Metric[Item]) -> Iterator[float | None]:
    parts = [metric.part(item) for item in items]
    names = sorted({name for part in parts for name in part})
    added: NDArray[Any] = np.array([[part.get(name, 0.0) for name in names] for part in parts], np.float64)
    random = np.random.default_rng(SEED)
    share = np.full(len(items), 1 / len(items))
    for _ in range(RESAMPLES // BLOCK):
        times_drawn = random.multinomial(len(items), share, size=BLOCK)
        for sums in times_drawn @ added:
            yield metric.combine(dict(zip(names, sums.tolist(), strict=True)))


def wilson(hits: int, n: int) -> Interval | None:
    """A share of `n` independent cases with its 95 % score interval; None without a case.

    Wilson, Probable inference, the law of succession, and statistical inference (1927): unlike a bootstrap it holds
    for a handful of cases and for shares of 0 and 1.
    """
    if not n:
        return None
    low, high = interval(hits / n, n)
    return Interval(value=round(hits / n, 4), low=round(low, 4), high=round(high, 4))
