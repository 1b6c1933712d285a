"""What can be computed from parts: each result with the room that rounding of its parts asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations, islice, pairwise

from compliance_filters.numbers import cues
from compliance_filters.numbers.mentions import BENCHMARK, NAV
from compliance_filters.numbers.parts import Part

Result = tuple[Decimal, Decimal]  # value, never negative; room beyond the rounding of the claim itself
EXACT = Decimal(0)
_A_YEAR = {"年": 1, "季": 4, "月": 12, "周": 52, "天": 365, "日": 365}
_BANK_YEAR = 360  # days
_MONTHS = 12
_MONTH = "个月"
_WHOLE = 100  # per cent
_RUN = 6  # years on end that are compounded
_LIFE = 60  # years
LEDGER = 8  # sums of which three are tried
_HALF = Decimal("0.5")  # of a share
_CURRENCIES = frozenset({"美元", "港元", "港币", "欧元", "英镑", "日元"})
_RIGHT_BEHIND = 8  # characters: 8.3%，26人
_NEIGHBOURS = 2
_DEAREST_SHARE = 1_000  # yuan
_TEN_THOUSAND = 10_000
SUMS = frozenset({"元", "份", *_CURRENCIES})
ROLLED = frozenset({"元", "份"})
_COUNTED = frozenset({"期", "次", "笔", "只", "户", "人", "份", "张", "手", "个月", "个", "轮", "家", "通", "件"})


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


def first_of_list(count: int, parts: Sequence[Part]) -> Iterator[Result]:
    """What `count` shares that stand on end come to: 前三个行业占79.0% of 34.0%, 27.0%, 18.0%, 11.9%.

    They are told from the largest to the smallest, and each has its own words or row.
    """
    for first in range(len(parts) - count + 1):
        run = parts[first : first + count]
        if all(a.value >= b.value > 0 for a, b in pairwise(run)):
            yield sum((p.value for p in run), EXACT), EXACT


def named_totals(text: str, before: str, place: int, parts: Sequence[Part]) -> Iterator[Result]:
    """What those together come to that the words before a figure name: 债券与货币合计占, wherever in a list they stand.

    Every name must stand before a number of its own, on its line and behind the number before it.
    """
    asked = cues.ADDED.search(before)
    if asked is None:
        return
    shown = sorted((p for p in parts if 0 <= p.place < place), key=lambda p: p.place)
    starts = [0, *(p.place for p in shown)]
    told = [text[max(at, text.rfind("\n", 0, p.place) + 1) : p.place] for at, p in zip(starts, shown, strict=False)]
    names = [name.removesuffix("类") for name in cues.AND.split(asked["terms"])]
    found = [{i for i, words in enumerate(told) if name in words} for name in names]
    if all(found):
        yield abs(sum((shown[i].value for i in set.union(*found)), EXACT)), EXACT


def rest_of_first(parts: Sequence[Part]) -> Iterator[Result]:
    """What is left of one when all that is told behind it is taken off: 仓位82.7%，前三大58.9%，其余23.8%."""
    for first in range(len(parts) - 1):
        left = parts[first].value - sum(p.value for p in parts[first + 1 :])
        if left > 0:
            yield left, EXACT


def compounded(parts: Sequence[Part], sign: str) -> Iterator[Result]:
    """Growth of several periods on end, nearest first, of rates in per cent; a gain (`sign` +) or a loss (-)."""
    growth = Decimal(1)
    for count, part in enumerate(parts, 1):
        growth *= 1 + part.value / 100
        if count > 1 and (sign == "?" or (growth > 1) == (sign == "+")):
            yield abs(growth - 1) * 100, EXACT


def runs(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """Rates of one kind (a fund's, or its benchmark's) that follow one another: 24.83% (基准25.90%) after -6.15%."""
    for of_benchmark in (False, True):
        own = [p for p in parts if p.shown and (p.attribute or "").startswith(BENCHMARK) is of_benchmark]
        for first in range(len(own)):
            for last in range(first + 2, min(len(own), first + _RUN) + 1):
                yield own[first:last]


def weighted(parts: Sequence[Part]) -> Iterator[Result]:
    """Two rates by two weights that make a whole: 2%×85%-10%×15%; weights and rates in the same order."""
    shown = [p for p in parts if p.shown and p.unit == "%"]
    for heavy, light in combinations(shown, 2):
        if heavy.value + light.value != _WHOLE:
            continue
        for first, second in combinations([p for p in shown if p is not heavy and p is not light], 2):
            yield abs(first.value * heavy.value + second.value * light.value) / _WHOLE, EXACT


def yearly(parts: Iterable[Part]) -> Iterator[Result]:
    """The rate a year of what several years came to: 41.6% in five years make 7.2%."""
    for part in parts:
        months = next((p.length for p in part.periods if p.kind == "rolling" and p.length > _MONTHS), 0)
        if months and part.value > -_WHOLE:
            growth = 1 + float(part.value) / _WHOLE
            yield abs(Decimal(growth ** (_MONTHS / months) - 1)) * _WHOLE, EXACT


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
    before = [p for p in parts if 0 <= p.place < place and p.unit in ROLLED and not p.total][::-1]
    for size in range(2, min(len(before), LEDGER) + 1):
        run = before[:size]
        whole = sum((p.value for p in run), EXACT)
        apart = len({p.entity for p in run if p.entity}) == size
        if whole and (apart or members == size) and len({p.unit for p in run}) == 1:
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
    if part.unit == "份" and abs(part.value) >= _TEN_THOUSAND:
        return part.unit  # of a fund
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


def means_of_columns(parts: Sequence[Part]) -> Iterator[Result]:
    """The mean of all that a column of a table shows."""
    for column in {p.column for p in parts if p.column}:
        shown = [p.value for p in parts if p.column == column]
        if len(shown) > 1:
            yield abs(sum(shown, EXACT) / len(shown)), EXACT


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


def roots(parts: Iterable[Part], degree: int) -> Iterator[Result]:
    """The rate a year of what so many years came to: 1.1576的三次方根减1."""
    for part in parts:
        if part.value > -_WHOLE:
            growth = 1 + float(part.value) / _WHOLE
            yield abs(Decimal(growth ** (1 / degree) - 1)) * _WHOLE, EXACT


def sensitivities(parts: Sequence[Part]) -> Iterator[Result]:
    """Duration times a move of rates: 0.9年 and 0.5个百分点 make 0.45%."""
    durations = [p.value / _MONTHS for p in parts if p.attribute == "duration" and p.unit == "个月"]
    return ((abs(p.value * years), EXACT) for p in parts if p.unit == "pp" for years in durations)


def spans_of(parts: Iterable[Part], words: str) -> list[Decimal]:
    """Lengths of time in years that words and parts name, each once: 每天, 三年, 91天."""
    said = [Decimal(1) / _A_YEAR[unit] for unit in _A_YEAR if unit in words and unit != "年"]
    months = [abs(p.value) / _MONTHS for p in parts if p.unit == "个月"]
    told = [p.value for p in parts if p.unit == "天"]
    bases = [_A_YEAR["天"], *([_BANK_YEAR] if _BANK_YEAR in told else [])]  # 按360天计
    days = [value / base for value in told for base in bases]
    return list(dict.fromkeys((*said, *months, *days)))
