"""The sums in what one speaker says: plain ones, halves, what is left when a part is kept, so many times a sum."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from intent.classifier.utterance import MOST_BY_WORDS
from intent.clue import Clue, Near
from mandarin.chinese_number import read_number
from mandarin.numeral import Numeral, NumeralKind
from mandarin.numerals import find_numerals

TEN_THOUSANDS = range(10, 1000)  # 个 said for 万, or 万 left out: smaller and larger ones count things
SURE_TEN_THOUSANDS = 50  # from here on 个 alone is enough
LARGE_CNY = 100_000  # beside such a sum 先投一百 leaves 万 out
MOST_CNY = 10**12  # what is larger is no client's sum
SHARE_PERCENT = range(5, 96)  # 拿三成: a yield is less, and of all no part is left
TIMES = range(2, 25)  # into how many parts a sum is divided
TIME_UNITS = frozenset({"次", "笔", "批", "期", "只"})
MONEY_COMING = "funds.transfer_in"  # its sum is also the sum of what the money is for
OTHERWISE = "otherwise"


@dataclass(frozen=True, kw_only=True)
class SpokenSum:
    """A sum as it was said, in yuan, with what its own turn says for it."""

    amount_cny: Decimal
    start: int  # offset into the turn's text
    weight: float
    about: bool = False  # said as about so much: 二十来万, 二十万左右
    refused: bool = False  # by the words beside it: 十万太多
    part_of: Decimal | None = None
    whole: bool = True  # a part of it may be meant; of a tuition or of another one's money none is


@dataclass(frozen=True, kw_only=True)
class _Plain:
    """A sum that is said itself."""

    number: Numeral
    near: Near
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Around:
    """The sums of other turns, in the order in which they were said."""

    shortly: Sequence[SpokenSum] = ()  # in the few turns before
    ever: Sequence[SpokenSum] = ()  # in all turns before
    divided: bool = False  # of money on its way another wish takes a part
    next: Sequence[Decimal] = ()  # in the turns right after, where the other one says in full what was said shortly


NOTHING = Around()


_PATTERNS = (
    "ten_thousands", "written_ten_thousands", "a_time", "tail", "verb", "settles", "all_else", "is_coming",
    "rest_comes",
)  # fmt: skip


class SumReader:
    """Reads sums by words as data (sums.yaml); pure."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._least: Mapping[str, int] = raw["least"]
        self._never, self._kept, self._share = (Clue.read(raw[name]) for name in ("never", "kept", "share"))
        self._bare = Clue.read(raw["bare"])
        self._clues = {name: Clue.read(each) for name, each in raw["clues"].items()}
        self._no_whole = frozenset(raw["no_whole"])
        self._correction, self._corrected = re.compile(raw["correction"]["words"]), raw["correction"]["weight"]
        self._words = {name: re.compile(raw[name]) for name in _PATTERNS}
        self._weights: Mapping[str, float] = raw["weights"]

    def said_in(self, text: str, intent: str, *, around: Around = NOTHING) -> tuple[SpokenSum, ...]:
        """Sums in yuan with what speaks for each as the sum of a wish of `intent`, in order of the text.

        Losses, fees, prices are among them and weigh least. `around`: sums of other turns, of which this may be a part.
        """
        text = text[:MOST_BY_WORDS]
        numbers = find_numerals(text)
        never, kept, wanted = self._sorted(self._plain(numbers, text, intent, around))
        plain = [self._said(each, text[each.number.end : wanted[-1].number.start], intent) for each in wanted]
        parts = [*self._rests(kept, plain, text, around), *self._shares(numbers, plain, text, intent, around)]
        parts += self._times(numbers, plain, text)
        whole = {part.part_of for part in parts}
        said = [self._less(each, "whole") if each.amount_cny in whole else each for each in plain]
        said += [self._sum(each.amount, each.number, self._weights["never"], whole=False) for each in never]
        return tuple(sorted([*said, *parts], key=lambda each: each.start))

    def in_full(self, text: str) -> list[Decimal]:
        """Sums that a text says with 万 or 元, whatever they are."""
        return [n.value for n in find_numerals(text[:MOST_BY_WORDS]) if n.kind is NumeralKind.AMOUNT]

    def _sorted(self, plain: Iterable[_Plain]) -> tuple[list[_Plain], list[_Plain], list[_Plain]]:
        """What is no sum of a wish, what is kept out of it, and what may be meant."""
        never: list[_Plain] = []
        kept: list[_Plain] = []
        wanted: list[_Plain] = []
        for each in plain:
            (never if self._never.holds(each.near) else kept if self._kept.holds(each.near) else wanted).append(each)
        return never, kept, wanted

    def _plain(self, numbers: Sequence[Numeral], text: str, intent: str, around: Around) -> Iterator[_Plain]:
        least, end = self._least.get(intent, self._least[OTHERWISE]), -1
        large = any(each.amount_cny >= LARGE_CNY for each in around.shortly)
        known = {*around.next, *(each.amount_cny for each in around.ever)}
        for number in numbers:
            near = Near.of(text, number.start, number.end)
            amount = None if number.start == end else self._amount(number, near, known, large=large)
            end = number.end if not number.unit else -1  # 五一零三百 is a name
            if amount and least <= amount < MOST_CNY:
                known.add(amount)
                large = large or amount >= LARGE_CNY
                yield _Plain(number=number, near=near, amount=amount)

    def _amount(self, number: Numeral, near: Near, known: Collection[Decimal], *, large: bool) -> Decimal | None:
        """What a number is worth in yuan, None when it counts something else."""
        if number.unit == "个":
            return number.value * 10_000 if self._left_out(number, near, known) else None
        if number.unit not in {"", "元"} or number.kind not in {NumeralKind.COUNT, NumeralKind.AMOUNT}:
            return None
        if number.kind is NumeralKind.AMOUNT:
            return _without_rest(number)
        if number.value in TEN_THOUSANDS and (self._said_again(number, near, known) or (large and self._elided(near))):
            return number.value * 10_000
        return number.value if not number.value % 100 else None

    def _left_out(self, number: Numeral, near: Near, known: Collection[Decimal]) -> bool:
        """Whether 个 stands for 万: 三百个, 打二十个过来, 四个w, 四个吧 after 四万."""
        words, after = self._words, near.after
        if words["written_ten_thousands"].search(after) or self._said_again(number, near, known):
            return True
        if number.value not in TEN_THOUSANDS or not words["ten_thousands"].search(after):
            return False
        alone = not near.clause and words["tail"].search(after)
        return bool(number.value >= SURE_TEN_THOUSANDS or alone or words["verb"].search(near.before))

    def _elided(self, near: Near) -> bool:
        """先投一百, 三十吧: 万 is left out where larger sums are spoken of."""
        settled = not near.clause and self._words["settles"].search(near.after)
        return bool(settled or (self._words["verb"].search(near.before) and self._words["tail"].search(near.after)))

    def _said_again(self, number: Numeral, near: Near, known: Collection[Decimal]) -> bool:
        """对，三十六 after 三十六万: a sum that is known, with nothing that it could count."""
        alone = not near.clause or self._words["verb"].search(near.before)
        ends = self._words["tail"].search(near.after) or self._clues["refused"].holds(near)
        return bool(alone and ends and number.value * 10_000 in known)

    def _said(self, each: _Plain, until_last: str, intent: str) -> SpokenSum:
        """A sum by its clues; `until_last` is what is said from there to the last sum."""
        number, holding = each.number, {name for name, clue in self._clues.items() if clue.holds(each.near)}
        weight = sum(self._clues[name].weight_for(intent) for name in sorted(holding))
        money = number.kind is NumeralKind.AMOUNT or each.amount != number.value
        weight += self._weights["money"] * money + self._bare.weight_for(intent) * (not money and weight <= 0)
        weight += self._corrected * bool(self._correction.search(until_last))
        whole = holding.isdisjoint(self._no_whole)
        return self._sum(each.amount, number, weight, refused="refused" in holding, whole=whole)

    def _less(self, said: SpokenSum, why: str) -> SpokenSum:
        return replace(said, weight=said.weight + self._weights[why])

    def _rests(
        self, kept: Sequence[_Plain], wanted: Sequence[SpokenSum], text: str, around: Around
    ) -> Iterator[SpokenSum]:
        """三十万里头我得留五万: what is left of the total; of several the one whose rest is said, too."""
        here = {each.amount_cny for each in wanted}
        before = around.ever if self._words["all_else"].search(text) else around.shortly
        comes = not around.divided or self._words["rest_comes"].search(text)
        for each in kept:
            known = _wholes([*before, *wanted], also=around.ever)
            totals = [total for total in reversed(known) if total > each.amount]
            proven = [total for total in totals if total - each.amount in here]
            for total in (proven or totals)[:1]:
                part = self._part(total - each.amount, each.number, "rest" if comes else "part_stays")
                yield replace(part, part_of=total) if comes else part

    def _shares(
        self, numbers: Sequence[Numeral], wanted: Sequence[SpokenSum], text: str, intent: str, around: Around
    ) -> Iterator[SpokenSum]:
        """拿一半过去: that part of the whole; two halves of what is on its way leave it whole."""
        shares = [(number, share) for number in numbers if (share := _share(number))]
        if intent == MONEY_COMING and len(shares) > 1:
            return
        for number, share in shares:
            near = Near.of(text, number.start, number.end)
            comes = not around.divided or self._words["is_coming"].search(near.around)
            if self._share.holds(near):
                here = [each for each in wanted if each.start < number.start]
                for total in _wholes([*around.shortly, *here], also=around.ever)[-1:]:
                    part = self._part(total * share, number, "share" if comes else "part_stays")
                    yield replace(part, part_of=total) if comes else part

    def _times(self, numbers: Sequence[Numeral], wanted: Sequence[SpokenSum], text: str) -> Iterator[SpokenSum]:
        """分三次，一次五万: the sum of all times."""
        times = [n for n in numbers if n.unit in TIME_UNITS and n.value in TIMES]
        for each in wanted:
            if times and self._words["a_time"].search(text[: each.start]):
                weight, one = self._weights["money"] + self._weights["share"], each.amount_cny
                yield replace(each, amount_cny=one * times[0].value, weight=weight, part_of=one)

    def _part(self, amount: Decimal, number: Numeral, how: str) -> SpokenSum:
        return self._sum(amount.quantize(Decimal(1)), number, self._weights["money"] + self._weights[how])

    def _sum(
        self, amount: Decimal, number: Numeral, weight: float, *, refused: bool = False, whole: bool = True
    ) -> SpokenSum:
        return SpokenSum(
            amount_cny=amount, start=number.start, weight=weight, about=number.approximate,
            refused=refused, whole=whole and not refused,
        )  # fmt: skip


def _wholes(said: Sequence[SpokenSum], *, also: Sequence[SpokenSum]) -> list[Decimal]:
    """Sums of which a part may be meant: none that some mention, `also` farther ones, calls something else."""
    barred = {each.amount_cny for each in (*said, *also) if not each.whole}
    return [each.amount_cny for each in said if each.amount_cny not in barred]


def _share(number: Numeral) -> Decimal | None:
    """The part of a whole that a number names: 一半, 三分之一, 三成."""
    if number.kind is NumeralKind.RATIO and not number.unit and 0 < number.value < 1:
        return number.value
    if number.kind is NumeralKind.PERCENT and number.value in SHARE_PERCENT:
        return number.value / 100
    return None


def _without_rest(number: Numeral) -> Decimal:
    """The value of a sum; 四万零几百 is 40,000, since nobody said how many hundreds."""
    said, rest, _ = number.quote.partition("零几")
    return read_number(said).value if rest else number.value
