"""What a written number amounts to: fractions, round figures, signs behind it, and what facts are called."""

from __future__ import annotations

from decimal import Decimal

import pytest

from compliance_filters.numbers.figures import figures_in
from compliance_filters.numbers.quantities import Quantity, quantity_of_fact


def first(text: str) -> Quantity:
    return figures_in(text)[0].quantity


@pytest.mark.parametrize(
    ("text", "known", "same"),
    [
        ("三分之一", "33.9", True),
        ("三分之二", "33.9", False),
        ("占四成", "41.3", True),
        ("约2,800元", "2750", True),
        ("2,800元", "2750", False),
        ("约20,000元", "23000", False),
        ("分别多了0.14和0.75个百分点", "0.14", True),
    ],
)
def test_size(text: str, known: str, same: bool) -> None:
    mine = first(text)
    other = Quantity(value=Decimal(known), unit=mine.unit, tolerance=Decimal(0))
    assert mine.same_size(other) is same


@pytest.mark.parametrize(
    ("text", "sign"), [("14.32%的回落", "-"), ("下跌5%", "-"), ("上涨5%", "+"), ("最大回撤5%", "?")]
)
def test_sign(text: str, sign: str) -> None:
    assert first(text).sign == sign


@pytest.mark.parametrize(
    ("name", "value", "sign"),
    [("涨跌幅", "5.1", "+"), ("涨跌幅", "-5.1", "-"), ("跌幅", "5.1", "-"), ("可承受下跌", "10", "?")],
)
def test_sign_of_a_fact(name: str, value: str, sign: str) -> None:
    assert quantity_of_fact(Decimal(value), "%", name).sign == sign


def test_a_number_without_unit_takes_that_of_the_next() -> None:
    assert [f.quantity.unit for f in figures_in("分别多了0.14和0.75个百分点")] == ["pp", "pp"]


@pytest.mark.parametrize("text", ["七日年化", "每10份派现", "1美元兑人民币", "放一年", "①2026-11-19万份收益"])
def test_what_says_nothing(text: str) -> None:
    assert [f for f in figures_in(text) if f.said and f.strict] == []
