"""Returns-based style analysis (Sharpe 1992): the mix of style indexes that moves most like the fund.

The mix has weights >= 0 that sum to 1. Since they do, |R w - r|^2 = |(R - r) w|^2, so the best mix is
the point of least norm in the convex hull of the columns of R - r: Wolfe's algorithm (1976) finds it
exactly in a few steps, without a solver.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from copilot.diagnosis.metrics.basics import deviation
from copilot.diagnosis.series import Floats, ReturnSeries

LEAST_DAYS = 60  # shared days below which no style is told
_CRUMB = 1e-12


@dataclass(frozen=True, kw_only=True)
class StyleFit:
    """Weights by style index, fractions that sum to 1; `r_squared` is the share of variance they explain."""

    weights: Mapping[str, float]
    r_squared: float
    days: int


def style_fit(fund: ReturnSeries, styles: Mapping[str, ReturnSeries]) -> StyleFit | None:
    """The style of a fund on the days that all series know; None below 60 such days or without styles."""
    matrix, target = _shared(fund, styles)
    if len(target) < LEAST_DAYS or not styles:
        return None
    weights = simplex_least_squares(matrix, target)
    return StyleFit(
        weights=dict(zip(styles, weights.tolist(), strict=True)),
        r_squared=_explained(matrix @ weights, target),
        days=len(target),
    )


def style_drift(earlier: StyleFit, later: StyleFit) -> float:
    """Half the sum of the weights' changes: 0 = the same style, 1 = a wholly other one. Same styles in both."""
    return sum(abs(later.weights[name] - weight) for name, weight in earlier.weights.items()) / 2


def simplex_least_squares(matrix: Floats, target: Floats) -> Floats:
    """Weights >= 0 that sum to 1 and minimise |matrix @ weights - target|; matrix (n, k), target (n,)."""
    points = matrix - target[:, None]
    gram = points.T @ points
    scale = float(np.trace(gram)) or 1.0
    return _least_norm(gram / scale)


def _least_norm(gram: Floats) -> Floats:
    """Wolfe's algorithm on the Gram matrix (k, k) of the points."""
    count = len(gram)
    weights = np.zeros(count)
    weights[int(np.argmin(np.diag(gram)))] = 1.0
    for _ in range(50 * count):
        products = gram @ weights
        entering = int(np.argmin(products))
        if products[entering] >= weights @ products - _CRUMB or weights[entering] > 0:
            break
        held = [*np.flatnonzero(weights > 0).tolist(), entering]
        weights = _within(gram, weights, held)
    return weights


def _within(gram: Floats, weights: Floats, held: Sequence[int]) -> Floats:
    """Minor cycles: towards the least point of the held ones' plane, dropping those that would go below 0."""
    kept = list(held)
    while True:
        best = np.zeros(len(weights))
        best[kept] = _on_plane(gram[np.ix_(kept, kept)])
        if (best[kept] > _CRUMB).all():
            return best
        falling = [i for i in kept if best[i] <= _CRUMB]
        steps = [weights[i] / (weights[i] - best[i]) if weights[i] > best[i] else 0.0 for i in falling]
        step = min(steps)
        weights = weights + step * (best - weights)
        weights[falling[steps.index(step)]] = 0.0
        kept = [i for i in kept if i != falling[steps.index(step)]]
        weights = np.maximum(weights, 0.0) / np.maximum(weights, 0.0).sum()


def _on_plane(gram: Floats) -> Floats:
    """Affine weights (sum 1, any sign) of the least point of a plane through the points."""
    size = len(gram)
    system = np.ones((size + 1, size + 1))
    system[:size, :size] = gram
    system[size, size] = 0.0
    right = np.zeros(size + 1)
    right[size] = 1.0
    return np.asarray(np.linalg.lstsq(system, right, rcond=None)[0][:size], dtype=np.float64)


def _shared(fund: ReturnSeries, styles: Mapping[str, ReturnSeries]) -> tuple[Floats, Floats]:
    """Returns of the styles (n, k) and the fund (n,) on the fund's dates that every style has."""
    columns = [_on(fund, series) for series in styles.values()]
    table = np.column_stack([fund.values, *columns]) if len(fund) else np.empty((0, len(styles) + 1))
    whole = table[~np.isnan(table).any(axis=1)]
    return whole[:, 1:], whole[:, 0]


def _on(fund: ReturnSeries, series: ReturnSeries) -> Floats:
    if not len(series):
        return np.full(len(fund), np.nan)
    at = np.minimum(np.searchsorted(series.dates, fund.dates), len(series) - 1)
    return np.where(series.dates[at] == fund.dates, series.values[at], np.nan)


def _explained(fitted: Floats, target: Floats) -> float:
    whole = deviation(target)
    return 1.0 - (deviation(target - fitted) / whole) ** 2 if whole else nan
