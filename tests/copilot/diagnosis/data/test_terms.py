"""Fees from the documents' facts: known, unknown, or contradicting."""

from __future__ import annotations

import math
from decimal import Decimal

from copilot.diagnosis.data.terms import fees_of
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
