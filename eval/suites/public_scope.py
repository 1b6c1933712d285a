"""In scope or not: how strange a line is to a trained model, and one threshold chosen on validation lines.

Four measures, each higher for a stranger line: the best label's lack of probability, how far the label
"out of scope" is ahead of the best other one, the energy of the logits (Liu et al., 2020), and the distance
to the nearest class in the space of the logits with their shared covariance (Lee et al., 2018). They are
scaled on validation lines in scope, and the mean of one or several is compared with the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from eval.suites.public_training import Line, Reading, Trained

Floats = NDArray[np.float32]
OUT_OF_SCOPE = "oos"
COST = 0.01  # of the validation lines in scope, so many may lose their right label to the threshold
OF_A_CLASS = 20  # training lines a class for its mean and the shared covariance
OBJECTIVE = f"highest out-of-scope recall on validation at a cost of at most {COST} of accuracy in scope"


@dataclass(frozen=True, kw_only=True)
class Classes:
    """Whitened means (classes, columns) and the whitening matrix (columns, columns)."""

    means: Floats
    whiten: Floats


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Mean and standard deviation of a measure on lines in scope."""

    mean: float
    deviation: float


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Measures with their scales, and the threshold above which a line is out of scope.

    `accuracy` and `recall` are those of the validation lines, `always` their accuracy without a threshold.
    """

    scales: dict[str, Scale]
    threshold: float
    accuracy: float
    recall: float
    always: float

    def outside(self, measured: dict[str, Floats]) -> NDArray[np.bool_]:
        """Which lines are out of scope, given their measures."""
        return _joined(measured, self.scales) > self.threshold


def inside_labels(reading: Reading, labels: Sequence[str]) -> list[str]:
    """The most probable label in scope of each line."""
    inside = [n for n, label in enumerate(labels) if label != OUT_OF_SCOPE]
    return [labels[inside[n]] for n in reading.blended[:, inside].argmax(1)]


def classes_of(trained: Trained, lines: Sequence[Line]) -> Classes:
    """Of the first lines of each class in scope."""
    kept: dict[str, list[Line]] = {label: [] for label in trained.labels if label != OUT_OF_SCOPE}
    for line in lines:
        if line.label in kept and len(kept[line.label]) < OF_A_CLASS:
            kept[line.label].append(line)
    logits = trained.read([line for of in kept.values() for line in of]).logits.astype(np.float64)
    groups = np.split(logits, np.cumsum([len(of) for of in kept.values()])[:-1])
    means = np.stack([group.mean(0) for group in groups])
    rest = np.concatenate([group - mean for group, mean in zip(groups, means, strict=True)])
    covariance = rest.T @ rest / len(rest)
    covariance += np.eye(len(covariance)) * (1e-3 * np.trace(covariance) / len(covariance) + 1e-9)
    whiten = np.linalg.cholesky(np.linalg.inv(covariance))
    return Classes(means=(means @ whiten).astype(np.float32), whiten=whiten.astype(np.float32))


def measures(reading: Reading, labels: Sequence[str], classes: Classes) -> dict[str, Floats]:
    """Each measure of each line, shape (lines,)."""
    inside = np.array([label != OUT_OF_SCOPE for label in labels])
    best = reading.blended[:, inside].max(1)
    logits = reading.logits[:, inside]
    found = {
        "probability": _log_sum(reading.blended) - best,
        "energy": -_log_sum(logits),
        "distance": _nearest(reading.logits @ classes.whiten, classes.means),
    }
    if not inside.all():
        found["label"] = reading.blended[:, ~inside].max(1) - best
    return found


def choose_scope(measured: dict[str, Floats], right: NDArray[np.bool_], outside: NDArray[np.bool_]) -> Scope:
    """The measures and the threshold that fulfil OBJECTIVE on validation lines; among equals fewer measures.

    `right` (lines,): the most probable label in scope is the gold one; `outside` (lines,): out of scope by gold.
    """
    scales = {
        name: Scale(mean=float(values[~outside].mean()), deviation=float(values[~outside].std()) + 1e-9)
        for name, values in measured.items()
    }
    sets = [names for size in range(1, len(scales) + 1) for names in combinations(scales, size)]
    found = [_at_cost(measured, {name: scales[name] for name in names}, right, outside) for names in sets]
    return max(found, key=lambda scope: scope.recall)


def _at_cost(
    measured: dict[str, Floats], scales: dict[str, Scale], right: NDArray[np.bool_], outside: NDArray[np.bool_]
) -> Scope:
    """The lowest threshold above which no more than COST of the lines in scope were right."""
    joined = _joined(measured, scales)
    inside = joined[~outside]
    of_right = np.sort(joined[~outside & right])[::-1]
    lost = int(COST * len(inside))
    threshold = float(of_right[lost] if lost < len(of_right) else inside.max())
    kept = right[~outside] & (inside <= threshold)
    return Scope(
        scales=scales,
        threshold=threshold,
        accuracy=float(kept.mean()),
        recall=float((joined[outside] > threshold).mean()),
        always=float(right[~outside].mean()),
    )


def _joined(measured: dict[str, Floats], scales: dict[str, Scale]) -> Floats:
    scaled = [(measured[name] - scale.mean) / scale.deviation for name, scale in scales.items()]
    return np.asarray(np.mean(scaled, axis=0), np.float32)


def _log_sum(values: Floats) -> Floats:
    top = values.max(axis=1)
    return np.asarray(top + np.log(np.exp(values - top[:, None]).sum(axis=1)), np.float32)


def _nearest(points: Floats, means: Floats) -> Floats:
    """Distance of each point to the nearest mean, shape (points,)."""
    squares = (points**2).sum(1)[:, None] - 2 * points @ means.T + (means**2).sum(1)[None]
    return np.asarray(np.sqrt(np.maximum(squares.min(1), 0)), np.float32)
