"""Suitability, shelf and restricted list: only products that the text recommends, by C/R matrix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from compliance_filters.clauses import ClauseReader, Sentence, Stance, sentences
from compliance_filters.finding import Draft, Finding, Outcome, ProductInContext, ReviewContext, Target
from compliance_filters.normalise import plain_name
from compliance_filters.rules.pack import RulePack, compile_pattern
from mandarin.offsets import Mapped

_CODE = re.compile(r"(?<![\dA-Za-z.])\d{6}(?![\d.%A-Za-z])")
# A fund that is named in quotation marks and is none of the products handed in.
_QUOTED_NAME = re.compile(
    r"[“「\"](?P<name>[\u4e00-\u9fffA-Za-z0-9]{3,16}(?:混合|股票|债券?|指数|货币|配置|QDII|ETF|FOF|LOF|联接|[一二三四五六七八九十\d]{1,2}号"
    r"|\((?:QDII|LOF|FOF)(?:-[A-Z]{2,4})?\))[A-C]?类?)[”」\"]"
)
# Whatever else is named in quotation marks and said to be sold elsewhere.
_SOLD_ELSEWHERE = re.compile(
    r"[“「\"](?P<name>[\u4e00-\u9fffA-Za-z0-9]{3,16})[”」\"](?=,?[^,;。“”\"]{0,8}(?:没有?|未|不)(?:在[^,;。]{0,6})?(?:代销|上架|在售))"
)
# The document of a fund that is none of the products handed in: 墨池红利低波指数招募说明书.
_TITLED_NAME = re.compile(
    r"(?P<name>[\u4e00-\u9fffA-Za-z0-9]{3,16}?(?:混合|股票|债券?|指数|货币|配置|QDII|ETF|FOF|LOF|联接)[A-C]?)"
    r"(?=(?:型)?(?:证券投资基金)?(?:\d{4}年)?(?:招募|基金合同|产品资料|份额发售|第[一二三四1-4]季度|年度报告|中期报告))"
)
# 再加两万: what is bought was named before
_OF_AMOUNT = re.compile(r"[^,;。]{0,3}?(?:\d|[一二两三四五六七八九十]{1,3}(?=[万千百成]))")
_ANAPHORA = re.compile("这只|它|该基金|该产品|这款|此基金|此产品|本基金|这个产品|这支")
_HOUSE = 2  # characters of a fund's name that are its house
_CLAUSE_REST = re.compile("[^,;。!?\n]{1,40}")
_BUYS = re.compile("买(?![的了过前])|申购|认购|配(?:一?[点些置]|上|个)|定投|加仓|参与|转入|入手")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
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


@dataclass(frozen=True, kw_only=True)
class _Mention:
    code: str
    product: ProductInContext | None
    start: int  # in the normalised text
    end: int


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

    def _read(self, draft: Draft, context: ReviewContext) -> tuple[Recommended, ...]:
        source = self._normalise(draft.text)
        if context.recommends is not None:
            return _declared(context.recommends, _mentions(source.text, context), source, context)
        if not self._cues.search(source.text):
            return ()
        mentions = _mentions(source.text, context)
        chosen: dict[str, _Mention] = {}
        parts = sentences(source.text)
        for index, sentence in enumerate(parts):
            before = parts[index - 1] if index else None
            for mention in self._recommended_in(sentence, before, mentions, context):
                chosen.setdefault(mention.code, mention)
        return tuple(_placed(m, source) for m in sorted(chosen.values(), key=lambda m: m.start))

    def _recommended_in(
        self, sentence: Sentence, before: Sentence | None, mentions: list[_Mention], context: ReviewContext
    ) -> list[_Mention]:
        found: list[_Mention] = []
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

    def _topic(self, sentence: Sentence, mentions: list[_Mention], bought: bool) -> list[_Mention]:
        """The one product that the text is about, where an amount of it is proposed and nothing is named."""
        named = [m for m in mentions if m.start < sentence.start]
        return named[-1:] if bought and len({m.code for m in mentions}) == 1 else []

    def _meant(self, sentence: Sentence, before: Sentence | None, cue: int, mentions: list[_Mention]) -> list[_Mention]:
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


def _sole(sentence: Sentence, cue: re.Match[str], context: ReviewContext) -> list[_Mention]:
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
    return [_Mention(code=product.code, product=product, start=start, end=sentence.start + cue.end())]


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
        return tuple(
            finding for item in self._reader.read(draft, context) for finding in self._of(draft, item, context)
        )

    def _of(self, draft: Draft, item: Recommended, context: ReviewContext) -> list[Finding]:
        return [
            self._pack.rule(r).finding(draft.text, item.start, item.end, **c) for r, c in self._broken(item, context)
        ]

    def _broken(self, item: Recommended, context: ReviewContext) -> Iterator[tuple[str, dict[str, Any]]]:
        """Rules that the recommendation breaks, each with what is different about its finding."""
        product = item.product
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


def _mentions(text: str, context: ReviewContext) -> list[_Mention]:
    spans: list[_Mention] = []
    by_code = {p.code: p for p in context.products}
    names = [(p.code, p.name) for p in context.products] + [(r.code, r.name) for r in context.restricted]
    for code, name in names:
        if name:
            plain = plain_name(name)
            spans += [
                _Mention(code=code, product=by_code.get(code), start=m.start(), end=m.end())
                for m in re.finditer(re.escape(plain), text)
            ]
    spans += [
        _Mention(code=m.group(), product=by_code.get(m.group()), start=m.start(), end=m.end())
        for m in _CODE.finditer(text)
    ]
    if context.products:  # else nothing says what the firm sells
        known = [plain_name(name) for _, name in names if name]
        spans += [m for m in _strangers(text, context) if not any(m.code in name or name in m.code for name in known)]
    return sorted(spans, key=lambda m: (m.start, -m.end))


def _strangers(text: str, context: ReviewContext) -> Iterator[_Mention]:
    """Funds that a text names and nobody handed in: in quotation marks, or by the title of a source."""
    for quoted in chain(_QUOTED_NAME.finditer(text), _SOLD_ELSEWHERE.finditer(text)):
        yield _Mention(code=quoted["name"], product=None, start=quoted.start("name"), end=quoted.end("name"))
    titles = (_TITLED_NAME.match(plain_name(source.title)) for source in context.sources)
    for name in {title["name"] for title in titles if title}:
        for found in re.finditer(re.escape(name), text):
            yield _Mention(code=name, product=None, start=found.start(), end=found.end())


def _placed(mention: _Mention, source: Mapped) -> Recommended:
    start, end = source.original_span(mention.start, mention.end)
    return Recommended(code=mention.code, product=mention.product, start=start, end=end)


def _declared(
    codes: tuple[str, ...], mentions: list[_Mention], source: Mapped, context: ReviewContext
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
