"""Fees of funds as the firm's own documents state them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import nan

from copilot.diagnosis.metrics.costs import FeeSchedule
from knowledge_base.facts import Fact

FEE_ATTRIBUTES = ("management_fee_rate", "custody_fee_rate", "service_fee_rate")
LARGEST_RATE = 10.0  # per cent a year; a larger one was misread


def fees_of(facts: Sequence[Fact]) -> dict[str, FeeSchedule]:
    """Yearly rates by product. A rate that documents in force state differently is not known.

    A fact of a share class speaks for the product it is filed under. Front load and redemption fees come in
    tiers that the documents' facts do not carry: they stay unknown, and so does the whole cost.
    """
    rates: dict[str, dict[str, set[float]]] = defaultdict(lambda: defaultdict(set))
    for fact in facts:
        if fact.product_code and fact.value is not None and fact.unit == "%" and 0 <= fact.value <= LARGEST_RATE:
            rates[fact.product_code][fact.attribute].add(float(fact.value) / 100.0)
    return {code: _schedule(of) for code, of in rates.items()}


def _schedule(rates: Mapping[str, set[float]]) -> FeeSchedule:
    management, custody, service = (_one(rates[name]) if name in rates else None for name in FEE_ATTRIBUTES)
    return FeeSchedule(management=management, custody=custody, service=service)


def _one(found: set[float]) -> float:
    """The rate; NaN where two are stated, so that nothing is reckoned with either."""
    return next(iter(found)) if len(found) == 1 else nan
