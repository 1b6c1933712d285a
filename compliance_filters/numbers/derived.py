"""Figures that follow from others, computed again: differences, sums, shares, growth, fees, interest, averages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import chain, combinations, islice

from compliance_filters.finding import ReviewContext
from compliance_filters.numbers import arithmetic, comparisons, cues, distances
from compliance_filters.numbers.arithmetic import EXACT, Result
from compliance_filters.numbers.claims import COMPARES, Claim, claim_of, is_round
from compliance_filters.numbers.comparisons import PAIRED
from compliance_filters.numbers.evidence import Evidence, Known
from compliance_filters.numbers.implied import is_implied
from compliance_filters.numbers.mentions import MOVE, NAV, Mention
from compliance_filters.numbers.pages import Page
from compliance_filters.numbers.parts import Part, Parts, is_sum, nearest
from compliance_filters.numbers.quantities import Quantity
from compliance_filters.numbers.spans import lies_between
from compliance_filters.numbers.stated import days_shown

_FRACTION = re.compile("[^百分]+分之")  # 四十分之一, also of two rates
_TIMES = re.compile("[×xX*折]")  # 1.2%×40%
_MOVES_TO = re.compile("%(?:[上下]?[调降升]|提高|回落|降低|调整|[涨跌]|上行|下行)[到至为]?$")
_TENTHS = "折"
_FEW = 12  # sums, rates and spans that are multiplied with one another
_BEHIND = 10
_LED = 24  # characters before a figure: 三年累计10.98%，基准10.87%
_NEXT = 80  # characters behind a premise in which something is computed from it


class Derivation:
    """Looks for a computation that gives a figure of one page."""

    def __init__(
        self,
        page: Page,
        known: Known,
        context: ReviewContext,
        products: Sequence[Mention],
        bound: Callable[[int], Evidence | None],
    ) -> None:
        """`bound` gives the known number that a shown figure (by index) states."""
        self._page, self._context, self._products = page, context, products
        self._parts = Parts(page, known, products, bound)
        self._known = known

    @cached_property
    def _days(self) -> tuple[date, ...]:
        return tuple(days_shown(self._page.text, self._context))

    def gives(self, index: int, *, stated: bool, trusts: Callable[[int], bool]) -> bool:
        """Whether shown or known numbers give this figure in a way that its words ask for.

        `stated`: something else is known of just what the figure is of; then words must ask for it.
        `trusts` says of which shown figures (by index) others may be computed.
        """
        claim = claim_of(self._page, index, self._products, stated=stated)
        if claim.unit == "个月" and cues.SINCE.search(claim.words):
            return _since(claim.quantity, self._context)
        if not stated and lies_between(claim.quantity, self._days):
            return True
        parts = self._parts.around(index, trusts)
        if claim.meets(self._results(claim, parts)):
            return not comparisons.is_turned(claim, parts)
        if not stated and is_implied(claim, parts):
            return not comparisons.is_turned(claim, parts)
        return self._is_premise(index, parts, trusts)

    def _results(self, claim: Claim, parts: list[Part]) -> Iterator[Result]:
        """Values that the words ask for, never negative, each with what rounding of its parts may add."""
        unit = claim.unit
        own = [p for p in parts if p.unit == ("%" if unit in ("pp", "点") else unit)]
        yield from comparisons.apart(claim, own)
        if unit in ("元", "份"):
            yield from comparisons.rolled(claim, own, self._parts)
        if claim.asks_total:
            yield from ((abs(total), room) for count, total, room in _totals(claim, own) if count > 1)
        if claim.asks_mean:
            yield from ((abs(total / count), EXACT) for count, total, _ in _totals(claim, own) if count > 1)
            yield from arithmetic.means(own, parts, claim.words)
        if unit == "%":
            yield from _rates(claim, own, parts)
            yield from self._rest_beside(claim, own)
            yield from ((share * 100, EXACT) for share in self._parts.rank_shares(claim.figure) if "前" in claim.near)
        if unit in ("%", "倍", "", "成"):
            yield from _quotients(claim, parts)
        if unit == "元":
            yield from _amounts(claim, parts)
        if unit in ("%", "倍"):
            yield from _recoveries(claim, parts)
        if unit == "岁":
            yield from arithmetic.ages(parts)
        if unit in ("份", "股"):
            yield from arithmetic.shares_bought(parts, whole=not claim.quantity.tolerance)

    def _rest_beside(self, claim: Claim, own: Sequence[Part]) -> Iterator[Result]:
        """What fills the whole beside the shares of its sentence, where no share of what it names is known."""
        asked = cues.OF_A_WHOLE.search(claim.before)
        if asked is None or not claim.open or self._knows_share(asked["name"]):
            return
        beside = [p for p in own if claim.figure.sentence <= p.place < claim.figure.start]
        yield from ((100 - total, EXACT) for _, total, _ in _totals(claim, beside) if 0 < total < 100)

    def _knows_share(self, name: str) -> bool:
        facts = (fact.fact.name for fact in self._known.facts if fact.fact and fact.quantity.unit == "%")
        return any(name in told for told in (*facts, *(held.source.text for held in self._known.sources)))

    def _is_premise(self, index: int, parts: list[Part], trusts: Callable[[int], bool]) -> bool:
        """A round sum that an example sets out from (10万元一年就是1,800元): what comes of it right behind is right."""
        page = self._page
        figure = page.figures[index]
        named = page.reading(index).own_attribute and not figure.joined
        shares = figure.quantity.unit == "份"
        if not (shares or is_sum(page.text, figure)) or named or not is_round(figure.quantity):
            return False
        if cues.HELD.search(page.text, figure.stretch, figure.start):
            return False
        for later in range(index + 1, len(page.figures)):
            other = page.figures[later]
            if other.start - figure.end > _NEXT:
                return False
            if not is_sum(page.text, other):
                continue
            if self._is_worth(figure.quantity.value, later, parts, of_shares=shares):
                return True
            if not shares and self._comes_of(figure.quantity.value, later, parts, trusts):
                return True
        return False

    def _is_worth(self, shares: Decimal, later: int, parts: Sequence[Part], *, of_shares: bool) -> bool:
        """Whether figure `later` is what so many shares are worth or earn; of a money fund a share is a yuan."""
        priced = [p for p in parts if p.unit == "元" and (p.per or (p.attribute == NAV and of_shares))]
        claim = claim_of(self._page, later, self._products)
        return claim.meets((abs(shares * p.value / (p.per or 1)), EXACT) for p in priced)

    def _comes_of(self, amount: Decimal, later: int, parts: list[Part], trusts: Callable[[int], bool]) -> bool:
        """Whether figure `later` is interest on an amount, what becomes of it, or the rest of a known sum."""
        claim = claim_of(self._page, later, self._products)
        rated = [p for p in self._parts.around(later, trusts) if p.unit == "%"]
        rates = _factors(claim, nearest(rated, claim.figure.start, _FEW))
        spans = arithmetic.spans_of(parts, claim.words)[:_FEW]
        if claim.meets(
            chain(
                arithmetic.interest(amount, rates, spans),
                arithmetic.compound(amount, rates, spans),
                arithmetic.what_is_left(amount, rates),
            )
        ):
            return True
        whole = amount + claim.quantity.value
        return bool(cues.REST.search(claim.before)) and any(p.unit == "元" and p.value == whole for p in parts)


def _totals(claim: Claim, own: Sequence[Part]) -> Iterator[tuple[int, Decimal, Decimal]]:
    column = claim.figure.column
    own = [p for p in own if (not column or p.column == column or not p.shown) and not p.former]
    return arithmetic.totals(claim.figure.start, claim.quantity.tolerance, own)


def _rates(claim: Claim, own: Sequence[Part], parts: Sequence[Part]) -> Iterator[Result]:
    start = claim.figure.start
    yield from arithmetic.named_totals(claim.text, claim.before, start, own)
    if cues.REST.search(claim.before):
        yield from ((100 - total, room) for _, total, room in _totals(claim, own))
        said = [p for p in own if claim.figure.sentence <= p.place < start]
        yield from arithmetic.rest_of_first(said[-PAIRED:])
    if cues.YEARLY.search(claim.words):
        yield from arithmetic.yearly(own)
    if cues.COMPOUND.search(claim.text, max(claim.figure.sentence, start - _LED), start):
        before = [p for p in own if 0 <= p.place < start]
        yield from arithmetic.compounded(before[::-1])
        for run in arithmetic.runs(nearest(before, start, _FEW)):
            yield from islice(arithmetic.compounded(run), len(run) - 2, None)
    if cues.BEFORE.search(claim.words) or cues.THEN.search(claim.words):
        moves = [p for p in parts if p.unit == "pp" and p.shown]
        yield from distances.moved(own, moves, back=cues.BEFORE.search(claim.words) is not None)
    if cues.WEIGHTED.search(claim.text, claim.figure.sentence, start):
        yield from arithmetic.weighted(nearest(parts, start, _FEW))
    if _TENTHS in claim.text[max(0, start - _NEXT) : start]:
        yield from ((abs(r.value * z.value) / 10, EXACT) for r in own for z in parts if z.unit == _TENTHS)
    if cues.A_MONTH.search(claim.near):
        yield from ((abs(p.value) / 12, EXACT) for p in own)
    yield from arithmetic.sensitivities(parts)


def _quotients(claim: Claim, parts: list[Part]) -> Iterator[Result]:
    unit, figure = claim.unit, claim.figure
    if claim.in_turn:
        yield from arithmetic.shares_of_run(figure.start, parts, claim.member, claim.members)
        return
    fraction = _FRACTION.match(claim.text, figure.start, figure.end) is not None
    rated = unit != "%" or fraction or claim.relative
    whole = nearest([p for p in parts if p.unit != "%" or rated], figure.start, PAIRED)
    sentence = range(figure.sentence, figure.sentence_end)
    pairs = list(arithmetic.ratios(figure.start, whole, sentence=sentence, wide=bool(figure.label)))
    grown = fraction and cues.GROWN_BY.search(claim.near) is not None
    if not grown and (cues.SHARE.search(claim.words) or unit != "%" or fraction):
        within = unit == "%" and cues.PART.search(claim.words) is not None
        found = arithmetic.shares(pairs, 1 if unit in ("倍", "") else 100)
        yield from ((value, room) for value, room in found if not within or value <= 100)
        if within:
            yield from arithmetic.shares_of_run(figure.start, parts, claim.member, claim.members)
    elif claim.bare:
        yield from arithmetic.shares_of_last(figure.start, whole, whole=claim.before == "的")
    elif claim.text[figure.end - 1] == "成" and cues.AMONG.search(claim.near):
        rates = [p for p in parts if p.unit == "%" and 0 <= p.place < figure.start]
        yield from arithmetic.shares(combinations(rates[-2:], 2), 100)
    if unit == "%" and cues.GROWTH.search(claim.words):
        yield from arithmetic.growths(pairs, claim.growth)


def _recoveries(claim: Claim, parts: Sequence[Part]) -> Iterator[Result]:
    end = claim.figure.end
    if cues.RECOVERS.search(claim.near + claim.text[end : end + _BEHIND]):
        rates = [p.value / 100 for p in parts if p.unit == "%"]
        scale = 100 if claim.unit == "%" else 1
        yield from ((value * scale, room) for value, room in arithmetic.recoveries(rates))


def _amounts(claim: Claim, parts: list[Part]) -> Iterator[Result]:
    """Fees, interest, gains and losses, what is left of them, and what comes of several payments.

    Where two are held against each other (A比B多) only their difference is meant.
    """
    if claim.compared:
        return
    start = claim.figure.start
    if claim.part is not None:
        sums = [abs(p.value) for p in nearest([p for p in parts if p.unit == "元"], start, _FEW)]
        spans = arithmetic.spans_of(parts, claim.words)[:_FEW]
        yield from (result for amount in sums for result in arithmetic.interest(amount, [claim.part], spans))
        return
    if cues.PAID.search(claim.words):
        anywhere = claim.open or cues.SUM.search(claim.words)
        counts = [p for p in parts if anywhere or start - COMPARES <= p.place < start]
        yield from arithmetic.multiples(parts, counts)
    yield from _grown_from(claim, parts)
    if not claim.asks_interest:
        return
    priced = any(p.attribute == NAV for p in parts)
    money = [p for p in parts if p.unit == "元" or (p.unit == "份" and not priced)]
    sums = [abs(p.value) for p in nearest(money, start, _FEW)]
    worth = arithmetic.worth(nearest(parts, start, PAIRED))
    tenths = [p.value / 10 for p in parts if p.unit == _TENTHS]
    rates = _factors(claim, nearest([p for p in parts if p.unit in ("%", "pp")], start, _FEW))
    rates += [rate * tenth for rate in rates for tenth in tenths]
    spans = arithmetic.spans_of(parts, claim.words)[:_FEW]
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


def _factors(claim: Claim, rated: Sequence[Part]) -> list[Decimal]:
    """Rates as parts of one; where words compare, how far alike ones lie apart; where they multiply, products."""
    rates = [p.value / 100 for p in rated]
    if cues.LESS.search(claim.words):
        apart = [abs(a.value - b.value) / 100 for a, b in combinations(rated, 2) if _are_alike(claim.text, a, b)]
        rates = apart if apart and cues.APART.search(claim.words) else rates + apart
    if _TIMES.search(claim.text, claim.figure.sentence, claim.figure.start):
        rates += [a * b for a, b in combinations(rates[:_FEW], 2)]
    return rates


def _are_alike(text: str, first: Part, second: Part) -> bool:
    """Of one attribute, two totals, or one moved to the other: 从6.5%下调到5.8%."""
    if (first.total and second.total) or (first.attribute is not None and first.attribute == second.attribute):
        return True
    return 0 <= first.place < second.place and _MOVES_TO.search(text[first.place : second.place]) is not None


def _since(mine: Quantity, context: ReviewContext) -> bool:
    """Full or begun years (in months) since one of the products was set up."""
    for product in context.products:
        if product.inception is None:
            continue
        months = (context.today.year - product.inception.year) * 12 + context.today.month - product.inception.month
        if abs(Decimal(months) - mine.value) < 12:
            return True
    return False
