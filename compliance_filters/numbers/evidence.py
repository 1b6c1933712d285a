"""What a text's numbers may be bound to: facts, and the numbers of its sources, each with what it is of."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from compliance_filters.finding import BoundFact, ProductInContext, Source
from compliance_filters.numbers.figures import figures_in
from compliance_filters.numbers.mentions import AttributeWords, Mention
from compliance_filters.numbers.names import product_finder, product_names, shared_names
from compliance_filters.numbers.pages import Page
from compliance_filters.numbers.periods import Period, dated, former_periods, period_of_fact, periods_in
from compliance_filters.numbers.quantities import Quantity, quantity_of_fact, without_plain_sign
from compliance_filters.numbers.tiers import tier_before, tier_in

_SHARE_CLASS = re.compile(r"[A-EHIY]\s?类")
_PERIOD_WORDS = re.compile(
    r"(?:19|20)\d\d(?:年度?|[QH]\d)?(?:末|[上下]半年|第?[一二三四1-4]季度)?|[近过最]\S{1,4}[年月周日]|[上下]半年|成立以来|今年以来"
)
_TRIMMED = "的近各年度期月末 ·:：()（）-_"
_LEAST_NAME = 2  # characters
_GENERIC = frozenset({
    "基金", "本基金", "产品", "本产品", "该基金", "同期", "区间", "报告期", "期末", "期间", "份额", "组合", "年化",
    "累计", "期初", "当期", "本期", "过去", "最近",
})  # fmt: skip
_WORDS = 24  # characters before a figure that name it
_REMEMBERED = 8  # contexts: answers to one question share one, and that of a report weighs two megabytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """A known number. `fact` or `source` says where it comes from; what is None is not known."""

    quantity: Quantity
    attribute: str | None
    periods: tuple[Period, ...] = ()
    sole_period: bool = False  # its own words name these and no other
    own_period: bool = False  # its own words name these, and they are not taken over from what stands before
    entity: str | None = None  # code of a product
    share: str | None = None  # A类, C类
    qualifier: str | None = None  # what else tells a fact from others of its attribute: 股票, 第一大重仓股
    fact: BoundFact | None = None
    source: int | None = None
    in_period: bool = False  # the 三年 of 近三年
    former: bool = False  # of before the period that is spoken of: 上季度末为93.5%
    tier: frozenset[int] = frozenset()  # days of holding that a rate is of
    quote: str = ""
    words: str = ""  # right before it in its source, or the name of the fact

    def said(self) -> str:
        """The number with its name, for the writer."""
        if self.fact is None:
            return f"来源[{self.source}]中的{self.quote}"
        period = self.fact.period if self.fact.period and self.fact.period not in self.fact.name else ""
        parts = (self.fact.entity, period, self.fact.name, f"{self.fact.value}{self.fact.unit}")
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, kw_only=True, slots=True)
class SourcePage:
    """A source as it was read; its numbers become evidence when a claim asks for them."""

    source: Source
    page: Page
    products: list[Mention]
    shares: list[Mention]
    periods: tuple[Period, ...]  # of its title
    known: dict[int, Evidence] = field(default_factory=dict)
    tells: tuple[int, ...] = ()  # figures that say something, in order

    def evidence(self, index: int) -> Evidence:
        found = self.known.get(index)
        if found is None:
            found = self.known[index] = self._read(index)
        return found

    def telling(self) -> Iterator[Evidence]:
        """The numbers that say something, in order."""
        return map(self.evidence, self.tells)

    def _read(self, index: int) -> Evidence:
        figure, reading = self.page.figures[index], self.page.reading(index)
        former = self.page.earlier(index)
        words = figure.label or self.page.text[max(figure.stretch, figure.start - _WORDS) : figure.start]
        return Evidence(
            quantity=without_plain_sign(figure.quantity, words),
            attribute=reading.attribute,
            periods=dated(reading.periods, self.periods)
            or (former_periods(former, self.periods) if former else self.periods),
            sole_period=reading.sole_period,
            own_period=reading.own_period,
            entity=self.page.entity(index, self.products)[0],
            share=self.page.entity(index, self.shares)[0],
            source=self.source.n,
            in_period=figure.in_period,
            former=bool(former),
            tier=tier_before(self.page.text, figure.start) if figure.quantity.unit == "%" else frozenset(),
            quote=self.page.text[figure.start : figure.end],
            words=words,
        )


class Known:
    """All that the numbers of one context may be bound to; read once and remembered."""

    def __init__(
        self,
        facts: Sequence[BoundFact],
        sources: Sequence[Source],
        products: Sequence[ProductInContext],
        words: AttributeWords,
    ) -> None:
        told = [*(source.publisher or "" for source in sources), *(f"{fact.entity or ''}{fact.name}" for fact in facts)]
        self.names = product_names(products, told)
        self.products_in = product_finder(self.names)
        self._of_several = shared_names(products)
        # `named`: numbers within the names of facts (接受10%以内回撤人数), as value and unit
        self.facts = tuple(_of_fact(fact, self.names, words) for fact in facts)
        self._by_value = sorted((fact.quantity.value, n) for n, fact in enumerate(self.facts))
        self.qualifiers = tuple({e.qualifier for e in self.facts if e.qualifier})
        self.named = frozenset(
            (figure.quantity.value, figure.quantity.unit) for fact in facts for figure in figures_in(fact.name)
        )
        self.sources = tuple(self._page(source, words) for source in sources)

    def facts_between(self, low: Decimal, high: Decimal) -> Iterator[Evidence]:
        """Facts of a size, in the order they were given, found without a look at all of them."""
        first, last = bisect_left(self._by_value, (low,)), bisect_right(self._by_value, (high, len(self.facts)))
        return (self.facts[n] for n in sorted(n for _, n in self._by_value[first:last]))

    def _page(self, source: Source, words: AttributeWords) -> SourcePage:
        text = f"{source.title}\n{source.text}"
        products = [one for one in self.products_in(text) if text[one.start : one.end] not in self._of_several]
        page = Page(text, words, products)
        periods = tuple(m.value for m in periods_in(source.title) if m.value.kind == "calendar")
        tells = tuple(i for i, f in enumerate(page.figures) if f.said or f.rank or f.quantity.unit)
        return SourcePage(
            source=source, page=page, products=products, shares=shares_in(text), periods=periods, tells=tells
        )


def known_reader(words: AttributeWords) -> Callable[..., Known]:
    """Reads (facts, sources, products) into `Known`; what was read is remembered."""

    def read(
        facts: tuple[BoundFact, ...], sources: tuple[Source, ...], products: tuple[ProductInContext, ...]
    ) -> Known:
        return Known(facts, sources, products, words)

    return lru_cache(maxsize=_REMEMBERED)(read)


def shares_in(text: str) -> list[Mention]:
    """Share classes that a text names."""
    if "类" not in text:
        return []
    return [Mention(m.start(), m.end(), m.group()[0]) for m in _SHARE_CLASS.finditer(text)]


def _of_fact(fact: BoundFact, names: dict[str, str], words: AttributeWords) -> Evidence:
    share = _SHARE_CLASS.search(f"{fact.entity or ''} {fact.name}")
    where = (fact.entity or "", fact.name, fact.period or "")
    named = [code for name, code in names.items() if any(name in told for told in where)]
    return Evidence(
        quantity=quantity_of_fact(fact.value, fact.unit, fact.name),
        attribute=words.of_name(fact.name),
        periods=period_of_fact(fact.period, fact.name),
        sole_period=True,
        entity=named[0] if named else fact.entity,
        share=share.group()[0] if share else None,
        qualifier=_qualifier(fact.name, names, words),
        fact=fact,
        tier=tier_in(f"{fact.name} {fact.period or ''}") if fact.unit == "%" else frozenset(),
        quote=f"{fact.value}{fact.unit}",
        words=f"{fact.entity or ''} {fact.name}",
    )


def _qualifier(name: str, names: dict[str, str], words: AttributeWords) -> str | None:
    """A fact's name without product, period and attribute: 股票占基金资产净值比例 -> 股票."""
    left = _SHARE_CLASS.sub("", _PERIOD_WORDS.sub("", name))
    for word in names:
        left = left.replace(word, "")
    found = words.mentions(left)
    left = (left[: found[0].start] if found else left).strip(_TRIMMED)
    return left if len(left) >= _LEAST_NAME and left not in _GENERIC else None
