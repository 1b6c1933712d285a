"""Everything measured of what the client did: their own return, the profit by fund, and their habits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import nan

import numpy as np

from copilot.diagnosis import metrics
from copilot.diagnosis.data.ledger import IN, OUT, Ledger
from copilot.diagnosis.data.nav import NavSeries
from copilot.diagnosis.metrics.account import (
    LEAST_DAYS_ANNUALISED,
    QUICK_DAYS,
    Flow,
    Trade,
    chasing_share,
    money_weighted_return,
    over_period,
    selling_low_share,
    time_weighted_returns,
    turnover,
)
from copilot.diagnosis.series import Dates, Floats
from knowledge_base.clients import Transaction

PENNY = Decimal("0.01")
_ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class FundProfit:
    """Yuan earned with one fund since its first trade; profit = realised + unrealised + dividends."""

    code: str
    value_cny: Decimal
    cost_cny: Decimal  # of what is still held
    realised_cny: Decimal
    unrealised_cny: Decimal
    dividends_cny: Decimal  # cash and reinvested
    fees_cny: Decimal  # told by the trades; already within cost and proceeds
    profit_cny: Decimal
    share: float  # of the sum of profits and losses in size; NaN where there are none


@dataclass(frozen=True, kw_only=True)
class Habits:
    """Behaviour; shares are by amount, NaN where nothing can be judged."""

    purchases: int
    redemptions: int
    turnover: float  # a year
    average_days: float  # a sold lot was held
    quick_share: float  # of sold cost, within a week
    chasing_share: float  # purchases after a rise of over 10 % in three months
    selling_low_share: float  # redemptions 15 % or more below the high of twelve months


@dataclass(frozen=True, kw_only=True)
class AccountMeasures:
    """Of the products whose trades add up and whose NAV is known, from the first trade to the last NAV."""

    first_day: date
    last_day: date
    days: int
    codes: tuple[str, ...]
    left_out: tuple[str, ...]  # trades that do not add up, or no NAV, or another currency
    value_cny: Decimal
    profit_cny: Decimal
    money_weighted: float  # over the whole time, a fraction
    money_weighted_annual: float  # NaN under one year
    time_weighted: float  # the same time without the client's timing
    behaviour_gap: float  # money-weighted less time-weighted: what timing brought or cost
    profits: tuple[FundProfit, ...]  # the largest first
    habits: Habits


def measure_account(books: Ledger, navs: Mapping[str, NavSeries], currency: str = "CNY") -> AccountMeasures | None:
    """None without a product whose trades add up and whose NAV is known in the account's currency."""
    codes = tuple(c for c in books.codes if c in navs and c not in books.broken and navs[c].currency == currency)
    codes = tuple(c for c in codes if not np.isnan(navs[c].unit_nav[-1]))
    trades = [one for one in books.transactions if one.product_code in codes]
    if not trades:
        return None
    first, last = trades[0].day, max(max(navs[code].last_day for code in codes), trades[-1].day)
    profits = _profits(books, navs, codes)
    value = sum((one.value_cny for one in profits), _ZERO)
    dates, values, flows = _path(trades, {code: navs[code] for code in codes}, last)
    yearly = money_weighted_return(_flows(trades), float(value), last)
    days = (last - first).days
    whole = over_period(yearly, days)
    timed = time_weighted_returns(dates, values, flows)
    timed_total = metrics.total_return(timed.values) if len(timed) else nan
    return AccountMeasures(
        first_day=first,
        last_day=last,
        days=days,
        codes=codes,
        left_out=tuple(code for code in books.codes if code not in codes),
        value_cny=value,
        profit_cny=sum((one.profit_cny for one in profits), _ZERO),
        money_weighted=whole,
        money_weighted_annual=yearly if days >= LEAST_DAYS_ANNUALISED else nan,
        time_weighted=timed_total,
        behaviour_gap=whole - timed_total,
        profits=profits,
        habits=_habits(books, trades, navs, values, days),
    )


def _profits(books: Ledger, navs: Mapping[str, NavSeries], codes: tuple[str, ...]) -> tuple[FundProfit, ...]:
    found = [_profit(books, code, navs[code]) for code in codes]
    size = sum((abs(one.profit_cny) for one in found), _ZERO)
    shared = [_shared(one, size) for one in found]
    return tuple(sorted(shared, key=lambda one: (-one.profit_cny, one.code)))


def _profit(books: Ledger, code: str, nav: NavSeries) -> FundProfit:
    mine = [one for one in books.transactions if one.product_code == code]
    value = (books.units(code) * Decimal(str(float(nav.unit_nav[-1])))).quantize(PENNY)
    cost, realised = books.cost_cny(code).quantize(PENNY), books.realised_cny(code).quantize(PENNY)
    dividends = sum((one.amount_cny for one in mine if one.kind in ("dividend", "reinvest")), _ZERO).quantize(PENNY)
    return FundProfit(
        code=code,
        value_cny=value,
        cost_cny=cost,
        realised_cny=realised,
        unrealised_cny=value - cost,
        dividends_cny=dividends,
        fees_cny=sum((one.fee_cny or _ZERO for one in mine), _ZERO).quantize(PENNY),
        profit_cny=realised + value - cost + dividends,
        share=nan,
    )


def _shared(one: FundProfit, size: Decimal) -> FundProfit:
    return replace(one, share=float(one.profit_cny / size)) if size else one


def _cash(one: Transaction) -> Decimal:
    """Yuan to the client (> 0) or from the client (< 0); a reinvested dividend never leaves the account."""
    if one.kind in ("buy", "transfer_in"):
        return -one.amount_cny
    return one.amount_cny if one.kind in ("sell", "transfer_out", "dividend") else _ZERO


def _flows(trades: list[Transaction]) -> list[Flow]:
    return [Flow(day=one.day, amount=float(_cash(one))) for one in trades if _cash(one)]


def _path(
    trades: list[Transaction], navs: Mapping[str, NavSeries], last: date
) -> tuple[Dates, Floats, Floats]:  # fmt: skip
    """Days from the first trade, the account's value at the end of each, and the money that left it that day.

    A fund counts with the last unit NAV known on a day; before its first NAV its trades count at their amount.
    """
    days = [np.array([one.day for one in trades], dtype="datetime64[D]"), *(nav.returns.dates for nav in navs.values())]
    first = np.datetime64(trades[0].day, "D")
    dates = np.unique(np.concatenate(days))
    dates = dates[(dates >= first) & (dates <= np.datetime64(last, "D"))]
    values, flows = np.zeros(len(dates)), np.zeros(len(dates))
    for code, nav in navs.items():
        mine = [one for one in trades if one.product_code == code]
        units = np.zeros(len(dates))
        for one in mine:
            at = int(np.searchsorted(dates, np.datetime64(one.day, "D")))
            units[at:] += float(_moved(one))
            flows[at] += float(_cash(one))
        known = np.searchsorted(nav.returns.dates, dates, side="right") - 1
        price = np.where(known >= 0, nav.unit_nav[np.maximum(known, 0)], nav.unit_nav[0])
        values += np.maximum(units, 0.0) * price
    return dates, values, flows


def _moved(one: Transaction) -> Decimal:
    if one.kind in IN:
        return one.units
    return -one.units if one.kind in OUT else (one.units if one.kind == "split" else _ZERO)


def _habits(
    books: Ledger, trades: list[Transaction], navs: Mapping[str, NavSeries], values: Floats, days: int
) -> Habits:
    bought = [one for one in trades if one.kind == "buy"]
    sold = [one for one in trades if one.kind == "sell"]
    closed = [lot for lot in books.closed if lot.code in navs and lot.code not in books.broken]
    cost = float(sum((lot.cost_cny for lot in closed), _ZERO))
    quick = float(sum((lot.cost_cny for lot in closed if lot.days < QUICK_DAYS), _ZERO))
    held = sum(float(lot.cost_cny) * lot.days for lot in closed)
    invested = values[values > 0]
    return Habits(
        purchases=len(bought),
        redemptions=len(sold),
        turnover=turnover(_sum(bought), _sum(sold), float(invested.mean()) if len(invested) else nan, days),
        average_days=held / cost if cost else nan,
        quick_share=quick / cost if cost else nan,
        chasing_share=chasing_share([_trade(one, navs) for one in bought]),
        selling_low_share=selling_low_share([_trade(one, navs) for one in sold]),
    )


def _sum(trades: list[Transaction]) -> float:
    return float(sum((one.amount_cny for one in trades), _ZERO))


def _trade(one: Transaction, navs: Mapping[str, NavSeries]) -> Trade:
    return Trade(day=one.day, amount=float(one.amount_cny), history=navs[one.product_code].returns)
