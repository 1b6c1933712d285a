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
from copilot.diagnosis.series import Floats, ReturnSeries

LEAST_SHARED_DAYS = 60
_CONSTANT = 1e-18  # variance of a series that does not move


def hhi(weights: Sequence[float]) -> float:
    """Herfindahl-Hirschman index: the sum of squared shares of the total, 1/n (even) to 1 (all in one); NaN of 0."""
    total = sum(weights)
    return sum((weight / total) ** 2 for weight in weights) if total > 0 else nan


def effective_number(weights: Sequence[float]) -> float:
    """1 / HHI: with how many equal positions the concentration would be the same."""
    return ratio(1.0, hhi(weights))


def correlation_matrix(series: Sequence[ReturnSeries], least_days: int = LEAST_SHARED_DAYS) -> Floats:
    """Correlations of daily returns, (k, k), 1 on the diagonal; NaN where a pair shares too few days."""
    if not series:
        return np.empty((0, 0))
    table = _on_all_dates(series)
    known = ~np.isnan(table)
    values = np.where(known, table, 0.0)
    mask = known.astype(np.float64)
    days = mask.T @ mask
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = values.T @ mask / days  # [i, j]: of i on the days that i and j share
        covariance = values.T @ values / days - mean * mean.T
        variance = (values**2).T @ mask / days - mean**2
        found: Floats = covariance / np.sqrt(variance * variance.T)
    found[(days < least_days) | (variance <= _CONSTANT) | (variance.T <= _CONSTANT)] = nan
    np.fill_diagonal(found, 1.0)
    return np.clip(found, -1.0, 1.0)


def _on_all_dates(series: Sequence[ReturnSeries]) -> Floats:
    """Returns (n, k) on the union of all dates, NaN where a fund has none."""
    dates = np.unique(np.concatenate([one.dates for one in series]))
    table = np.full((len(dates), len(series)), np.nan)
    for column, one in enumerate(series):
        table[np.searchsorted(dates, one.dates), column] = one.values
    return table


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
