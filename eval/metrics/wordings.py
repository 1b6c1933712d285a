"""Metrics of `tougu eval wordings`: which approved wording was served to a question, if any."""

from __future__ import annotations

from dataclasses import dataclass

from eval.metrics.summed import ratio


@dataclass(frozen=True, kw_only=True)
class Served:
    """A question with the wording that should be served, and the one that was; None for none."""

    wanted: str | None
    served: str | None


@ratio
def precision(case: Served) -> tuple[float, float]:
    """Of what was served the share that was meant."""
    return case.served is not None and case.served == case.wanted, case.served is not None


@ratio
def recall(case: Served) -> tuple[float, float]:
    """Of the questions a wording is meant for the share that was served it."""
    return case.wanted is not None and case.served == case.wanted, case.wanted is not None


@ratio
def false_served(case: Served) -> tuple[float, float]:
    """Of the questions that no wording is meant for the share that was served one."""
    return case.wanted is None and case.served is not None, case.wanted is None
