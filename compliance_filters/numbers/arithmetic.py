"""What can be computed from parts: each result with the room that rounding of its parts asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations, islice

from compliance_filters.numbers.mentions import BENCHMARK, NAV
from compliance_filters.numbers.parts import Part

Result = tuple[Decimal, Decimal]  # value, never negative; room beyond the rounding of the claim itself
EXACT = Decimal(0)
_A_YEAR = {"年": 1, "季": 4, "月": 12, "周": 52, "天": 365, "日": 365}
_MONTHS = 12
_MONTH = "个月"
_WHOLE = 100  # per cent
_RUN = 6  # years on end that are compounded
_LIFE = 60  # years
_KNOWN = 8
_LEDGER = 8  # sums of which three are tried
_HALF = Decimal("0.5")  # of a share
_COMPARES = re.compile(
    "(?<![同环])比|[同环]比(?![增上下涨跌减])|较"
)  # 同比增长13.8% compares with no other number here
_CURRENCIES = frozenset({"美元", "港元", "港币", "欧元", "英镑", "日元"})
_RIGHT_BEHIND = 8  # characters: 8.3%，26人
_NEIGHBOURS = 2
_DEAREST_SHARE = 1_000  # yuan
_TEN_THOUSAND = 10_000
_ROLLED = frozenset({"元", "份"})
_COUNTED = frozenset({"期", "次", "笔", "只", "户", "人", "份", "张", "手", "个月", "个", "轮", "家", "通", "件"})


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
        difference, known = _difference(text, first, second, compared)
        if known and asked and (difference > 0) != (asked > 0) and difference:
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
    if compared and {first.entity, second.entity} == set(compared):
        mine, other = (first, second) if first.entity == compared[0] else (second, first)
        return mine.value - other.value, True
    if first.flow * second.flow < 0 and first.unit in _ROLLED:
        return first.flow * (abs(first.value) - abs(second.value)), True
    if first.role * second.role < 0:
        return first.role * (first.value - second.value), True
    before = _is_before(first, second)
    if before is not None:
        return (second.value - first.value if before else first.value - second.value), True
    if first.reference != second.reference:
        return (second.value - first.value if first.reference else first.value - second.value), True
    between = text[first.place : second.place] if 0 <= first.place < second.place else ""
    if _COMPARES.search(between):
        return first.value - second.value, True
    if re.search("到|至|为", between[-4:]) and "从" in text[max(0, first.place - 12) : first.place]:
        return second.value - first.value, True
    return first.value - second.value, False


def _is_before(first: Part, second: Part) -> bool | None:
    """Whether the first is of an earlier date; None where that is not said."""
    dated = [next(((p.year, p.first) for p in part.periods if p.year), None) for part in (first, second)]
    if dated[0] and dated[1] and dated[0] != dated[1]:
        return dated[0] < dated[1]
    if first.month and second.month and first.month != second.month:
        return first.month < second.month
    return None


def ledgers(parts: Sequence[Part]) -> Iterator[Result]:
    """What three shown sums make: 期末 less 期初 less 净转入."""
    for a, b, c in combinations([p.value for p in parts if p.shown][:_LEDGER], 3):
        yield from ((abs(total), EXACT) for total in (a + b + c, a + b - c, a - b + c, a - b - c))


def pair_sums(parts: Sequence[Part]) -> Iterator[Result]:
    """比上季末减少1.35亿元，即上季末为20.07亿元."""
    return ((abs(a.value + b.value), EXACT) for a, b in combinations(parts, 2) if a.shown and b.shown)


def totals(place: int, room: Decimal, parts: Sequence[Part]) -> Iterator[tuple[int, Decimal, Decimal]]:
    """(how many, total, room): of the numbers before `place`, nearest first, of those behind, of facts of one kind."""
    before = [p for p in parts if 0 <= p.place < place]
    behind = [p for p in parts if p.place > place]
    attributes = {p.attribute for p in parts if not p.shown}
    known = [[p for p in parts if not p.shown and p.attribute == name] for name in attributes]
    terms = [p for p in before if not p.total]
    for run in (before[::-1], terms[::-1], behind, *known):
        total = slack = EXACT
        for count, part in enumerate(run, 1):
            total, slack = total + part.value, min(slack + min(part.tolerance, room), room)
            yield count, total, slack


def compounded(parts: Sequence[Part]) -> Iterator[Result]:
    """Growth of several periods on end, nearest first, of rates in per cent."""
    growth = Decimal(1)
    for count, part in enumerate(parts, 1):
        growth *= 1 + part.value / 100
        if count > 1:
            yield abs(growth - 1) * 100, EXACT


def runs(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """Rates of one kind (a fund's, or its benchmark's) that follow one another: 24.83% (基准25.90%) after -6.15%."""
    for of_benchmark in (False, True):
        own = [p for p in parts if p.shown and (p.attribute or "").startswith(BENCHMARK) is of_benchmark]
        for first in range(len(own)):
            for last in range(first + 2, min(len(own), first + _RUN) + 1):
                yield own[first:last]


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


def weighted(parts: Sequence[Part]) -> Iterator[Result]:
    """Two rates by two weights that make a whole: 2%×85%-10%×15%; weights and rates in the same order."""
    shown = [p for p in parts if p.shown and p.unit == "%"]
    for heavy, light in combinations(shown, 2):
        if heavy.value + light.value != _WHOLE:
            continue
        for first, second in combinations([p for p in shown if p is not heavy and p is not light], 2):
            yield abs(first.value * heavy.value + second.value * light.value) / _WHOLE, EXACT


def shares(pairs: Iterable[tuple[Part, Part]], scale: int) -> Iterator[Result]:
    """What part one is of another, and how many times as much; a dividend is taken for one share."""
    for first, second in pairs:
        for top, bottom in ((first, second), (second, first)):
            if bottom.value:
                quotient = top.value / (top.per or 1) / (bottom.value / (bottom.per or 1))
                yield abs(quotient * scale), EXACT


def shares_of_run(place: int, parts: Sequence[Part], member: int, members: int) -> Iterator[Result]:
    """What each of the sums right before `place`, of one product each, is of all: 4万元 and 6万元 make 40% and 60%.

    The `member`-th of a list of `members` shares is that of the sum in the same place.
    """
    before = [p for p in parts if 0 <= p.place < place and p.unit in _ROLLED and not p.total][::-1]
    for size in range(2, min(len(before), _LEDGER) + 1):
        run = before[:size]
        whole = sum((p.value for p in run), EXACT)
        apart = len({p.entity for p in run if p.entity}) == size
        if whole and apart and len({p.unit for p in run}) == 1:
            chosen = [run[::-1][member]] if members == size else run if members == 1 else []
            yield from ((abs(p.value / whole) * 100, EXACT) for p in chosen)


def shares_of_last(place: int, parts: Sequence[Part], *, whole: bool) -> Iterator[Result]:
    """What part the number right before `place`, or right behind, is of the others; or they of it, the `whole`."""
    before = [p for p in parts if 0 <= p.place < place][-1:]
    behind = [p for p in parts if 0 <= p.place - place <= _RIGHT_BEHIND] if not whole else []
    for mine in (*before, *behind):
        for other in parts:
            if other is not mine and _kind(other) == _kind(mine):
                yield from islice(shares([(other, mine) if whole else (mine, other)], 100), 1)


def growths(pairs: Iterable[tuple[Part, Part]], sign: str) -> Iterator[Result]:
    """By how many per cent one is more (`sign` +) or less (-) than another."""
    for first, second in pairs:
        for top, bottom in ((first, second), (second, first)):
            change = (top.value / bottom.value - 1) * 100 if bottom.value else EXACT
            if sign == "?" or (change > 0) == (sign == "+"):
                yield abs(change), EXACT


def _kind(part: Part) -> str:
    """Its unit; empty for whatever is counted: 179人 of 312份."""
    return "" if part.unit in _COUNTED and part.unit != _MONTH else part.unit or "?"


def ratios(place: int, parts: Sequence[Part], *, sentence: range, wide: bool) -> Iterator[tuple[Part, Part]]:
    """Pairs of one unit; unless `wide`, one of the two is of the nearest that are shown, or neither is shown.

    Counts (9个月 of 12个月) must stand in the sentence itself.
    """
    for kind in {_kind(p) for p in parts}:
        alike = [
            p for p in parts if _kind(p) == kind and (kind not in ("", _MONTH) or not p.shown or p.place in sentence)
        ]
        before, behind = [p for p in alike if 0 <= p.place < place], [p for p in alike if p.place > place]
        near = {id(p) for p in (*before[-_NEIGHBOURS:], *behind[:1])}
        for first, second in combinations(alike, 2):
            if wide or near & {id(first), id(second)} or not (first.shown or second.shown):
                yield first, second


def means(amounts: Sequence[Part], parts: Iterable[Part], words: str) -> Iterator[Result]:
    """An amount for each of what is counted (户均, 每笔), or for each year, month and day of a span."""
    for part in parts:
        if part.unit == "个月" and part.value:
            spans = {part.value * _A_YEAR[unit] / _MONTHS for unit in _A_YEAR if unit in words}
            yield from ((abs(a.value / span), EXACT) for a in amounts for span in spans)
        elif part.unit in _COUNTED and part.value:
            yield from ((abs(a.value / part.value), EXACT) for a in amounts)


def worth(parts: Sequence[Part]) -> list[Decimal]:
    """Shares times what one of them is worth or pays; of money funds (每万份收益) a share is a yuan."""
    money = [p for p in parts if p.unit == "元"]
    held = [p for p in parts if p.unit == "份" or p.unit in _CURRENCIES]
    prices = [p for p in money if p.per or abs(p.value) < _DEAREST_SHARE]
    yields = [p for p in money if p.per == _TEN_THOUSAND]
    return [
        *(abs(a.value * b.value / (b.per or 1)) for a in held for b in prices),
        *(abs(a.value * b.value / b.per) for a in money for b in yields if a is not b and b.per),
    ]


def interest(amount: Decimal, rates: Iterable[Decimal], spans: Iterable[Decimal]) -> Iterator[Result]:
    """Rate (a part of one) times amount, for one year and for each span in years."""
    times = [Decimal(1), *spans]
    for rate in rates:
        for span in times:
            yield abs(amount * rate * span), EXACT


def recoveries(rates: Iterable[Decimal]) -> Iterator[Result]:
    """By how much of itself a fallen value must rise to be whole again."""
    return ((abs(1 / (1 - abs(rate)) - 1), EXACT) for rate in rates if abs(rate) < 1)


def compound(amount: Decimal, rates: Iterable[Decimal], spans: Iterable[Decimal]) -> Iterator[Result]:
    """Amount after whole years of a rate: 10万元十年变成17.2万元."""
    for years in spans:
        if years == int(years) and 1 < years <= _LIFE:
            yield from ((abs(amount * (1 + rate) ** int(years)), EXACT) for rate in rates)


def what_is_left(amount: Decimal, rates: Iterable[Decimal]) -> Iterator[Result]:
    """Amount with a rate added, taken off, or contained in it (a purchase and its fee)."""
    for rate in rates:
        yield abs(amount * (1 + rate)), EXACT
        yield abs(amount * (1 - rate)), EXACT
        if rate != -1:
            yield abs(amount / (1 + rate)), EXACT
            yield abs(amount - amount / (1 + rate)), EXACT


def multiples(parts: Sequence[Part], counts: Sequence[Part]) -> Iterator[Result]:
    """1,500元 eighteen times: 期, 次, months, years."""
    for amount in parts:
        if amount.unit != "元" or not amount.each:
            continue
        for count in counts:
            if count.unit in _COUNTED and count.value != 1:
                yield abs(amount.value * count.value / (amount.per or 1)), EXACT
            if count.unit == "个月" and count.value != _MONTHS:
                yield abs(amount.value * count.value / _MONTHS), EXACT


def shares_bought(parts: Sequence[Part], *, whole: bool) -> Iterator[Result]:
    """Money by the price of a share; `whole` where the fraction is left out."""
    money = [p for p in parts if p.unit == "元" and p.value]
    prices = [p for p in money if p.attribute == NAV] or money
    room = _HALF if whole else EXACT
    return ((abs(a.value / b.value), room) for a in money for b in prices if a is not b)


def ages(parts: Sequence[Part]) -> Iterator[Result]:
    """An age and years to come."""
    years = [p.value / _MONTHS for p in parts if p.unit == "个月"]
    return ((abs(p.value + sign * n), EXACT) for p in parts if p.unit == "岁" for n in years for sign in (1, -1))


def sensitivities(parts: Sequence[Part]) -> Iterator[Result]:
    """Duration times a move of rates: 0.9年 and 0.5个百分点 make 0.45%."""
    durations = [p.value / _MONTHS for p in parts if p.attribute == "duration" and p.unit == "个月"]
    return ((abs(p.value * years), EXACT) for p in parts if p.unit == "pp" for years in durations)


def spans_of(parts: Iterable[Part], words: str) -> list[Decimal]:
    """Lengths of time in years that words and parts name, each once: 每天, 三年, 91天."""
    said = [Decimal(1) / _A_YEAR[unit] for unit in _A_YEAR if unit in words and unit != "年"]
    months = [abs(p.value) / _MONTHS for p in parts if p.unit == "个月"]
    days = [p.value / _A_YEAR["天"] for p in parts if p.unit == "天"]
    return list(dict.fromkeys((*said, *months, *days)))
