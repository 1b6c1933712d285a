"""Every number of a text is bound to a fact or to a cited source; what is not goes back to the writer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from compliance_filters.finding import (
    BoundFact,
    Draft,
    Finding,
    ProductInContext,
    ReviewContext,
    Source,
    Target,
)
from compliance_filters.quantities import Claim, Quantity, claims, quantities_in, same_unit
from compliance_filters.rules import RulePack

_MAGNITUDE = re.compile(r"回撤|跌幅|降幅|波动|偏离|亏损|跟踪误差")
_DIFFERENCE = re.compile(r"跑赢|跑输|超过|超越|超额|高于|低于|高出|相差|差|落后|领先|增加|减少|提高|上升|下降|多|少|较")
_SCALES = {
    "万": Decimal(10_000),
    "亿": Decimal(100_000_000),
    "千": Decimal(1_000),
    "百万": Decimal(1_000_000),
}
_MOST_DERIVED = 60  # values of which differences are tried


class NumberFilter:
    """number.unverified for every number that no fact and no cited source supports."""

    name = "numbers"

    def __init__(self, pack: RulePack) -> None:
        self._rule = pack.rule("number.unverified")

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        """Findings in order of place; nothing where the context says that numbers are not checked."""
        if draft.target in (Target.CLIENT_INPUT, Target.ADVISOR_SPEECH) or not context.numbers_are_checked:
            return ()
        book = _Book(context.facts, context.sources, context.products)
        return tuple(
            self._finding(draft.text, claim, why)
            for claim in claims(draft.text)
            if (why := book.fault(claim)) is not None
        )

    def _finding(self, text: str, claim: Claim, why: str) -> Finding:
        quote = text[claim.start : claim.end]
        reason = self._rule.reason.replace("{quote}", quote).replace("{why}", why)
        return self._rule.finding(text, claim.start, claim.end, reason=reason)


def unsupported(text: str, source_texts: Iterable[str]) -> tuple[str, ...]:
    """Quotes of the numbers in `text` that stand in none of `source_texts` (unit and sign included)."""
    sources = tuple(Source(n=n, text=body) for n, body in enumerate(source_texts, 1))
    book = _Book((), sources, ())
    return tuple(text[c.start : c.end] for c in claims(text) if not book.in_sources(replace(c, cited=frozenset())))


class _Book:
    """The facts and sources that a text's numbers may come from."""

    def __init__(
        self, facts: Sequence[BoundFact], sources: Sequence[Source], products: Sequence[ProductInContext]
    ) -> None:
        self._facts = [(fact, _fact_quantity(fact)) for fact in facts]
        self._sources = sources
        self._products = products

    def fault(self, claim: Claim) -> str | None:
        """None when the number is bound; else what is wrong with it, with the nearest fact, in Chinese."""
        named = self._named(claim)
        eligible = named or [
            item for item in self._facts if self._same_entity(claim, item[0]) and _same_period(claim, item[0])
        ]
        if any(_equal(claim, quantity) for _, quantity in eligible) or self.in_sources(claim):
            return None
        if self._is_derived(claim, [q for _, q in eligible]):
            return None
        return self._hint(claim)

    def in_sources(self, claim: Claim) -> bool:
        """Whether a cited source (any, when the sentence cites none) holds the number."""
        wanted = [s for s in self._sources if s.n in claim.cited] or (list(self._sources) if not claim.cited else [])
        wanted = [s for s in wanted if not self._of_another_product(claim, s)]
        return any(_equal(claim, q) for s in wanted for q in quantities_in(s.text)) or self._is_derived(
            claim, [q for s in wanted for q in quantities_in(s.text)]
        )

    def _named(self, claim: Claim) -> list[tuple[BoundFact, Quantity]]:
        """Facts whose attribute is the last one named before the number: only they may bear it."""
        places = [
            (claim.clause.rfind(name) + len(name), item)
            for item in self._facts
            if (name := _attribute(item[0].name)) and name in claim.clause
        ]
        if not places:
            return []
        last = max(place for place, _ in places)
        return [
            item for place, item in places
            if place == last and self._same_entity(claim, item[0]) and _same_period(claim, item[0])
        ] or [(fact, _never(quantity)) for place, (fact, quantity) in places if place == last]  # fmt: skip

    def _same_entity(self, claim: Claim, fact: BoundFact) -> bool:
        if not fact.entity:
            return True
        named = [p for p in self._products if p.code in claim.sentence or (p.name and p.name in claim.sentence)]
        if not named:
            return True
        return any(fact.entity in (p.code, p.name) or (p.name and p.name in fact.entity) for p in named)

    def _of_another_product(self, claim: Claim, source: Source) -> bool:
        named = [p for p in self._products if p.code in claim.sentence or (p.name and p.name in claim.sentence)]
        if not named:
            return False
        held = [
            p
            for p in self._products
            if p.code in source.title + source.text or (p.name and p.name in source.title + source.text)
        ]
        return bool(held) and not any(p in held for p in named)

    def _is_derived(self, claim: Claim, known: list[Quantity]) -> bool:
        """A difference of two shown rates, in percentage points or where the sentence compares."""
        unit = claim.quantity.unit
        if unit not in ("pp", "bp", "%") or (unit == "%" and not _DIFFERENCE.search(claim.sentence)):
            return False
        rates = [(-q.value if q.negative else q.value) for q in known if q.unit == "%"][:_MOST_DERIVED]
        wanted = claim.quantity.value / (100 if unit == "bp" else 1)
        shown = [q for q in rates if _stands_in(q, claim.sentence)]
        return any(
            abs(abs(a - b) - wanted) <= claim.quantity.tolerance / (100 if unit == "bp" else 1)
            for i, a in enumerate(shown)
            for b in shown[i + 1 :]
        )

    def _hint(self, claim: Claim) -> str:
        magnitude = [
            (fact, q) for fact, q in self._facts
            if _same_class(claim.quantity.unit, q.unit)
            and abs(q.value - claim.quantity.value) <= claim.quantity.tolerance
        ]  # fmt: skip
        for fact, quantity in magnitude:
            if quantity.negative != claim.quantity.negative and not _MAGNITUDE.search(claim.clause):
                return f"，正负号与“{_said(fact)}”相反"
            return f"，它是“{_said(fact)}”，产品或期间对不上"
        near = [
            (abs(q.value - claim.quantity.value), i, f)
            for i, (f, q) in enumerate(self._facts)
            if _same_class(claim.quantity.unit, q.unit)
        ]
        return f"，最接近的是“{_said(min(near)[2])}”" if near else ""


def _said(fact: BoundFact) -> str:
    period = fact.period if fact.period and fact.period not in fact.name else ""
    return " ".join(part for part in (fact.entity, period, fact.name, f"{fact.value}{fact.unit}") if part)


def _never(quantity: Quantity) -> Quantity:
    """A quantity that no claim equals: the attribute is right, the product or period is not."""
    return Quantity(
        value=quantity.value, unit="∅", tolerance=Decimal(0), negative=quantity.negative,
        years=quantity.years, quote=quantity.quote,
    )  # fmt: skip


def _stands_in(rate: Decimal, sentence: str) -> bool:
    return format(abs(rate).normalize(), "f") in sentence or format(abs(rate), "f") in sentence


def _attribute(name: str) -> str:
    """The attribute without its year: 2024年净值增长率 -> 净值增长率."""
    return re.sub(r"(?:19|20)\d{2}(?:年(?:度)?|Q[1-4]|H[12])?(?:上半年|下半年|第?[一二三四1-4]季度)?", "", name).strip()


def _same_period(claim: Claim, fact: BoundFact) -> bool:
    mine = set(re.findall(r"(?:19|20)\d{2}", f"{fact.period or ''} {fact.name}"))
    return not claim.quantity.years or not mine or bool(mine & claim.quantity.years)


def _fact_quantity(fact: BoundFact) -> Quantity:
    unit, value = fact.unit.strip(), fact.value
    for scale in sorted(_SCALES, key=len, reverse=True):
        if unit.startswith(scale):
            unit, value = unit.removeprefix(scale), value * _SCALES[scale]
            break
    unit = {"％": "%", "个百分点": "pp", "百分点": "pp", "BP": "bp", "基点": "bp"}.get(unit, same_unit(unit))
    return Quantity(
        value=abs(value),
        unit=unit,
        tolerance=Decimal(0),
        negative=value < 0,
        years=frozenset(),
        quote=str(fact.value),
    )


def _equal(claim: Claim, known: Quantity) -> bool:
    mine = claim.quantity
    if not _same_class(mine.unit, known.unit) or abs(known.value - mine.value) > mine.tolerance:
        return False
    if known.years and mine.years and not known.years & mine.years:
        return False
    return known.negative == mine.negative or not known.value or bool(_MAGNITUDE.search(claim.clause))


def _same_class(mine: str, known: str) -> bool:
    """Same unit; a bare number agrees with any unit but a rate (a table's unit stands in its caption)."""
    if mine == known:
        return True
    rates = {"%", "pp", "bp", "‰", "‱", "∅"}
    if {mine, known} & rates:
        return False
    return "" in (mine, known)
