"""Figures that follow from what stands beside them, in whatever words: no word needs to ask for a computation
where the nearest numbers give the figure so exactly that chance would hardly do so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import chain, combinations

from compliance_filters.numbers import cues
from compliance_filters.numbers.claims import Claim, is_round
from compliance_filters.numbers.parts import Part

_POOLS = (2, 3, 4, 6, 8, 12)  # how many of the nearest numbers are tried, fewest first
_REACH = 160  # characters
_RUN = 8  # numbers on end that are added up
_ROUGH = re.compile("成|分之")
# Words of a computation that is told in full: what these numbers do not give in that way is wrong.
_TOLD_OF = re.compile(
    "|".join(words.pattern for words in (cues.BEFORE, cues.ENDED, cues.AGAINST_SUM)).replace("?P<n>", "?:")
)
_LIST, _WORD = 10, 2
_COARSE = Decimal("0.08")  # of itself: what is told to one digit is met by chance too easily
_DEFINED = {"净利率": (("profit", "revenue"),), "净利润率": (("profit", "revenue"),)}
_CHANCE = Decimal("0.25")  # how many of the results tried may be met by chance
_DENSITY = Decimal("0.5")  # of results around a value, by its size: they lie within about one order of magnitude
_WHOLE = 100
_NAME, _NAMED = re.compile("[\u4e00-\u9fffA-Za-z]{2,8}$"), 8
_RATE = "%"
_POINTS = frozenset({"pp", "点"})
_SUMS = frozenset({"元", "份"})
_TIMES = frozenset({"天", "个月", "岁"})


def is_implied(claim: Claim, parts: Sequence[Part]) -> bool:
    """Whether the nearest numbers that are shown or known make the figure, by one operation that fits its unit."""
    if claim.moved or claim.anchored >= 0 or _TOLD_OF.search(claim.words) or cues.ORDERED.search(claim.near):
        return False  # of which two it is the distance is told: 由1.86%降至1.71%，下行25bp
    pools = _POOLS[:1] if is_round(claim.quantity) and claim.unit not in _TIMES else _POOLS
    near = _nearest(claim, [p for p in parts if _may_serve(claim.unit, p)])
    stages = (_summed_shares, _computed) if claim.asks_total else (_repeated, _summed_shares, _computed)
    for makes in stages:
        if makes is _computed and _room(claim) > _COARSE:
            break  # 0.5 lies between too many
        for size in pools if makes is not _repeated else _POOLS:
            results = list(makes(claim, sorted(near[:size], key=_place)))
            if _room(claim) * len(results) * _DENSITY > _CHANCE:
                break
            if claim.meets((value, Decimal(0)) for value in results):
                return True
            if size >= len(near):
                break
    found = chain(_named_shares(claim, near), _named_sum(claim, near))
    return claim.meets((value, Decimal(0)) for value in found)


def _may_serve(unit: str, part: Part) -> bool:
    """Whether a figure of this unit can be made of a number; the 1 of a list's ① makes nothing."""
    if unit in _POINTS:
        return part.unit in (_RATE, "pp")
    if unit in _TIMES:
        return part.unit == unit
    return bool(part.unit) or part.value >= _LIST or part.value != int(part.value)


def _nearest(claim: Claim, parts: Sequence[Part]) -> list[Part]:
    """Those shown around the figure, the nearest first, then what is only known."""
    start = claim.figure.start
    shown = [p for p in parts if p.shown and abs(p.place - start) <= _REACH]
    column = claim.figure.column
    if column:
        shown = [p for p in parts if p.shown]
    shown.sort(
        key=lambda p: (bool(column) and p.column != column, abs(p.place - start) * (1 if p.place < start else 2))
    )
    return [*shown, *(p for p in parts if not p.shown)]


def _place(part: Part) -> int:
    return part.place


def _room(claim: Claim) -> Decimal:
    """How much of its own size a result may miss the figure by."""
    low, high = claim.quantity.range
    return (high - low) / claim.quantity.value if claim.quantity.value else Decimal(1)


def _repeated(claim: Claim, parts: Sequence[Part]) -> Iterator[Decimal]:
    """What stands there already, told roughly or without its unit: 三成出头 of 31.5%, 0.38亿 of 3,800万箱."""
    mine = claim.quantity
    if mine.unit and mine.low is None and not _ROUGH.search(claim.text, claim.figure.start, claim.figure.end):
        return iter(())
    return (abs(p.value) for p in _alike(claim, parts) if p.unit != "pp" and (p.value >= 0) == (mine.sign != "-"))


def _computed(claim: Claim, parts: Sequence[Part]) -> Iterator[Decimal]:
    """What one operation makes of these numbers, in the figure's unit."""
    unit, alike = claim.unit, _alike(claim, parts)
    if is_round(claim.quantity) and unit not in (*_POINTS, *_TIMES, "元"):
        return  # 54通, 46%: chance meets them
    if unit in _POINTS:
        yield from (abs(a.value - b.value) for a, b in combinations(alike, 2) if a.unit == b.unit)
        return
    for run in (alike, *([p for p in alike if p.column == n] for n in {p.column for p in alike} if n)):
        yield from _runs(run) if unit != _RATE or claim.figure.column else _runs_before(claim, run)
    if cues.AVERAGE.search(claim.text, claim.figure.sentence, claim.figure.start):
        yield from (abs(a.value + b.value) / 2 for a, b in combinations(alike, 2))
    if unit == _RATE:
        for top, bottom in _ratios([p for p in parts if p.shown]):
            yield abs(top.value / bottom.value) * _WHOLE
            change = (top.value / bottom.value - 1) * _WHOLE
            if claim.growth == "?" or (change < 0) == (claim.growth == "-"):
                yield abs(change)
        return
    yield from (abs(a.value - b.value) for a, b in combinations(alike, 2))
    counts = [p for p in parts if p.unit not in (*_SUMS, *_POINTS, _RATE)]
    if unit in _SUMS:
        yield from (abs(a.value) / 2 for a in alike if "半" in claim.before)
        rates = [] if is_round(claim.quantity) else [p for p in parts if p.unit == _RATE]
        yield from (abs(a.value * b.value) / _WHOLE for a in alike for b in rates)
        yield from (abs(a.value * n.value) for a in alike for n in counts)
        yield from (abs(a.value / n.value) for a in alike for n in counts if n.value)
    elif unit == "倍" or not unit:
        yield from (abs(a.value / b.value) for a, b in _ratios(parts))


def _named_shares(claim: Claim, parts: Sequence[Part]) -> Iterator[Decimal]:
    """What part of the whole a number is before which the same name stands: 海南3.11吉瓦…合计31.0…海南约占一成."""
    if claim.unit != _RATE:
        return
    for part, whole in _DEFINED.get(next((word for word in _DEFINED if word in claim.before), ""), ()):
        tops, bottoms = ([p for p in parts if p.attribute == name] for name in (part, whole))
        yield from (abs(a.value / b.value) * _WHOLE for a in tops for b in bottoms if b.value)
    if not cues.PART.search(claim.text, claim.figure.sentence, claim.figure.start):
        return
    for mine in parts:
        name = _NAME.search(claim.text, max(0, mine.place - _NAMED), mine.place) if mine.shown else None
        if name is None or not any(name.group()[-n:] in claim.before for n in (2, 3, 4)):
            continue
        alike = [p for p in parts if p.unit == mine.unit and p.shown]
        yield from (abs(mine.value / p.value) * _WHOLE for p in alike if p.value and (p.total or p is _largest(alike)))


def _named_sum(claim: Claim, parts: Sequence[Part]) -> Iterator[Decimal]:
    """What all numbers come to before which the same word stands: 成本5.80万元…成本3.50万元…成本9.30万元."""
    name = claim.before[-_WORD:]
    if claim.unit not in _SUMS or not _NAME.fullmatch(name):
        return
    same = [p for p in parts if p.shown and p.unit == claim.unit and claim.text[p.place - _WORD : p.place] == name]
    if len(same) > 1:
        yield abs(sum((p.value for p in same), Decimal(0)))


def _largest(parts: Sequence[Part]) -> Part:
    return max(parts, key=lambda p: abs(p.value))


def _alike(claim: Claim, parts: Sequence[Part]) -> list[Part]:
    """Numbers that the figure can be a sum of, or lie between; one without a unit may be of any that is counted."""
    if claim.unit in _POINTS:
        return [p for p in parts if p.unit in (_RATE, "pp")]
    if not claim.quantity.unit:
        return [p for p in parts if p.unit not in (_RATE, "pp", *_TIMES)]
    return [p for p in parts if p.unit == claim.unit]


def _runs_before(claim: Claim, parts: Sequence[Part]) -> Iterator[Decimal]:
    """Sums of rates that end right before the figure; a whole is no rate of its own."""
    before = [p for p in parts if 0 <= p.place < claim.figure.start and p.value != _WHOLE][-_RUN:]
    total = Decimal(0)
    for count, part in enumerate(reversed(before), 1):
        total += part.value
        if count > 1:
            yield abs(total)


def _summed_shares(claim: Claim, parts: Sequence[Part]) -> Iterator[Decimal]:
    """What several on end are of the whole: 前两家合占57.7%."""
    if claim.unit != _RATE or not (cues.SUM.search(claim.words) or cues.TOGETHER.search(claim.before)):
        return
    for unit in {p.unit for p in parts} - {_RATE, *_POINTS}:
        alike = [p for p in parts if p.unit == unit]
        whole = abs(_largest(alike).value)
        yield from (total / whole * _WHOLE for total in _runs([p for p in alike if abs(p.value) != whole]) if whole)


def _ratios(parts: Sequence[Part]) -> Iterator[tuple[Part, Part]]:
    """Two of one unit, in both orders, neither of them a rate."""
    for first, second in combinations([p for p in parts if p.unit not in (_RATE, *_POINTS)], 2):
        if first.unit == second.unit:
            yield from (pair for pair in ((first, second), (second, first)) if pair[1].value)


def _runs(parts: Sequence[Part]) -> Iterator[Decimal]:
    """Sums of numbers that stand on end."""
    for first in range(len(parts)):
        total = parts[first].value
        for part in parts[first + 1 : first + _RUN]:
            total += part.value
            yield abs(total)
