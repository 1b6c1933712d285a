"""What changing from one fund to another costs: redemption fee by days held, front load of what is bought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from math import isfinite

from copilot.diagnosis.data.ledger import Lot
from copilot.diagnosis.metrics.costs import FeeSchedule, tier_rate

PENNY = Decimal("0.01")


def exit_fee(
    lots: Sequence[Lot], unit_nav: Decimal, amount_cny: Decimal, fees: FeeSchedule | None, today: date
) -> Decimal | None:
    """Redemption fee of the oldest lots worth `amount_cny`; None where lots or tiers are not known.

    A tier that is the same for every day held needs no lots.
    """
    if fees is None or not fees.redemption:
        return None
    rates = {tier.rate for tier in fees.redemption}
    if len(rates) == 1 and fees.redemption[-1].below is None:
        return (amount_cny * _exact(next(iter(rates)))).quantize(PENNY)
    if not lots or unit_nav <= 0:
        return None
    left, fee = amount_cny, Decimal(0)
    for lot in sorted(lots, key=lambda one: one.opened):
        part = min(left, lot.units * unit_nav)
        rate = tier_rate(fees.redemption, (today - lot.opened).days)
        if not isfinite(rate):
            return None
        fee, left = fee + part * _exact(rate), left - part
        if left <= 0:
            break
    return fee.quantize(PENNY) if left <= PENNY else None


def front_load(amount_cny: Decimal, fees: FeeSchedule | None) -> Decimal | None:
    """Front load of a purchase (外扣法), without discounts; None where the tier is not known."""
    rate = tier_rate(fees.subscription, float(amount_cny)) if fees else float("nan")
    if not isfinite(rate):
        return None
    return (amount_cny - amount_cny / (1 + _exact(rate))).quantize(PENNY)


def yearly_fee(fees: FeeSchedule | None) -> Decimal | None:
    """All yearly fees in per cent; None where one is not known."""
    rate = fees.ongoing if fees else float("nan")
    return (_exact(rate) * 100).quantize(PENNY) if isfinite(rate) else None


def _exact(rate: float) -> Decimal:
    return Decimal(repr(rate))
