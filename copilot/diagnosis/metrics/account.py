"""What a client really earned: money-weighted and time-weighted return, turnover, behaviour.

Money comes in as plain floats of yuan. A flow is positive when money leaves the account for the client
(redemption, cash dividend) and negative when the client pays in (purchase).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite, nan

import numpy as np

from copilot.diagnosis.metrics.basics import ratio
from copilot.diagnosis.metrics.rolling import months_before, rolling_returns
from copilot.diagnosis.series import Dates, Floats, ReturnSeries

DAYS_A_YEAR = 365.0
LEAST_DAYS_ANNUALISED = 365
CHASED_MONTHS, CHASED_RETURN = 3, 0.10  # a purchase after a rise of more than this in so many months
LOW_MONTHS, LOW_FALL = 12, -0.15  # a redemption this far below the highest value of so many months
QUICK_DAYS = 7  # redemptions within a week pay the punitive fee of at least 1.5 %
_GRID = np.concatenate((-np.geomspace(0.9999, 1e-6, 160), [0.0], np.geomspace(1e-6, 1e3, 240)))


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Money between client and account on a day."""

    day: date
    amount: float  # > 0 to the client, < 0 from the client


def money_weighted_return(flows: Sequence[Flow], end_value: float, end: date) -> float:
    """The yearly rate at which all flows and the value at the end are worth nothing on the first day (XIRR).

    sum of flow * (1 + r) ^ (-days / 365) = 0. NaN without a flow in each direction, or where more than
    one rate would do (flows that change sign several times).
    """
    dated = [*flows, Flow(day=end, amount=end_value)]
    start = min(flow.day for flow in dated)
    years = np.array([(flow.day - start).days / DAYS_A_YEAR for flow in dated])
    amounts = np.array([flow.amount for flow in dated])
    if not (amounts > 0).any() or not (amounts < 0).any() or years.max() <= 0:
        return nan

    def worth(rate: float) -> float:
        return float((amounts * (1.0 + rate) ** -years).sum())

    return _only_root(worth)


def _only_root(worth: Callable[[float], float]) -> float:
    """The root on (-99.99 %, 100,000 %), by bisection; NaN with none or several."""
    values = np.array([worth(float(rate)) for rate in _GRID])
    crossings = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) <= 0)
    brackets = [i for i in crossings if values[i] != 0.0 or i == 0]  # a root on the grid counts once
    if len(brackets) != 1:
        return nan
    low, high = float(_GRID[brackets[0]]), float(_GRID[brackets[0] + 1])
    rising = worth(high) > worth(low)
    for _ in range(200):
        middle = (low + high) / 2
        if (worth(middle) > 0) == rising:
            high = middle
        else:
            low = middle
        if high - low < 1e-14:
            break
    return (low + high) / 2


def over_period(yearly: float, days: int) -> float:
    """A yearly rate as the return of `days` calendar days: what is shown below one year."""
    return float((1.0 + yearly) ** (days / DAYS_A_YEAR) - 1.0) if isfinite(yearly) else nan


def time_weighted_returns(dates: Dates, values: Floats, flows: Floats) -> ReturnSeries:
    """Daily returns free of the client's timing: (V + flow of the day) / V before - 1.

    `values` (n,) at the end of each day, the day's trades included; `flows` (n,) as in `Flow`: trades
    are done at the day's own NAV. NaN on days that began without a position.
    """
    before, after = values[:-1], values[1:] + flows[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = np.where(before > 0, after / before - 1.0, np.nan)
    return ReturnSeries(dates=dates[1:], values=returns)


def turnover(bought: float, sold: float, average_value: float, days: int) -> float:
    """The smaller of purchases and redemptions over the average value, a year; NaN without value or time."""
    return ratio(min(bought, sold), average_value) * DAYS_A_YEAR / days if days > 0 and average_value > 0 else nan


@dataclass(frozen=True, kw_only=True)
class Trade:
    """A purchase or redemption, with the fund's own history to judge it by."""

    day: date
    amount: float  # yuan, > 0
    history: ReturnSeries


def chasing_share(purchases: Sequence[Trade]) -> float:
    """Share (by amount) of purchases made after the fund rose more than 10 % in three months.

    Purchases without three months of history before them do not count; NaN without any that counts.
    """
    return _share_of(purchases, lambda trade: _return_before(trade) > CHASED_RETURN, _return_before)


def selling_low_share(redemptions: Sequence[Trade]) -> float:
    """Share (by amount) of redemptions at 15 % or more below the fund's highest value of twelve months."""
    return _share_of(redemptions, lambda trade: _below_high(trade) <= LOW_FALL, _below_high)


def _share_of(trades: Sequence[Trade], hit: Callable[[Trade], bool], known: Callable[[Trade], float]) -> float:
    judged = [trade for trade in trades if isfinite(known(trade))]
    total = sum(trade.amount for trade in judged)
    return sum(trade.amount for trade in judged if hit(trade)) / total if total > 0 else nan


def _return_before(trade: Trade) -> float:
    """The fund's return of three months up to the last NAV before the trade."""
    known = trade.history.between(None, trade.day)
    known = known if not len(known) or known.dates[-1] < np.datetime64(trade.day, "D") else _without_last(known)
    rolled = rolling_returns(known, CHASED_MONTHS)
    return float(rolled.values[-1]) if len(rolled) and rolled.dates[-1] == known.dates[-1] else nan


def _below_high(trade: Trade) -> float:
    """How far the fund stood below its highest value of twelve months, up to the trade's own day."""
    known = trade.history.between(None, trade.day)
    if not len(known) or np.isnan(known.values[1:]).any():
        return nan
    base = months_before(known.dates[-1:], LOW_MONTHS)[0]
    value = known.growth()[known.dates >= base]
    return float(value[-1] / value.max() - 1.0)


def _without_last(series: ReturnSeries) -> ReturnSeries:
    return ReturnSeries(dates=series.dates[:-1], values=series.values[:-1])
