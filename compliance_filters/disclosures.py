"""Disclosures that must stand in a text; what an officer approved is appended, never composed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from compliance_filters.clauses import Sentence, sentences
from compliance_filters.finding import Draft, Finding, ReviewContext, Source, Target
from compliance_filters.normalise import Normaliser
from compliance_filters.rules import RulePack, compile_pattern
from compliance_filters.suitability import RecommendationReader
from mandarin.offsets import Mapped

_WRITTEN = frozenset({Target.ANSWER, Target.REPORT, Target.ADVISOR_MESSAGE})
_NO_RETURN = re.compile(
    r"费率|净利润|营业?收入|营收|毛利|GDP|CPI|PPI|渗透率|到期收益率|票面|股息率|国债收益率|无风险|假设|情景|目标|费用|利率|税"
)
_FUND = re.compile(
    r"基金|产品|净值|组合|该|本基金|同期|基准|业绩|这只|回报|近[一二三五1-5]年|\d{6}|[Rr][1-5]|您|账户|持有|以来|年化|排名|同类"
)
_RANK = (
    r"(?:排名|排在|位列)[^,;。!?\n]{0,8}"
    r"(?:\d{1,5}/\d{1,5}|第[一二三四五六七八九十\d]{1,4}|前[一二三四五六七八九十\d]{1,4}%?)"
)
_CITED = re.compile(r"\[(\d{1,3})\]")


class DisclosureFilter:
    """missing.past_performance, .risk_disclosure, .ai_label, .adviser_identity and .source."""

    name = "disclosures"

    def __init__(self, pack: RulePack, *, approved: Mapping[str, str] | None = None, complaint_phone: str = "") -> None:
        self._pack = pack
        self._data: Mapping[str, Mapping[str, Any]] = pack.settings["disclosures"]
        self._approved = dict(approved or {})
        self._phone = f"投诉电话：{complaint_phone}。" if complaint_phone else ""
        self._present = {rule: compile_pattern(item["present"]) for rule, item in self._data.items()}
        self._shown = compile_pattern(
            r"(?<!基准为)(?:净值增长率?|收益率?|回报率?|年化|涨幅|跌幅|净值|上涨|下跌|涨了|跌了|赚了?|盈利|收益)"
            r"[^,;:。!?\n×*]{0,12}?[-+]?{pct}|" + _RANK
        )
        self._research = compile_pattern(pack.settings["research_words"])
        self._research_benign = compile_pattern(pack.settings["research_benign"])
        self._publisher = compile_pattern(pack.settings["publisher"])
        self._dated = compile_pattern(pack.settings["dated"])
        self._recommendations = RecommendationReader(pack)
        self._normalise = Normaliser(pack.lexicon)

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
        return context.channel in self._data[rule]["channels"] and not self._present[rule].search(text)

    def _text(self, rule: str) -> str:
        return self._approved.get(rule) or str(self._data[rule]["text"])

    def _past_performance(
        self, draft: Draft, context: ReviewContext, source: Mapped, parts: list[Sentence]
    ) -> Finding | None:
        rule = "missing.past_performance"
        if not self._asked_for(rule, context, source.text):
            return None
        for sentence in parts:
            shown = self._shown.search(sentence.text)
            if shown and not _NO_RETURN.search(sentence.text) and _FUND.search(sentence.text):
                place = source.original_span(sentence.start + shown.start(), sentence.start + shown.end())
                return self._pack.rule(rule).finding(draft.text, *place, append=self._text(rule))
        return None

    def _advice(self, draft: Draft, context: ReviewContext, source: Mapped) -> list[Finding | None]:
        """Risk disclosure and the adviser's identity, wherever a product is recommended."""
        recommended = self._recommendations.read(draft, context)
        if not recommended:
            return []
        place = (recommended[0].start, recommended[0].end)
        found: list[Finding | None] = []
        if self._asked_for("missing.risk_disclosure", context, source.text):
            rule = self._pack.rule("missing.risk_disclosure")
            found.append(rule.finding(draft.text, *place, append=self._text(rule.id)))
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
        self, draft: Draft, context: ReviewContext, source: Mapped, parts: list[Sentence]
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
