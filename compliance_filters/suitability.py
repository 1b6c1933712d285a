"""Suitability, shelf and restricted list: only products that the text recommends, by C/R matrix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from compliance_filters.clauses import ClauseReader, Sentence, Stance, sentences
from compliance_filters.finding import Draft, Finding, Outcome, ProductInContext, ReviewContext, Target
from compliance_filters.normalise import plain_name
from compliance_filters.product_mentions import Mention, guessed_mentions, product_mentions
from compliance_filters.rules.pack import RulePack, compile_pattern
from mandarin.offsets import Mapped

# 再加两万: what is bought was named before
_OF_AMOUNT = re.compile(r"[^,;。]{0,3}?(?:\d|[一二两三四五六七八九十]{1,3}(?=[万千百成]))")
_ANAPHORA = re.compile("这只|它|该基金|该产品|这款|此基金|此产品|本基金|这个产品|这支")
_HOUSE = 2  # characters of a fund's name that are its house
_CLAUSE_REST = re.compile("[^,;。!?\n]{1,40}")
_BUYS = re.compile("买(?![的了过前])|申购|认购|配(?:一?[点些置]|上|个)|定投|加仓|参与|转入|入手")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_STRANGER = "不认识所推荐的“{quote}”，无从判断它是否在代销货架上、是否适合客户，请合规人员复核。"
_LOWEST = "C1"  # nobody's insistence lifts the lowest class
_EXCHANGED = re.compile("换成|转换成|转换为|换为|换到|转入|调整为|置换成|切换到|调仓到")
_JUDGED = frozenset({Target.ANSWER, Target.REPORT, Target.ADVISOR_MESSAGE, Target.ADVISOR_SPEECH})


@dataclass(frozen=True, kw_only=True)
class Recommended:
    """A product that the text recommends; `product` is None when its code is unknown to the context."""

    code: str
    product: ProductInContext | None
    start: int  # of the mention, in the text handed in
    end: int
    guessed: bool = False  # by the shape of a name alone


class RecommendationReader:
    """Reads which products a text recommends, as opposed to merely mentions."""

    def __init__(self, pack: RulePack) -> None:
        words = sorted(pack.settings["recommend_cues"], key=len, reverse=True)
        patterns = [compile_pattern(p).pattern for p in pack.settings.get("recommend_patterns") or ()]
        self._cues = re.compile("|".join([*map(re.escape, words), *patterns]))
        self._innocent = tuple(compile_pattern(p) for p in pack.settings["recommend_innocent"])
        self._clauses = ClauseReader(pack.lexicon)
        self._normalise = pack.normalise
        self._last: tuple[Draft, ReviewContext, tuple[Recommended, ...]] | None = None

    def read(self, draft: Draft, context: ReviewContext) -> tuple[Recommended, ...]:
        """The recommended products in order of place, each once. Two filters ask for the same text in turn."""
        last = self._last
        if last is not None and last[0] is draft and last[1] is context:
            return last[2]
        found = self._read(draft, context)
        self._last = (draft, context, found)
        return found

    def strangers(self, draft: Draft, context: ReviewContext) -> tuple[Recommended, ...]:
        """Recommended funds that nobody handed in, by the shape of their names: a doubt, where `read` is certain.

        What `read` finds stays as it is, so that no guess stands in place of a product that is known.
        """
        source = self._normalise(draft.text)
        if context.recommends is not None or not self._cues.search(source.text):
            return ()
        mentions = product_mentions(source.text, context)
        guesses = set(guessed_mentions(source.text, mentions, context))
        if not guesses:
            return ()
        both = sorted([*mentions, *guesses], key=lambda m: (m.start, -m.end))
        meant = self._chosen(source.text, both, context)
        return tuple(replace(_placed(m, source), guessed=True) for m in meant if m in guesses)

    def _read(self, draft: Draft, context: ReviewContext) -> tuple[Recommended, ...]:
        source = self._normalise(draft.text)
        if context.recommends is not None:
            return _declared(context.recommends, product_mentions(source.text, context), source, context)
        if not self._cues.search(source.text):
            return ()
        return tuple(
            _placed(m, source) for m in self._chosen(source.text, product_mentions(source.text, context), context)
        )

    def _chosen(self, text: str, mentions: list[Mention], context: ReviewContext) -> list[Mention]:
        """The recommended ones in order of place, each once."""
        chosen: dict[str, Mention] = {}
        parts = sentences(text)
        for index, sentence in enumerate(parts):
            before = parts[index - 1] if index else None
            for mention in self._recommended_in(sentence, before, mentions, context):
                chosen.setdefault(mention.code, mention)
        return sorted(chosen.values(), key=lambda m: m.start)

    def _recommended_in(
        self, sentence: Sentence, before: Sentence | None, mentions: list[Mention], context: ReviewContext
    ) -> list[Mention]:
        found: list[Mention] = []
        if not self._cues.search(sentence.text):
            return found
        shielded = [m.span() for pattern in self._innocent for m in pattern.finditer(sentence.text)]
        shielded += [(m.start - sentence.start, m.end - sentence.start) for m in mentions]  # 优选 within a name
        for cue in self._cues.finditer(sentence.text):
            if any(start < cue.end() and cue.start() < end for start, end in shielded):
                continue
            if self._clauses.stance(sentence, *cue.span()) is Stance.ASSERTED:
                bought = _OF_AMOUNT.match(sentence.text, cue.end()) is not None
                meant = self._meant(sentence, before, cue.start(), mentions) or self._topic(sentence, mentions, bought)
                found += meant or _sole(sentence, cue, context)
        return found

    def _topic(self, sentence: Sentence, mentions: list[Mention], bought: bool) -> list[Mention]:
        """The one product that the text is about, where an amount of it is proposed and nothing is named."""
        named = [m for m in mentions if m.start < sentence.start]
        return named[-1:] if bought and len({m.code for m in mentions}) == 1 else []

    def _meant(self, sentence: Sentence, before: Sentence | None, cue: int, mentions: list[Mention]) -> list[Mention]:
        """Products of the cue's own clause, else the nearest in the sentence, else the one 它 stands for."""
        here = [m for m in mentions if sentence.start <= m.start < sentence.end]
        clause = next(c for c in reversed(self._clauses.clauses(sentence.text)) if c.start <= cue)
        begin, end = sentence.start + clause.start, sentence.start + clause.end
        own = [m for m in here if begin <= m.start < end]
        exchanged = _EXCHANGED.search(sentence.text, clause.start, clause.end)
        if exchanged:  # of what is given up for something else only the other is recommended
            own = [m for m in own if m.start >= sentence.start + exchanged.end()] or own
            if not own:
                return []  # 不妨换成货币基金，X的波动太大
        if own:
            return own
        preceding = [m for m in here if m.start < sentence.start + cue]
        if here:
            return preceding[-1:] or here[:1]
        if before is None or not _ANAPHORA.search(sentence.text):
            return []
        return [m for m in mentions if before.start <= m.start < before.end][-1:]


def _sole(sentence: Sentence, cue: re.Match[str], context: ReviewContext) -> list[Mention]:
    """The one product handed in, where buying is urged of 这只 or of its house: 申购一部分海峤FOF."""
    if len(context.products) != 1:
        return []
    product = context.products[0]
    house = plain_name(product.name)[:_HOUSE]
    clause = _CLAUSE_REST.match(sentence.text, cue.start())
    urged = clause is not None and _BUYS.search(clause.group())
    if not urged or not (_ANAPHORA.search(sentence.text) or (len(house) == _HOUSE and house in sentence.text)):
        return []
    start = sentence.start + cue.start()
    return [Mention(code=product.code, product=product, start=start, end=sentence.start + cue.end())]


class SuitabilityFilter:
    """suitability.mismatch, suitability.unknown, product.off_shelf and product.restricted."""

    name = "suitability"

    def __init__(self, pack: RulePack, reader: RecommendationReader | None = None) -> None:
        self._pack = pack
        self._matrix = {str(c): str(r) for c, r in pack.settings["suitability_matrix"].items()}
        self._reader = reader or RecommendationReader(pack)
        self._listed = compile_pattern(pack.settings.get("restricted_source") or "(?!)")
        self._withdrawn = compile_pattern(pack.settings.get("withdrawn_source") or "(?!)")

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        """One finding a rule and recommended product."""
        if draft.target not in _JUDGED:
            return ()
        known = self._reader.read(draft, context)
        # Of a call nobody knows beforehand which products it will name: there a guess would be a finding in each.
        guessed = () if draft.target is Target.ADVISOR_SPEECH else self._reader.strangers(draft, context)
        return tuple(finding for item in (*known, *guessed) for finding in self._of(draft, item, context))

    def _of(self, draft: Draft, item: Recommended, context: ReviewContext) -> list[Finding]:
        return [
            self._pack.rule(r).finding(draft.text, item.start, item.end, **c) for r, c in self._broken(item, context)
        ]

    def _broken(self, item: Recommended, context: ReviewContext) -> Iterator[tuple[str, dict[str, Any]]]:
        """Rules that the recommendation breaks, each with what is different about its finding."""
        product = item.product
        if item.guessed:
            yield "product.off_shelf", {"outcome": Outcome.REVIEW, "reason": _STRANGER.format(quote=item.code)}
            return
        restricted = item.code in {r.code for r in context.restricted} or (product is not None and product.restricted)
        restricted = restricted or _is_told(self._listed, item, context)
        if restricted:
            yield "product.restricted", {}
        if product is None:
            if restricted:
                return
            known = context.products or context.client_level or context.client_id
            # Where nothing is known of client or shelf it is a doubt for the officer, not a proven breach.
            yield "product.off_shelf", {} if known else {"outcome": Outcome.REVIEW}
            return
        rule = self._level_rule(item.code, product, context)
        if rule:
            yield rule, {}
        if product.on_shelf is not True or _is_told(self._withdrawn, item, context):
            yield "product.off_shelf", {}

    def _level_rule(self, code: str, product: ProductInContext, context: ReviewContext) -> str | None:
        level, risk, expires = context.client_level, product.risk_level, context.client_level_expires
        highest = self._matrix.get(level or "")
        expired = expires is None or expires < context.today
        if highest is None or expired or risk not in self._matrix.values():
            return "suitability.unknown"
        if str(risk) <= highest or (level != _LOWEST and _insisted(code, product, context)):
            return None
        return "suitability.mismatch"


def _is_told(words: re.Pattern[str], item: Recommended, context: ReviewContext) -> bool:
    """Whether a source before us says so of a product: 鼎川股份（690511）自今日起列入限制清单."""
    names = [item.code, *([item.product.name] if item.product else [])]
    return any(
        words.search(sentence.text) and any(name in sentence.text for name in names)
        for source in context.sources
        for sentence in sentences(source.text)
    )


def _insisted(code: str, product: ProductInContext, context: ReviewContext) -> bool:
    """Whether whole evidence of today's case lies before us: signed, hashed, recorded, at today's levels."""
    return any(
        proof.product == code
        and proof.document_id
        and proof.recording_id
        and _SHA256.fullmatch(proof.sha256)
        and proof.signed_at.date() <= context.today
        and proof.client_level == context.client_level
        and proof.risk_level == product.risk_level
        for proof in context.insistence
    )


def _placed(mention: Mention, source: Mapped) -> Recommended:
    start, end = source.original_span(mention.start, mention.end)
    return Recommended(code=mention.code, product=mention.product, start=start, end=end)


def _declared(
    codes: tuple[str, ...], mentions: list[Mention], source: Mapped, context: ReviewContext
) -> tuple[Recommended, ...]:
    """What the caller says is recommended; a product not named in the text is shown at its beginning."""
    by_code = {p.code: p for p in context.products}
    found: list[Recommended] = []
    for code in codes:
        mention = next((m for m in mentions if m.code == code), None)
        if mention:
            found.append(_placed(mention, source))
        else:
            found.append(Recommended(code=code, product=by_code.get(code), start=0, end=0))
    return tuple(found)
