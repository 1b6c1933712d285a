"""Dividends and splits as the unit NAV shows them beside the total return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import nan

import numpy as np

from copilot.diagnosis.metrics.basics import ratio
from copilot.diagnosis.metrics.rolling import months_before
from copilot.diagnosis.series import Floats, ReturnSeries, to_date

LEAST_GAP = 0.005  # smaller differences are the rounding of NAV and growth
LARGEST_DIVIDEND = 0.3  # of the unit NAV; a larger fall is taken for a split, whose size is then unknown


@dataclass(frozen=True, kw_only=True)
class Payout:
    """What left the unit NAV on a day without being lost."""

    day: date
    per_unit: float  # yuan a unit held before it
    yield_: float  # of the unit NAV before it, a fraction
    declared: bool  # False: worked out of unit NAV and return, exact to about 0.005 % of the NAV


def implied_payouts(returns: ReturnSeries, unit_nav: Floats) -> tuple[Payout, ...]:
    """Days on which the unit NAV fell more than the return says, dividends by size; `unit_nav` (n,) beside returns.

    per_unit = unit NAV before * (1 + return) - unit NAV of the day. Falls of over 30 % are left out: a split.
    """
    if len(unit_nav) < 2:
        return ()
    before, after, earned = unit_nav[:-1], unit_nav[1:], returns.values[1:]
    paid = before * (1.0 + earned) - after
    share = paid / before
    places = np.flatnonzero((share > LEAST_GAP) & (share <= LARGEST_DIVIDEND))
    return tuple(
        Payout(
            day=to_date(returns.dates[i + 1]), per_unit=float(paid[i]), yield_=float(share[i]), declared=False
        )
        for i in places
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PayoutSummary:
    """All payouts of a record."""

    count: int
    total_per_unit: float
    last_day: date | None
    years_with: int  # calendar years with at least one
    trailing_yield: float  # of the last 12 months, over the unit NAV at their beginning; NaN where that is unknown


def payout_summary(payouts: Sequence[Payout], returns: ReturnSeries, unit_nav: Floats) -> PayoutSummary:
    """Counts and the yield of the last year of the record."""
    return PayoutSummary(
        count=len(payouts),
        total_per_unit=sum(one.per_unit for one in payouts),
        last_day=payouts[-1].day if payouts else None,
        years_with=len({one.day.year for one in payouts}),
        trailing_yield=_trailing(payouts, returns, unit_nav),
    )


def _trailing(payouts: Sequence[Payout], returns: ReturnSeries, unit_nav: Floats) -> float:
    if not len(returns):
        return nan
    base = months_before(returns.dates[-1:], 12)[0]
    at = int(np.searchsorted(returns.dates, base, side="right")) - 1
    if at < 0:
        return nan
    since = to_date(base)
    return ratio(sum(one.per_unit for one in payouts if one.day > since), float(unit_nav[at]))
