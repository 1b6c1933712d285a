"""Which parts of a rule its own examples exercise: a pattern that no example needs may be wrong, and nobody sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from compliance_filters.context import context_from_meta
from compliance_filters.finding import Draft, ReviewContext, Target
from compliance_filters.injection import InjectionFilter
from compliance_filters.phrases import PhraseFilter
from compliance_filters.rules.pack import Cue, Example, Rule, RulePack
from compliance_filters.rules.trace import PhraseTracer

INJECTION = "input.injection"


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A part of a rule that no example exercises."""

    rule: str
    part: str  # phrase | pattern | benign | unless | injection
    words: str  # the phrase, or the pattern's source


def gaps(pack: RulePack) -> Iterator[Gap]:
    """All of them, rule by rule.

    A phrase is its own example: it must be found standing alone. A pattern must find a violating example by
    itself. A `benign` or `unless` must be what keeps a compliant example from being found.
    """
    for rule in pack.rules.values():
        if rule.cues:
            alone = replace(pack, rules={rule.id: rule})
            yield from _unused_cues(alone, rule)
            yield from _unused_exceptions(alone, rule)
    if INJECTION in pack.rules:
        yield from _unused_injections(pack)


def is_phrase(cue: Cue) -> bool:
    """Whether a cue is a plain word."""
    return len(cue.anchors) == 1 and cue.pattern.pattern == re.escape(cue.anchors[0])


def _unused_cues(alone: RulePack, rule: Rule) -> Iterator[Gap]:
    tracer = PhraseTracer(alone)
    used = {
        id(candidate.cue)
        for example in rule.violating
        for candidate in tracer.trace(_draft(example), _context(example))
        if candidate.fate == "asserted"
    }
    for cue in rule.cues:
        if id(cue) in used:
            continue
        if not is_phrase(cue):
            yield Gap(rule=rule.id, part="pattern", words=cue.pattern.pattern)
        elif not tracer.find(_draft(Example(text=cue.anchors[0])), _context(Example(text=""))):
            yield Gap(rule=rule.id, part="phrase", words=cue.anchors[0])


def _unused_exceptions(alone: RulePack, rule: Rule) -> Iterator[Gap]:
    lesser = [
        *(("benign", pattern, replace(rule, benign=_without(rule.benign, pattern))) for pattern in rule.benign),
        *(("unless", pattern, replace(rule, unless=_without(rule.unless, pattern))) for pattern in rule.unless),
    ]
    for part, pattern, rest in lesser:
        without = PhraseFilter(replace(alone, rules={rule.id: rest}))
        if not any(without.find(_draft(example), _context(example)) for example in rule.compliant):
            yield Gap(rule=rule.id, part=part, words=pattern.pattern)


def _without(patterns: tuple[re.Pattern[str], ...], one: re.Pattern[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(pattern for pattern in patterns if pattern is not one)


def _unused_injections(pack: RulePack) -> Iterator[Gap]:
    rule = pack.rules[INJECTION]
    for entry in pack.settings.get("injection") or ():
        settings = {**pack.settings, "injection": [entry], "injection_spoken": {}}
        alone = InjectionFilter(replace(pack, settings=settings))
        if not any(alone.find(_draft(example), _context(example)) for example in rule.violating):
            yield Gap(rule=INJECTION, part="injection", words=str(entry["regex"]))


def _draft(example: Example) -> Draft:
    return Draft(text=example.text, target=Target(example.target))


def _context(example: Example) -> ReviewContext:
    return context_from_meta(example.meta)
