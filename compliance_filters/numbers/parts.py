"""The numbers that another one may be computed from: those shown around it, facts, and what its sources say."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from compliance_filters.numbers.assumed import CLAUSE_END
from compliance_filters.numbers.evidence import Evidence, Known
from compliance_filters.numbers.figures import Figure, citations
from compliance_filters.numbers.formers import names_day_before
from compliance_filters.numbers.mentions import BENCHMARK, NAV, RETURN, TOTAL_NAV, Mention
from compliance_filters.numbers.pages import Page
from compliance_filters.numbers.periods import Period
from compliance_filters.numbers.quantities import Quantity
from compliance_filters.numbers.readings import Reading

_MOST = 40  # figures of which pairs are tried
_NEAR = 300  # characters around a figure in which its parts are looked for
_PER = re.compile(r"(?:每\s?(?P<n>10+|[一十百千万])|(?P<wan>万))[份股](?!额|票)[^，,。；;\d]{0,16}$")
_SHARES = {"一": 1, "十": 10, "百": 100, "千": 1000, "万": 10_000}
# 12/345, 第12名，共345只, 第63位，参评198只
_AMONG = re.compile(
    "/|[名位]?[，,（(]?(?:同类(?:产品|基金)?|一|参与?)?(?:共计?|参评|评价|排名|合计)(?:的?(?:产品|基金))?(?:有|为)?|[名位]?[，,]总数"
)
_OF_SO_MANY = re.compile("(?:产品|基金)?(?:里|中|当中)[，,]?(?:排名?|位列|排在|列)?")  # 同类212只里排第31位
_MONTH = re.compile(r"(?<![\d个])(1[0-2]|[1-9])月")
_TOTAL = re.compile("合计|共|总|加起来|[=＝]")
_EACH = re.compile("每|各|定投|扣款|月(?:供|缴|投|存|支出|收入|结余)")
_ROLE = re.compile("(?P<paid>成本|投入|本金|买入|期初)|现值|市值|期末|现在值")
_FLOW = re.compile(
    "(?P<came>申购|认购|流入|转入|存入|净增|增加|扩大|提高|上升|上行|回升|多|高)|赎回|流出|转出|取出|净减|减少|缩减|下降|降低|下行|回落|少|低"
)
_REFERENCE = re.compile(
    "同期|同类|平均(?:水平|值|数)?[的为是约达]{0,2}$|上限|下限|目标|约定|限制|中位数|指数|沪深300|(?<!二级)市场|大盘"
)  # what a figure is held against
_WITHOUT_YUAN = re.compile("[万亿,]|千$")
_ROUGH = Decimal("0.02")
_BESIDE = 2  # figures of a source
_REACHED = ("到", "至", "为")  # 减少到13.8亿元 is a level
_FLOWS = 8  # numbers of sources
_SHORT, _LONG = 8, 24  # characters before a figure that say how it is meant


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A number that another one may be made of."""

    value: Decimal  # with its sign
    signed: bool  # False where words leave the sign open
    unit: str
    tolerance: Decimal
    attribute: str | None
    entity: str | None
    periods: tuple[Period, ...]
    place: int  # in the text; -1 for a fact or a source
    column: int = 0  # of a table
    role: int = 0  # -1 what was paid (成本), +1 what it is worth (现值), where words say so
    former: bool = False  # of before the period that is spoken of: 上季度末为93.5%
    month: int = 0  # that is named right before: 9月为50.1%
    named: bool = False  # its own words name its attribute
    assumed: bool = False  # a premise
    flow: int = 0  # +1 what came in (申购, 增加), -1 what went out (赎回, 减少), where words say so
    reference: bool = False  # 同类平均2.18%: others are held against it
    beside: bool = False  # stands in a source beside a number that the text shows
    total: bool = False  # 合计1.40%
    each: bool = False  # paid again and again: 每月1,500元
    per: Decimal | None = None  # of how many shares it is: 每10份派0.35元, 每万份收益0.41元

    def contradicts(self, periods: Sequence[Period]) -> bool:
        """Whether it is of other periods than these."""
        agreed = [mine.agrees(theirs) for mine in periods for theirs in self.periods]
        return False in agreed and True not in agreed

    @property
    def shown(self) -> bool:
        return self.place >= 0


class Parts:
    """What may be computed with, around each figure of one page."""

    def __init__(
        self, page: Page, known: Known, products: Sequence[Mention], bound: Callable[[int], Evidence | None]
    ) -> None:
        """`bound` gives the known number that a shown figure (by index) states."""
        self._page, self._known, self._products, self._bound = page, known, products, bound
        self._shown: dict[int, Part] = {}
        self._exact: dict[int, Decimal] = {}
        self._facts = [_of_known(fact) for fact in known.facts[:_MOST]]

    def settle(self, index: int, value: Decimal) -> None:
        """Remembers what a shown figure comes to before it was rounded."""
        self._exact[index] = value

    def around(self, index: int, trusts: Callable[[int], bool], *, exact: bool = False) -> list[Part]:
        """Figures near this one in order of place, then facts, then figures of its attribute in sources.

        `trusts` says of which shown figures (by index) others may be computed. `exact`: as they were
        before they were rounded.
        """
        figures, start = self._page.figures, self._page.figures[index].start
        first = max(bisect_left(figures, start - _NEAR, key=_start), index - _MOST)
        last = min(bisect_left(figures, start + _NEAR, key=_start), index + _MOST)
        shown = [i for i in range(first, last) if i != index and not figures[i].rank and trusts(i)]
        parts = [self._part(i) for i in shown]
        told = {(part.value, part.unit) for part in parts}
        if exact:
            parts = [self._unrounded(i) for i in shown]
        others = (*self._facts, *self._in_sources(index))
        return parts + [part for part in others if (part.value, part.unit) not in told]

    def rank_shares(self, figure: Figure) -> Iterator[Decimal]:
        """12/345, or 第12名，共345只, as a part of one, for each rank of the figure's sentence."""
        figures = self._page.figures
        first = bisect_left(figures, figure.sentence, key=_start)
        last = bisect_left(figures, figure.sentence_end, key=_start)
        for place, of in pairwise(figures[first:last]):
            if of.rank and _OF_SO_MANY.fullmatch(self._page.text, place.end, of.start) and place.quantity.value:
                yield of.quantity.value / place.quantity.value
            if place.rank and _AMONG.fullmatch(self._page.text, place.end, of.start) and of.quantity.value:
                yield place.quantity.value / of.quantity.value

    def _part(self, index: int) -> Part:
        if index not in self._shown:
            told = self._bound(index)
            entity = told.entity if told else None
            if entity is None and self._products:
                named, own = self._page.entity(index, self._products)
                entity = named if own else None
            part = _shown(self._page, index, entity)
            self._shown[index] = part if told is None else _with(part, told, self._page.figures[index])
        return self._shown[index]

    def _unrounded(self, index: int) -> Part:
        part, told = self._part(index), self._bound(index)
        value = told.quantity.value if told else self._exact.get(index)
        rough = part.tolerance > abs(part.value) * _ROUGH  # 近两成, 四分之三
        if value is None or rough or abs(value - abs(part.value)) > part.tolerance:
            return part
        return replace(part, value=-value if part.value < 0 else value)

    def flows(self, figure: Figure) -> list[Part]:
        """Levels and what came and went, in one unit, of the sources that are cited: 申购, 赎回, 期末份额."""
        cited = citations(self._page.text, figure)
        held = [h for h in self._known.sources if not cited or h.source.n in cited]
        found = (h.evidence(i) for h in held for i, f in enumerate(h.page.figures[:_MOST]) if f.said)
        return [_of_known(e) for e in found if e.quantity.unit == figure.quantity.unit][:_FLOWS]

    def _in_sources(self, index: int) -> list[Part]:
        """Only of the figure's own attribute, or its benchmark's: everything of a source would prove anything."""
        reading, figure = self._page.reading(index), self._page.figures[index]
        attribute = RETURN if figure.quantity.unit == "pp" else reading.attribute
        if not attribute or not self._known.sources:
            return []
        cited = citations(self._page.text, figure)
        wanted = (attribute, f"{BENCHMARK}:{attribute}", BENCHMARK)
        found: list[Evidence] = []
        for held in self._known.sources:
            if not cited or held.source.n in cited:
                several = min(len(held.page.figures), _MOST)
                found += [e for i in range(several) if (e := held.evidence(i)).attribute in wanted]
        beside = self._beside(index, cited) if figure.quantity.unit == "pp" else []
        return [*beside, *(_of_known(e) for e in found[:_MOST] if not _other_time(reading, e))]

    def _beside(self, index: int, cited: frozenset[int]) -> list[Part]:
        """What stands in sources beside the rate shown last: 5月's 6.4% for 6月4.8%，比5月回落1.6个百分点."""
        figures = self._page.figures
        rates = (f for f in reversed(figures[:index]) if f.said and f.quantity.unit == "%")
        last = next(rates, None)
        if last is None or last.start < figures[index].sentence:
            return []
        found: list[Part] = []
        for held in self._known.sources:
            for i in held.page.between(*last.quantity.range) if not cited or held.source.n in cited else ():
                near = range(max(0, i - _BESIDE), min(len(held.page.figures), i + _BESIDE + 1))
                found += [replace(_of_known(held.evidence(n)), beside=True) for n in near if n != i]
        return [part for part in found if part.unit == "%"]


def nearest(parts: Sequence[Part], place: int, most: int) -> list[Part]:
    """Those around `place`, in order of the text; shown ones first where there are too many."""
    if len(parts) <= most:
        return list(parts)
    chosen = sorted(parts, key=lambda p: (not p.shown, abs(p.place - place)))[:most]
    return sorted(chosen, key=lambda p: (not p.shown, p.place))


def is_sum(text: str, figure: Figure) -> bool:
    """Whether this is money, also where 元 is left out: 一年就是2.4万, 一共一万八."""
    unit, quote = figure.quantity.unit, text[figure.start : figure.end]
    return unit == "元" or (not unit and _WITHOUT_YUAN.search(quote) is not None and "分之" not in quote)


def _other_time(reading: Reading, known: Evidence) -> bool:
    """Whether the figure's own words name another period than the known number's."""
    agreed = [mine.agrees(theirs) for mine in reading.periods for theirs in known.periods]
    return reading.own_period and False in agreed and True not in agreed


def _start(figure: Figure) -> int:
    return figure.start


def _with(part: Part, told: Evidence, figure: Figure) -> Part:
    """A shown number with what is known of when and whose it is, and its exact value where it is told roughly."""
    dated = any(period.year for period in part.periods)
    rough = figure.quantity.low is not None
    return replace(
        part,
        value=_signed(told.quantity) if rough else part.value,
        tolerance=min(part.tolerance, abs(told.quantity.value - abs(part.value))) if told.fact else part.tolerance,
        periods=part.periods if dated else (*part.periods, *told.periods),
        former=part.former or told.former,
        month=part.month or _month(told.words),
        attribute=part.attribute if part.named or told.attribute is None else told.attribute,
    )


def _shown(page: Page, index: int, entity: str | None) -> Part:
    figure, reading, text = page.figures[index], page.reading(index), page.text
    quantity = figure.quantity
    money = is_sum(text, figure) or (not quantity.unit and reading.attribute in (NAV, TOTAL_NAV))
    near = text[max(figure.sentence, figure.start - _SHORT) : figure.start]
    lead = text[max(figure.sentence, figure.start - _LONG) : figure.start]
    return Part(
        value=_signed(quantity),
        signed=quantity.sign != "?",
        unit="元" if money else "份" if quantity.unit == "股" else quantity.unit,
        tolerance=quantity.tolerance,
        attribute=reading.attribute,
        entity=entity,
        place=figure.start,
        periods=reading.periods,
        month=_month(text[max(figure.stretch, figure.start - _LONG) : figure.start]),
        named=reading.own_attribute,
        assumed=figure.assumed,
        former=bool(page.earlier(index)) or names_day_before(lead),
        flow=_flow(figure.label or text[max(figure.stretch, figure.previous_end, figure.start - _LONG) : figure.start]),
        column=figure.column,
        role=_role(lead) if money else 0,
        reference=_REFERENCE.search(CLAUSE_END.split(lead)[-1]) is not None,
        total=_TOTAL.search(text, max(figure.stretch, figure.start - _SHORT), figure.start) is not None,
        each=money and (_EACH.search(near) is not None or text[figure.end : figure.end + 1] in ("/", "×", "*", "x")),
        per=per_shares(lead) if quantity.unit == "元" else None,
    )


def _role(lead: str) -> int:
    found = list(_ROLE.finditer(lead))
    return 0 if not found else -1 if found[-1]["paid"] else 1


def _month(words: str) -> int:
    found = _MONTH.findall(words) if "月" in words else []
    return int(found[-1]) if found else 0


def _flow(words: str) -> int:
    found = [] if words.endswith(_REACHED) else list(_FLOW.finditer(words))
    return 0 if not found else 1 if found[-1]["came"] else -1


def per_shares(lead: str) -> Decimal | None:
    found = _PER.search(lead)
    if found is None:
        return None
    written = found["n"] or found["wan"]
    return Decimal(_SHARES.get(written) or int(written))


def _of_known(known: Evidence) -> Part:
    name = known.fact.name if known.fact else ""
    return Part(
        value=_signed(known.quantity),
        signed=known.quantity.sign != "?",
        unit=known.quantity.unit,
        tolerance=known.quantity.tolerance,
        attribute=known.attribute,
        entity=known.entity,
        place=-1,
        periods=known.periods,
        former=known.former,
        month=_month(known.words),
        flow=_flow(known.words),
        each=_EACH.search(name) is not None,
        per=Decimal(10_000) if "万份" in name else None,
    )


def _signed(quantity: Quantity) -> Decimal:
    return -quantity.value if quantity.sign == "-" else quantity.value
