"""Metrics of `tougu eval repair`: names and terms put right, and right words written over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.metrics.summed import ratio


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """The turns of one call as they were said, and as the repairer left them."""

    said: Sequence[str]
    after: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Misheard:
    """A term in its line: as it was said, as it was made to be heard, and as it was left."""

    said: str
    heard: str
    after: str


@ratio
def false_chars_per_10k(call: Repaired) -> tuple[float, float]:
    """Characters that were changed in lines that held no mistake, to 10,000 of their characters (20 = 0.2 %)."""
    changed = sum(
        max(sum(a != b for a, b in zip(one, two, strict=False)), abs(len(one) - len(two)))
        for one, two in zip(call.said, call.after, strict=True)
    )
    return 10_000 * changed, sum(len(line) for line in call.said)


@ratio
def recovered(case: Misheard) -> tuple[float, float]:
    """Lines with one misheard term that were left exactly as they had been said."""
    return case.after == case.said, 1


@ratio
def made_worse(case: Misheard) -> tuple[float, float]:
    """Lines with one misheard term that were changed, and not to what had been said."""
    return case.after not in (case.said, case.heard), 1
