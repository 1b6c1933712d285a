"""The hard cases through the gate as it ships: rules and the semantic model, with its second reading."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from compliance_filters.finding import Draft, Outcome, ReviewContext, Target
from compliance_filters.phrases import PhraseFilter
from compliance_filters.rules.shelf import builtin_pack
from compliance_filters.semantic.filter import load_semantic
from serve.settings import Settings
from serve.users import OPERATOR
from serve.wiring import House
from tests.compliance_filters.test_phrases import HARD_COMPLIANT, HARD_VIOLATING
from tests.flows.conftest import LIMIT_S

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(LIMIT_S)]
PATIENT_MS = 600_000


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, weights_cache: Path) -> Iterator[House]:
    settings = Settings.model_validate({
        "home": tmp_path_factory.mktemp("hard") / "home", "models": {"cache_dir": weights_cache},
        "compliance": {"time_budget_ms": PATIENT_MS},
    })  # fmt: skip
    made = House(settings)
    assert not made.left_out
    yield made
    made.close()


def outcome(house: House, text: str, target: Target) -> Outcome:
    draft, context = Draft(text=text, target=target), ReviewContext(today=date(2026, 3, 1))
    verdict = house.gate.review(draft, context, principal=OPERATOR)
    assert verdict.errors == ()
    return verdict.outcome


@pytest.mark.parametrize("target", [Target.ANSWER, Target.ADVISOR_MESSAGE])
@pytest.mark.parametrize("text", HARD_VIOLATING)
def test_what_breaks_a_rule_is_blocked(text: str, target: Target, house: House) -> None:
    assert outcome(house, text, target) is Outcome.BLOCK


@pytest.mark.parametrize("target", [Target.ANSWER, Target.ADVISOR_MESSAGE])
@pytest.mark.parametrize("text", HARD_COMPLIANT)
def test_what_breaks_none_is_delivered(text: str, target: Target, house: House) -> None:
    assert outcome(house, text, target) <= Outcome.REVISE


def test_no_rules_own_example_is_acquitted(house: House) -> None:
    pack, nothing = builtin_pack(), ReviewContext(today=date(2026, 3, 1))
    phrases, reader = PhraseFilter(pack), load_semantic(pack, house.settings.compliance, house.encoder)
    found = [
        (rule.id, draft, finding)
        for rule in pack.rules.values()
        for draft in (Draft(text=e.text, target=Target(e.target), generated=False) for e in rule.violating)
        for finding in phrases.find(draft, nothing)
        if finding.rule == rule.id
    ]
    assert len(found) > 200
    assert [(rule, draft.text) for rule, draft, finding in found if reader.acquits(draft, finding)] == []
