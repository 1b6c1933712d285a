"""Decides on each figure of a text: bound to something known, computed from what is bound, or neither."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from compliance_filters.finding import ReviewContext
from compliance_filters.numbers.agreement import Comparer, Match, names
from compliance_filters.numbers.claims import is_round
from compliance_filters.numbers.cues import COMPUTES
from compliance_filters.numbers.derived import Derivation
from compliance_filters.numbers.evidence import Evidence, Known, SourcePage
from compliance_filters.numbers.figures import Figure, citations
from compliance_filters.numbers.mentions import EXCESS, NAV, Mention
from compliance_filters.numbers.neighbours import told_backwards
from compliance_filters.numbers.pages import Page
from compliance_filters.numbers.quantities import same_class
from compliance_filters.numbers.worked import WorkedSums

_RESTATES = re.compile("[，,（(]?(?:也?就是|即|换句话说|相当于)")
_THIS = frozenset("这那")  # 占净值61.9%，其中银行占了这61.9%里的三成八
_DEAREST_NAV = 200  # yuan
_ROUNDS = 3  # of figures that follow from figures that follow


@dataclass(frozen=True, kw_only=True)
class _Binding:
    """What is known of a figure's size."""

    bound: bool
    matches: tuple[Match, ...]  # known numbers of its size and sign, none of which will do where it is not bound
    turned: bool = False  # only one of the other sign is known


_OTHER_NAMES = {"股票": "权益", "权益": "股票"}  # reports tell of 权益投资, advisors of 股票仓位


class Judge:
    """Binds the figures of one text to what is known."""

    def __init__(self, page: Page, known: Known, products: list[Mention], context: ReviewContext) -> None:
        self._page, self._known = page, known
        self._derivation = Derivation(page, known, context, products, self._evidence)
        self._comparer = Comparer(page, known, products)
        self._sources: dict[int, list[SourcePage]] = {}  # by where a sentence begins
        self._bindings: dict[int, _Binding] = {}
        self._proved: set[int] = set()
        self._results: set[int] = set()  # of equations and brackets
        self._sizes = Counter(_size(figure) for figure in page.figures)
        self._premises = frozenset(
            _size(figure) for i, figure in enumerate(page.figures) if figure.assumed and not self._is_history(i)
        )

    def faults(self) -> Iterator[tuple[int, int, str]]:
        """(start, end, why) of each number that is neither bound nor follows from such as are."""
        figures = self._page.figures
        claims = [i for i, f in enumerate(figures) if f.said or (f.assumed and self._is_history(i))]
        open_ones = [i for i in claims if not self._needs_no_proof(i)]
        worked = WorkedSums(self._page, self._known)
        for _ in range(_ROUNDS):
            left = [i for i in open_ones if not self._is_proved(i, worked, open_ones)]
            if len(left) == len(open_ones):
                break
            open_ones = left
        for index in claims:
            why = self._why(index) if index in open_ones else told_backwards(self._page, index)
            why = "，括号里的算式得不出这个数" if worked.contradict(index) else why
            if why is not None:
                yield figures[index].start, figures[index].end, why

    def _is_history(self, index: int) -> bool:
        """Whether a premise is a known figure all the same: 碰上最大回撤2.05%那样的行情, 若以净值1.0487元申购."""
        reading = self._page.reading(index)
        if not reading.own_attribute or is_round(self._page.figures[index].quantity):
            return False
        return reading.own_period or self._is_stated(index)

    def _needs_no_proof(self, index: int) -> bool:
        """Whether a figure is bound, repeats a premise, or is a count that nothing contradicts."""
        figure = self._page.figures[index]
        if _size(figure) in self._premises and not COMPUTES.search(self._comparer.words_before(figure)):
            return True
        if _size(figure) in self._known.named:
            return True
        return self._binding(index).bound or not (figure.strict or self._has_rival(index))

    def _is_proved(self, index: int, worked: WorkedSums, open_ones: Sequence[int]) -> bool:
        """Whether a figure follows from such as are proved; others may then be computed from it."""
        if self._follows(index):
            self._proved.add(index)
            return True
        if not (worked.prove(index, open_ones) or self._is_repeated(index)):
            return False
        if worked.is_result(index):
            self._results.add(index)
        return True

    def _follows(self, index: int) -> bool:
        """Whether a figure can be computed from such as are proved, so that no two prove each other."""
        binding = self._binding(index)
        stated = bool(binding.matches) or self._is_stated(index)
        trusts = partial(self._trusts, proved=index)
        return not binding.turned and self._derivation.gives(index, stated=stated, trusts=trusts)

    def _is_repeated(self, index: int) -> bool:
        """Whether a figure that was computed before stands there again: 约73天（0.2×365）…持有不到73天.

        What is known of another number is refused for a reason; a rate is of something, unless it is told as the same.
        """
        figure, binding = self._page.figures[index], self._binding(index)
        if binding.matches or binding.turned or is_round(figure.quantity, 1):
            return False
        text, figures = self._page.text, self._page.figures
        line = text.rfind("\n", 0, figure.start)
        alike = (figures[i] for i in self._proved | self._results if _size(figures[i]) == _size(figure))
        ends = [other.end for other in alike if line < other.start < figure.start]
        if ends and (text[figure.start - 1 : figure.start] in _THIS or any(_RESTATES.match(text, e) for e in ends)):
            return True
        return bool(ends) and figure.quantity.unit not in ("%", "pp") and not self._is_stated(index)

    def _trusts(self, index: int, proved: int) -> bool:
        """Whether figure `proved` may be computed from this one; what an equation gives proves nothing before it."""
        figure = self._page.figures[index]
        if index in self._results:
            return index < proved
        return not figure.said or index in self._proved or self._needs_no_proof(index)

    def _binding(self, index: int) -> _Binding:
        if index not in self._bindings:
            self._bindings[index] = self._bind(index)
        return self._bindings[index]

    def _evidence(self, index: int) -> Evidence | None:
        """The known number that a figure states."""
        binding = self._binding(index)
        if not binding.bound:
            return None
        return next((m.evidence for m in reversed(binding.matches) if m.fits), binding.matches[0].evidence)

    def _bind(self, index: int) -> _Binding:
        matches: list[Match] = []
        other_sign = False
        words = self._comparer.words_before(self._page.figures[index])
        for evidence in self._equal(index):
            if not self._comparer.signs_agree(index, evidence):
                other_sign = True
                continue
            matches.append(self._comparer.match(index, evidence))
            alike = matches[-1].fits and words in evidence.words
            if alike or (matches[-1].fits and _is_labelled(self._comparer.label(index), evidence)):
                return _Binding(bound=True, matches=tuple(matches))
        fitting = [m for m in matches if m.fits]
        open_ones = fitting or [m for m in matches if not m.hard]
        bound = bool(open_ones) and not self._is_mislabelled(index, open_ones)
        bound = bound and (bool(fitting) or not self._better(index, matches))
        return _Binding(bound=bound, matches=tuple(matches), turned=other_sign and not matches)

    def _is_mislabelled(self, index: int, matches: list[Match]) -> bool:
        """Whether the words before a figure stand before another number of its kind: 电子 before 计算机's 21.4%."""
        label = self._comparer.label(index)
        if not label or any(_is_labelled(label, m.evidence) for m in matches):
            return False
        mine = self._page.figures[index].quantity
        return any(
            label in other.words
            and same_class(mine.unit, other.quantity.unit)
            and not mine.same_size(other.quantity)
            and self._comparer.match(index, other).fits
            for other in self._pool(index)
        )

    def _pool(self, index: int) -> Iterator[Evidence]:
        yield from self._known.facts
        for held in self._cited(index):
            yield from held.telling()

    def _cited(self, index: int) -> list[SourcePage]:
        """The sources that a figure's sentence cites, or all; found once a sentence."""
        if not self._known.sources:
            return []
        figure = self._page.figures[index]
        held = self._sources.get(figure.sentence)
        if held is None:
            cited = citations(self._page.text, figure)
            held = [held for held in self._known.sources if not cited or held.source.n in cited]
            self._sources[figure.sentence] = held
        return held

    def _equal(self, index: int) -> Iterator[Evidence]:
        """Known numbers of the same size and unit; distances may be kept in per cent."""
        figure = self._page.figures[index]
        mine = figure.quantity
        low, high = mine.range
        for fact in self._known.facts_between(low, high):
            if mine.same_size(fact.quantity) or _same_distance(figure, fact):
                yield fact
        for held in self._cited(index):
            for i in held.page.between(low, high):
                if mine.same_size(held.page.figures[i].quantity):
                    yield held.evidence(i)

    def _better(self, index: int, matches: list[Match]) -> bool:
        """Whether a known number of another size fits the claim's words in what the equal ones do not fit."""
        mine = self._page.figures[index].quantity
        raised = [self._comparer.backed(index, m.soft) for m in matches if not m.hard]
        if not all(raised):
            return False
        doubts = frozenset.union(*raised)
        equal = {id(m.evidence) for m in matches}  # of other sizes there are facts alone, which live as long as this
        for other in self._pool(index):
            if not same_class(mine.unit, other.quantity.unit) or mine.same_size(other.quantity) or id(other) in equal:
                continue
            if self._comparer.match(index, other).fits and self._comparer.says(index, other, doubts):
                return True
        return False

    def _is_stated(self, index: int) -> bool:
        """Whether another number is known of just what this one's own words say it is."""
        figures = self._page.figures
        figure = figures[index]
        last = next((f.end for f in reversed(figures[:index]) if f.said or f.assumed), 0)
        words = self._page.text[max(figure.previous_end, last) : figure.start]
        unit = figure.quantity.unit
        if self._page.reading(index).attribute == NAV and figure.quantity.value > _DEAREST_NAV:
            return False  # 对应净值只有12,410元: what so many shares are worth
        return any(
            other.quantity.unit == unit and self._comparer.means(index, other, words) for other in self._pool(index)
        )

    def _has_rival(self, index: int) -> bool:
        """Whether something of the same unit is known that the words could mean."""
        figure = self._page.figures[index]
        unit, mine = figure.quantity.unit, self._page.reading(index).attribute
        quote = self._page.text[figure.start : figure.end]
        written = any(char.isdigit() for char in quote) or (unit != "个月" and figure.quantity.value > 10)
        others = (other for other in self._pool(index) if unit and other.quantity.unit == unit and not other.in_period)
        return any(
            (other.attribute == mine if mine else written)
            and not self._stands_elsewhere(other, index)
            and self._comparer.match(index, other).fits
            for other in others
        )

    def _stands_elsewhere(self, other: Evidence, index: int) -> bool:
        """Whether the text says this number in another place: 您今年58岁，离60岁还有两年."""
        figure = self._page.figures[index]
        if self._page.reading(index).attribute or names(other.qualifier, self._comparer.words_before(figure)):
            return False
        theirs = (other.quantity.value, other.quantity.unit)
        return self._sizes[theirs] > (_size(figure) == theirs)

    def _why(self, index: int) -> str:
        """What is wrong, with the nearest known number, in Chinese."""
        binding = self._binding(index)
        if binding.matches:
            return f"，它是“{binding.matches[0].evidence.said()}”，产品、期间或指标对不上"
        if binding.turned:
            return f"，正负号与“{next(self._equal(index)).said()}”相反"
        mine = self._page.figures[index].quantity
        near = [
            (len(m.hard) + len(m.soft), abs(e.quantity.value - mine.value), n, e)
            for n, e in enumerate(self._pool(index))
            if same_class(mine.unit, e.quantity.unit) and mine.unit and (m := self._comparer.match(index, e))
        ]
        return f"，最接近的是“{min(near)[3].said()}”" if near else ""


def _is_labelled(label: str, evidence: Evidence) -> bool:
    """Whether a known number has the label, or most of its end: 投资者 for 机构投资者; or its other name."""
    least = max(min(2, len(label)), len(label) * 3 // 4)
    return not least or label[-least:] in evidence.words or _OTHER_NAMES.get(label, label) in evidence.words


def _size(figure: Figure) -> tuple[Decimal, str]:
    return figure.quantity.value, figure.quantity.unit


def _same_distance(figure: Figure, fact: Evidence) -> bool:
    """跑赢0.22% and 超额收益0.22个百分点 mean the same."""
    units = {figure.quantity.unit, fact.quantity.unit}
    if units != {"pp", "%"} or fact.attribute != EXCESS:
        return False
    return abs(figure.quantity.value - fact.quantity.value) <= figure.quantity.tolerance
