"""Fees from the documents' facts: known, unknown, or contradicting."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

from copilot.diagnosis.data.terms import fees_of
from copilot.diagnosis.metrics.costs import tier_rate
from knowledge_base.facts import Fact


def fact(attribute: str, value: str, unit: str = "%", code: str = "990002") -> Fact:
    return Fact(
        id=f"{attribute}{value}", entity="云岭价值精选混合A", product_code=code, attribute=attribute, period=None,
        value=Decimal(value), unit=unit, version_id="V1", start=0, end=1, quote="",
    )  # fmt: skip


def test_yearly_fees_are_fractions_and_their_sum_needs_both() -> None:
    facts = [
        fact("management_fee_rate", "1.20"),
        fact("custody_fee_rate", "0.20"),
        fact("custody_fee_rate", "0.1", code="2"),
    ]
    found = fees_of(facts)
    assert abs(found["990002"].ongoing - 0.014) < 1e-12
    assert math.isnan(found["2"].ongoing)


def test_a_rate_that_two_documents_state_differently_is_not_known() -> None:
    facts = [fact("management_fee_rate", "1.20"), fact("management_fee_rate", "1.50"), fact("custody_fee_rate", "0.20")]
    assert math.isnan(fees_of(facts)["990002"].ongoing)
    assert fees_of([fact("management_fee_rate", "120"), fact("management_fee_rate", "1.2", unit="元")]) == {}


def tier(attribute: str, window: str, value: str, version: str = "V1") -> Fact:
    return replace(fact(attribute, value), window=window, version_id=version)


def test_tiers_rise_and_the_last_has_no_bound() -> None:
    facts = [tier("redemption_fee_rate", *one) for one in (("D", "0"), ("D<30", "0.75"), ("D<7", "1.5"))]
    found = fees_of([*facts, tier("subscription_fee_rate", "CNY<1000000", "1.2")])["990002"]
    assert [(one.below, one.rate) for one in found.redemption] == [(7.0, 0.015), (30.0, 0.0075), (None, 0.0)]
    assert math.isnan(tier_rate(found.subscription, 2_000_000))


def test_tiers_that_two_documents_state_differently_are_not_known() -> None:
    facts = [tier("redemption_fee_rate", "D<7", "1.5"), tier("redemption_fee_rate", "D<7", "1.0", "V2")]
    assert fees_of(facts)["990002"].redemption == ()
