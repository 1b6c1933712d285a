"""Every number of a text is bound to a fact or to a cited source; what is not goes back to the writer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from compliance_filters.finding import (
    BoundFact,
    Draft,
    Finding,
    ProductInContext,
    ReviewContext,
    Source,
    Target,
)
from compliance_filters.rules import RulePack
from mandarin.numerals import Numeral, NumeralKind, find_numerals

_SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?\n]*(?:\s?[\[【〔]\d{1,3}[\]】〕])*")
_MARK = re.compile(r"[\[【〔](\d{1,3})[\]】〕]")
_LIST_NUMBER = re.compile(r"^\s*[(（]?\d{1,3}(?:\.\d{1,2}){0,3}[.、)）\s](?!\d)", re.M)
_INDEX_NAME = re.compile(
    r"(?:沪深|中证|上证|深证|标普|创业板|科创(?:板)?|纳斯达克|恒生|国证|道琼斯|纳指|罗素|日经|富时|MSCI|A|T\+|R|C|Q|H)\s?$"
)
_SKIPPED_BEFORE = re.compile(
    r"(?:电话|热线|拨打|客服|代码|编号|邮编|传真|第|页码?|版本|登记号|表|图|附注|条款)[为是:：\s]{0,2}$"
)
_RELATIVE = re.compile(r"(?:近|过去|最近|每|未来|满|前|后|逾|历时|为期)$")
_NEGATIVE = re.compile(
    r"(?:下跌|下降|亏损|减少|回落|下滑|缩水|下行|跌幅|降幅|负增长|跌|亏|降|负)(?:了|至|约|达|幅|超过|近|为|逾)?\s?$"
)
_MAGNITUDE = re.compile(r"回撤|跌幅|降幅|波动|偏离|亏损|跟踪误差")
_DIFFERENCE = re.compile(r"跑赢|跑输|超过|超越|超额|高于|低于|高出|相差|差|落后|领先|增加|减少|提高|上升|下降|多|少|较")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?=年|[-/.]\d|Q[1-4]|H[12]|[1-4]季|[一二三四]季|上半|下半)")
_SCALES = {
    "万": Decimal(10_000),
    "亿": Decimal(100_000_000),
    "千": Decimal(1_000),
    "百万": Decimal(1_000_000),
}
_TIME_UNITS = re.compile("月|季度|周|年|天|日|小时|分钟")
_PIECE = 2_000  # characters read at once
_MOST_DERIVED = 60  # values of which differences are tried


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number with the class of its unit and the precision it was written with."""

    value: Decimal
    unit: str  # "%", "pp", "‱", "元", "美元", ..., "" where none is said
    tolerance: Decimal
    negative: bool
    years: frozenset[str]
    quote: str


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A number of the judged text with the words around it."""

    quantity: Quantity
    start: int
    end: int
    clause: str  # the words before it in its clause
    sentence: str
    cited: frozenset[int]


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
    return tuple(
        text[c.start : c.end]
        for c in claims(text)
        if not book.in_sources(Claim(**{**c.__dict__, "cited": frozenset()}))
    )


def claims(text: str) -> Iterator[Claim]:
    """The numbers of a text that say something: no dates, codes, list numbers, levels or citation marks."""
    position = 0
    while position < len(text):  # by pieces of whole lines or sentences, so that work stays linear
        end = len(text) if len(text) - position <= _PIECE else _piece_end(text, position)
        yield from _claims_of(text[position:end], position)
        position = end


def _piece_end(text: str, start: int) -> int:
    cut = max(text.rfind(mark, start, start + _PIECE) for mark in "。\n！？")
    return cut + 1 if cut > start else start + _PIECE


def _claims_of(text: str, offset: int) -> Iterator[Claim]:
    masked = _LIST_NUMBER.sub(_blank, _MARK.sub(_blank, text))
    numerals = find_numerals(masked)
    sentences = [(m.start(), m.end(), m.group()) for m in _SENTENCE.finditer(text)]
    index = 0
    for numeral in numerals:
        while index < len(sentences) - 1 and sentences[index][1] <= numeral.start:
            index += 1
        if not sentences or not _says_something(numeral, masked):
            continue
        start, _, body = sentences[index]
        yield Claim(
            quantity=_quantity(numeral, masked, frozenset(_YEAR.findall(body))),
            start=offset + numeral.start,
            end=offset + numeral.end,
            clause=re.split("[，,；;：:（(]", masked[start : numeral.start])[-1],
            sentence=body,
            cited=frozenset(int(n) for n in _MARK.findall(body)),
        )


def _blank(found: re.Match[str]) -> str:
    return "□" * len(found.group())


def _says_something(numeral: Numeral, text: str) -> bool:
    before, after = text[max(0, numeral.start - 8) : numeral.start], text[numeral.end : numeral.end + 3]
    if numeral.kind in (NumeralKind.DATE, NumeralKind.CODE, NumeralKind.ORDINAL) or "*" in before[-2:] + after[:2]:
        return False
    if _INDEX_NAME.search(before) or _SKIPPED_BEFORE.search(before):
        return False
    if numeral.kind is not NumeralKind.COUNT:
        return True
    written = any(char.isdigit() and char.isascii() for char in numeral.quote)
    if _TIME_UNITS.search(numeral.unit) and (_RELATIVE.search(before) or not written):
        return False
    if not written:
        return numeral.value > 10
    rank = "/" in before[-1:] + after[:1]
    return bool(numeral.unit) or "." in numeral.quote or "," in numeral.quote or numeral.value >= 10 or rank


def _quantity(numeral: Numeral, text: str, years: frozenset[str]) -> Quantity:
    before = re.split("[，,；;。：:、]", text[max(0, numeral.start - 10) : numeral.start])[-1]
    return Quantity(
        value=abs(numeral.value),
        unit=_unit(numeral),
        tolerance=_tolerance(numeral),
        negative=numeral.value < 0 or bool(_NEGATIVE.search(before)),
        years=years,
        quote=numeral.quote,
    )


def _unit(numeral: Numeral) -> str:
    if numeral.kind is NumeralKind.PERCENT:
        return "%"
    if numeral.kind in (NumeralKind.PERCENTAGE_POINTS, NumeralKind.BASIS_POINTS):
        return "pp" if numeral.kind is NumeralKind.PERCENTAGE_POINTS else "bp"
    return _same_unit(numeral.unit)


def _same_unit(unit: str) -> str:
    plain = unit.removeprefix("个")
    same = {
        "人民币": "元",
        "日": "天",
        "自然日": "天",
        "户": "户",
        "名": "人",
        "位": "人",
        "支": "只",
        "周年": "年",
    }
    return same.get(plain, plain)


def _tolerance(numeral: Numeral) -> Decimal:
    """Half of the last written digit, so that a rounded figure is bound to the exact one."""
    if numeral.kind is NumeralKind.COUNT and "." not in numeral.quote:
        return Decimal(0)
    found = re.search(r"\d[\d,]*(?:\.(\d+))?\s?((?:百万|千万|[百千万亿])*)", numeral.quote)
    if found:
        step = Decimal(1).scaleb(-len(found[1] or ""))
        for char in found[2]:
            step *= {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}[char]
    else:
        step = Decimal(1).scaleb(int(numeral.value.normalize().as_tuple().exponent)) if numeral.value else Decimal(1)
    return step if numeral.approximate else step / 2


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
        return any(_equal(claim, q) for s in wanted for q in _quantities(s.text)) or self._is_derived(
            claim, [q for s in wanted for q in _quantities(s.text)]
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
    unit = {"％": "%", "个百分点": "pp", "百分点": "pp", "BP": "bp", "基点": "bp"}.get(unit, _same_unit(unit))
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


@lru_cache(maxsize=512)
def _quantities(text: str) -> tuple[Quantity, ...]:
    """The numbers of a source, line by line, each with the years of its own line."""
    found: list[Quantity] = []
    for line in re.split(r"[\n。；;]", text):
        years = frozenset(_YEAR.findall(line))
        found += [_quantity(n, line, years) for n in find_numerals(line) if n.kind is not NumeralKind.DATE]
    return tuple(found)
