"""Fees of funds as the firm's own documents state them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import inf, nan

from copilot.diagnosis.metrics.costs import FeeSchedule, Tier
from knowledge_base.facts import Fact

_YEARLY = ("management_fee_rate", "custody_fee_rate", "service_fee_rate")
_TIERED = {"subscription_fee_rate": "subscription", "redemption_fee_rate": "redemption"}
FEE_ATTRIBUTES = (*_YEARLY, *_TIERED)
LARGEST_RATE = 10.0  # per cent a year; a larger one was misread


def fees_of(facts: Sequence[Fact]) -> dict[str, FeeSchedule]:
    """Fees by product. A rate or tier that documents in force state differently is not known.

    A fact of a share class speaks for the product it is filed under. The bound of a tier stands in the fact's window.
    """
    rates: dict[str, dict[tuple[str, str], set[float]]] = defaultdict(lambda: defaultdict(set))
    for fact in facts:
        known = fact.attribute in FEE_ATTRIBUTES and fact.product_code and fact.value is not None
        if known and fact.unit == "%" and 0 <= (fact.value or 0) <= LARGEST_RATE:
            key = fact.attribute, fact.window or "" if fact.attribute in _TIERED else ""
            rates[fact.product_code or ""][key].add(float(fact.value or 0) / 100.0)
    return {code: _schedule(of) for code, of in rates.items()}


def _schedule(rates: Mapping[tuple[str, str], set[float]]) -> FeeSchedule:
    management, custody, service = (_one(rates[name, ""]) if (name, "") in rates else None for name in _YEARLY)
    tiers = {
        part: _tiers({window: found for (name, window), found in rates.items() if name == attribute})
        for attribute, part in _TIERED.items()
    }
    return FeeSchedule(management=management, custody=custody, service=service, **tiers)


def _tiers(rates: Mapping[str, set[float]]) -> tuple[Tier, ...]:
    """Tiers by rising bound; none where two documents disagree, so that nothing is reckoned with either."""
    if any(len(found) > 1 for found in rates.values()):
        return ()
    read = [(float(window.partition("<")[2] or inf), next(iter(found))) for window, found in rates.items()]
    return tuple(Tier(below=None if bound == inf else bound, rate=rate) for bound, rate in sorted(read))


def _one(found: set[float]) -> float:
    """The rate; NaN where two are stated, so that nothing is reckoned with either."""
    return next(iter(found)) if len(found) == 1 else nan
