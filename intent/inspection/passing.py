"""The share of calls that passes by machine, stated with its error."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

CONFIDENCE = 0.95
_STEPS = 60  # of bisection; far below the digits shown


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One call: whether the machine passed it, and whether a person then found it broken (None: nobody looked)."""

    passed: bool
    broken: bool | None


@dataclass(frozen=True, kw_only=True)
class PassFigure:
    """How many calls pass, and how often wrongly. Rates are 0..1, None where nothing was looked at."""

    calls: int
    passed: int
    share: float | None
    reviewed: int  # passed calls at which a person looked
    wrong: int  # of them, those with something that had to be found
    wrong_rate: float | None
    wrong_upper_95: float | None  # one-sided 95 % bound of the true rate of wrong passes
    caught: int  # broken calls that did not pass
    broken: int  # broken calls in all


def pass_figure(outcomes: Iterable[Outcome]) -> PassFigure:
    """Count outcomes. The bound holds for calls like those that were looked at, drawn at random among the passed."""
    known = tuple(outcomes)
    passed = [each for each in known if each.passed]
    looked = [each for each in passed if each.broken is not None]
    wrong = sum(bool(each.broken) for each in looked)
    broken = [each for each in known if each.broken]
    return PassFigure(
        calls=len(known),
        passed=len(passed),
        share=len(passed) / len(known) if known else None,
        reviewed=len(looked),
        wrong=wrong,
        wrong_rate=wrong / len(looked) if looked else None,
        wrong_upper_95=upper_bound(wrong, len(looked)) if looked else None,
        caught=sum(not each.passed for each in broken),
        broken=len(broken),
    )


def upper_bound(found: int, of: int, confidence: float = CONFIDENCE) -> float:
    """One-sided upper bound of Clopper and Pearson (Biometrika 26, 1934) for a rate of `found` in `of` trials.

    The rate at which `found` or fewer would be seen with probability 1 - confidence; for 0 in n about 3/n.
    """
    if not 0 <= found <= of or of == 0:
        raise ValueError(f"{found} of {of} is no count of a sample")
    if found == of:
        return 1.0
    low, high = found / of, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _at_most(found, of, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _at_most(found: int, of: int, rate: float) -> float:
    """Probability of `found` or fewer in `of` trials."""
    if rate <= 0 or rate >= 1:
        return 1.0 if rate <= 0 or found >= of else 0.0
    logs = (
        math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)
        + k * math.log(rate) + (of - k) * math.log1p(-rate)
        for k in range(found + 1)
    )  # fmt: skip
    return math.fsum(math.exp(each) for each in logs)
