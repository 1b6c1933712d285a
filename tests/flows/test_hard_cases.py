"""The hard cases through the gate as it ships: rules and the semantic model, with its second reading."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from compliance_filters.finding import Draft, Outcome, ReviewContext, Target
from serve.settings import Settings
from serve.users import OPERATOR
from serve.wiring import House
from tests.compliance_filters.test_phrases import HARD_COMPLIANT, HARD_VIOLATING
from tests.flows.conftest import LIMIT_S

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(LIMIT_S)]
PATIENT_MS = 600_000
# Found by the words of a rule, and acquitted by the second reading, which hardly believes in them: known holes.
ACQUITTED = ("过往业绩不构成承诺，但我个人保证收益", "哪有不赚的道理")
known_hole = pytest.mark.xfail(strict=True, reason="expected: the second reading acquits it")
VIOLATING = [pytest.param(text, marks=known_hole) if text in ACQUITTED else text for text in HARD_VIOLATING]


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
@pytest.mark.parametrize("text", VIOLATING)
def test_what_breaks_a_rule_is_blocked(text: str, target: Target, house: House) -> None:
    assert outcome(house, text, target) is Outcome.BLOCK


@pytest.mark.parametrize("target", [Target.ANSWER, Target.ADVISOR_MESSAGE])
@pytest.mark.parametrize("text", HARD_COMPLIANT)
def test_what_breaks_none_is_delivered(text: str, target: Target, house: House) -> None:
    assert outcome(house, text, target) <= Outcome.REVISE
