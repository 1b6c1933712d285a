"""Whether a figure moved beyond chance: tests for counts and shares, and one level over many of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

LEVEL = 0.05
PLENTY = 10  # expected cases in each cell from which the normal approximation holds


def count_p(now: int, before: Sequence[int]) -> float | None:
    """p-value of a week's count against earlier weeks, two-sided; None with fewer than three of those.

    A new observation of a normal sample lies within mean +- t * s * sqrt(1 + 1/n). The variance is at least that of
    Poisson: weeks that happened to be alike are no promise.
    """
    n = len(before)
    if n < 3:
        return None
    mean = statistics.fmean(before)
    spread = math.sqrt(max(statistics.variance(before), mean, 1.0) * (1 + 1 / n))
    return t_two_sided(abs(now - mean) / spread, n - 1)


def count_range(before: Sequence[int]) -> tuple[float, float] | None:
    """Where 95 of 100 such weeks lie; None with fewer than three weeks."""
    n = len(before)
    if n < 3:
        return None
    mean = statistics.fmean(before)
    reach = _t_95(n - 1) * math.sqrt(max(statistics.variance(before), mean, 1.0) * (1 + 1 / n))
    return max(0.0, mean - reach), mean + reach


def share_p(hits: int, n: int, hits_before: int, n_before: int) -> float | None:
    """p-value of two shares being one, two-sided; None without a case on either side. Fisher's exact test (1922) where
    cases are few, else the normal approximation."""
    if not n or not n_before:
        return None
    share = (hits + hits_before) / (n + n_before)
    if min(n, n_before) * min(share, 1 - share) < PLENTY:
        return _fisher(hits, n, hits_before, n_before)
    spread = math.sqrt(share * (1 - share) * (1 / n + 1 / n_before))
    return math.erfc(abs(hits / n - hits_before / n_before) / spread / math.sqrt(2))


def beyond_chance(p_values: Sequence[float | None], level: float = LEVEL) -> list[bool]:
    """Which of many figures moved, so that of those named at most `level` are named by chance.

    Benjamini and Hochberg, Controlling the false discovery rate (1995).
    """
    known = sorted(p for p in p_values if p is not None)
    bound = max((p for rank, p in enumerate(known, 1) if p <= level * rank / len(known)), default=-1.0)
    return [p is not None and p <= bound for p in p_values]


def t_two_sided(t: float, freedom: int) -> float:
    """Probability of Student's t beyond +-t: Abramowitz and Stegun, 26.7.3 and 26.7.4, which are exact."""
    theta = math.atan(t / math.sqrt(freedom))
    cosine, term = math.cos(theta), 1.0
    if freedom % 2:
        total = 0.0
        if freedom > 1:
            term = total = cosine
            for k in range(3, freedom, 2):
                term *= (k - 1) / k * cosine * cosine
                total += term
        return 1 - 2 / math.pi * (theta + math.sin(theta) * total)
    total = 1.0
    for k in range(2, freedom, 2):
        term *= (k - 1) / k * cosine * cosine
        total += term
    return 1 - math.sin(theta) * total


def _t_95(freedom: int) -> float:
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if t_two_sided(middle, freedom) > 1 - 0.95 else (low, middle)
    return low


def _fisher(a: int, n: int, c: int, m: int) -> float:
    """Sum of all tables with these margins that are no likelier than this one."""
    hits = a + c

    def log_p(x: int) -> float:
        return _log_choose(n, x) + _log_choose(m, hits - x) - _log_choose(n + m, hits)

    here = log_p(a) + 1e-9
    logs = (log_p(x) for x in range(max(0, hits - m), min(n, hits) + 1))
    return min(1.0, sum(math.exp(each) for each in logs if each <= here))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
