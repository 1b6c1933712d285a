"""What is wrong with a rule pack beyond its form, which loading checks: work, words, examples, filters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from compliance_filters.finding import SEMANTIC, Filter
from compliance_filters.rules.coverage import INJECTION, gaps
from compliance_filters.rules.pack import Rule, RulePack, compile_pattern
from compliance_filters.rules.patterns import can_hold, dangers
from compliance_filters.rules.shelf import PackFile
from compliance_filters.rules.trials import found_rules, try_examples

PHRASES = "phrases"
_MISSING_LAW = ("", "-", "待定", "无")
_SINGLE = ("performance_cue", "research_words", "research_benign", "publisher", "dated")
_MANY = ("product_names", "recommend_innocent")
_GROUPS = ("injection_innocent", "injection_spoken")
_GAPS = {
    "phrase": "the phrase {words} is not found where it stands alone: an exception or the lexicon swallows it",
    "pattern": "no violating example exercises the pattern {words}: add one",
    "injection": "no violating example exercises the injection pattern {words}: add one",
    "benign": "no compliant example needs the benign pattern {words}: add one, or remove it",
    "unless": "no compliant example needs the unless pattern {words}: add one, or remove it",
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong; an error makes the pack unfit, a warning is for its author."""

    rule: str | None  # None: the pack itself
    message: str
    error: bool = False

    def __str__(self) -> str:
        return f"{'error' if self.error else 'warning'}  {self.rule or 'pack'}: {self.message}"


def lint(pack: RulePack, filters: Sequence[Filter]) -> tuple[Fault, ...]:
    """Every fault of a pack under the filters that would carry it out, errors first."""
    faults = [
        *_order(pack, filters),
        *_unimplemented(pack, filters),
        *_patterns(pack),
        *_laws(pack),
        *_examples(pack, filters),
        *_uncovered(pack),
    ]
    return tuple(sorted(faults, key=lambda fault: not fault.error))


def of_files(faults: Iterable[Fault], files: Sequence[PackFile]) -> tuple[Fault, ...]:
    """The faults of rules and settings that some files hold."""
    rules = {str(entry.get("id")) for file in files for entry in file.entries}
    settings = {str(key) for file in files for key in file.data.get("settings") or ()}
    if "injection" in settings:
        rules.add(INJECTION)
    return tuple(
        fault
        for fault in faults
        if fault.rule in rules or (fault.rule is None and re.split(r"[.:]", fault.message)[0] in settings)
    )


def _order(pack: RulePack, filters: Sequence[Filter]) -> Iterator[Fault]:
    known = {f.name for f in filters} | {SEMANTIC}  # without which a rules-only profile does
    for name in pack.order:
        if name not in known:
            yield Fault(rule=None, message=f"order names the filter {name}, which does not exist", error=True)
    for name in sorted({name for name in pack.order if pack.order.count(name) > 1}):
        yield Fault(rule=None, message=f"order names the filter {name} twice", error=True)


def _unimplemented(pack: RulePack, filters: Sequence[Filter]) -> Iterator[Fault]:
    """A structure rule is carried out by code; what finds none of its examples does not know it."""
    for rule in pack.rules.values():
        if rule.cues:
            if PHRASES not in pack.order:
                yield Fault(
                    rule=rule.id, message=f"order leaves out the filter {PHRASES}, which applies it", error=True
                )
        elif not any(rule.id in found_rules(example, filters) for example in rule.violating):
            yield Fault(
                rule=rule.id,
                message="no filter finds any of its violating examples: a structure rule needs a filter in code",
                error=True,
            )


def _patterns(pack: RulePack) -> Iterator[Fault]:
    for rule in pack.rules.values():
        for pattern in _of_rule(rule):
            for danger in dangers(pattern):
                yield Fault(rule=rule.id, message=f"the pattern {pattern.pattern} {danger}", error=True)
        for cue in rule.cues:
            for anchor in cue.anchors:
                if not can_hold(cue.pattern, anchor):
                    message = f"the anchor {anchor} can stand in no match of {cue.pattern.pattern}: remove it"
                    yield Fault(rule=rule.id, message=message)
    for place, pattern in patterns_of_settings(pack):
        for danger in dangers(pattern):
            yield Fault(rule=None, message=f"{place}: the pattern {pattern.pattern} {danger}", error=True)


def _of_rule(rule: Rule) -> tuple[re.Pattern[str], ...]:
    thens = (cue.then for cue in rule.cues if cue.then is not None)
    return (*(cue.pattern for cue in rule.cues), *thens, *rule.benign, *rule.unless)


def patterns_of_settings(pack: RulePack) -> Iterator[tuple[str, re.Pattern[str]]]:
    """The patterns of structure filters and of the lexicon, with where they stand."""
    data = pack.settings
    for key in _SINGLE:
        if key in data:
            yield key, compile_pattern(data[key])
    for key in _MANY:
        yield from ((key, compile_pattern(source)) for source in data.get(key) or ())
    for rule_id, disclosure in (data.get("disclosures") or {}).items():
        yield f"disclosures.{rule_id}", compile_pattern(disclosure["present"])
    for entry in data.get("injection") or ():
        yield "injection", compile_pattern(entry["regex"])
    for group in _GROUPS:
        for key, source in (data.get(group) or {}).items():
            yield f"{group}.{key}", compile_pattern(source)
    for key, value in pack.lexicon.items():
        if key.endswith("_patterns"):
            yield from ((f"lexicon {key}", re.compile(source)) for source in value)


def _laws(pack: RulePack) -> Iterator[Fault]:
    for rule in pack.rules.values():
        if rule.law.strip() in _MISSING_LAW:
            yield Fault(rule=rule.id, message="names no law: write the source, or the firm's own regulation")


def _examples(pack: RulePack, filters: Sequence[Filter]) -> Iterator[Fault]:
    for trial in try_examples(pack, filters):
        for fault in trial.faults:
            yield Fault(rule=trial.rule, message=fault.removeprefix(f"{trial.rule}: "), error=True)


def _uncovered(pack: RulePack) -> Iterator[Fault]:
    for gap in gaps(pack):
        yield Fault(rule=gap.rule, message=_GAPS[gap.part].format(words=gap.words))
