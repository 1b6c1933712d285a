"""The sums in what one speaker says: plain ones, halves, what is left when a part is kept, so many times a sum."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class _Plain:
    """A sum that is said itself."""

    number: Numeral
    near: Near
    amount: Decimal


class SumReader:
    """Reads sums by words as data (sums.yaml); pure."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._least: Mapping[str, int] = raw["least"]
        self._never, self._kept, self._share = (Clue.read(raw[name]) for name in ("never", "kept", "share"))
        self._bare = Clue.read(raw["bare"])
        self._clues = tuple(Clue.read(each) for each in raw["clues"].values())
        self._correction, self._corrected = re.compile(raw["correction"]["words"]), raw["correction"]["weight"]
        self._words = {name: re.compile(raw[name]) for name in ("ten_thousands", "a_time", "tail", "verb")}
        self._weights: Mapping[str, float] = raw["weights"]

    def said_in(self, text: str, intent: str, *, before: Sequence[Decimal] = ()) -> tuple[SpokenSum, ...]:
        """Sums in yuan with what speaks for each as the sum of a wish of `intent`, in order of the text.

        Losses, fees, prices are among them and weigh least. `before`: sums said shortly before, of which this may
        be a part.
        """
        text = text[:MOST_BY_WORDS]
        numbers = find_numerals(text)
        never, kept, wanted = self._sorted(self._plain(numbers, text, intent, before))
        parts = [*self._rests(kept, wanted, before), *self._shares(numbers, wanted, text, intent, before)]
        parts += self._times(numbers, wanted, text)
        whole = {total for total, _ in parts}
        said = [self._said(each, text[each.number.end : wanted[-1].number.start], intent, whole) for each in wanted]
        said += [self._sum(each.amount, each.number, self._weights["never"]) for each in never]
        return tuple(sorted([*said, *(part for _, part in parts)], key=lambda each: each.start))

    def _sorted(self, plain: Iterable[_Plain]) -> tuple[list[_Plain], list[_Plain], list[_Plain]]:
        """What is no sum of a wish, what is kept out of it, and what may be meant."""
        never: list[_Plain] = []
        kept: list[_Plain] = []
        wanted: list[_Plain] = []
        for each in plain:
            (never if self._never.holds(each.near) else kept if self._kept.holds(each.near) else wanted).append(each)
        return never, kept, wanted

    def _plain(self, numbers: Sequence[Numeral], text: str, intent: str, before: Sequence[Decimal]) -> Iterator[_Plain]:
        least, end, known = self._least.get(intent, self._least[OTHERWISE]), -1, list(before)
        for number in numbers:
            near = Near.of(text, number.start, number.end)
            amount = None if number.start == end else self._amount(number, near, known)
            end = number.end if not number.unit else -1  # 五一零三百 is a name
            if amount and least <= amount < MOST_CNY:
                known.append(amount)
                yield _Plain(number=number, near=near, amount=amount)

    def _amount(self, number: Numeral, near: Near, before: Sequence[Decimal]) -> Decimal | None:
        """What a number is worth in yuan, None when it counts something else."""
        large, words = number.value in TEN_THOUSANDS, self._words
        if number.unit == "个":
            alone = not near.clause and words["tail"].search(near.after)
            sure = number.value >= SURE_TEN_THOUSANDS or alone or words["verb"].search(near.before)
            return number.value * 10_000 if large and sure and words["ten_thousands"].search(near.after) else None
        if number.unit not in {"", "元"} or number.kind not in {NumeralKind.COUNT, NumeralKind.AMOUNT}:
            return None
        if number.kind is NumeralKind.AMOUNT:
            return _without_rest(number)
        elided = words["verb"].search(near.before) and words["tail"].search(near.after)
        if large and elided and any(amount >= LARGE_CNY for amount in before):
            return number.value * 10_000
        return number.value if not number.value % 100 else None

    def _said(self, each: _Plain, until_last: str, intent: str, whole: Collection[Decimal]) -> SpokenSum:
        """A sum by its clues; `until_last` is what is said from there to the last sum."""
        number = each.number
        weight = sum(clue.weight_for(intent) for clue in self._clues if clue.holds(each.near))
        money = number.kind is NumeralKind.AMOUNT or each.amount != number.value
        weight += self._weights["money"] * money + self._bare.weight_for(intent) * (not money and weight <= 0)
        weight += self._corrected * bool(self._correction.search(until_last))
        weight += self._weights["whole"] * (each.amount in whole)
        return self._sum(each.amount, number, weight)

    def _rests(
        self, kept: Sequence[_Plain], wanted: Sequence[_Plain], before: Sequence[Decimal]
    ) -> Iterator[tuple[Decimal, SpokenSum]]:
        """三十万里头我得留五万: the total and what is left of it, unless that is said beside it."""
        here = {each.amount for each in wanted}
        for each in kept:
            known = (*before, *(other.amount for other in wanted))
            totals = [total for total in reversed(known) if total > each.amount]
            if totals and not any(total - each.amount in here for total in totals):
                yield totals[0], self._part(totals[0] - each.amount, each.number, "rest")

    def _shares(
        self,
        numbers: Sequence[Numeral],
        wanted: Sequence[_Plain],
        text: str,
        intent: str,
        before: Sequence[Decimal],
    ) -> Iterator[tuple[Decimal, SpokenSum]]:
        """拿一半过去: the total and the part; two halves of what is on its way leave it whole."""
        shares = [n for n in numbers if n.kind is NumeralKind.RATIO and not n.unit and 0 < n.value < 1]
        if intent == MONEY_COMING and len(shares) > 1:
            return
        for number in shares:
            if self._share.holds(Near.of(text, number.start, number.end)):
                earlier = [each.amount for each in wanted if each.number.start < number.start]
                for total in (*before[-1:], *earlier)[-1:]:
                    yield total, self._part(total * number.value, number, "share")

    def _times(
        self, numbers: Sequence[Numeral], wanted: Sequence[_Plain], text: str
    ) -> Iterator[tuple[Decimal, SpokenSum]]:
        """分三次，一次五万: the sum of one time and of all."""
        times = [n.value for n in numbers if n.unit in TIME_UNITS and n.value in TIMES]
        for each in wanted:
            if times and self._words["a_time"].search(text[: each.number.start]):
                yield each.amount, self._part(each.amount * times[0], each.number, "share")

    def _part(self, amount: Decimal, number: Numeral, how: str) -> SpokenSum:
        return self._sum(amount.quantize(Decimal(1)), number, self._weights["money"] + self._weights[how])

    def _sum(self, amount: Decimal, number: Numeral, weight: float) -> SpokenSum:
        return SpokenSum(amount_cny=amount, start=number.start, weight=weight, about=number.approximate)


def _without_rest(number: Numeral) -> Decimal:
    """The value of a sum; 四万零几百 is 40,000, since nobody said how many hundreds."""
    said, rest, _ = number.quote.partition("零几")
    return read_number(said).value if rest else number.value
