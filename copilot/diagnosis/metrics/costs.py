"""What holding a fund costs over a horizon, and what leaving it costs.

Rates are fractions. Ongoing fees are taken daily out of the NAV, so returns are already net of them;
here they are told apart. The front load is reckoned as China's funds do (外扣法): of an amount A the fund
gets A / (1 + rate).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A rate that holds below a bound: of the amount in yuan (subscription) or of days held (redemption)."""

    below: float | None  # None = without bound
    rate: float


@dataclass(frozen=True, kw_only=True)
class FeeSchedule:
    """The fees of a share class; None where nobody told us. Tiers by rising bound."""

    management: float | None = None  # a year
    custody: float | None = None  # a year
    service: float | None = None  # a year; 0 for most A classes
    subscription: Sequence[Tier] = ()
    redemption: Sequence[Tier] = ()

    @property
    def ongoing(self) -> float:
        """All yearly fees; NaN unless management and custody fee are known. An unknown service fee counts 0."""
        if self.management is None or self.custody is None:
            return nan
        return self.management + self.custody + (self.service or 0.0)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Yuan over the horizon, and the whole as a fraction of the amount; NaN where a fee is not known."""

    front: float
    ongoing: float
    exit: float
    total: float
    share: float


def tier_rate(tiers: Sequence[Tier], of: float) -> float:
    """The rate of the first tier that `of` lies below; NaN without a tier for it."""
    return next((tier.rate for tier in tiers if tier.below is None or of < tier.below), nan)


def cost_over(fees: FeeSchedule, amount_cny: float, years: float, *, discount: float = 1.0) -> Cost:
    """Cost of buying `amount_cny`, holding for `years` at an unchanged market, and selling.

    `discount`: what is asked of the front load, 0.1 = one tenth. The market's gain is 0 by convention,
    so that funds compare by their fees alone.
    """
    rate = tier_rate(fees.subscription, amount_cny) * discount
    invested = amount_cny / (1.0 + rate)
    started = invested if isfinite(invested) else amount_cny  # the yearly cost can be told without the front load
    left = started * (1.0 - fees.ongoing) ** years
    leaving = left * tier_rate(fees.redemption, years * 365.0)
    front, running = amount_cny - invested, started - left
    total = front + running + leaving
    return Cost(front=front, ongoing=running, exit=leaving, total=total, share=total / amount_cny)
