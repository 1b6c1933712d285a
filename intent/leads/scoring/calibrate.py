"""Scores turned into probabilities, fitted on leads that came after those of training.

Platt, Probabilistic outputs for support vector machines (1999), with his targets; from `ENOUGH` of both outcomes
centred isotonic regression (Oron and Flournoy, 2017): isotonic, and strictly increasing between its blocks, so that the
order of leads is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ENOUGH = 500
STEPS = 100


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A curve from log-odds to a probability."""

    method: str  # platt | isotonic
    x: tuple[float, ...]  # isotonic: log-odds of the blocks; platt: slope and intercept
    y: tuple[float, ...] = ()

    def __call__(self, raw: Floats) -> Floats:
        if self.method == "platt":
            return _logistic(self.x[0] * raw + self.x[1])
        return np.asarray(np.interp(raw, self.x, self.y), np.float64)

    def as_json(self) -> dict[str, Any]:
        return {"method": self.method, "x": list(self.x), "y": list(self.y)}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Calibration:
        return cls(method=str(raw["method"]), x=tuple(map(float, raw["x"])), y=tuple(map(float, raw["y"])))


def calibrate(raw: Floats, hit: NDArray[np.bool_]) -> Calibration:
    """Fit a curve. raw: log-odds, shape (n,); hit: outcomes, shape (n,)."""
    if min(hit.sum(), (~hit).sum()) >= ENOUGH:
        return _isotonic(raw, hit)
    return _platt(raw, hit)


def brier(probability: Floats, hit: NDArray[np.bool_]) -> float:
    """Mean squared error of probabilities: Brier (1950)."""
    return float(np.mean((probability - hit) ** 2))


def calibration_error(probability: Floats, hit: NDArray[np.bool_], bins: int = 10) -> float:
    """Mean distance between what was said and what came, over bins of equal counts, weighted by them."""
    parts = [part for part in np.array_split(np.argsort(probability, kind="stable"), bins) if len(part)]
    return float(sum(abs(probability[p].mean() - hit[p].mean()) * len(p) for p in parts) / len(hit))


def _platt(raw: Floats, hit: NDArray[np.bool_]) -> Calibration:
    """Newton's method on the two parameters; targets are pulled in, so that no finite sample gives certainty."""
    hits, misses = float(hit.sum()), float((~hit).sum())
    target = np.where(hit, (hits + 1) / (hits + 2), 1 / (misses + 2))
    slope, intercept = 1.0, 0.0
    for _ in range(STEPS):
        p = _logistic(slope * raw + intercept)
        w = np.maximum(p * (1 - p), 1e-9)
        gradient = np.array([np.sum((p - target) * raw), np.sum(p - target)])
        hessian = np.array([[np.sum(w * raw * raw), np.sum(w * raw)], [np.sum(w * raw), np.sum(w)]])
        step = np.linalg.solve(hessian + 1e-6 * np.eye(2), gradient)
        slope, intercept = slope - float(step[0]), intercept - float(step[1])
        if np.abs(step).max() < 1e-9:
            break
    return Calibration(method="platt", x=(max(slope, 1e-3), intercept))  # a slope below zero would turn the order round


def _isotonic(raw: Floats, hit: NDArray[np.bool_]) -> Calibration:
    """Pool adjacent violators, then a line through the centres of the blocks."""
    order = np.argsort(raw, kind="stable")
    blocks: list[list[float]] = []  # sum of hits, count, sum of raw
    for x, y in zip(raw[order].tolist(), hit[order].tolist(), strict=True):
        blocks.append([float(y), 1.0, x])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    floor = 0.5 / len(hit)  # never a certainty
    x = tuple(block[2] / block[1] for block in blocks)
    y = tuple(min(1 - floor, max(floor, block[0] / block[1])) for block in blocks)
    return Calibration(method="isotonic", x=x, y=y)


def _logistic(x: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -40, 40)))
