"""The mutation test: whatever is taken out of the pack, some example or case notices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from compliance_filters.context import context_from_meta
from compliance_filters.errors import RulePackError
from compliance_filters.filters import standard_filters
from compliance_filters.finding import Draft, Target
from compliance_filters.phrases import PhraseFilter
from compliance_filters.rules.lint import lint
from compliance_filters.rules.pack import Rule, RulePack
from compliance_filters.rules.shelf import builtin_pack
from compliance_filters.rules.trials import found_rules, read_cases, try_examples

PACK = builtin_pack()
CASES = Path(__file__).resolve().parents[3] / "eval" / "cases" / "compliance_sentences.jsonl"
LEAST_NEEDED = 0.25  # of the exceptions; `tougu rules lint` names those that no compliant example needs
PHRASE_RULES = sorted(rule.id for rule in PACK.rules.values() if rule.kind == "phrase")
STRUCTURE_RULES = sorted(rule.id for rule in PACK.rules.values() if rule.kind == "structure")
WORDED_RULES = sorted(rule.id for rule in PACK.rules.values() if rule.kind == "structure" and rule.cues)


@pytest.mark.parametrize("rule_id", PHRASE_RULES)
def test_removing_a_phrase_rule_fails_its_examples(rule_id: str) -> None:
    lesser = without(PACK, rule_id)
    filters = tuple(PhraseFilter(lesser) if f.name == "phrases" else f for f in standard_filters(PACK))
    (trial,) = try_examples(replace(PACK, rules={rule_id: PACK.rules[rule_id]}), filters)
    assert len(trial.faults) == trial.violating


@pytest.mark.parametrize("rule_id", STRUCTURE_RULES)
def test_removing_a_structure_rule_stops_its_filter(rule_id: str) -> None:
    """Either the filters refuse to start, or they raise at the rule's own examples: the gate then clears nothing."""
    with pytest.raises(RulePackError, match=rule_id):
        judge_its_examples(without(PACK, rule_id), PACK.rules[rule_id])


@pytest.mark.parametrize("rule_id", WORDED_RULES)
def test_removing_the_words_of_a_structure_rule_fails_examples(rule_id: str) -> None:
    worded = PACK.rules[rule_id]
    lesser = replace(PACK, rules={**PACK.rules, rule_id: replace(worded, cues=())})
    filters = tuple(PhraseFilter(lesser) if f.name == "phrases" else f for f in standard_filters(PACK))
    (trial,) = try_examples(replace(PACK, rules={rule_id: worded}), filters)
    assert 0 < len(trial.faults) < trial.violating


def test_removing_an_exception_is_noticed_where_an_example_or_a_case_needs_it() -> None:
    mutants = [(rule.id, lesser) for rule in phrase_rules() for lesser in with_one_exception_less(rule)]
    needed = [rule_id for rule_id, lesser in mutants if raises_an_alarm(lesser)]
    assert len(needed) >= LEAST_NEEDED * len(mutants)


def test_lint_sees_a_rule_that_lost_its_filter() -> None:
    alone = replace(PACK, rules={"pii.leak": PACK.rules["pii.leak"]})
    filters = [f for f in standard_filters(PACK) if f.name != "pii"]
    assert any("no filter finds" in fault.message for fault in lint(alone, filters))


def judge_its_examples(pack: RulePack, rule: Rule) -> None:
    filters = standard_filters(pack)
    for example in rule.violating:
        found_rules(example, filters)


def phrase_rules() -> Iterator[Rule]:
    return (rule for rule in PACK.rules.values() if rule.cues)


def without(pack: RulePack, rule_id: str) -> RulePack:
    return replace(pack, rules={i: rule for i, rule in pack.rules.items() if i != rule_id})


def with_one_exception_less(rule: Rule) -> Iterator[Rule]:
    for one in rule.benign:
        yield replace(rule, benign=tuple(pattern for pattern in rule.benign if pattern is not one))
    for one in rule.unless:
        yield replace(rule, unless=tuple(pattern for pattern in rule.unless if pattern is not one))


def raises_an_alarm(rule: Rule) -> bool:
    """Whether a text that must not break the rule breaks it now."""
    alone = PhraseFilter(replace(PACK, rules={rule.id: rule}))
    examples = [(Draft(text=e.text, target=Target(e.target)), context_from_meta(e.meta)) for e in rule.compliant]
    return any(alone.find(draft, context) for draft, context in (*examples, *innocent_cases(rule.id)))


@cache
def innocent_cases(rule_id: str) -> tuple[tuple[Draft, object], ...]:
    return tuple(
        (case.draft, context_from_meta(case.meta))
        for case in read_cases(CASES)
        if rule_id not in {rule for rule, _ in case.findings} | case.alternatives
    )
