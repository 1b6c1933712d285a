"""Rules put to the test: their own examples, and files of cases, such as what officers marked as mistakes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compliance_filters.context import case_context, context_from_meta
from compliance_filters.errors import RulePackError
from compliance_filters.finding import Draft, Filter, Finding, Outcome, Target
from compliance_filters.mend import worst
from compliance_filters.rulebook import Rulebook
from compliance_filters.rules.pack import Example, Rule, RulePack

_GENERATED = frozenset({Target.ANSWER, Target.REPORT})


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A rule's own examples, tried."""

    rule: str
    violating: int
    compliant: int
    faults: tuple[str, ...]  # one sentence for each example that does not do what it says


@dataclass(frozen=True, kw_only=True)
class Case:
    """One line of a file of cases, in the format of docs/evaluation.md."""

    id: str
    text: str
    target: Target
    verdict: str
    findings: tuple[tuple[str, str | None], ...]  # rule, quote
    alternatives: frozenset[str]  # rules of which a finding is defensible too
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def draft(self) -> Draft:
        return Draft(text=self.text, target=self.target, generated=self.target in _GENERATED)


def try_examples(pack: RulePack, filters: Sequence[Filter]) -> tuple[Trial, ...]:
    """Every rule's examples through all filters: a violating one must be found by its rule, a compliant one not."""
    return tuple(_tried(rule, filters) for rule in pack.rules.values())


def found_rules(example: Example, filters: Sequence[Filter]) -> frozenset[str]:
    """Ids of all rules that the filters find broken in an example."""
    draft = Draft(text=example.text, target=Target(example.target))
    context = context_from_meta(example.meta)
    return frozenset(finding.rule for f in filters for finding in f.find(draft, context))


def _tried(rule: Rule, filters: Sequence[Filter]) -> Trial:
    missed = [e.text for e in rule.violating if rule.id not in found_rules(e, filters)]
    raised = [e.text for e in rule.compliant if rule.id in found_rules(e, filters)]
    return Trial(
        rule=rule.id,
        violating=len(rule.violating),
        compliant=len(rule.compliant),
        faults=(
            *(f"{rule.id}: a violating example is not found: {text}" for text in missed),
            *(f"{rule.id}: a compliant example is found: {text}" for text in raised),
        ),
    )


def try_case(case: Case, book: Rulebook) -> tuple[str, ...]:
    """What is wrong with a case's judgement, one sentence each; empty when it is judged as it says."""
    judged = book.judge(case.draft, case_context(case.meta))
    findings, errors = judged.findings, judged.errors
    outcome = outcome_of(findings, errors).word
    faults = [f"{case.id}: {error}" for error in errors]
    if outcome != case.verdict:
        faults.append(f"{case.id}: the verdict is {outcome}, not {case.verdict}: {case.text}")
    for rule, quote in case.findings:
        if not any(f.rule == rule and _meets(f, case.text, quote) for f in findings):
            faults.append(f"{case.id}: {rule} is not found{f' in “{quote}”' if quote else ''}: {case.text}")
    expected = {rule for rule, _ in case.findings} | case.alternatives
    for finding in findings:
        if finding.rule not in expected:
            faults.append(f"{case.id}: {finding.rule} is found in “{finding.quote}”: {case.text}")
    return tuple(faults)


def outcome_of(findings: Sequence[Finding], errors: Sequence[str] = ()) -> Outcome:
    """The verdict that the gate gives for findings: what asks for a mend and has none is in doubt."""
    outcome = worst(findings, errors)
    helpless = any(f.replacement is None and f.append is None for f in findings)
    return Outcome.REVIEW if outcome is Outcome.REVISE and helpless else outcome


def read_cases(path: Path) -> tuple[Case, ...]:
    """The cases of a JSON Lines file. Raises RulePackError with the line and the remedy."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RulePackError(f"the cases {path} cannot be read ({error}): check the path; it must be UTF-8.") from error
    cases = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            cases.append(_case(json.loads(line), number))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RulePackError(
                f"{path}, line {number}: {type(error).__name__} {error}: see docs/evaluation.md for the format."
            ) from error
    if not cases:
        raise RulePackError(f"{path} holds no case: one JSON object a line is expected.")
    return tuple(cases)


def _case(item: dict[str, Any], number: int) -> Case:
    tags = [str(tag) for tag in item.get("tags") or ()]
    case_context(item.get("meta") or {})
    return Case(
        id=str(item.get("id", number)),
        text=str(item["text"]),
        target=Target(item["target"]),
        verdict=Outcome[str(item["verdict"]).upper()].word,
        findings=tuple((str(f["rule"]), f.get("quote")) for f in item.get("findings") or ()),
        alternatives=frozenset(tag.removeprefix("alt:") for tag in tags if tag.startswith("alt:")),
        meta=dict(item.get("meta") or {}),
    )


def _meets(finding: Finding, text: str, quote: str | None) -> bool:
    """Whether the finding overlaps any place of the quote; a quote that is not in the text names the rule alone."""
    if not quote or quote not in text:
        return True
    start = text.find(quote)
    while start >= 0:
        if finding.start < start + len(quote) and start < finding.end:
            return True
        start = text.find(quote, start + 1)
    return False
