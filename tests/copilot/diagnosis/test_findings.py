"""Rules as data: thresholds, words, evidence, and refusal of broken rule files."""

from decimal import Decimal

import pytest

from copilot.diagnosis.errors import RuleFileError
from copilot.diagnosis.findings import Measure, Severity, judge, load_rules, parse_rules

RULE = """
rules:
  - {id: deep, title: 回撤偏大, severity: warning, when: [{measure: fall, below: -30}],
     words: "回撤{fall}，超过{threshold}，{label:who}"}
"""


def measure(value: str) -> dict[str, Measure]:
    return {"fall": Measure(name="fall", label="最大回撤", value=Decimal(value), unit="%")}


def test_a_rule_speaks_beyond_its_limit_with_bound_numbers() -> None:
    (seen,) = judge(measure("-30.01"), {"who": "请留意"}, rules=parse_rules(RULE)).observations
    assert seen.words == "回撤-30.01%，超过-30%，请留意"
    assert seen.severity is Severity.WARNING
    assert seen.evidence == ("fall",)
    assert {(fact.value, fact.unit) for fact in seen.facts} == {(Decimal("-30.01"), "%"), (Decimal(-30), "%")}


def test_a_rule_is_silent_at_its_limit() -> None:
    assert judge(measure("-30"), {"who": ""}, rules=parse_rules(RULE)).observations == ()


def test_what_cannot_be_judged_is_named() -> None:
    found = judge({}, {}, rules=parse_rules(RULE))
    assert found.unjudged == ("回撤偏大",)
    assert found.lacking == {"回撤偏大": "fall"}


@pytest.mark.parametrize(
    "broken",
    [
        "rules: []",
        "rules: [{id: a}]",
        "{",
        RULE.replace("回撤{fall}", "回撤30%"),
        RULE.replace("[{measure: fall, below: -30}]", "[]"),
        RULE.replace("warning", "loud"),
        RULE.replace("-30", "much"),
    ],
)
def test_a_broken_rule_file_is_refused(broken: str) -> None:
    with pytest.raises(RuleFileError):
        parse_rules(broken)


def test_words_that_name_an_unknown_measure_are_refused() -> None:
    rules = parse_rules(RULE.replace("{threshold}", "{depth}"))
    with pytest.raises(RuleFileError, match="depth"):
        judge(measure("-40"), {"who": ""}, rules=rules)


def test_the_shipped_rules_load() -> None:
    assert {rule.id for rule in load_rules()} >= {"lags_benchmark", "deep_drawdown", "concentrated"}
