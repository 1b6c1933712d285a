"""Every number of a text is bound to a fact or to a cited source; what is not goes back to the writer."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from compliance_filters.finding import Draft, Finding, ReviewContext, Target
from compliance_filters.numbers.derived import follows
from compliance_filters.numbers.evidence import Evidence, Known, SourcePage, digits_in_names, known_reader, shares_in
from compliance_filters.numbers.figures import Figure, citations
from compliance_filters.numbers.pages import BENCHMARK, EXCESS, MOVE, AttributeWords, Mention, Page
from compliance_filters.numbers.periods import Period
from compliance_filters.numbers.quantities import same_class
from compliance_filters.numbers.stated import StatedChecker
from compliance_filters.rules.pack import RulePack

_EITHER = re.compile("前者|后者|两者|二者|两只|另一只|其他|同类平均")
_FROM = re.compile(r"(?:从|由)[\u4e00-\u9fff]{0,4}$")
_MOVES_TO = re.compile(
    r"(?:大幅|小幅|逐步|略|进一步)?(?:(?P<down>下?降|下调|回落|缩短|减少|下滑|下行|压缩|降低|收窄)|上?升|上调|提高|提升|增加|扩大|回升|上行)"
    r"(?:到|至|为)(?:了|约)?"
)
_TIMES = frozenset("×xX*＊")  # before a weight: 沪深300指数收益率×80%
_RUNNING = frozenset({"rolling", "calendar", "life", "ytd"})  # periods over which something was earned
# Classes of which a bare 上涨 or 增长 may be the number.
_MOVING = frozenset({"return", "annual", "benchmark", "drawdown", "move", "excess", "revenue", "profit", "nav"})


@dataclass(frozen=True, kw_only=True)
class _Match:
    """How a claim and a known number of the same size go together."""

    evidence: Evidence
    hard: frozenset[str]  # what speaks against it for certain: product, period, attribute
    soft: frozenset[str]  # what speaks against it where a better number is known


class NumberFilter:
    """number.unverified for every number that no fact and no cited source supports."""

    name = "numbers"

    def __init__(self, pack: RulePack) -> None:
        self._rule = pack.rule("number.unverified")
        self._words = AttributeWords(pack.settings["attributes"])
        self._known = known_reader(self._words)
        self._stated = StatedChecker()

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        """Findings in order of place; nothing where the context says that numbers are not checked."""
        if draft.target in (Target.CLIENT_INPUT, Target.ADVISOR_SPEECH) or not context.numbers_are_checked:
            return ()
        known = self._known(context.facts, context.sources, context.products)
        text = draft.text
        products = known.products_in(text)
        page = Page(text, self._words, digits_in_names(text, products))
        judge = _Judge(page, known, products, context)
        faults = [*judge.faults(), *self._stated.faults(text, known, context, products)]
        return tuple(self._finding(text, *fault) for fault in sorted(faults))

    def _finding(self, text: str, start: int, end: int, why: str) -> Finding:
        reason = self._rule.reason.replace("{quote}", text[start:end]).replace("{why}", why)
        return self._rule.finding(text, start, end, reason=reason)


class _Judge:
    """Binds the figures of one text to what is known."""

    def __init__(self, page: Page, known: Known, products: list[Mention], context: ReviewContext) -> None:
        self._page, self._known, self._context = page, known, context
        self._products = products
        self._shares = shares_in(page.text)
        self._codes = frozenset(known.names.values())
        self._entities: dict[tuple[int, bool], tuple[Any, bool]] = {}

    def faults(self) -> Iterator[tuple[int, int, str]]:
        """(start, end, why) of each number that is not bound."""
        for index, figure in enumerate(self._page.figures):
            if figure.said:
                why = self._fault(index, figure)
                why = self._turned(index, figure) if why is None else why
                if why is not None:
                    yield figure.start, figure.end, why

    def _fault(self, index: int, figure: Figure) -> str | None:
        cited = citations(self._page.text, figure) if self._known.sources else frozenset()
        matches: list[_Match] = []
        for evidence in self._equal(figure, cited):
            if self._signs_agree(index, figure, evidence):
                matches.append(self._match(index, figure, evidence))
                if not matches[-1].hard and not matches[-1].soft:
                    return None
        if any(not m.hard for m in matches) and not self._better(index, figure, cited, matches):
            return None
        turned = not matches and any(self._equal(figure, cited))
        if not turned and follows(self._page, index, self._known, self._context):
            return None
        if not figure.strict and not self._has_rival(index, figure, cited):
            return None
        return self._why(index, figure, cited, matches)

    def _turned(self, index: int, figure: Figure) -> str | None:
        """What is wrong where words and numbers run against each other: 从55%降到60%."""
        before = self._page.figures[index - 1] if index else None
        if before is None or before.end < figure.sentence or before.quantity.unit != figure.quantity.unit:
            return None
        words = _MOVES_TO.fullmatch(self._page.text, before.end, figure.start)
        if words is None or not _FROM.search(self._page.text[max(0, before.start - 8) : before.start]):
            return None
        rises = figure.quantity.value > before.quantity.value
        wrong = rises if words["down"] else not rises and figure.quantity.value != before.quantity.value
        return "，与前一个数字的升降方向相反" if wrong else None

    def _pool(self, cited: frozenset[int]) -> Iterator[Evidence]:
        yield from self._known.facts
        for held in self._cited(cited):
            yield from (held.evidence(i) for i in range(len(held.page.figures)))

    def _cited(self, cited: frozenset[int]) -> list[SourcePage]:
        return [held for held in self._known.sources if not cited or held.source.n in cited]

    def _equal(self, figure: Figure, cited: frozenset[int]) -> Iterator[Evidence]:
        """Known numbers of the same size and unit; distances may be kept in per cent."""
        mine = figure.quantity
        for fact in self._known.facts:
            if mine.same_size(fact.quantity) or _same_distance(figure, fact):
                yield fact
        low, high = mine.range
        for held in self._cited(cited):
            for index in held.page.between(low, high):
                if mine.same_size(held.page.figures[index].quantity):
                    yield held.evidence(index)

    def _signs_agree(self, index: int, figure: Figure, evidence: Evidence) -> bool:
        if figure.quantity.same_sign(evidence.quantity):
            return True
        attribute = self._page.reading(index).attribute or ""
        return attribute.rpartition(":")[2] in ("drawdown", "volatility")

    def _match(self, index: int, figure: Figure, evidence: Evidence) -> _Match:
        hard: set[str] = set()
        soft: set[str] = set()
        self._compare_entity(index, figure, evidence, hard, soft)
        self._compare_period(index, evidence, hard, soft)
        self._compare_attribute(index, figure, evidence, hard, soft)
        return _Match(evidence=evidence, hard=frozenset(hard), soft=frozenset(soft))

    def _compare_entity(self, index: int, figure: Figure, evidence: Evidence, hard: set[str], soft: set[str]) -> None:
        for mentions, theirs in ((self._products, evidence.entity), (self._shares, evidence.share)):
            if not theirs or not mentions or (mentions is self._products and theirs not in self._codes):
                continue
            mine, own = self._entity(index, mentions)
            if mine is None or mine == theirs or self._is_one_of_two(figure, mentions):
                continue
            (hard if own else soft).add("product")

    def _is_one_of_two(self, figure: Figure, mentions: list[Mention]) -> bool:
        """Whether 前者, 后者 and the like, after the last name, say whose figure it is."""
        last = bisect_left(mentions, (figure.start,)) - 1
        begin = max(figure.stretch, mentions[last].end) if last >= 0 else figure.stretch
        return bool(_EITHER.search(self._page.text, begin, figure.start))

    def _entity(self, index: int, mentions: list[Mention]) -> tuple[Any, bool]:
        key = (index, mentions is self._products)
        if key not in self._entities:
            self._entities[key] = self._page.entity(index, mentions)
        return self._entities[key]

    def _compare_period(self, index: int, evidence: Evidence, hard: set[str], soft: set[str]) -> None:
        reading = self._page.reading(index)
        agreed = [mine.agrees(theirs) for mine in reading.periods for theirs in evidence.periods]
        if not agreed:
            return
        if True in agreed:
            if reading.own_period and _differs(reading.periods, evidence.periods):
                soft.add("period")
        elif False in agreed:
            certain = reading.own_period and (evidence.fact or _other_years(reading.periods, evidence.periods))
            (hard if certain else soft).add("period")
        elif reading.own_period and _kinds(reading.periods) and _kinds(evidence.periods):
            soft.add("period")

    def _compare_attribute(
        self, index: int, figure: Figure, evidence: Evidence, hard: set[str], soft: set[str]
    ) -> None:
        if figure.quantity.unit == "pp" or figure.rank or self._page.text[figure.start - 1 : figure.start] in _TIMES:
            return
        reading = self._page.reading(index)
        mine, theirs = reading.attribute, evidence.attribute
        if mine and theirs and not _same_attribute(mine, theirs):
            certain = reading.own_attribute and evidence.fact and MOVE not in (mine, theirs)
            (hard if certain else soft).add("attribute")
        elif mine and theirs and mine != MOVE and not theirs.startswith(mine):
            soft.add("class")
        if evidence.qualifier or self._known.qualifiers:
            said = self._words_before(figure)
            best = max((_shared(q, said) for q in self._known.qualifiers), default=0)
            if evidence.fact and evidence.qualifier and best > max(1, _shared(evidence.qualifier, said)):
                soft.add("attribute")

    def _words_before(self, figure: Figure) -> str:
        return figure.label or self._page.text[figure.stretch : figure.start]

    def _better(self, index: int, figure: Figure, cited: frozenset[int], matches: list[_Match]) -> bool:
        """Whether a known number of another size fits the claim's words in what the equal ones do not fit."""
        doubts = frozenset.union(*(m.soft for m in matches if not m.hard))
        sizes = [m.evidence for m in matches]
        for other in self._pool(cited):
            if not same_class(figure.quantity.unit, other.quantity.unit) or other in sizes:
                continue
            if figure.quantity.same_size(other.quantity):
                continue
            rival = self._match(index, figure, other)
            if not rival.hard and not rival.soft and self._says(index, other, doubts):
                return True
        return False

    def _says(self, index: int, other: Evidence, doubts: frozenset[str]) -> bool:
        """Whether a rival is known in those respects in which the equal numbers are in doubt."""
        reading = self._page.reading(index)
        known = {
            "product": bool(other.entity or other.share),
            "period": any(mine.agrees(theirs) for mine in reading.periods for theirs in other.periods),
            "attribute": bool(reading.attribute and other.attribute),
            "class": reading.attribute == other.attribute,
        }
        return all(known[doubt] for doubt in doubts)

    def _has_rival(self, index: int, figure: Figure, cited: frozenset[int]) -> bool:
        """Whether something of the same unit is known that the words could mean."""
        unit = figure.quantity.unit
        mine = self._page.reading(index).attribute
        quote = self._page.text[figure.start : figure.end]
        written = any(char.isdigit() for char in quote) or (unit != "个月" and figure.quantity.value > 10)
        for other in self._pool(cited):
            if unit and other.quantity.unit == unit:
                match = self._match(index, figure, other)
                if not match.hard and not match.soft and (other.attribute == mine if mine else written):
                    return True
        return False

    def _why(self, index: int, figure: Figure, cited: frozenset[int], matches: list[_Match]) -> str:
        """What is wrong, with the nearest known number, in Chinese."""
        if matches:
            return f"，它是“{matches[0].evidence.said()}”，产品、期间或指标对不上"
        turned = next(self._equal(figure, cited), None)
        if turned is not None:
            return f"，正负号与“{turned.said()}”相反"
        mine = figure.quantity
        near = [
            (len(m.hard) + len(m.soft), abs(e.quantity.value - mine.value), n, e)
            for n, e in enumerate(self._pool(cited))
            if same_class(mine.unit, e.quantity.unit) and mine.unit and (m := self._match(index, figure, e))
        ]
        return f"，最接近的是“{min(near)[3].said()}”" if near else ""


def _shared(qualifier: str, words: str) -> int:
    """How many neighbouring characters of a fact's name stand in the words: 3 of 已扣款期数 in 已扣款28期."""
    sizes = range(len(qualifier), 0, -1)
    return next((n for n in sizes if any(qualifier[i : i + n] in words for i in range(len(qualifier) - n + 1))), 0)


def _same_distance(figure: Figure, fact: Evidence) -> bool:
    """跑赢0.22% and 超额收益0.22个百分点 mean the same."""
    units = {figure.quantity.unit, fact.quantity.unit}
    if units != {"pp", "%"} or fact.attribute != EXCESS:
        return False
    return abs(figure.quantity.value - fact.quantity.value) <= figure.quantity.tolerance


def _same_attribute(mine: str, theirs: str) -> bool:
    if mine == theirs or {mine, theirs} <= {BENCHMARK, EXCESS}:
        return True
    if mine == BENCHMARK and theirs.startswith(BENCHMARK):
        return True  # 最大回撤12%，同期基准15%: the benchmark's what, is said by the figure before
    if MOVE in (mine, theirs):
        return (theirs if mine == MOVE else mine) in _MOVING
    return False


def _kinds(periods: tuple[Period, ...]) -> set[str]:
    return {period.kind for period in periods} & _RUNNING


def _differs(mine: tuple[Period, ...], theirs: tuple[Period, ...]) -> bool:
    """2024年 and 2024年上半年 agree, and are not the same."""
    pairs = [(a, b) for a in mine for b in theirs if a.kind == b.kind == "calendar"]
    return bool(pairs) and all(a != b for a, b in pairs)


def _other_years(mine: tuple[Period, ...], theirs: tuple[Period, ...]) -> bool:
    years = [(a.year, b.year) for a in mine for b in theirs if a.year and b.year]
    return bool(years) and all(a != b for a, b in years)
