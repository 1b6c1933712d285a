"""How a number of a text and a known one of its size go together: product, period, attribute and words."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

from compliance_filters.numbers.evidence import Evidence, Known, shares_in
from compliance_filters.numbers.figures import LIMIT, Figure
from compliance_filters.numbers.labels import label_of
from compliance_filters.numbers.mentions import ANNUAL, BENCHMARK, EXCESS, MOVE, RETURN, Mention
from compliance_filters.numbers.pages import Page
from compliance_filters.numbers.periods import differ, is_long, kinds, of_other_lengths, of_other_parts, of_other_years
from compliance_filters.numbers.tiers import agree, tier_before
from mandarin.chinese_number import read_number

_EITHER = re.compile("前者|后者|两者|二者|两只|另一只|其他|同类平均")
_TIMES = frozenset("×xX*＊")  # before a weight: 沪深300指数收益率×80%
_AMOUNTS = ("size", "shares", "total_assets", "holders", "dividend", "earnings_per_share")
# Classes of which a bare 上涨 or 增长 may be the number.
_MOVING = frozenset(
    {"return", "annual", "benchmark", "drawdown", "move", "excess", "revenue", "profit", "nav", *_AMOUNTS}
)
_TOP = re.compile(r"前\s?([一二三四五六七八九十]{1,3}|\d{1,3})\s?[大名]")  # how many of the largest are added up
_YEARLY = re.compile("年均|年化|(?:平均|均)每年|每年(?!分别|依次|各|都)|一年平均")
_OF_ALL_YEARS = frozenset({RETURN, BENCHMARK, MOVE, EXCESS})
_MARKET = re.compile("基准|指数|大盘|市场|同类|平均|沪深|中证|[两二]者|对方|它")
LIMITS = re.compile("[上下]限|目标|约定|限制|不超过|不低于")  # what a share is held against, and nobody's share
_OF_SHARES = re.compile(r"每\s?(?P<n>\d{1,6}|[一十百千万]?)\s?[份股张]")
_UNTELLING = re.compile("合计|总额|金额|累计|市值|持有|当前|目前|单位|每[年月日期次]?")


@dataclass(frozen=True, kw_only=True)
class Match:
    """A known number, and what speaks against its being the one that a figure states."""

    evidence: Evidence
    hard: frozenset[str]  # for certain: product, period, attribute
    soft: frozenset[str]  # where a better number is known

    @property
    def fits(self) -> bool:
        return not self.hard and not self.soft


class Comparer:
    """Compares the figures of one page with what is known."""

    def __init__(self, page: Page, known: Known, products: list[Mention]) -> None:
        self._page, self._known = page, known
        self._products = products
        self._shares = shares_in(page.text)
        self._codes = frozenset(known.names.values())
        self._labels: dict[int, str] = {}
        self._yearly: dict[int, bool] = {}
        self._tiers: dict[int, frozenset[int]] = {}
        self._entities: dict[tuple[int, bool], tuple[Any, bool]] = {}
        self._named: dict[int, tuple[str, dict[str, int], int]] = {}

    def match(self, index: int, evidence: Evidence) -> Match:
        """What of figure `index` and the known number does not go together; sizes are not looked at."""
        hard: set[str] = set()
        soft: set[str] = set()
        figure = self._page.figures[index]
        self._compare_entity(index, figure, evidence, hard, soft)
        self._compare_period(index, evidence, hard, soft)
        self._compare_attribute(index, figure, evidence, hard, soft)
        return Match(evidence=evidence, hard=frozenset(hard), soft=frozenset(soft))

    def signs_agree(self, index: int, evidence: Evidence) -> bool:
        if self._page.figures[index].quantity.same_sign(evidence.quantity):
            return True
        attribute = self._page.reading(index).attribute or ""
        return attribute.rpartition(":")[2] in ("drawdown", "volatility")

    def says(self, index: int, other: Evidence, doubts: frozenset[str]) -> bool:
        """Whether a rival is known in those respects in which the equal numbers are in doubt."""
        reading = self._page.reading(index)
        known = {
            "product": bool(other.entity or other.share),
            "period": any(mine.agrees(theirs) for mine in reading.periods for theirs in other.periods),
            "former": other.former,
            "tier": agree(self._tier(index, self._page.figures[index]), other.tier),
            "attribute": bool(reading.attribute and other.attribute),
            "class": reading.attribute == other.attribute or (reading.attribute == MOVE and other.attribute == RETURN),
        }
        return all(known[doubt] for doubt in doubts)

    def means(self, index: int, other: Evidence, words: str) -> bool:
        """Whether a figure's own words speak of just what another number is: of its attribute, or of its name."""
        reading = self._page.reading(index)
        alike = reading.own_attribute and other.attribute == reading.attribute
        named = other.fact is not None and (alike or not reading.own_attribute) and names(other.qualifier, words)
        if not alike and not named:
            return False
        match = self.match(index, other)
        return not (match.hard | match.soft) - ({"period"} if named else frozenset())

    def backed(self, index: int, doubts: frozenset[str]) -> frozenset[str]:
        """Doubts without those of a limit (100万元以下), and of a member of a list that has neither attribute nor
        period of its own: what it is was taken over from words further before."""
        reading = self._page.reading(index)
        figure = self._page.figures[index]
        if LIMIT.match(self._page.text, figure.end):
            return frozenset()
        own = reading.own_attribute or reading.own_period or self._page.is_dated(index)
        return doubts if own or not self._page.is_enumerated(index) else doubts - {"attribute", "class", "period"}

    def label(self, index: int) -> str:
        """The words that tell what a figure is of, beside its attribute and period: 电子 of 其中电子36.2%."""
        if index not in self._labels:
            start, end = label_of(self._page, index)
            named = any(m.start < end and start < m.end for m in (*self._products, *self._shares))
            self._labels[index] = "" if named else self._page.text[start:end]
        return self._labels[index]

    def words_before(self, figure: Figure) -> str:
        return figure.label or self._page.text[figure.stretch : figure.start]

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
        if evidence.fact is None and not evidence.former and self._page.earlier(index):
            soft.add("former")
        agreed = [mine.agrees(theirs) for mine in reading.periods for theirs in evidence.periods]
        if not agreed:
            return
        if True in agreed:
            if reading.own_period and differ(reading.periods, evidence.periods):
                soft.add("period")
        elif False in agreed:
            certain = reading.own_period and (
                evidence.fact
                or ((evidence.own_period or evidence.former) and of_other_years(reading.periods, evidence.periods))
                or (evidence.sole_period and of_other_lengths(reading.periods, evidence.periods))
                or (evidence.sole_period and of_other_parts(reading.periods, evidence.periods))
            )
            (hard if certain else soft).add("period")
        elif reading.own_period and kinds(reading.periods) and kinds(evidence.periods):
            soft.add("period")

    def _compare_attribute(
        self, index: int, figure: Figure, evidence: Evidence, hard: set[str], soft: set[str]
    ) -> None:
        if figure.quantity.unit == "pp" or figure.rank or self._page.text[figure.start - 1 : figure.start] in _TIMES:
            return
        first, last = self._page.group(index)
        if _other_number_of(self.words_before(figure), evidence.words, members=last - first + 1):
            hard.add("attribute")
        if self._other_base(index, evidence) or _other_number_of_shares(self.words_before(figure), evidence.words):
            hard.add("attribute")
        if evidence.tier and (tier := self._tier(index, figure)) and not agree(tier, evidence.tier):
            soft.add("tier")
        reading = self._page.reading(index)
        mine, theirs = reading.attribute, evidence.attribute
        if mine == MOVE and (theirs or "").startswith(BENCHMARK) and not self._speaks_of_market(figure):
            soft.add("class")
        if mine and theirs and not _same_attribute(mine, theirs):
            certain = reading.own_attribute and evidence.fact and MOVE not in (mine, theirs)
            (hard if certain else soft).add("attribute")
        elif mine and theirs and mine != MOVE and not theirs.startswith(mine):
            soft.add("class")
        if evidence.qualifier or self._known.qualifiers:
            best, own = self._qualified(index, figure, evidence.qualifier)
            if evidence.fact and evidence.qualifier and best > max(1, own):
                soft.add("attribute")

    def _other_base(self, index: int, evidence: Evidence) -> bool:
        """Whether one is a rate a year and the other what several years came to."""
        theirs, yearly = evidence.attribute or "", self._is_yearly(index)
        if yearly == theirs.endswith(ANNUAL):
            return False
        reading = self._page.reading(index)
        if not any(is_long(period) for period in (*evidence.periods, *reading.periods)):
            return False
        if yearly:
            return theirs.rpartition(":")[2] in _OF_ALL_YEARS and not _YEARLY.search(evidence.words)
        return reading.attribute == RETURN and reading.own_attribute

    def _is_yearly(self, index: int) -> bool:
        """Whether a figure is told as a rate a year: 年化3.17%, 平均每年上涨3.17%."""
        if index not in self._yearly:
            mine = self._page.reading(index).attribute or ""
            words = self.words_before(self._page.figures[index])
            told = mine in ("", RETURN, MOVE) and _YEARLY.search(words) is not None
            self._yearly[index] = told or mine.endswith(ANNUAL)
        return self._yearly[index]

    def _tier(self, index: int, figure: Figure) -> frozenset[int]:
        """The days of holding that a rate is told for."""
        if index not in self._tiers:
            self._tiers[index] = tier_before(self._page.text, figure.start)
        return self._tiers[index]

    def _speaks_of_market(self, figure: Figure) -> bool:
        """Whether a rise may be that of an index: 同期指数上涨2.88%."""
        return _MARKET.search(self._page.text, figure.previous_end, figure.start) is not None

    def _qualified(self, index: int, figure: Figure, qualifier: str | None) -> tuple[int, int]:
        """How much the words before a figure share with any qualifier at best, and with this one.

        Each figure meets hundreds of known numbers, and their qualifiers are few: what they share is found once.
        """
        if index not in self._named:
            said = self.words_before(figure)
            shared = {q: _shared(q, said) for q in self._known.qualifiers}
            self._named[index] = said, shared, max(shared.values(), default=0)
        said, shared, best = self._named[index]
        if qualifier and qualifier not in shared:
            shared[qualifier] = _shared(qualifier, said)
        return best, shared[qualifier] if qualifier else 0


def names(qualifier: str | None, words: str) -> bool:
    """Whether words speak of what a fact is of: 赎回一笔 of 赎回合计."""
    telling = _UNTELLING.sub("", qualifier or "")
    if LIMITS.search(telling) and not LIMITS.search(words):
        return False  # 权益占30.1% is no 权益上限
    return len(telling) > 1 and _shared(telling, words) > 1


def _shared(qualifier: str, words: str) -> int:
    """How many neighbouring characters of a fact's name stand in the words: 3 of 已扣款期数 in 已扣款28期."""
    most = 0
    for start in range(len(qualifier)):  # what is no longer than the longest yet need not be looked for
        while start + most < len(qualifier) and qualifier[start : start + most + 1] in words:
            most += 1
    return most


def _other_number_of_shares(mine: str, theirs: str) -> bool:
    """Whether a sum is told of another number of shares: 每份派0.42元 of 每10份派0.42元."""
    told = [[read_number(m["n"] or "1").value for m in _OF_SHARES.finditer(words)][-1:] for words in (mine, theirs)]
    return all(told) and told[0] != told[1]


def _same_attribute(mine: str, theirs: str) -> bool:
    if mine == theirs or {mine, theirs} <= {BENCHMARK, EXCESS}:
        return True
    if mine == BENCHMARK and theirs.startswith(BENCHMARK):
        return True  # 最大回撤12%，同期基准15%: the benchmark's what, is said by the figure before
    if MOVE in (mine, theirs):
        return (theirs if mine == MOVE else mine) in _MOVING
    return False


def _other_number_of(said: str, known: str, members: int) -> bool:
    """前十大 where the source speaks of 前五大; of so many that are told one by one each is a `members`' own."""
    mine, theirs = _TOP.findall(said), _TOP.findall(known)
    if not (mine and theirs):
        return False
    told = read_number(mine[-1])
    return told != read_number(theirs[-1]) and told.value != members
