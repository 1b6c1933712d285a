"""Differences, sums and comparisons over stated values, with the arithmetic shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from knowledge_base.metrics import metrics as all_metrics
from rag.asking import Asks, asks
from rag.cite import Claim, Place
from rag.from_facts import Stated
from rag.question import Understood
from rag.wording import number_words, period_words, plain_unit, value_words

_MOST_TERMS = 8
_HUNDREDTH = Decimal("0.01")  # of a quotient
_BEGINNING_AND_END = {"opening_shares", "total_shares"}


@dataclass(frozen=True, kw_only=True)
class Computed:
    """What was computed, as a sentence and in its parts."""

    claim: Claim
    title: str  # 差, 合计
    result: str  # the value with its unit
    shown: str  # the arithmetic: "3.25% - (-1.40%)"
    values: tuple[Stated, ...]  # what went into it


def computed(asked: Understood, stated: Sequence[Stated]) -> Computed | None:
    """What the question wants computed of the values that answer it; None where they do not fit together."""
    added_up = asks(asked.question, Asks.TOTAL)
    values = _comparable(stated, in_classes=added_up)
    if len(values) < 2:
        return None
    if added_up:
        return total(values)
    if asks(asked.question, Asks.TIMES):
        return times(values)
    against_benchmark = any(one.id == "excess_return" for one in asked.metrics)
    if against_benchmark or asks(asked.question, Asks.DIFFERENCE) or asks(asked.question, Asks.COMPARE):
        pair = _pair(values)
        return difference(*pair) if pair else _extremes(values)
    return None


def _comparable(stated: Sequence[Stated], *, in_classes: bool) -> list[Stated]:
    """Numbers of one unit, each once; of a fund told whole and in classes either the classes or the whole."""
    numbers = [one for one in stated if one.fact.value is not None]
    if len({plain_unit(one.fact.unit) for one in numbers}) != 1:
        return []
    distinct: dict[tuple[str | None, ...], Stated] = {}
    for one in numbers:
        distinct.setdefault((*_of_fund(one), one.fact.product_code, one.fact.share_class), one)
    kept = list(distinct.values())
    unwanted = {_of_fund(one) for one in kept if bool(one.fact.share_class) is in_classes}
    return [one for one in kept if bool(one.fact.share_class) is in_classes or _of_fund(one) not in unwanted]


def _of_fund(one: Stated) -> tuple[str | None, ...]:
    return one.fact.version_id, one.fact.attribute, one.fact.period


def total(values: Sequence[Stated]) -> Computed | None:
    """The sum along the one thing in which the values differ: class, period, metric or product.

    None for growth rates, which do not add up, and for too many terms.
    """
    rates = any(all_metrics()[one.fact.attribute].id.endswith(("growth", "return")) for one in values)
    if rates or len(values) > _MOST_TERMS:
        return None
    unit = plain_unit(values[0].fact.unit)
    added = sum((one.fact.value or Decimal(0) for one in values), Decimal(0))
    shown = " + ".join(figure(one) for one in values)
    result = number_words(added, unit)
    return _computed(f"合计为{result}（{shown}）。", "合计", result, shown, values)


def times(values: Sequence[Stated]) -> Computed | None:
    """How many times the first value is the second, to two decimals; None for rates, and for other than two values."""
    if len(values) != 2 or plain_unit(values[0].fact.unit) == "%" or min(_value(one) for one in values) <= 0:
        return None
    first, second = values
    result = (_value(first) / _value(second)).quantize(_HUNDREDTH, rounding=ROUND_HALF_UP)
    shown = f"{figure(first)} ÷ {figure(second)}"
    told = f"{_named(first)}是{_named(second)}的{result}倍（{shown}）。"
    return _computed(told, "倍数", f"{result}倍", shown, values)


def _named(one: Stated) -> str:
    return f"{one.fact.entity}{period_words(one.fact.period)}的{all_metrics()[one.fact.attribute].label}"


def _value(one: Stated) -> Decimal:
    return one.fact.value or Decimal(0)


def _pair(values: Sequence[Stated]) -> tuple[Stated, Stated] | None:
    """The two values to be compared; of a product with several classes the one with the fund's own code."""
    by_product: dict[str, list[Stated]] = {}
    for one in values:
        by_product.setdefault(one.fact.version_id, []).append(one)
    attributes = {one.fact.attribute for one in values}
    if len(by_product) == 2 and len(attributes) == 1 and len(values) > 2:
        first, second = (min(own, key=lambda one: one.fact.share_class or "") for own in by_product.values())
        return first, second
    return (values[0], values[1]) if len(values) == 2 else None


def difference(first: Stated, second: Stated) -> Computed:
    """First less second; of two periods the later less the earlier."""
    a, b = first.fact, second.fact
    same = a.product_code == b.product_code
    within = same and {a.attribute, b.attribute} == _BEGINNING_AND_END
    by_period = within or (same and a.attribute == b.attribute and a.as_of != b.as_of)
    if a.attribute == "opening_shares" if within else by_period and str(a.as_of) < str(b.as_of):
        first, second = second, first
    result, shown = _less(first, second), f"{figure(first)} - {figure(second)}"
    unit = plain_unit(first.fact.unit)
    relation = _relation(result, number_words(abs(result), unit), by_period=by_period)
    text = f"{_called(first, second)}{relation}（{shown}）。"
    return _computed(text, "差", number_words(result, unit), shown, (first, second))


def _extremes(values: Sequence[Stated]) -> Computed | None:
    """Of three or more products, or periods of one, the highest and the lowest, and how far they lie apart."""
    named = _told_apart(values)
    if named is None:
        return None
    ordered = sorted(values, key=lambda one: one.fact.value or Decimal(0))
    low, high = ordered[0], ordered[-1]
    label = all_metrics()[low.fact.attribute].label
    result = number_words(_less(high, low), plain_unit(high.fact.unit))
    shown = f"{figure(high)} - {figure(low)}"
    text = f"{label}最高的是{named(high)}，最低的是{named(low)}，相差{result}（{shown}）。"
    return _computed(text, "最高与最低之差", result, shown, (high, low))


def _told_apart(values: Sequence[Stated]) -> Callable[[Stated], str] | None:
    """What names each of the values alone, product or period; None where neither does or metrics are mixed."""
    if len({one.fact.attribute for one in values}) > 1:
        return None
    for name in (_by_product, _by_period):
        if len({name(one) for one in values}) == len(values):
            return name
    return None


def _by_product(one: Stated) -> str:
    return one.fact.entity


def _by_period(one: Stated) -> str:
    return period_words(one.fact.period)


def _less(first: Stated, second: Stated) -> Decimal:
    return (first.fact.value or Decimal(0)) - (second.fact.value or Decimal(0))


def _computed(text: str, title: str, result: str, shown: str, values: Sequence[Stated]) -> Computed:
    claim = Claim(text=text, places=_places(values))
    return Computed(claim=claim, title=title, result=result, shown=shown, values=tuple(values))


def figure(one: Stated) -> str:
    """The bare figure with its unit (年费率0.50% -> 0.50%); a negative one in brackets."""
    said = value_words(one.fact)
    bare = said[re.search(r"[-−]?\d", said).start() :] if re.search(r"\d", said) else said  # type: ignore[union-attr]
    return f"({bare})" if bare.startswith(("-", "−")) else bare


def _relation(result: Decimal, amount: str, *, by_period: bool) -> str:
    if not result:
        return "，二者相同"
    more, less = ("增加", "减少") if by_period else ("高出", "低")
    return f"{more if result > 0 else less}{amount}"


def _called(first: Stated, second: Stated) -> str:
    """What is compared with what, by the thing in which they differ."""
    a, b = first.fact, second.fact
    label = all_metrics()[a.attribute].label
    if a.product_code != b.product_code:
        ours, theirs = (period_words(one.period) if a.period != b.period else "" for one in (a, b))
        return f"{a.entity}{ours}的{label}比{b.entity}{theirs}"
    if a.period != b.period or a.as_of != b.as_of:
        return f"{period_words(a.period)}的{label}比{period_words(b.period)}"
    return f"{label}比{all_metrics()[b.attribute].label}"


def _places(values: Sequence[Stated]) -> tuple[Place, ...]:
    return tuple(dict.fromkeys(place for one in values for place in one.places))
