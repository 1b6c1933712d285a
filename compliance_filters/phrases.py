"""Phrase rules: candidates by one Aho-Corasick pass, confirmed by pattern, judged by clause logic."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby

import ahocorasick

from compliance_filters.clauses import ClauseReader, Sentence, Stance, sentences
from compliance_filters.finding import Draft, Finding, ReviewContext, Target
from compliance_filters.normalise import plain_name
from compliance_filters.rules.pack import Cue, Rule, RulePack, compile_pattern

Span = tuple[int, int]
Place = tuple[int, int]  # index of a rule, and of one of its cues
Hit = tuple[int, tuple[Place, ...]]  # where an anchor ends, and what it belongs to
_TITLE = re.compile(r"《[^《》\n]{1,60}》")


class PhraseFilter:
    """Finds asserted claims that a phrase rule forbids. Linear in the text."""

    name = "phrases"

    def __init__(self, pack: RulePack) -> None:
        self._rules = [rule for rule in pack.rules.values() if rule.cues]
        self._normalise = pack.normalise
        self._clauses = ClauseReader(pack.lexicon)
        self._names = tuple(compile_pattern(p) for p in pack.settings.get("product_names") or ())
        self._automaton = self._build()

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        """Findings in order of place; offsets are into the draft's own text."""
        if draft.target is Target.CLIENT_INPUT:
            return ()
        source = self._normalise(draft.text)
        claims = [
            (rule, sentence, spans)
            for sentence, cues in self._candidates(source.text)
            for rule, spans in self._claimed(sentence, cues)
        ]
        if not claims:
            return ()
        innocent = self._product_names(source.text, context)
        found = [
            rule.finding(draft.text, *source.original_span(sentence.start + start, sentence.start + end))
            for rule, sentence, spans in claims
            for start, end in self._asserted(rule, spans, sentence, innocent)
        ]
        return tuple(sorted(found, key=lambda f: (f.start, f.end, f.rule)))

    def _build(self) -> ahocorasick.Automaton:
        by_anchor: dict[str, list[Place]] = defaultdict(list)
        for rule_index, rule in enumerate(self._rules):
            for cue_index, cue in enumerate(rule.cues):
                for anchor in cue.anchors:
                    by_anchor[anchor].append((rule_index, cue_index))
        automaton = ahocorasick.Automaton()
        for anchor, places in by_anchor.items():
            automaton.add_word(anchor, tuple(places))
        automaton.make_automaton()
        return automaton

    def _candidates(self, text: str) -> Iterator[tuple[Sentence, dict[int, set[int]]]]:
        """Sentences that hold an anchor, with the cues to confirm: cue indices by rule index."""
        hits: list[Hit] = list(self._automaton.iter(text))
        if not hits:
            return
        carried, told = self._clauses.carried_lines(text), self._clauses.told_lines(text)
        for sentence, places in _hit(sentences(text), hits):
            wanted: dict[int, set[int]] = defaultdict(set)
            for rule_index, cue_index in places:
                wanted[rule_index].add(cue_index)
            if carried and (sentence.start, sentence.end) in carried:
                sentence = sentence._replace(carried=True)
            for start, end, answer in told:
                if start <= sentence.start and sentence.end <= end:
                    sentence = sentence._replace(told=True, after=answer)
            yield sentence, wanted

    def _claimed(self, sentence: Sentence, wanted: dict[int, set[int]]) -> Iterator[tuple[Rule, list[Span]]]:
        """Rules whose pattern stands in a sentence and whose exceptions do not, with the places."""
        return ((rule, spans) for rule, spans in self._worded(sentence, wanted) if not rule.excuses(sentence.text))

    def _worded(self, sentence: Sentence, wanted: dict[int, set[int]]) -> Iterator[tuple[Rule, list[Span]]]:
        for rule_index, cue_indices in wanted.items():
            rule = self._rules[rule_index]
            spans: set[Span] = set()
            for index in cue_indices:
                cue = rule.cues[index]
                if cue.pattern.search(sentence.text):
                    spans.update(self._places(cue, sentence))
            if spans:
                yield rule, sorted(spans)

    def _places(self, cue: Cue, sentence: Sentence) -> Iterator[Span]:
        """Where a cue stands; one with a `then` where a later part of the sentence asserts that.

        C1买不了R3, 这不假，可您就配它: what keeps from buying may be told in any words, the urge must be meant.
        """
        text, then = sentence.text, cue.then
        if then is None:
            yield from _matches(cue.pattern, text)
            return
        for found in cue.pattern.finditer(text):
            follows = (m.span() for m in then.finditer(text, found.end()))
            meant = (end for start, end in follows if self._clauses.stance(sentence, start, end) is Stance.ASSERTED)
            if (end := next(meant, None)) is not None:
                yield found.start(), end

    def denied(self, text: str, begin: int = 0, end: int | None = None) -> dict[str, tuple[Span, ...]]:
        """Rules whose words the sentences of a normalised text hold between two places, and assert nowhere there: its
        clauses deny, teach or report them, or the rule excuses the sentence; with the clauses that hold these words,
        and behind a question its answer.
        """
        stances: dict[str, set[Stance]] = defaultdict(set)
        places: dict[str, list[Span]] = defaultdict(list)
        for sentence, cues in self._candidates(text):
            if sentence.end <= begin or (end is not None and end <= sentence.start):
                continue
            for rule, spans in self._worded(sentence, cues):
                if rule.excuses(sentence.text):
                    stances[rule.id].add(Stance.TAUGHT)
                    places[rule.id].append((sentence.start, sentence.end))
                    continue
                for first, last, stance in self._stances(rule, spans, sentence, []):
                    stances[rule.id].add(stance)
                    places[rule.id] += self._clauses_at(sentence, first, last)
                    if stance is Stance.ASKED:  # what follows is the answer, and speaks of the same
                        places[rule.id].append((sentence.start + last, len(text)))
        return {rule: tuple(places[rule]) for rule, found in stances.items() if found and Stance.ASSERTED not in found}

    def _clauses_at(self, sentence: Sentence, start: int, end: int) -> Iterator[Span]:
        """The clauses of a sentence that a claim touches, as places of the text."""
        for clause in self._clauses.clauses(sentence.text):
            if clause.start < end and start < clause.end:
                yield sentence.start + clause.start, sentence.start + clause.end

    def _asserted(self, rule: Rule, spans: list[Span], sentence: Sentence, innocent: list[Span]) -> Iterator[Span]:
        """The places at which the writer stands behind the words."""
        for start, end, stance in self._stances(rule, spans, sentence, innocent):
            if stance is Stance.ASSERTED:
                yield start, end

    def _stances(
        self, rule: Rule, spans: list[Span], sentence: Sentence, innocent: list[Span]
    ) -> Iterator[tuple[int, int, Stance]]:
        """How the writer stands to each claim outside names, titles and innocent compounds."""
        shielded = [
            *((start - sentence.start, end - sentence.start) for start, end in innocent),
            *(m.span() for m in _TITLE.finditer(sentence.text)),
            *(m.span() for pattern in rule.benign for m in pattern.finditer(sentence.text)),
        ]
        claims = _merged([s for s in spans if s[0] < s[1] and not _touches(s, shielded)])
        for index, (start, end) in enumerate(claims):
            yield start, end, self._stance_to(rule, sentence, claims, index)

    def _stance_to(self, rule: Rule, sentence: Sentence, claims: list[Span], index: int) -> Stance:
        """The stance to one of a rule's claims; a settled pattern has told it, else clause logic reads it."""
        settled = [m.span() for pattern in rule.settled for m in pattern.finditer(sentence.text)]
        if _touches(claims[index], settled):
            return Stance.ASSERTED
        return self._clauses.stance(sentence, *claims[index], tuple(end for _, end in claims[:index]))

    def _product_names(self, text: str, context: ReviewContext) -> list[Span]:
        names = [plain_name(p.name) for p in context.products if p.name]
        spans = [m.span() for name in names for m in re.finditer(re.escape(name), text)]
        return spans + [m.span() for pattern in self._names for m in pattern.finditer(text)]


def _hit(parts: Sequence[Sentence], hits: list[Hit]) -> Iterator[tuple[Sentence, list[Place]]]:
    """The sentences that hold hits, with what was hit there; `hits` are in order of their ends."""
    starts = [part.start for part in parts]
    for index, group in groupby(hits, key=lambda hit: bisect_right(starts, hit[0]) - 1):
        if index >= 0:
            end = parts[index].end
            inside = [place for last, places in group if last < end for place in places]
            if inside:
                yield parts[index], inside


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[Span]:
    """Matches cut to the clause they end in, where that clause matches by itself.

    In 我不怕赔，亏了我补 the claim begins at 亏, and not at the 赔 that is denied before the comma.
    """
    for match in pattern.finditer(text):
        start, end = match.span()
        comma = max(text.rfind(mark, start, end) for mark in "，,；;")
        own = pattern.search(text, comma + 1, end) if comma >= 0 else None
        yield (own.start(), end) if own and own.end() == end else (start, end)


def _touches(span: Span, shields: list[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in shields)


def _merged(spans: list[Span]) -> list[Span]:
    """Of overlapping or touching matches of one rule the union: 保本保息 is one finding."""
    merged: list[Span] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
