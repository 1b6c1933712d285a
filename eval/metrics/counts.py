"""True positives, false positives and false negatives, and what is made of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence, Set
from dataclasses import dataclass

Labels = Set[Hashable]
Part = tuple[float, float]  # numerator, denominator


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Counts over any number of items; they add up."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(tp=self.tp + other.tp, fp=self.fp + other.fp, fn=self.fn + other.fn)

    @property
    def of_precision(self) -> Part:
        """tp over tp + fp."""
        return self.tp, self.tp + self.fp

    @property
    def of_recall(self) -> Part:
        """tp over tp + fn."""
        return self.tp, self.tp + self.fn

    @property
    def of_f1(self) -> Part:
        """2 tp over 2 tp + fp + fn."""
        return 2 * self.tp, 2 * self.tp + self.fp + self.fn

    @property
    def precision(self) -> float | None:
        """None when nothing was predicted."""
        return _quotient(self.of_precision)

    @property
    def recall(self) -> float | None:
        """None when there is nothing to find."""
        return _quotient(self.of_recall)

    @property
    def f1(self) -> float | None:
        """None when there is nothing predicted and nothing to find."""
        return _quotient(self.of_f1)


def _quotient(part: Part) -> float | None:
    return part[0] / part[1] if part[1] else None


def compare(gold: Labels, predicted: Labels) -> Counts:
    """Counts of one item."""
    return Counts(tp=len(gold & predicted), fp=len(predicted - gold), fn=len(gold - predicted))


def total(counts: Iterable[Counts]) -> Counts:
    """Sum of counts."""
    return sum(counts, Counts())


def hits(found: Sequence[bool]) -> Part:
    """True ones over all of them."""
    return sum(found), len(found)


def when(condition: object, hit: bool) -> Part:
    """One case that hit or not, where the condition holds; else nothing to count."""
    return (float(hit), 1.0) if condition else (0.0, 0.0)
