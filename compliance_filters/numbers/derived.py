"""Figures that follow from others: differences, sums, shares, growth, fees, averages, years since a date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from compliance_filters.finding import ReviewContext
from compliance_filters.numbers.evidence import Evidence, Known
from compliance_filters.numbers.figures import Figure
from compliance_filters.numbers.pages import BENCHMARK, Page
from compliance_filters.numbers.periods import Period
from compliance_filters.numbers.quantities import Quantity

_UP = "跑赢|超过|超出|超越|超额|领先|高于|高出|高|多|提高|上升|增加|增长|上行|提升|扩大|上调|增厚|拉升"
_DOWN = "跑输|落后|低于|低|少|下降|减少|回落|下行|收窄|下调|降低|缩小|下滑|降"
_DIFFERENCE = re.compile(rf"(?P<up>{_UP})|(?P<down>{_DOWN})|相差|差距|差值|差额|之差|差|较|比|变化|变动|利差|区间")
# Between rates only words that compare: 净值增长率 holds a 增长 and asks for no difference.
_BETWEEN_RATES = re.compile("跑赢|跑输|超额|超过|超出|超越|高于|高出|低于|领先|落后|相差|差|多|少|利差|提高|下降|上升")
_COMPARES = 10  # characters before a figure in which it is said to be a difference
_SUM = re.compile("合计|共计|总计|合共|总共|总和|之和|加总|相加|加起来|累计|共|一共|综合|总额|总额度|总费")
_SHARE = re.compile("占|比例|比重|倍|份额|分之|相当于|翻|前")
_GROWTH = re.compile(
    "增长|增幅|增速|增加|下降|降幅|同比|环比|较|涨幅|跌幅|减少|上升|涨|跌|缩水|扩大|浮盈|浮亏|盈利|亏损|收益|回撤|折"
)
_FEE = re.compile("费|利息|收益|计|约|即|合|盈|亏|到手|金额|元")
_MEAN = re.compile("平均|均值|年均|月均|日均")
_REST = re.compile("其余|剩余|余下|另外|剩下")
_SINCE = re.compile("成立|运作|运营|至今|历时|任职|管理|存续")
_MOST = 40  # figures of which pairs are tried
_NEAR = 300  # characters around a figure in which its parts are looked for


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A number that another one may be made of."""

    value: Decimal  # with its sign
    unit: str
    tolerance: Decimal
    attribute: str | None
    entity: str | None
    periods: tuple[Period, ...]
    place: int


def follows(page: Page, index: int, known: Known, context: ReviewContext) -> bool:
    """Whether words ask for a computation, and shown or known numbers give this figure."""
    figure = page.figures[index]
    mine = figure.quantity
    words = page.text[figure.previous_end : figure.start] + "," + page.text[figure.end : figure.end + 6]
    if figure.label:
        words = figure.label
    if mine.unit == "个月" and _SINCE.search(words):
        return _since(mine, context)
    parts = _parts(page, index, known)
    return any(_near(mine, value, slack) for value, slack in _results(figure, words, parts, page))


def _near(mine: Quantity, value: Decimal, slack: Decimal) -> bool:
    if mine.low is not None and mine.high is not None and mine.low <= value <= mine.high:
        return True
    return abs(value - mine.value) <= mine.tolerance + slack


def _results(figure: Figure, words: str, parts: list[_Part], page: Page) -> Iterator[tuple[Decimal, Decimal]]:
    """Values that the words ask for, never negative, each with what rounding of its parts may add."""
    unit = figure.quantity.unit
    own = [p for p in parts if p.unit == ("%" if unit in ("pp", "点") else unit)]
    near = page.text[max(figure.stretch, figure.start - _COMPARES) : figure.start] if not figure.label else words
    if unit in ("pp", "点") or (_BETWEEN_RATES if unit == "%" else _DIFFERENCE).search(near):
        yield from _differences(page, words, own)
    if _SUM.search(words) or _SUM.search(page.text[figure.end : figure.end + 2]):
        yield from _sums(figure, own)
    if _MEAN.search(words):
        yield from _means(figure, own)
    if _REST.search(words) and unit == "%":
        yield from ((100 - total, slack) for total, slack in _sums(figure, own, least=1))
    if unit in ("%", "倍", "", "成"):
        yield from _quotients(figure, words, parts)
    if unit == "元" and _FEE.search(words):
        yield from _products(parts)


def _differences(page: Page, words: str, parts: list[_Part]) -> Iterator[tuple[Decimal, Decimal]]:
    asked = _direction(words)
    for first, second in _pairs(parts):
        if not _comparable(first, second):
            continue
        difference, known = _difference(page, first, second)
        if known and asked and (difference > 0) != (asked > 0) and difference:
            continue
        yield abs(difference), Decimal(0)


def _comparable(first: _Part, second: _Part) -> bool:
    """Two shown numbers always; of two facts only those of one attribute, or fund and benchmark of one period."""
    if first.place >= 0 or second.place >= 0:
        return first.place >= 0 and second.place >= 0
    mine, theirs = (p.attribute or "" for p in (first, second))
    if mine == theirs:
        return (first.entity, first.periods) != (second.entity, second.periods)
    return BENCHMARK in mine + theirs and first.periods == second.periods


def _direction(words: str) -> int:
    """+1, -1 or 0 for the last word that compares."""
    found = list(_DIFFERENCE.finditer(words))
    if not found:
        return 0
    last = found[-1]
    return 1 if last["up"] else -1 if last["down"] else 0


def _difference(page: Page, first: _Part, second: _Part) -> tuple[Decimal, bool]:
    """The difference, and whether its direction is known: fund less benchmark, later less earlier, 比 and 从."""
    benchmarks = [(p.attribute or "").startswith(BENCHMARK) for p in (first, second)]
    if benchmarks[0] != benchmarks[1]:
        return (second.value - first.value if benchmarks[0] else first.value - second.value), True
    when = [next(((p.year, p.first) for p in part.periods if p.year), None) for part in (first, second)]
    if when[0] and when[1] and when[0] != when[1]:
        return (second.value - first.value if when[0] < when[1] else first.value - second.value), True
    between = page.text[first.place : second.place] if 0 <= first.place < second.place else ""
    if re.search("比|较", between):
        return first.value - second.value, True
    if re.search("到|至|为", between[-4:]) and "从" in page.text[max(0, first.place - 12) : first.place]:
        return second.value - first.value, True
    return first.value - second.value, False


def _sums(figure: Figure, parts: list[_Part], least: int = 2) -> Iterator[tuple[Decimal, Decimal]]:
    """Totals of the numbers right before the figure, of those right behind it, and of the facts of one attribute."""
    return ((abs(total), slack) for count, total, slack in _totals(figure, parts) if count >= least)


def _means(figure: Figure, parts: list[_Part]) -> Iterator[tuple[Decimal, Decimal]]:
    return ((abs(total / count), Decimal(0)) for count, total, _ in _totals(figure, parts) if count > 1)


def _totals(figure: Figure, parts: list[_Part]) -> Iterator[tuple[int, Decimal, Decimal]]:
    """(how many, total, what rounding may add) of neighbours, nearest first."""
    before = [p for p in parts if 0 <= p.place < figure.start]
    behind = [p for p in parts if p.place > figure.start]
    attributes = {p.attribute for p in parts if p.place < 0}
    facts = [[p for p in parts if p.place < 0 and p.attribute == name] for name in attributes]
    for run in (before[::-1], behind, *facts):
        total = slack = Decimal(0)
        for count, part in enumerate(run, 1):
            total, slack = total + part.value, slack + min(part.tolerance, figure.quantity.tolerance)
            yield count, total, slack


def _quotients(figure: Figure, words: str, parts: list[_Part]) -> Iterator[tuple[Decimal, Decimal]]:
    unit = figure.quantity.unit
    share, growth = bool(_SHARE.search(words)), unit == "%" and bool(_GROWTH.search(words))
    if not share and not growth and unit == "%":
        return
    scale = Decimal(1 if unit in ("倍", "") else 100)
    wanted = 0 if figure.quantity.sign == "?" else (-1 if figure.quantity.sign == "-" else 1)
    for first, second in _pairs([p for p in parts if p.unit != "%" or unit != "%"]):
        if first.unit != second.unit:
            continue
        for top, bottom in ((first, second), (second, first)):
            if not bottom.value:
                continue
            quotient = top.value / bottom.value
            if share or unit != "%":
                yield abs(quotient * scale), Decimal(0)
            change = (quotient - 1) * scale
            if growth and (not wanted or (change > 0) == (wanted > 0)):
                yield abs(change), Decimal(0)


def _products(parts: list[_Part]) -> Iterator[tuple[Decimal, Decimal]]:
    amounts = [p for p in parts if p.unit in ("元", "份")]
    rates = [p for p in parts if p.unit in ("%", "pp", "元", "期", "次", "份")]
    for amount in amounts:
        for rate in rates:
            if rate is amount:
                continue
            if rate.unit in ("%", "pp"):
                share = rate.value / 100
                yield abs(amount.value * share), Decimal(0)
                yield abs(amount.value * (1 + share)), Decimal(0)
                yield abs(amount.value * (1 - share)), Decimal(0)
                yield abs(amount.value / (1 + share)) if share != -1 else Decimal(0), Decimal(0)
                if share != -1:
                    yield abs(amount.value - amount.value / (1 + share)), Decimal(0)
            elif amount.unit == "份" or rate.unit != "元":
                yield abs(amount.value * rate.value), Decimal(0)


def _since(mine: Quantity, context: ReviewContext) -> bool:
    """Full or begun years (in months) since one of the products was set up."""
    for product in context.products:
        if product.inception is None:
            continue
        months = (context.today.year - product.inception.year) * 12 + context.today.month - product.inception.month
        if abs(Decimal(months) - mine.value) < 12:
            return True
    return False


def _pairs(parts: list[_Part]) -> Iterator[tuple[_Part, _Part]]:
    for i, first in enumerate(parts):
        for second in parts[i + 1 :]:
            yield first, second


def _parts(page: Page, index: int, known: Known) -> list[_Part]:
    """Figures shown near this one, also assumed ones, and facts."""
    figure = page.figures[index]
    first = max(0, index - _MOST)
    shown = [
        (i, other)
        for i, other in enumerate(page.figures[first : index + _MOST], first)
        if i != index and abs(other.start - figure.start) <= _NEAR and not other.rank
    ]
    shown = sorted(shown, key=lambda item: abs(item[1].start - figure.start))[:_MOST]
    parts = [_shown(page, i, other) for i, other in sorted(shown)]
    return parts + _facts(known.facts, _MOST)


def _shown(page: Page, index: int, figure: Figure) -> _Part:
    reading = page.reading(index)
    q = figure.quantity
    return _Part(
        value=-q.value if q.sign == "-" else q.value, unit=q.unit, tolerance=q.tolerance,
        attribute=reading.attribute, entity=None, place=figure.start,
        periods=reading.periods,
    )  # fmt: skip


def _facts(facts: Iterable[Evidence], most: int) -> list[_Part]:
    return [
        _Part(
            value=-e.quantity.value if e.quantity.sign == "-" else e.quantity.value, unit=e.quantity.unit,
            tolerance=Decimal(0), attribute=e.attribute, entity=e.entity, place=-1,
            periods=e.periods,
        )
        for e in list(facts)[:most]
    ]  # fmt: skip
