"""Several funds together: how concentrated, how alike, and what lies within them.

Weights are fractions of the whole account; whatever has no disclosure stays unknown and is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from copilot.diagnosis.metrics.basics import ratio
from copilot.diagnosis.metrics.relative import correlation
from copilot.diagnosis.series import Floats, ReturnSeries, aligned

LEAST_SHARED_DAYS = 60


def hhi(weights: Sequence[float]) -> float:
    """Herfindahl-Hirschman index: the sum of squared shares of the total, 1/n (even) to 1 (all in one); NaN of 0."""
    total = sum(weights)
    return sum((weight / total) ** 2 for weight in weights) if total > 0 else nan


def effective_number(weights: Sequence[float]) -> float:
    """1 / HHI: with how many equal positions the concentration would be the same."""
    return ratio(1.0, hhi(weights))


def correlation_matrix(series: Sequence[ReturnSeries], least_days: int = LEAST_SHARED_DAYS) -> Floats:
    """Correlations of daily returns, (k, k), 1 on the diagonal; NaN where a pair shares too few days."""
    table = _one_calendar(series)
    if table is not None and len(table) >= least_days:
        return _at_once(table)
    size = len(series)
    found = np.eye(size)
    for i in range(size):
        for j in range(i + 1, size):
            own, other = aligned(series[i], series[j])
            found[i, j] = found[j, i] = correlation(own, other) if len(own) >= least_days else nan
    return found


def _one_calendar(series: Sequence[ReturnSeries]) -> Floats | None:
    """Returns (n, k) where all series have the same dates and know them all; None otherwise."""
    if not series or any(len(one) != len(series[0]) for one in series):
        return None
    if any((one.dates != series[0].dates).any() for one in series):
        return None
    table = np.column_stack([one.values for one in series])
    return None if np.isnan(table).any() else table


def _at_once(table: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.atleast_2d(np.corrcoef(table, rowvar=False))
    constant = table.max(axis=0) == table.min(axis=0)
    found[constant, :] = found[:, constant] = nan
    np.fill_diagonal(found, 1.0)
    return found


def overlap(mine: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """Share of the two disclosed portfolios that is the same: the sum of the smaller weights, 0 to 1.

    Only what both disclose can be seen: with top-ten disclosure it is a lower bound.
    """
    return sum(min(weight, theirs[code]) for code, weight in mine.items() if code in theirs)


@dataclass(frozen=True, kw_only=True)
class LookThrough:
    """What an account holds through its funds; `known` + `unknown` = 1."""

    weights: Mapping[str, float]  # by industry, asset class or security, the largest first
    known: float
    unknown: float  # no disclosure, or not disclosed in this breakdown


def look_through(weights: Mapping[str, float], inside: Mapping[str, Mapping[str, float]]) -> LookThrough:
    """Weights of funds times what each discloses. Leverage (more than 1 inside a fund) is not cut down."""
    total = sum(weights.values())
    found: dict[str, float] = defaultdict(float)
    for code, weight in weights.items():
        for name, part in inside.get(code, {}).items():
            found[name] += weight / total * part if total else nan
    seen = sum(found.values())
    ordered = dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
    return LookThrough(weights=ordered, known=seen, unknown=max(0.0, 1.0 - seen))


def mixed_returns(series: Mapping[str, ReturnSeries], weights: Mapping[str, float]) -> ReturnSeries:
    """Returns of a mix with fixed weights, rebalanced daily, on the dates all funds know.

    What today's mix would have done: a picture of its risk, not of what the client lived through.
    """
    if not series:
        return ReturnSeries.of([], [])
    dates = None
    for one in series.values():
        usable = one.dates[~np.isnan(one.values)]
        dates = usable if dates is None else np.intersect1d(dates, usable, assume_unique=True)
    assert dates is not None
    total = sum(weights[code] for code in series)
    values = np.zeros(len(dates))
    for code, one in series.items():
        values += weights[code] / total * one.values[np.searchsorted(one.dates, dates)]
    return ReturnSeries(dates=dates, values=values)
