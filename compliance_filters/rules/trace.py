"""Why a phrase rule finds a text or lets it pass: every place it looked at, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from compliance_filters.clauses import Sentence
from compliance_filters.finding import Draft, ReviewContext, Target
from compliance_filters.phrases import _TITLE, PhraseFilter, Span, _merged, _touches
from compliance_filters.rules.pack import Cue, Rule
from mandarin.offsets import Mapped

FATES = {
    "asserted": "写作者在断言，记为违规",
    "denied": "被否定",
    "asked": "是提问",
    "taught": "是警示或教学",
    "reported": "是转述他人",
    "benign": "碰到无害的固定说法",
    "unless": "句中有使其无害的内容",
    "product name": "在产品名称里",
    "title": "在书名号里",
    "no match": "只有线索词，句式不符",
}


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A place at which one cue of a rule was tried; offsets are into the draft's own text."""

    rule: str
    cue: Cue
    start: int
    end: int
    quote: str
    fate: str  # a key of FATES
    saved_by: str = ""  # the exception's pattern, or the name


class PhraseTracer(PhraseFilter):
    """The phrase filter with its reasons. Slower, for people and for the work on rules; it finds the same."""

    def trace(self, draft: Draft, context: ReviewContext) -> tuple[Candidate, ...]:
        """Every candidate, in order of place."""
        if draft.target is Target.CLIENT_INPUT:
            return ()
        source = self._normalise(draft.text)
        names = self._product_names(source.text, context)
        found = [
            each
            for sentence, wanted in self._candidates(source.text)
            for index, cues in wanted.items()
            for each in self._traced(draft.text, source, sentence, self._rules[index], sorted(cues), names)
        ]
        return tuple(sorted(found, key=lambda c: (c.start, c.end, c.rule)))

    def _traced(
        self, text: str, source: Mapped, sentence: Sentence, rule: Rule, cues: list[int], names: list[Span]
    ) -> Iterator[Candidate]:
        matched = [(span, rule.cues[i]) for i in cues for span in self._places(rule.cues[i], sentence)]
        free = [s for s, _ in matched if s[0] < s[1] and not self._saved(rule, sentence, s, names)]
        claims = _merged(sorted(set(free)))
        for span, cue in matched:
            fate, saved_by = self._saved(rule, sentence, span, names) or (
                self._stance(rule, sentence, span, claims),
                "",
            )
            yield _candidate(text, source, sentence, rule, cue, span, fate, saved_by)
        for cue in (rule.cues[i] for i in cues):
            if not any(cue is other for _, other in matched):
                span = next((m.span() for a in cue.anchors if (m := re.search(re.escape(a), sentence.text))), (0, 0))
                yield _candidate(text, source, sentence, rule, cue, span, "no match", "")

    def _saved(self, rule: Rule, sentence: Sentence, span: Span, names: list[Span]) -> tuple[str, str] | None:
        """The exception that makes a match innocent, and its words."""
        for pattern in rule.unless:
            if pattern.search(sentence.text):
                return "unless", pattern.pattern
        for start, end in names:
            if _touches(span, [(start - sentence.start, end - sentence.start)]):
                return "product name", sentence.text[max(0, start - sentence.start) : end - sentence.start]
        if _touches(span, [m.span() for m in _TITLE.finditer(sentence.text)]):
            return "title", ""
        for pattern in rule.benign:
            if _touches(span, [m.span() for m in pattern.finditer(sentence.text)]):
                return "benign", pattern.pattern
        return None

    def _stance(self, rule: Rule, sentence: Sentence, span: Span, claims: list[Span]) -> str:
        """The stance to the claim that a match is part of, read as the filter reads it."""
        index = next((i for i, claim in enumerate(claims) if _touches(span, [claim])), None)
        if index is None:  # an empty match claims nothing
            return "no match"
        return self._stance_to(rule, sentence, claims, index).value


def _candidate(
    text: str, source: Mapped, sentence: Sentence, rule: Rule, cue: Cue, span: Span, fate: str, saved_by: str
) -> Candidate:
    start, end = source.original_span(sentence.start + span[0], sentence.start + span[1])
    return Candidate(rule=rule.id, cue=cue, start=start, end=end, quote=text[start:end], fate=fate, saved_by=saved_by)
