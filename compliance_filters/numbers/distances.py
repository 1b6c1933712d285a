"""How far two numbers lie apart and in which direction, and levels before and after what came and went."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations

from compliance_filters.numbers.arithmetic import EXACT, LEDGER, ROLLED, Result
from compliance_filters.numbers.mentions import BENCHMARK, NAV
from compliance_filters.numbers.parts import Part
from compliance_filters.numbers.periods import Period

_COMPARES = re.compile(
    "(?<![同环占])比(?![例重率])|[同环]比(?![增上下涨跌减]|$)|较"
)  # 同比增长13.8% compares with no other number here
_PART_ENDS = re.compile("[；;。]")
_QUOTED, _LED = re.compile("(?:收盘价?|市价|交易价格?|场内价格?)[为是报在于约]{0,2}$"), 12
_KNOWN = 8
_A_YEAR = (1, 12)  # its months


def differences(
    text: str,
    parts: Sequence[Part],
    asked: int,
    *,
    mixed: bool = False,
    compared: tuple[str, str] | None = None,
) -> Iterator[Result]:
    """Distances of two comparable parts; `asked` is +1 or -1 where words say in which direction.

    `mixed`: also of any that are only known, where these are few. `compared`: codes of the two products that
    words hold against each other, the first against the second.
    """
    known = sum(not p.shown for p in parts)
    for first, second in combinations(parts, 2):
        if not (_comparable(first, second) or (mixed and (first.shown != second.shown or known <= _KNOWN))):
            continue
        difference, ordered = _difference(text, first, second, compared)
        if ordered and asked and (difference > 0) != (asked > 0) and difference:
            continue
        yield abs(difference), EXACT
        if not (first.signed and second.signed):  # 最大回撤27.3% and 能接受亏15% are told as sizes
            yield abs(abs(first.value) - abs(second.value)), EXACT


def turned(
    text: str, value: Decimal, room: Decimal, parts: Sequence[Part], asked: int, compared: tuple[str, str] | None
) -> bool:
    """Whether two parts lie just so far apart, and none of those that do in the direction that words `asked` for."""
    met = [_difference(text, a, b, compared) for a, b in combinations(parts, 2) if _comparable(a, b)]
    signs = [(change > 0) == (asked > 0) for change, known in met if known and abs(abs(change) - value) <= room]
    return bool(signs) and not any(signs)


def ordered(parts: Sequence[Part], asked: int) -> Iterator[Result]:
    """How far the first of two lies above the second (`asked` +1), or below it: 前者高4.4个百分点.

    Two of one attribute, or the last two of all.
    """
    for first, second in combinations(parts, 2):
        if first.attribute == second.attribute or (first is parts[-2] and second is parts[-1]):
            difference = first.value - second.value
            if not asked or not difference or (difference > 0) == (asked > 0):
                yield abs(difference), EXACT


def _comparable(first: Part, second: Part) -> bool:
    """Two shown numbers always; of two known ones only those of one attribute, or fund and benchmark of one period."""
    if _is_of_two_funds(first, second):
        return False
    if first.shown and second.shown:
        return True
    mine, theirs = (p.attribute or "" for p in (first, second))
    if first.beside or second.beside:
        return True
    if first.shown or second.shown:  # only a fund's figure and its benchmark's
        one_of_two = mine.startswith(BENCHMARK) != theirs.startswith(BENCHMARK)
        return one_of_two and bool(set(first.periods) & set(second.periods))
    if mine == theirs:
        return (first.entity, first.periods) != (second.entity, second.periods)
    return BENCHMARK in mine + theirs and bool(set(first.periods) & set(second.periods))


def _is_of_two_funds(first: Part, second: Part) -> bool:
    """Whether one is a fund's figure and the other the benchmark's of another fund."""
    one_of_two = (first.attribute or "").startswith(BENCHMARK) != (second.attribute or "").startswith(BENCHMARK)
    return one_of_two and first.entity is not None and second.entity is not None and first.entity != second.entity


def _difference(text: str, first: Part, second: Part, compared: tuple[str, str] | None) -> tuple[Decimal, bool]:
    """The difference, and whether its direction is known: fund less benchmark, later less earlier, 比 and 从."""
    if first.former != second.former:
        return (second.value - first.value if first.former else first.value - second.value), True
    benchmarks = [(p.attribute or "").startswith(BENCHMARK) for p in (first, second)]
    if benchmarks[0] != benchmarks[1]:
        return (second.value - first.value if benchmarks[0] else first.value - second.value), True
    quoted = [_QUOTED.search(text, max(0, p.place - _LED), max(0, p.place)) is not None for p in (first, second)]
    if quoted[0] != quoted[1] and (second if quoted[0] else first).attribute == NAV:  # what is paid above it
        return (first.value - second.value if quoted[0] else second.value - first.value), True
    if compared and {first.entity, second.entity} == set(compared):
        mine, other = (first, second) if first.entity == compared[0] else (second, first)
        return mine.value - other.value, True
    if first.flow * second.flow < 0 and first.unit in ROLLED:
        return first.flow * (abs(first.value) - abs(second.value)), True
    if first.role * second.role < 0:
        return first.role * (first.value - second.value), True
    before = _is_before(first, second)
    if before is not None:
        return (second.value - first.value if before else first.value - second.value), True
    if first.reference != second.reference:
        return (second.value - first.value if first.reference else first.value - second.value), True
    between = text[first.place : second.place] if 0 <= first.place < second.place else ""
    between = _PART_ENDS.split(between)[-1]  # what is compared there is told in one part of a sentence
    if _COMPARES.search(between):
        return first.value - second.value, True
    if re.search("到|至|为", between[-4:]) and re.search("[从由]", text[max(0, first.place - 12) : first.place]):
        return second.value - first.value, True
    return first.value - second.value, False


def _is_before(first: Part, second: Part) -> bool | None:
    """Whether the first is of an earlier date; None where that is not said."""
    dated = [next((p for p in part.periods if p.year), None) for part in (first, second)]
    if dated[0] and dated[1] and (mine := _place_in_time(dated[0])) != (theirs := _place_in_time(dated[1])):
        whole = any((p.kind, p.first, p.last) == ("calendar", *_A_YEAR) for p in dated if p)
        return None if whole and mine[0] == theirs[0] else mine < theirs
    if first.month and second.month and first.month != second.month:
        return first.month < second.month
    return None


def _place_in_time(period: Period) -> tuple[int, int]:
    return period.year or 0, period.first


def against_sums(parts: Sequence[Part], count: int, asked: int) -> Iterator[Result]:
    """How far one lies from what `count` others come to that were told on end: 比后两项之和多12.9个百分点."""
    for first in range(len(parts) - count + 1):
        run = parts[first : first + count]
        total = sum((p.value for p in run), EXACT)
        for part in (p for p in parts if p not in run):
            if (part.value - total) * (asked or 1) >= 0 or not asked:
                yield abs(part.value - total), EXACT


def ledgers(parts: Sequence[Part]) -> Iterator[Result]:
    """What three shown sums make: 期末 less 期初 less 净转入."""
    for a, b, c in combinations([p.value for p in parts if p.shown][:LEDGER], 3):
        yield from ((abs(total), EXACT) for total in (a + b + c, a + b - c, a - b + c, a - b - c))


def pair_sums(parts: Sequence[Part]) -> Iterator[Result]:
    """比上季末减少1.35亿元，即上季末为20.07亿元."""
    return ((abs(a.value + b.value), EXACT) for a, b in combinations(parts, 2) if a.shown and b.shown)


def moved(levels: Iterable[Part], moves: Sequence[Part], *, back: bool) -> Iterator[Result]:
    """A rate after a move of so many points, or before it (`back`): 78%，上升9个百分点，当时约69%."""
    levels = list(levels)
    for move in moves:
        shown = [level for level in levels if 0 <= level.place < move.place][-1:]  # the one that it moved
        for level in shown or levels:
            signed = move.flow * abs(move.value) if move.flow else move.value
            change = -signed if back else signed
            yield abs(level.value + change), EXACT
            if not (move.signed or move.flow):
                yield abs(level.value - change), EXACT


def rolled(parts: Sequence[Part], *, back: bool) -> Iterator[Result]:
    """A level less what came since (`back`), or with what came after it; what came and went are one of each."""
    flows = [p for p in parts if p.flow]
    sums = [p.flow * abs(p.value) for p in flows]
    sums += [p.flow * abs(p.value) + q.flow * abs(q.value) for p, q in combinations(flows, 2) if p.flow != q.flow]
    for level in (p for p in parts if not p.flow):
        yield from ((abs(level.value - change if back else level.value + change), EXACT) for change in sums)


def net(parts: Sequence[Part], asked: int) -> Iterator[Result]:
    """What came less what went, where it has the sign that is `asked`; or what stood after less what stood before."""
    for came, went in ((p, q) for p in parts for q in parts if p.flow > 0 > q.flow):
        change = abs(came.value) - abs(went.value)
        if change * asked >= 0:
            yield abs(change), EXACT
