"""Lots, the client's own return, profit by fund and habits: by hand on small accounts."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from copilot.diagnosis.data.ledger import ledger
from copilot.diagnosis.data.nav import NavSeries
from copilot.diagnosis.measured.account import measure_account
from copilot.diagnosis.metrics.account import Flow, money_weighted_return, over_period, time_weighted_returns, turnover
from copilot.diagnosis.series import ReturnSeries
from knowledge_base.clients import Transaction
from tests.copilot.diagnosis.conftest import weekdays


def trade(n: int, kind: str, day: date, units: str, amount: str, code: str = "990001", fee: str = "0") -> Transaction:
    return Transaction(
        id=f"T{n}", client_id="C1", product_code=code, kind=kind, day=day, units=Decimal(units),
        amount_cny=Decimal(amount), fee_cny=Decimal(fee),
    )  # fmt: skip


def nav(levels: list[float], first: date = date(2024, 1, 1), code: str = "990001", currency: str = "CNY") -> NavSeries:
    days, unit = weekdays(first, date(2027, 12, 31))[: len(levels)], np.array(levels)
    returns = ReturnSeries.of(days, [0.0, *(unit[1:] / unit[:-1] - 1)])
    return NavSeries(code=code, returns=returns, unit_nav=unit, notes=(), gap_days=0, currency=currency)


def test_redemptions_take_the_oldest_lots_first() -> None:
    books = ledger(
        [
            trade(3, "sell", date(2024, 6, 3), "150", "180"),
            trade(1, "buy", date(2024, 1, 2), "100", "100"),
            trade(2, "buy", date(2024, 3, 1), "100", "120"),
        ],
        {"990001": Decimal(50)},
    )
    assert [(lot.units, lot.cost_cny) for lot in books.closed] == [
        (Decimal(100), Decimal(100)),
        (Decimal(50), Decimal(60)),
    ]
    assert (books.units("990001"), books.cost_cny("990001"), books.realised_cny("990001")) == (50, 60, 20)
    assert books.closed[0].days == (date(2024, 6, 3) - date(2024, 1, 2)).days
    assert books.broken == frozenset()


@pytest.mark.parametrize(
    ("trades", "held"),
    [
        ([trade(1, "sell", date(2024, 1, 2), "10", "10")], {}),
        ([trade(1, "buy", date(2024, 1, 2), "10", "10")], {"990001": Decimal(11)}),
        ([trade(1, "buy", date(2024, 1, 2), "0", "10")], {}),
        ([trade(1, "split", date(2024, 1, 2), "10", "0")], {}),
    ],
)
def test_trades_that_do_not_add_up_are_named_and_left_out(trades: list[Transaction], held: dict[str, Decimal]) -> None:
    books = ledger(trades, held)
    assert books.broken == {"990001"}
    assert [note.kind for note in books.notes] == ["ledger"]
    assert measure_account(books, {"990001": nav([1.0, 1.1])}) is None


def test_splits_and_reinvested_dividends_keep_the_cost() -> None:
    books = ledger(
        [
            trade(1, "buy", date(2024, 1, 2), "100", "200"),
            trade(2, "reinvest", date(2024, 2, 1), "10", "15"),
            trade(3, "split", date(2024, 3, 1), "110", "0"),
        ]
    )
    assert (books.units("990001"), books.cost_cny("990001")) == (220, 215)


def test_the_money_weighted_return_is_the_rate_that_leaves_nothing() -> None:
    flows = [Flow(day=date(2023, 1, 1), amount=-1000.0), Flow(day=date(2024, 1, 1), amount=-1000.0)]
    rate = money_weighted_return(flows, 2310.0, date(2025, 1, 1))
    assert -1000 * (1 + rate) ** (731 / 365) - 1000 * (1 + rate) ** (366 / 365) + 2310 == pytest.approx(0, abs=1e-6)
    assert money_weighted_return([Flow(day=date(2023, 1, 1), amount=-1.0)], 1.0, date(2024, 1, 1)) == pytest.approx(0)
    assert over_period(0.21, 730) == pytest.approx(1.21**2 - 1)


@pytest.mark.parametrize(
    ("flows", "end_value"),
    [
        ([Flow(day=date(2023, 1, 1), amount=-1000.0)], 0.0),  # lost all: no rate
        ([Flow(day=date(2023, 1, 1), amount=1000.0)], 10.0),
        # -1, +2.3, -1.32: both 10 % and 20 % would do
        ([Flow(day=date(2021, 1, 1), amount=-1.0), Flow(day=date(2022, 1, 1), amount=2.3),
          Flow(day=date(2023, 1, 1), amount=-1.32)], 0.0),
    ],
)  # fmt: skip
def test_without_one_rate_there_is_none(flows: list[Flow], end_value: float) -> None:
    assert math.isnan(money_weighted_return(flows, end_value, date(2024, 1, 1)))


def test_the_time_weighted_return_does_not_see_payments() -> None:
    dates = np.array(["2024-01-01", "2024-01-02", "2024-01-03"], dtype="datetime64[D]")
    found = time_weighted_returns(dates, np.array([100.0, 310.0, 310.0]), np.array([-100.0, -200.0, 31.0]))
    assert found.values == pytest.approx([0.1, 0.1])
    assert math.isnan(time_weighted_returns(dates, np.zeros(3), np.zeros(3)).values[0])
    assert turnover(200, 100, 50, 365) == pytest.approx(2.0)


def test_an_account_by_hand() -> None:
    rising = [1.0 + 0.002 * n for n in range(400)]
    days = weekdays(date(2024, 1, 1), date(2027, 12, 31))[:400]
    trades = [
        trade(1, "buy", days[10], "1000", str(1000 * rising[10]), fee="1.5"),
        trade(2, "buy", days[200], "1000", str(1000 * rising[200])),
        trade(3, "sell", days[300], "500", str(500 * rising[300])),
        trade(4, "buy", days[20], "100", "100", code="990002"),
        trade(5, "dividend", days[50], "0", "5", code="990002"),
    ]
    navs = {"990001": nav(rising), "990002": nav([1.0] * 50 + [0.95] * 350, code="990002")}
    found = measure_account(ledger(trades), navs)
    assert found is not None
    first, second = found.profits
    assert (first.code, first.fees_cny) == ("990001", Decimal("1.50"))
    assert float(first.profit_cny) == pytest.approx(
        1500 * rising[-1] + 500 * rising[300] - 1000 * (rising[10] + rising[200])
    )
    assert first.profit_cny == first.realised_cny + first.unrealised_cny + first.dividends_cny
    assert second.profit_cny == Decimal(0)  # the dividend made good what the NAV lost
    assert found.profit_cny == first.profit_cny
    assert found.habits.chasing_share == pytest.approx(
        1000 * rising[200] / (1000 * rising[200])
    )  # the others: no history
    assert found.habits.average_days == pytest.approx((days[300] - days[10]).days)
    assert found.money_weighted == pytest.approx(over_period(found.money_weighted_annual, found.days))


def test_under_a_year_nothing_is_annualised_and_other_currencies_are_left_out() -> None:
    levels = [1.0 + 0.001 * n for n in range(100)]
    trades = [
        trade(1, "buy", date(2024, 1, 1), "1000", "1000"),
        trade(2, "buy", date(2024, 1, 1), "1000", "1000", code="990003"),
    ]
    navs = {"990001": nav(levels), "990003": nav(levels, code="990003", currency="USD")}
    found = measure_account(ledger(trades), navs)
    assert found is not None
    assert math.isnan(found.money_weighted_annual)
    assert found.money_weighted == pytest.approx(0.099, abs=1e-6)
    assert found.left_out == ("990003",)
    assert found.behaviour_gap == pytest.approx(0, abs=1e-9)
