"""Prompt injection: instructions to a model in what a client says or a document holds."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ahocorasick

from compliance_filters.finding import Draft, Finding, ReviewContext, Target
from compliance_filters.rules.pack import RulePack, compile_pattern

Span = tuple[int, int]
_REACH = 60  # characters before and after an anchor in which its pattern is tried
_TAUGHT_REACH = 60  # characters around a match in which it may be called an attack
_NEAR = 60  # findings closer than this are one instruction
_CLOSE = 16  # characters between a rule and the word that drops it
_LONGEST = 160  # characters that a finding quotes
_SENTENCE_END = re.compile(r"[。!?\n]")
_CLAUSE_END = re.compile(r"[,;:。!?\n，；：]")
_YOURS = re.compile(r"你(?!们)|系统提示|提示词|prompt|AI|模型|助手")  # the model is spoken of
# i g n o r e; the letter stands first and looks behind itself, so that plain text is skipped fast
_SPELLED = re.compile(r"[A-Za-z](?<![A-Za-z].)[ .\-_*](?:[A-Za-z][ .\-_*]){3,39}[A-Za-z](?![A-Za-z])")
_BETWEEN = re.compile(r"[ .\-_*]")


@dataclass(frozen=True, kw_only=True)
class InjectionCue:
    """Where an instruction may stand, and how it is confirmed; a wide one is for what clients say."""

    anchors: tuple[str, ...]
    pattern: re.Pattern[str]
    wide: bool


class InjectionFilter:
    """Judges every target, client input above all; `scan` serves documents before they reach a prompt."""

    name = "injection"

    def __init__(self, pack: RulePack) -> None:
        self._rule = pack.rule("input.injection")
        self._cues = tuple(_cue(entry) for entry in pack.settings.get("injection") or ())
        innocent = pack.settings.get("injection_innocent") or {}
        self._denied, self._taught, self._quoted, self._business, self._asked = (
            compile_pattern(innocent.get(key) or "(?!)") for key in ("denied", "taught", "quoted", "business", "asked")
        )
        spoken = pack.settings.get("injection_spoken") or {}
        self._spoken = tuple(compile_pattern(spoken.get(key) or "(?!)") for key in ("rules", "dropped", "spoken"))
        self._normalise = pack.normalise
        self._anywhere = _automaton({i: cue for i, cue in enumerate(self._cues) if not cue.wide})
        self._everything = _automaton(dict(enumerate(self._cues)))

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        """Findings of input.injection in the draft; the context is not needed."""
        from_client = draft.target is Target.CLIENT_INPUT
        return self._findings(draft.text, wide=from_client, must_quote=from_client)

    def scan(self, text: str) -> tuple[Finding, ...]:
        """Instructions hidden in a document, whose author might only pretend to teach."""
        return self._findings(text, wide=False, must_quote=True)

    def _findings(self, text: str, *, wide: bool, must_quote: bool) -> tuple[Finding, ...]:
        """Sentences that instruct a model, neighbours as one finding.

        A text that speaks about such attacks is innocent; where it `must_quote`, only if it quotes them.
        """
        source = self._normalise(text)
        read = _SPELLED.sub(lambda run: _together(run.group()), source.text)
        spans = [
            self._sentence(read, span)
            for cue, span in self._matches(read, wide)
            if not self._innocent(read, span, must_quote) and not (cue.wide and self._about_business(read, span))
        ]
        if wide:
            spans += self._spoken_of(read)
        return tuple(self._rule.finding(text, *source.original_span(*span)) for span in _joined(spans))

    def _spoken_of(self, text: str) -> Iterator[Span]:
        """Sentences of a client that speak to a model of dropping its rules, in whatever words."""
        rules, dropped, spoken = self._spoken
        for rule in rules.finditer(text):
            start, end = max(0, rule.start() - _CLOSE), min(len(text), rule.end() + _CLOSE)
            cut = _SENTENCE_END.split(text[start : rule.start()])[-1]
            near = (rule.start() - len(cut), (m.start() if (m := _SENTENCE_END.search(text, rule.end(), end)) else end))
            drop = dropped.search(text, *near)
            if drop is None or self._innocent(text, (min(drop.start(), rule.start()), rule.end()), True):
                continue
            sentence = self._sentence(text, rule.span())
            if spoken.search(text, *sentence) and not self._about_business(text, near):
                yield sentence

    def _matches(self, text: str, wide: bool) -> Iterator[tuple[InjectionCue, Span]]:
        """What a pattern confirms near one of its anchors."""
        automaton = self._everything if wide else self._anywhere
        if automaton is None:
            return
        tried: dict[int, int] = defaultdict(int)  # cue -> end of what was searched
        for last, indices in automaton.iter(_lower(text)):
            for index in indices:
                cue = self._cues[index]
                start = max(tried[index], last - _REACH)
                tried[index] = stop = min(len(text), last + _REACH)
                for found in cue.pattern.finditer(text, start, stop):
                    yield cue, found.span()

    def _innocent(self, text: str, span: Span, must_quote: bool) -> bool:
        start, end = span
        before = _CLAUSE_END.split(text[max(0, start - _REACH) : start])[-1]
        if self._denied.search(before):
            return True
        around = text[max(0, start - _TAUGHT_REACH) : end + _TAUGHT_REACH]
        if not self._taught.search(around):
            return False
        return not must_quote or bool(self._quoted.search(text[max(0, start - 8) : start]))

    def _about_business(self, text: str, span: Span) -> bool:
        """Whether a client speaks of an account or asks how something is ruled, not of the model."""
        start, end = span
        if self._business.search(text, max(0, start - 8), min(len(text), end + 4)):
            return True
        begin, stop = self._sentence(text, span)
        return bool(self._asked.search(text, begin, stop)) and not _YOURS.search(text, begin, stop)

    def _sentence(self, text: str, span: Span) -> Span:
        """The sentence around a match, which is what a person should see, up to a length."""
        start, end = span
        begin = max((m.end() for m in _SENTENCE_END.finditer(text, max(0, start - _LONGEST), start)), default=0)
        begin = max(begin, end - _LONGEST, 0) if end - begin > _LONGEST else begin
        stop = _SENTENCE_END.search(text, end, min(len(text), begin + _LONGEST))
        return min(begin, start), max(end, stop.start() if stop else min(len(text), begin + _LONGEST))


def _cue(entry: dict[str, Any]) -> InjectionCue:
    anchors, pattern = tuple(map(str, entry["anchors"])), compile_pattern(entry["regex"])
    return InjectionCue(anchors=anchors, pattern=pattern, wide=entry.get("only") == Target.CLIENT_INPUT)


def _automaton(cues: Mapping[int, InjectionCue]) -> ahocorasick.Automaton | None:
    """The anchors of some cues, each with the cues' indices; None without any."""
    by_anchor: dict[str, list[int]] = defaultdict(list)
    for index, cue in cues.items():
        for anchor in cue.anchors:
            by_anchor[anchor].append(index)
    if not by_anchor:
        return None
    automaton = ahocorasick.Automaton()
    for anchor, indices in by_anchor.items():
        automaton.add_word(anchor, tuple(indices))
    automaton.make_automaton()
    return automaton


def _lower(text: str) -> str:
    """Lower case of the same length; a text with letters that grow is left as it is."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text


def _together(spelled: str) -> str:
    """`i g n o r e` as `ignore`, padded to its length so that offsets hold."""
    word = _BETWEEN.sub("", spelled)
    return " " * (len(spelled) - len(word)) + word


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1] + _NEAR:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
