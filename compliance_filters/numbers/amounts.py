"""Sums of money that others make: fees, interest, gains and losses, and what is left of a sum with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations, pairwise

from compliance_filters.numbers import arithmetic, cues
from compliance_filters.numbers.arithmetic import EXACT, Result
from compliance_filters.numbers.claims import COMPARES, Claim
from compliance_filters.numbers.comparisons import PAIRED
from compliance_filters.numbers.mentions import MOVE, NAV
from compliance_filters.numbers.parts import Part, nearest

_TIMES = re.compile("[×xX*折]")  # 1.2%×40%
_MOVES_TO = re.compile("%(?:[上下]?[调降升]|提高|回落|降低|调整|[涨跌]|上行|下行)[到至为]?$")
TENTHS = "折"
FEW = 12  # sums, rates and spans that are multiplied with one another
_WORTH = re.compile("值|市值|变成|变为|剩")
_BOUGHT_AT, _AT = re.compile("[以按在][^，,。；;\\d]{0,6}$"), 8
_TAKES = re.compile("[要需得够][^，,。；;\\d]{0,3}$")
_FEWER = 4  # where no word asks for it


def amounts(claim: Claim, parts: list[Part]) -> Iterator[Result]:
    """Fees, interest, gains and losses, what is left of them, and what comes of several payments.

    Where two are held against each other (A比B多) only their difference is meant.
    """
    if claim.compared:
        return
    start = claim.figure.start
    if claim.part is not None:
        sums = [abs(p.value) for p in nearest([p for p in parts if p.unit == "元"], start, FEW)]
        spans = arithmetic.spans_of(parts, claim.words)[:FEW]
        yield from (result for amount in sums for result in arithmetic.interest(amount, [claim.part], spans))
        return
    if cues.PAID.search(claim.words):
        anywhere = claim.open or cues.SUM.search(claim.words)
        counts = [p for p in parts if anywhere or start - COMPARES <= p.place < start]
        yield from arithmetic.multiples(parts, counts)
    yield from _grown_from(claim, parts)
    yield from _mean_price(claim, parts)
    yield from _revalued(claim, parts)
    if not claim.asks_interest:
        return
    priced = any(p.attribute == NAV for p in parts)
    money = [p for p in parts if p.unit == "元" or (p.unit == "份" and not priced)]
    few = FEW if claim.asks_interest_in_words else _FEWER
    sums = [abs(p.value) for p in nearest(money, start, few)]
    worth = arithmetic.worth(nearest(parts, start, PAIRED))
    tenths = [p.value / 10 for p in parts if p.unit == TENTHS]
    rates = factors(claim, nearest([p for p in parts if p.unit in ("%", "pp")], start, few))
    rates += [rate * tenth for rate in rates for tenth in tenths]
    spans = arithmetic.spans_of(parts, claim.words)[:FEW]
    yield from ((amount, EXACT) for amount in worth)
    for amount in (*sums, *worth):
        yield from arithmetic.interest(amount, rates, spans)
        if cues.GROWN.search(claim.words):
            yield from arithmetic.compound(amount, rates, spans)
        if claim.free or cues.AFTER.search(claim.words):
            yield from arithmetic.what_is_left(amount, rates)
    yield from ((amount * tenth, EXACT) for amount in sums for tenth in tenths)


def _grown_from(claim: Claim, parts: Sequence[Part]) -> Iterator[Result]:
    """A sum of the year before, from this year's and its growth: 86.5亿元 after 12.3% were 77.0亿元."""
    if cues.BEFORE.search(claim.words):
        grown = [p.value / 100 for p in parts if p.unit == "%" and p.attribute == MOVE]
        money = [p for p in parts if p.unit == "元"]
        yield from ((abs(p.value) / (1 + rate), EXACT) for p in money for rate in grown if rate > -1)


def _mean_price(claim: Claim, parts: Sequence[Part]) -> Iterator[Result]:
    """What one share cost of so many that are told beside their sum: 买回1264万股、花费3.12亿元，均价24.68元."""
    if "均价" not in claim.near:
        return
    told = [p for p in parts if claim.figure.sentence <= p.place < claim.figure.start]
    for pair in pairwise(told):
        money = next((p.value for p in pair if p.unit == "元"), None)
        shares = next((p.value for p in pair if p.unit == "份"), None)
        if money is not None and shares:
            yield abs(money / shares), EXACT


def _revalued(claim: Claim, parts: Sequence[Part]) -> Iterator[Result]:
    """What a sum became that bought at one price and is worth another: 以1.4520元买入2万元，现在约值18,341.60元."""
    if not _WORTH.search(claim.near):
        return
    told = [p for p in parts if 0 <= p.place < claim.figure.start and p.unit == "元"]
    bought = next((p for p in reversed(told) if _BOUGHT_AT.search(claim.text, max(0, p.place - _AT), p.place)), None)
    invested = [p for p in told if p.assumed][-1:]
    if bought is None or not bought.value:
        return
    prices = [p for p in told if p.attribute == NAV and p.value != bought.value and not p.assumed]
    yield from ((abs(s.value * p.value / bought.value), EXACT) for s in invested for p in prices[-1:])


def factors(claim: Claim, rated: Sequence[Part]) -> list[Decimal]:
    """Rates as parts of one; where words compare, how far alike ones lie apart; where they multiply, products."""
    rates = [p.value / 100 for p in rated]
    if cues.LESS.search(claim.words):
        apart = [abs(a.value - b.value) / 100 for a, b in combinations(rated, 2) if _are_alike(claim.text, a, b)]
        rates = apart if apart and cues.APART.search(claim.words) else rates + apart
    if _TIMES.search(claim.text, claim.figure.sentence, claim.figure.start):
        rates += [a * b for a, b in combinations(rates[:FEW], 2)]
    return rates


def _are_alike(text: str, first: Part, second: Part) -> bool:
    """Of one attribute, two totals, or one moved to the other: 从6.5%下调到5.8%."""
    if (first.total and second.total) or (first.attribute is not None and first.attribute == second.attribute):
        return True
    return 0 <= first.place < second.place and _MOVES_TO.search(text[first.place : second.place]) is not None


def days_to(claim: Claim, parts: Sequence[Part]) -> Iterator[Result]:
    """In how many days a sum of each day makes another: 每天3.07元，攒到279.72元要91天."""
    if not _TAKES.search(claim.before):
        return
    told = [p for p in parts if claim.figure.sentence <= p.place < claim.figure.start and p.unit == "元"]
    daily = [p for p in told if "每天" in claim.text[max(0, p.place - _AT) : p.place] and p.value]
    yield from ((abs(told[-1].value / p.value), EXACT) for p in daily[-1:] if p is not told[-1])
