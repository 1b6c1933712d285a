"""Among peers: rank by period, and whether ranks last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from copilot.diagnosis.metrics.basics import spread

LEAST_PEERS = 5  # with fewer a rank says nothing
LEAST_PAIRS = 5  # funds ranked in two periods running


@dataclass(frozen=True, kw_only=True)
class Rank:
    """`place` of `of` (1 = best); `percentile` is the share of the other peers that did worse, 1 = best."""

    period: str
    place: int
    of: int
    percentile: float
    quartile: int  # 1 = best quarter


def rank(period: str, own: float, peers: Sequence[float]) -> Rank | None:
    """The rank of a return among its peers' (the fund itself not among them); None with fewer than 5 peers.

    Equal returns share the better place. Peers whose return is unknown do not count.
    """
    others = [value for value in peers if isfinite(value)]
    if len(others) < LEAST_PEERS or not isfinite(own):
        return None
    better, worse = sum(value > own for value in others), sum(value < own for value in others)
    of = len(others) + 1
    quartile = min(4, 1 + better * 4 // of)
    return Rank(period=period, place=better + 1, of=of, percentile=worse / len(others), quartile=quartile)


def rank_persistence(earlier: Mapping[str, float], later: Mapping[str, float]) -> float:
    """Spearman's correlation of the ranks of funds in two periods: 1 = the same order, -1 = turned round.

    By code; only funds known in both count. NaN with fewer than 5, or where all are equal. Ties take mean ranks.
    """
    shared = [c for c in earlier if isfinite(earlier[c]) and isfinite(later.get(c, nan))]
    if len(shared) < LEAST_PAIRS:
        return nan
    first = _mean_ranks([earlier[code] for code in shared])
    second = _mean_ranks([later[code] for code in shared])
    if not spread(first) or not spread(second):
        return nan
    return float(np.corrcoef(first, second)[0, 1])


def _mean_ranks(values: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    array = np.asarray(values, dtype=np.float64)
    ordered = np.sort(array)
    low = np.searchsorted(ordered, array, side="left")
    high = np.searchsorted(ordered, array, side="right")
    return (low + high + 1) / 2.0
