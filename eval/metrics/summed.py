"""Metrics as sums over items: what each item adds, and what is made of the sums.

That form is all a bootstrap needs: sums of a resample are a weighted sum of what the items add.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from typing import Generic, TypeVar

Item = TypeVar("Item")
Sums = Mapping[str, float]


class Metric(Generic[Item]):
    """A figure over items; calling it gives the value, None where there is nothing to measure."""

    def __init__(self, part: Callable[[Item], Sums], combine: Callable[[Sums], float | None]) -> None:
        """`part`: what one item adds, by name; `combine`: sums of that to the figure."""
        self.part, self.combine = part, combine
        update_wrapper(self, part)  # the definition stands in the docstring

    def __call__(self, items: Sequence[Item]) -> float | None:
        sums: Counter[str] = Counter()
        for item in items:
            sums.update(self.part(item))
        return self.combine(sums)


def ratio(part: Callable[[Item], tuple[float, float]]) -> Metric[Item]:
    """A metric from a function item -> (numerator, denominator): sum over sum, None when that is 0 below."""

    def named(item: Item) -> Sums:
        numerator, denominator = part(item)
        return {"numerator": numerator, "denominator": denominator}

    update_wrapper(named, part)
    return Metric(named, _quotient)


def _quotient(sums: Sums) -> float | None:
    below = sums.get("denominator", 0)
    return sums.get("numerator", 0) / below if below else None


def macro_f1(counted: Callable[[Item], Mapping[str, tuple[int, int, int]]]) -> Metric[Item]:
    """Mean F1 over labels, from item -> {label: (tp, fp, fn)}. Labels without any gold are left out."""

    def part(item: Item) -> Sums:
        return {
            f"{name} {label}": float(value)
            for label, counts in counted(item).items()
            for name, value in zip(("tp", "fp", "fn"), counts, strict=True)
        }

    update_wrapper(part, counted)
    return Metric(part, _mean_f1)


def _mean_f1(sums: Sums) -> float | None:
    labels = {key.partition(" ")[2] for key in sums}
    scores = []
    for label in labels:
        tp, fp, fn = (sums.get(f"{name} {label}", 0.0) for name in ("tp", "fp", "fn"))
        if tp + fn:
            scores.append(2 * tp / (2 * tp + fp + fn))
    return sum(scores) / len(scores) if scores else None
