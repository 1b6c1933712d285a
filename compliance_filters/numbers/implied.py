"""Figures that follow from what stands beside them, in whatever words: no word needs to ask for a computation
where the nearest numbers give the figure so exactly that chance would hardly do so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations

from compliance_filters.numbers.claims import Claim
from compliance_filters.numbers.parts import Part

_POOLS = (2, 3, 4, 6, 8, 12)  # how many of the nearest numbers are tried, fewest first
_REACH = 160  # characters
_RUN = 8  # numbers on end that are added up
_CHANCE = Decimal("0.25")  # how many of the results tried may be met by chance
_DENSITY = Decimal("0.5")  # of results around a value, by its size: they lie within about one order of magnitude
_WHOLE = 100
_RATE = "%"
_POINTS = frozenset({"pp", "点"})
_SUMS = frozenset({"元", "份"})
_TIMES = frozenset({"天", "个月", "岁"})


def is_implied(claim: Claim, parts: Sequence[Part]) -> bool:
    """Whether the nearest numbers that are shown or known make the figure, by one operation that fits its unit."""
    near = _nearest(claim, parts)
    for makes in (_repeated, _computed):
        for size in _POOLS:
            results = list(makes(claim, sorted(near[:size], key=_place)))
            if _room(claim) * len(results) * _DENSITY > _CHANCE:
                break
            if claim.meets((value, Decimal(0)) for value in results):
                return True
            if size >= len(near):
                break
    return False


def _nearest(claim: Claim, parts: Sequence[Part]) -> list[Part]:
    """Those shown around the figure, the nearest first, then what is only known."""
    start = claim.figure.start
    shown = [p for p in parts if p.shown and abs(p.place - start) <= _REACH]
    column = claim.figure.column
    if column:
        shown = [p for p in parts if p.shown]
    shown.sort(key=lambda p: (bool(column) and p.column != column, abs(p.place - start) * (1 if p.place < start else 2)))
    return [*shown, *(p for p in parts if not p.shown)]


def _place(part: Part) -> int:
    return part.place


def _room(claim: Claim) -> Decimal:
    """How much of its own size a result may miss the figure by."""
    low, high = claim.quantity.range
    return (high - low) / claim.quantity.value if claim.quantity.value else Decimal(1)


def _repeated(claim: Claim, parts: Sequence[Part]) -> Iterator[Decimal]:
    """What stands there already: 三成出头 of 31.5%."""
    return (abs(p.value) for p in _alike(claim, parts))


def _computed(claim: Claim, parts: Sequence[Part]) -> Iterator[Decimal]:
    """What one operation makes of these numbers, in the figure's unit."""
    unit, alike = claim.unit, _alike(claim, parts)
    if unit in _POINTS:
        yield from (abs(a.value - b.value) for a, b in combinations(alike, 2) if a.unit == b.unit)
        return
    yield from _runs(alike)
    if unit == _RATE:
        yield from (_WHOLE - abs(p.value) for p in alike if abs(p.value) < _WHOLE)
        for top, bottom in _ratios(parts):
            yield abs(top.value / bottom.value) * _WHOLE
            yield abs(top.value / bottom.value - 1) * _WHOLE
        return
    yield from (abs(a.value - b.value) for a, b in combinations(alike, 2))
    counts = [p for p in parts if p.unit not in (*_SUMS, *_POINTS, _RATE)]
    if unit in _SUMS:
        yield from (abs(a.value * b.value) / _WHOLE for a in alike for b in parts if b.unit == _RATE)
        yield from (abs(a.value * n.value) for a in alike for n in counts)
        yield from (abs(a.value / n.value) for a in alike for n in counts if n.value)
    elif unit == "倍" or not unit:
        yield from (abs(a.value / b.value) for a, b in _ratios(parts))


def _alike(claim: Claim, parts: Sequence[Part]) -> list[Part]:
    """Numbers that the figure can be a sum of, or lie between; one without a unit may be of any that is counted."""
    if claim.unit in _POINTS:
        return [p for p in parts if p.unit in (_RATE, "pp")]
    if not claim.quantity.unit:
        return [p for p in parts if p.unit not in (_RATE, "pp", *_TIMES)]
    return [p for p in parts if p.unit == claim.unit]


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
