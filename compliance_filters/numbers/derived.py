"""Figures that follow from others, computed again: differences, sums, shares, growth, fees, interest, averages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import chain, combinations, islice

from compliance_filters.finding import ReviewContext
from compliance_filters.numbers import arithmetic, comparisons, cues, distances, levels
from compliance_filters.numbers.agreement import LIMITS
from compliance_filters.numbers.amounts import FEW, TENTHS, amounts, days_to, factors
from compliance_filters.numbers.arithmetic import EXACT, Result
from compliance_filters.numbers.claims import Claim, claim_of, is_round
from compliance_filters.numbers.comparisons import PAIRED
from compliance_filters.numbers.evidence import Evidence, Known
from compliance_filters.numbers.implied import is_implied
from compliance_filters.numbers.mentions import NAV, Mention
from compliance_filters.numbers.named import NamedRows
from compliance_filters.numbers.pages import Page
from compliance_filters.numbers.parts import Part, Parts, is_sum, nearest, per_shares
from compliance_filters.numbers.quantities import Quantity
from compliance_filters.numbers.spans import lies_between
from compliance_filters.numbers.stated import days_shown
from mandarin.chinese_number import read_number

_FRACTION = re.compile("[^百分]{1,24}分之")  # 四十分之一, also of two rates
_LEAST_OF_QUANTILE = Decimal("0.8")  # rank 41 of 236 is 17.4%: of a fifth, and of no third
_BEHIND = 10
_ASIDE = 2  # characters between a figure and the brackets behind it
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
        self._named = NamedRows(page, known, products, bound)
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
        named = self._named.gives(claim, index)
        if named is not None:
            return named
        if levels.runs_against(claim, parts):
            return False
        if self._settles(claim, index, parts, trusts):
            return not comparisons.is_turned(claim, parts)
        if not stated and is_implied(claim, parts):
            return not comparisons.is_turned(claim, parts)
        return self._is_premise(index, parts, trusts)

    def _settles(self, claim: Claim, index: int, parts: list[Part], trusts: Callable[[int], bool]) -> bool:
        """Whether its words' computation gives it, of numbers as they are written or else as they are known."""
        value = claim.met(self._results(claim, parts))
        if value is None and not claim.figure.label:
            exact = self._parts.around(index, trusts, exact=True)
            value = claim.met(self._results(claim, exact)) if exact != parts else None
        if value is not None:
            self._parts.settle(index, value)
        return value is not None

    def _results(self, claim: Claim, parts: list[Part]) -> Iterator[Result]:
        """Values that the words ask for, never negative, each with what rounding of its parts may add."""
        unit = claim.unit
        own = [p for p in parts if p.unit == ("%" if unit in ("pp", "点") else unit)]
        yield from comparisons.apart(claim, own)
        if unit == "pp":
            yield from comparisons.of_distances(claim, parts)
        if unit in ("元", "份"):
            yield from comparisons.rolled(claim, own, self._parts)
        former = list(levels.before_shown(claim, parts))
        yield from former
        if claim.asks_total:
            terms = own if unit != "pp" else [p for p in parts if p.unit == "pp"]
            yield from ((abs(total), room) for count, total, room in _totals(claim, terms) if count > 1)
            yield from comparisons.former_total(claim, own)
            if unit == "pp":
                yield from comparisons.total_change(claim, own)
        if claim.asks_mean:
            yield from ((abs(total / count), EXACT) for count, total, _ in _totals(claim, own) if count > 1)
            yield from arithmetic.means_of_columns(own)
            yield from arithmetic.means(own, parts, claim.words)
        if unit == "%":
            yield from _rates(claim, own, parts)
            yield from self._rest_beside(claim, own)
            yield from self._ranked(claim)
            yield from comparisons.shares_of_named(claim, parts)
        if unit in ("%", "倍", "", "成") and not claim.geared:
            yield from _quotients(claim, parts)
        if unit == "元" and not former:
            yield from amounts(claim, parts)
        if unit in ("%", "倍"):
            yield from _recoveries(claim, parts)
        if unit == "" and cues.ROOT.match(claim.text, claim.figure.end):
            yield from ((1 + p.value / 100, EXACT) for p in parts if p.unit == "%" and p.shown)
        if unit == "倍":
            yield from comparisons.multiplied(claim, parts)
        if unit in ("%", "倍"):
            yield from comparisons.named_ratios(claim, parts)
        if unit in ("元", "份", "股", "户", "人"):
            yield from levels.whole_of_part(claim, parts)
        if unit == "天":
            yield from days_to(claim, parts)
        if unit == "岁":
            yield from arithmetic.ages(parts)
        if unit in ("份", "股"):
            yield from arithmetic.shares_bought(parts, whole=not claim.quantity.tolerance)

    def _ranked(self, claim: Claim) -> Iterator[Result]:
        """What part of all a rank is, or the next part that people name: rank 41 of 236 lies in the first fifth."""
        if "前" not in claim.near:
            return
        fraction = _FRACTION.match(claim.text, claim.figure.start, claim.figure.end)
        for share in self._parts.rank_shares(claim.figure):
            yield share * 100, EXACT
            if fraction and _LEAST_OF_QUANTILE <= share * 100 / claim.quantity.value <= 1:
                yield claim.quantity.value, EXACT

    def _rest_beside(self, claim: Claim, own: Sequence[Part]) -> Iterator[Result]:
        """What fills the whole beside the shares of its sentence, where no share of what it names is known."""
        asked = cues.OF_A_WHOLE.search(claim.before)
        if asked is None or not claim.open or self._knows_share(asked["name"]):
            return
        beside = [p for p in own if claim.figure.sentence <= p.place < claim.figure.start]
        yield from ((100 - total, EXACT) for _, total, _ in _totals(claim, beside) if 0 < total < 100)

    def _knows_share(self, name: str) -> bool:
        facts = (fact.fact.name for fact in self._known.facts if fact.fact and fact.quantity.unit == "%")
        facts = (told for told in facts if not LIMITS.search(told))
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
        rated = [p for p in self._parts.around(later, trusts) if p.unit in ("%", "pp")]
        rates = factors(claim, nearest(rated, claim.figure.start, FEW))
        spans = arithmetic.spans_of(parts, claim.words)[:FEW]
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
    own = [p for p in own if (p.column == column or not p.shown if column else not p.former)]
    if per := per_shares(claim.near):
        own = [p for p in own if p.per == per]
    return arithmetic.totals(claim.figure.start, claim.quantity.tolerance, own)


def _rates(claim: Claim, own: Sequence[Part], parts: Sequence[Part]) -> Iterator[Result]:
    start = claim.figure.start
    if (first := cues.FIRST_OF.search(claim.near)) and (count := int(read_number(first["n"]).value)) > 1:
        shown = sorted((p for p in own if 0 <= p.place < start and not p.total), key=lambda p: p.place)
        yield from arithmetic.first_of_list(count, shown)
    yield from arithmetic.named_totals(claim.text, claim.before, start, own)
    if cues.REST.search(claim.before):
        yield from ((100 - total, room) for _, total, room in _totals(claim, own))
        said = [p for p in own if claim.figure.sentence <= p.place < start]
        yield from arithmetic.rest_of_first(said[-PAIRED:])
    if root := cues.ROOT.search(claim.text, claim.figure.sentence, claim.figure.sentence_end):
        before = [p for p in own if claim.figure.sentence <= p.place < start]
        yield from arithmetic.roots(before, int(read_number(root["n"] or root["m"]).value))
    if cues.YEARLY.search(claim.words):
        yield from arithmetic.yearly(own)
    if cues.COMPOUND.search(claim.text, max(claim.figure.sentence, start - _LED), start):
        before = [p for p in own if 0 <= p.place < start]
        yield from arithmetic.compounded(before[::-1], claim.growth)
        for run in arithmetic.runs(nearest(before, start, FEW)):
            yield from islice(arithmetic.compounded(run, claim.growth), len(run) - 2, None)
    if cues.BEFORE.search(claim.words) or cues.THEN.search(claim.words):
        moves = [p for p in parts if p.unit == "pp" and p.shown]
        yield from distances.moved(own, moves, back=cues.BEFORE.search(claim.words) is not None)
    if cues.WEIGHTED.search(claim.text, claim.figure.sentence, start):
        yield from arithmetic.weighted(nearest(parts, start, FEW))
    if TENTHS in claim.text[max(0, start - _NEXT) : start]:
        yield from ((abs(r.value * z.value) / 10, EXACT) for r in own for z in parts if z.unit == TENTHS)
    if cues.IMPACT.search(claim.near):
        told = [p for p in own if claim.figure.sentence <= p.place < start][-2:]
        yield from ((abs(a.value * b.value) / 100, EXACT) for a, b in combinations(told, 2))
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
    if fraction:
        last = {p.unit: p.place for p in sorted(whole, key=lambda p: p.place) if p.place < figure.start}
        pairs = [(a, b) for a, b in pairs if last.get(a.unit) in (a.place, b.place)]
    grown = fraction and cues.GROWN_BY.search(claim.near) is not None
    if not grown and (cues.SHARE.search(claim.words) or unit != "%" or fraction):
        within = unit == "%" and cues.PART.search(claim.words) is not None
        found = arithmetic.shares(pairs, 1 if unit in ("倍", "") else 100)
        yield from ((value, room) for value, room in found if not within or value <= 100)
        if within:
            yield from arithmetic.shares_of_run(figure.start, parts, claim.member, claim.members)
    elif "成" in claim.text[figure.start : figure.end] and cues.AMONG.search(claim.near):
        rates = [p for p in parts if p.unit == "%" and 0 <= p.place < figure.start][-2:]
        rates += [p for p in parts if p.unit == "%" and 0 < p.place - figure.end <= _ASIDE]
        yield from arithmetic.shares(combinations(rates[-2:], 2), 100)
    elif claim.bare:
        yield from arithmetic.shares_of_last(figure.start, whole, whole=claim.before == "的")
    if unit == "%":
        yield from levels.growth_by_change(claim, parts)
    if unit == "%" and (claim.more_or_less or cues.GROWTH.search(claim.words)):
        yield from arithmetic.growths(pairs, claim.growth)


def _recoveries(claim: Claim, parts: Sequence[Part]) -> Iterator[Result]:
    end = claim.figure.end
    if cues.RECOVERS.search(claim.near + claim.text[end : end + _BEHIND]):
        rates = [p.value / 100 for p in parts if p.unit == "%"]
        scale = 100 if claim.unit == "%" else 1
        yield from ((value * scale, room) for value, room in arithmetic.recoveries(rates))


def _since(mine: Quantity, context: ReviewContext) -> bool:
    """Full or begun years (in months) since one of the products was set up."""
    for product in context.products:
        if product.inception is None:
            continue
        months = (context.today.year - product.inception.year) * 12 + context.today.month - product.inception.month
        if abs(Decimal(months) - mine.value) < 12:
            return True
    return False
