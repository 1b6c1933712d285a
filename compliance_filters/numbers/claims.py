"""A figure with the words around it that ask for a computation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from compliance_filters.numbers import cues
from compliance_filters.numbers.arithmetic import Result
from compliance_filters.numbers.assumed import CLAUSE_END
from compliance_filters.numbers.figures import Figure
from compliance_filters.numbers.mentions import Mention
from compliance_filters.numbers.neighbours import leads_on, level_before, moved_between, part_before, row
from compliance_filters.numbers.pages import Page
from compliance_filters.numbers.parts import is_sum
from compliance_filters.numbers.periods import Period
from compliance_filters.numbers.quantities import Quantity

_ROUGHEST = 5  # a distance is told to a fifth of itself at least: 0.5 is not 1个百分点
_ADDS = 40  # characters
COMPARES = 10  # characters before a figure in which it is said to be a difference
_BEHIND = 6  # characters behind a figure that may say what it is
_BARE = 6  # characters between a sum and its share
_PRECISE = Decimal("0.002")  # half of the last digit by the value: 46,899 and 920 are precise, 75 and 2.1 are not
_ROUND_DIGITS = 2
_PAIR = 2
_COMPARED = 30  # characters before a figure that hold one number against another
_SHARES = {"股": "份"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A figure that nothing known binds.

    One written with few digits is met by chance too easily, so its words must ask for a computation; one of
    several digits (46,899元) needs only parts nearby.
    """

    figure: Figure
    text: str
    words: str  # since the figure before, and a little behind
    near: str  # right before it
    before: str  # since the figure before
    open: bool  # nothing else is known of what it is of
    free: bool  # and precise enough to be computed without words that ask for it
    entity: str | None  # code of the product that its own words name last
    compared: tuple[str, str] | None  # codes of two that its words hold against each other: A比B多
    anchored: int  # where the level right before it stands, of which it is the move; -1 where none is
    moved: tuple[int, int] | None  # where the two levels stand right before it, of which it is the move
    periods: tuple[Period, ...]  # that its own words name
    member: int  # which of a list it is, counted from 0
    members: int  # of how many; 1 outside a list
    part: Decimal | None  # the rate right before it, of which it is the sum: 差十个百分点，合十二万
    in_turn: bool  # a share behind others of which the first alone says 占
    more_or_less: str  # "+" or "-" where its words hold one number against another: 比2,210亿元少一成
    bare: bool  # a rate right behind a sum, of which nothing is said: 权益18.84万元，刚好三成

    @property
    def quantity(self) -> Quantity:
        return self.figure.quantity

    @property
    def unit(self) -> str:
        """The figure's unit; 元 where it is left out."""
        return "元" if is_sum(self.text, self.figure) else _SHARES.get(self.quantity.unit, self.quantity.unit)

    @property
    def direction(self) -> int:
        """+1, -1 or 0 for the last word that compares; in a column of differences the sign that is written."""
        if self.figure.label and cues.APART_COLUMN.search(self.figure.label):
            return -1 if self.quantity.sign == "-" else 1
        if net := cues.NET.search(self.near):
            return 1 if net["came"] else -1
        if self.unit == "元" and (gain := cues.GAIN.search(self.near)):
            return 1 if gain["up"] else -1
        words = self.words.rpartition(",")[0] or self.words  # without what stands behind it
        found = list(cues.DIFFERENCE.finditer(words))
        if not found or cues.OF_A_FALL.search(words):
            return 0
        told = 1 if found[-1]["up"] else -1 if found[-1]["down"] else 0
        if found[-1].group() in cues.FALLS_LESS and cues.OF_A_FALL.search(
            self.text, self.figure.sentence, self.figure.start
        ):
            told = -told  # a drawdown of 9.8% against 13.2%: 少跌 is less of what is told as a size
        return -told if cues.FALLS_BY.search(words[: found[-1].end()]) else told

    @property
    def growth(self) -> str:
        """The sign of a change told by how much of itself: 少了近7% is a fall, 低7% may be a level."""
        if self.quantity.sign == "-":
            return "-"
        if self.more_or_less:
            return self.more_or_less
        told = cues.CHANGED.search(self.near)
        return self.quantity.sign if not told else "-" if told["fell"] else "+"

    @property
    def asks_distance(self) -> bool:
        unit = self.unit
        if unit in ("pp", "点") or (cues.BETWEEN_RATES if unit == "%" else cues.DIFFERENCE).search(self.near):
            return True
        return unit != "%" and cues.LEFT.search(self.words) is not None

    @property
    def asks_total(self) -> bool:
        if self.figure.label and cues.BALANCE.search(self.words):
            return True
        if cues.PLUS.search(self.text, max(self.figure.sentence, self.figure.start - _ADDS), self.figure.start):
            return True
        behind = self.text[self.figure.end : self.figure.end + 2]
        return behind[:1] in ("：", ":") or bool(cues.SUM.search(self.words) or cues.SUM.search(behind))

    @property
    def of_benchmark(self) -> bool:
        """Whether it is told how far a fund lies from its benchmark."""
        return cues.OF_BENCHMARK.search(self.near) is not None

    @property
    def geared(self) -> bool:
        """Whether it is how many times its own all that a fund holds is: 两类合计105.5%，杠杆约1.06倍."""
        return self.unit == "倍" and "杠杆" in self.near

    @property
    def relative(self) -> bool:
        """By how much of itself a rate changed: 按比例增加3.6%."""
        return cues.RELATIVE.search(self.words) is not None

    @property
    def asks_mean(self) -> bool:
        return self.unit != "pp" and (cues.EACH if self.open else cues.AVERAGE).search(self.words) is not None

    @property
    def asks_interest(self) -> bool:
        return self.free or self.asks_interest_in_words

    @property
    def asks_interest_in_words(self) -> bool:
        return (cues.PAID if self.open else cues.COMPUTED).search(self.words) is not None

    def meets(self, results: Iterable[Result]) -> bool:
        """Whether one of the results is this figure within what was written."""
        return self.met(results) is not None

    def met(self, results: Iterable[Result]) -> Decimal | None:
        """The first of the results that is this figure within what was written."""
        mine = self.quantity
        if mine.low is not None:
            return next((value for value, room in results if mine.admits(value, room)), None)
        rounded = min(mine.tolerance, abs(mine.value) / _ROUGHEST) if self.unit == "pp" else mine.tolerance
        return next((value for value, room in results if abs(value - mine.value) <= rounded + room), None)


def claim_of(page: Page, index: int, products: Sequence[Mention], *, stated: bool = False) -> Claim:
    """`stated`: something else is known of just what the figure is of. In a list the words before it hold for all."""
    figure, reading = page.figures[index], page.reading(index)
    first, last = page.group(index)
    head = page.figures[first]
    if (start := leads_on(page, first)) >= 0:
        head = page.figures[start]
    run = row(page, index) if first == last else (first, last)
    before, words, near = _words(page, figure, head)
    named = list(dict.fromkeys(m.value for m in products if head.previous_end <= m.start < head.start))
    bare = len(before) <= _BARE and not figure.label and (before == "的" or reading.attribute is None)
    return Claim(
        figure=figure,
        text=page.text,
        words=figure.label or words,
        near=figure.label or near,
        before=figure.label or before,
        open=not stated,
        free=not stated and _is_precise(figure.quantity),
        periods=reading.periods if reading.own_period else (),
        member=index - run[0],
        members=run[1] - run[0] + 1,
        in_turn=first == last and index > run[0],
        entity=named[-1] if named else None,
        compared=(named[0], named[1]) if len(named) == _PAIR and cues.AGAINST.search(before) else None,
        anchored=level_before(page, index) if cues.SINCE_THEN.search(before) else -1,
        part=part_before(page, index),
        moved=moved_between(page, index),
        more_or_less=_more_or_less(page.text[max(head.sentence, head.start - _COMPARED) : head.start]),
        bare=bare,
    )


def _more_or_less(lead: str) -> str:
    found = cues.MORE_OR_LESS.search(lead)
    return "" if found is None else "-" if found["less"] else "+"


def _words(page: Page, figure: Figure, head: Figure) -> tuple[str, str, str]:
    """Since the figure before, the same and a little behind, and right before; `head` is where its words begin."""
    text = page.text
    own = text[figure.previous_end : figure.start] if head is not figure else ""
    before = text[head.previous_end : head.start] + own
    former = text.rfind("前者", figure.sentence, figure.start) if "后者" in before else -1  # whose words hold for both
    behind = CLAUSE_END.split(text[figure.end : figure.end + _BEHIND])[0]
    words = f"{text[former : figure.start] if former >= 0 else before},{behind}"
    return before, words, text[max(head.stretch, head.start - COMPARES) : head.start] + own


def is_round(quantity: Quantity, digits: int = _ROUND_DIGITS) -> bool:
    """10万, 360: sums that examples set out from, and that chance meets; no more `digits` than these tell."""
    return len(quantity.value.normalize().as_tuple().digits) <= digits


def _is_precise(quantity: Quantity) -> bool:
    return not is_round(quantity) and quantity.tolerance <= quantity.value * _PRECISE
