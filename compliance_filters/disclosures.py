"""Disclosures that must stand in a text; what an officer approved is appended, never composed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compliance_filters.clauses import Sentence, sentences
from compliance_filters.finding import Draft, Finding, ProductInContext, ReviewContext, Source, Target
from compliance_filters.normalise import plain_name
from compliance_filters.performance import is_expected, is_market
from compliance_filters.rules.pack import RulePack, compile_pattern
from compliance_filters.suitability import RecommendationReader
from mandarin.offsets import Mapped

_WRITTEN = frozenset({Target.ANSWER, Target.REPORT, Target.ADVISOR_MESSAGE})
_NO_RETURN = re.compile(
    r"费率|净利润|营业?收入|营收|毛利|GDP|CPI|PPI|渗透率|到期收益率|票面|股息率|国债收益率|无风险|目标|费用|利率|税|占"
)
_FUND = re.compile(
    r"基金|产品|净值|组合|该|本基金|同期|基准|业绩|这只|回报|近[一二三五1-5]年|\d{6}|[Rr][1-5]|您|账户|持有|以来|年化|排名|同类"
)
# A share of gains, a loss that somebody can bear, a condition and a promise show nothing that was earned.
_NOT_EARNED = re.compile(
    "如果|假如|倘若|要是|万一|哪怕|即使|一旦|若(?=净值|您|市场|期末|基金|产品)|承受|接受|忍受|睡不着|底线|止损|保证|承诺|保底"
)
_NOT_EARNED_BEHIND = re.compile("[^,;。!?\n]{0,6}(?:睡不着|受不了|就止损|就卖|就赎回|的话)")
_QUOTED = re.compile(
    '(?:别人|有人|您|客户|你)[^,;。!?\n“”]{0,10}(?:说|问|给|看|听)[^,;。!?\n“”]{0,6}[“"「][^”"」]{0,20}$'
)
_RANK = (
    r"(?:排名|排在|位列)[^,;。!?\n]{0,8}"
    r"(?:\d{1,5}/\d{1,5}|第[一二三四五六七八九十\d]{1,4}|前[一二三四五六七八九十\d]{1,4}%?)"
)
# 去年挣了3.2，基准2.7; 单位净值由1.000元升至2.184元
_BARE = (
    r"(?:去年|前年|今年|(?:19|20)\d\d年|一年)[^,;。!?\n]{0,4}(?:挣|赚|亏|涨|跌)了?\d{1,3}(?:\.\d{1,2})?(?=[,;。!?]|$)"
    r"|近[一二三五两]年(?:每年|逐年|各年)?(?:分别|依次)?(?:是|为)[-+]?\d{1,3}(?:\.\d{1,2})?%"
    r"|净值(?:从|由)\d{1,2}\.\d{1,4}元?(?:升|涨|增长|上升|上涨)(?:至|到)\d{1,2}\.\d"
)
# A table whose heading names a return and whose rows hold rates.
_TABLE = r"(?:净值增长率|收益率|回报率|涨幅)[^\n。]{0,80}\|[^\n。]{0,40}\n(?:\|[-:| ]{3,80}\n)?[^\n]{0,60}?\d%"
_RATE = re.compile(r"[%成]|百分|个点|排名|排在|位列|[挣赚亏涨跌]了?\d|净值[从由]")
_OUTSIDE = "client"  # what goes out by a channel that the pack does not know (wechat, email) goes to a client
_CITED = re.compile(r"\[(\d{1,3})\]")


class DisclosureFilter:
    """missing.past_performance, .risk_disclosure, .ai_label, .adviser_identity and .source."""

    name = "disclosures"

    def __init__(
        self,
        pack: RulePack,
        *,
        approved: Mapping[str, str] | None = None,
        complaint_phone: str = "",
        reader: RecommendationReader | None = None,
    ) -> None:
        self._pack = pack
        self._data: Mapping[str, Mapping[str, Any]] = pack.settings["disclosures"]
        self._approved = dict(approved or {})
        self._phone = f"投诉电话：{complaint_phone}。" if complaint_phone else ""
        self._channels = {"sidebar", *(name for item in self._data.values() for name in item["channels"])}
        self._present = {rule: compile_pattern(item["present"]) for rule, item in self._data.items()}
        self._shown = compile_pattern(
            r"(?<!基准为)(?:净值增长率?|(?<!固定)收益(?:率|(?![的类]))|回报率?|年化(?!波动|跟踪|标准差)|涨幅|跌幅|净值(?:从|由)|上涨|下跌|涨了|跌了"
            r"|赚了?|挣了|跑[赢输]|盈利)(?!率?标准差|率?波动)[^,;。!?\n×*]{0,12}?[-+]?{pct}|" + _RANK + "|" + _BARE
        )
        self._table = re.compile(_TABLE)
        self._research = compile_pattern(pack.settings["research_words"])
        self._research_benign = compile_pattern(pack.settings["research_benign"])
        self._publisher = compile_pattern(pack.settings["publisher"])
        self._dated = compile_pattern(pack.settings["dated"])
        self._recommendations = reader or RecommendationReader(pack)
        self._normalise = pack.normalise

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        """What is missing, each with the text that mends it where one is approved."""
        if draft.target not in _WRITTEN or not draft.text.strip():
            return ()
        source = self._normalise(draft.text)
        parts = sentences(source.text)
        found = [self._past_performance(draft, context, source, parts)]
        found += self._advice(draft, context, source)
        found += [self._ai_label(draft, context, source)]
        return tuple(f for f in found if f) + self._sources(draft, context, source, parts)

    def _asked_for(self, rule: str, context: ReviewContext, text: str) -> bool:
        channel = context.channel if context.channel in self._channels else _OUTSIDE
        return channel in self._data[rule]["channels"] and not self._present[rule].search(text)

    def _text(self, rule: str, products: Sequence[ProductInContext | None] = ()) -> str:
        """What was approved for these products, each text once, else what was approved for all."""
        texts = [self._approved_for(rule, product) for product in products if product is not None]
        return "\n".join(dict.fromkeys(texts)) if texts else self._general(rule)

    def _approved_for(self, rule: str, product: ProductInContext) -> str:
        """The text for a product's code, else for its type (混合型-偏股, then 混合型), else the general one."""
        kind = product.product_type or ""
        keys = [product.code, kind, kind.partition("-")[0]]
        mine: Mapping[str, str] = self._data[rule].get("by_product") or {}
        for key in filter(None, keys):
            text = self._approved.get(f"{rule}/{key}") or mine.get(key)
            if text:
                return str(text)
        return self._general(rule)

    def _general(self, rule: str) -> str:
        return self._approved.get(rule) or str(self._data[rule]["text"])

    def _past_performance(
        self, draft: Draft, context: ReviewContext, source: Mapped, parts: Sequence[Sentence]
    ) -> Finding | None:
        rule = "missing.past_performance"
        if not self._asked_for(rule, context, source.text):
            return None
        for start, end, text in self._displays(source.text, parts, context):
            products = [p for p in context.products if p.code in text or (p.name and plain_name(p.name) in text)]
            append = self._text(rule, products or context.products)
            return self._pack.rule(rule).finding(draft.text, *source.original_span(start, end), append=append)
        return None

    def _displays(self, text: str, parts: Sequence[Sentence], context: ReviewContext) -> Iterator[tuple[int, int, str]]:
        """Where a fund's return, rank or gain is shown: start, end, and the words around it."""
        for sentence in parts:
            if not _RATE.search(sentence.text) or is_expected(sentence.text):
                continue
            for shown in self._shown.finditer(sentence.text):
                begin = max(sentence.text.rfind(mark, 0, shown.start()) for mark in ",;") + 1
                if _NO_RETURN.search(sentence.text, begin, shown.end()) or _is_not_earned(sentence.text, begin, shown):
                    continue
                if _FUND.search(sentence.text) and not is_market(sentence.text, context):
                    yield sentence.start + shown.start(), sentence.start + shown.end(), sentence.text
        if "|" in text:
            for table in self._table.finditer(text):
                yield table.start(), table.end(), text

    def _advice(self, draft: Draft, context: ReviewContext, source: Mapped) -> list[Finding | None]:
        """Risk disclosure and the adviser's identity, wherever a product is recommended."""
        recommended = self._recommendations.read(draft, context)
        if not recommended:
            return []
        place = (recommended[0].start, recommended[0].end)
        found: list[Finding | None] = []
        if self._asked_for("missing.risk_disclosure", context, source.text):
            rule = self._pack.rule("missing.risk_disclosure")
            products = [item.product for item in recommended]
            found.append(rule.finding(draft.text, *place, append=self._text(rule.id, products)))
        if self._asked_for("missing.adviser_identity", context, source.text):
            rule = self._pack.rule("missing.adviser_identity")
            found.append(rule.finding(draft.text, *place, append=self._identity(context)))
        return found

    def _identity(self, context: ReviewContext) -> str | None:
        """The line with name and licence; None where they are unknown, so that an officer looks."""
        if not (context.adviser_name and context.adviser_licence):
            return None
        line = self._text("missing.adviser_identity")
        values = {"name": context.adviser_name, "licence": context.adviser_licence, "phone": self._phone}
        return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], ""), line)

    def _ai_label(self, draft: Draft, context: ReviewContext, source: Mapped) -> Finding | None:
        rule = "missing.ai_label"
        if not draft.generated or not self._asked_for(rule, context, source.text):
            return None
        end = len(draft.text)
        return self._pack.rule(rule).finding(draft.text, end, end, append=self._text(rule))

    def _sources(
        self, draft: Draft, context: ReviewContext, source: Mapped, parts: Sequence[Sentence]
    ) -> tuple[Finding, ...]:
        rule = self._pack.rule("missing.source")
        found: list[Finding] = []
        for sentence in parts:
            words = self._research.search(sentence.text)
            if not words or self._research_benign.search(sentence.text):
                continue
            if self._is_sourced(sentence, context.sources):
                continue
            place = source.original_span(sentence.start + words.start(), sentence.start + words.end())
            found.append(rule.finding(draft.text, *place))
        return tuple(found)

    def _is_sourced(self, sentence: Sentence, sources: tuple[Source, ...]) -> bool:
        if self._publisher.search(sentence.text) and self._dated.search(sentence.text):
            return True
        cited = {int(n) for n in _CITED.findall(sentence.text + sentence.after[:12])}
        return any(s.n in cited and s.publisher and s.published_on for s in sources)


def _is_not_earned(text: str, clause: int, shown: re.Match[str]) -> bool:
    """Whether the clause that begins at `clause` supposes, promises or quotes a return instead of showing one."""
    if _NOT_EARNED.search(text, clause, shown.end()) or _NOT_EARNED_BEHIND.match(text, shown.end()):
        return True
    return _QUOTED.search(text, 0, shown.start()) is not None
