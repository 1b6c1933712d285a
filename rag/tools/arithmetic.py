"""Computing with stated values: only such as documents hold, of units that fit, the arithmetic written out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from knowledge_base.metrics import metrics as all_metrics
from rag.cite import Claim, Place
from rag.compute import difference, figure, total
from rag.from_facts import Stated
from rag.tools.schemas import Operation
from rag.wording import period_words, plain_unit

_PLACES = Decimal("0.01")  # of a quotient
_TWO = "只能用两个值。"


class CannotComputeError(ValueError):
    """Values that do not fit together; the message is one Chinese sentence for whoever asked."""


def calculate(operation: Operation, values: Sequence[Stated]) -> Claim:
    """The result as a sentence with its arithmetic, and the places of every value. Raises CannotComputeError."""
    if any(one.fact.value is None for one in values):
        raise CannotComputeError("有的值是文字，不能计算。")
    if len({plain_unit(one.fact.unit) for one in values}) > 1:
        raise CannotComputeError("这些值的单位不同，不能一起计算。")
    if operation is Operation.SUM:
        return _sum(values)
    if len(values) != 2:
        raise CannotComputeError(_TWO)
    first, second = values
    if operation is Operation.DIFFERENCE:
        return difference(first, second).claim
    return _ratio(first, second) if operation is Operation.RATIO else _percent_change(first, second)


def _sum(values: Sequence[Stated]) -> Claim:
    found = total(values)
    if found is None:
        raise CannotComputeError("增长率、收益率不能相加，或值太多。")
    return found.claim


def _ratio(first: Stated, second: Stated) -> Claim:
    result = _quotient(first, second)
    shown = f"{figure(first)} ÷ {figure(second)}"
    return Claim(text=f"{_named(first)}是{_named(second)}的{result}倍（{shown}）。", places=_places(first, second))


def _percent_change(first: Stated, second: Stated) -> Claim:
    if plain_unit(first.fact.unit) == "%":
        raise CannotComputeError("百分比之间请用 difference 求差，不再算变动幅度。")
    change = (_number(second) - _number(first)) * 100
    result = _quotient_of(change, _number(first))
    word = "增长" if result > 0 else "下降" if result < 0 else "变动"
    shown = f"({figure(second)} - {figure(first)}) ÷ {figure(first)}"
    text = f"{_named(second)}比{_named(first)}{word}{abs(result)}%（{shown}）。"
    return Claim(text=text, places=_places(first, second))


def _quotient(first: Stated, second: Stated) -> Decimal:
    return _quotient_of(_number(first), _number(second))


def _quotient_of(top: Decimal, bottom: Decimal) -> Decimal:
    if bottom <= 0:
        raise CannotComputeError("除数为零或为负，这个比值没有意义。")
    return (top / bottom).quantize(_PLACES, rounding=ROUND_HALF_UP)


def _number(one: Stated) -> Decimal:
    return one.fact.value if one.fact.value is not None else Decimal(0)


def _named(one: Stated) -> str:
    label = all_metrics()[one.fact.attribute].label
    return f"{one.fact.entity}{period_words(one.fact.period)}的{label}"


def _places(*values: Stated) -> tuple[Place, ...]:
    return tuple(dict.fromkeys(place for one in values for place in one.places))
