"""The gate changes its rules at midnight, without a restart, and never between the parts of one verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from compliance_filters.audit.log import AuditLog
from compliance_filters.errors import RulePackError
from compliance_filters.finding import SEMANTIC, Draft, Filter, Outcome, ReviewContext, Target
from compliance_filters.gate import Gate
from compliance_filters.phrases import PhraseFilter
from compliance_filters.rulebook import DatedRulebooks
from compliance_filters.rules.pack import RulePack
from compliance_filters.rules.shelf import PackShelf, builtin_pack
from knowledge_base.access import Principal, Role
from tests.compliance_filters.rules.test_rules import ENTRY
from tests.compliance_filters.rules.test_shelf import AUTUMN, written

EVERYTHING_ELSE = frozenset({"injection", "suitability", "performance", "numbers", "pii", "disclosures", SEMANTIC})
ADVISOR = Principal(user_id="A001", roles=frozenset({Role.ADVISOR}))
DRAFT = Draft(text="让您一夜成名。", target=Target.ADVISOR_MESSAGE)


class Clock:
    def __init__(self, day: date) -> None:
        self.day = day

    def __call__(self) -> date:
        return self.day


@pytest.fixture
def clock() -> Clock:
    return Clock(AUTUMN - timedelta(days=1))


@pytest.fixture
def books(tmp_path: Path, clock: Clock) -> DatedRulebooks:
    shelf = PackShelf([written(tmp_path, effective_from=AUTUMN, effective_to="2026-12-31")])
    return DatedRulebooks(shelf, phrases_of, clock, left_out=EVERYTHING_ELSE)


def phrases_of(pack: RulePack) -> Sequence[Filter]:
    return (PhraseFilter(pack),)


def gate_of(books: DatedRulebooks, audit: AuditLog) -> Gate:
    first = books()
    return Gate(first.pack, first.filters, audit, left_out=EVERYTHING_ELSE, renewed=books)


def test_the_gate_turns_to_the_rules_of_the_new_day(books: DatedRulebooks, clock: Clock, audit: AuditLog) -> None:
    gate = gate_of(books, audit)
    context = ReviewContext(today=clock.day)
    before = gate.review(DRAFT, context, principal=ADVISOR)
    clock.day = AUTUMN
    after = gate.review(DRAFT, context, principal=ADVISOR)
    clock.day = date(2027, 1, 1)
    later = gate.review(DRAFT, context, principal=ADVISOR)
    assert [v.outcome for v in (before, after, later)] == [Outcome.PASS, Outcome.RETURN, Outcome.PASS]
    assert f"yuanshan {builtin_pack().version}+1 " in after.rule_pack
    assert "yuanshan" not in before.rule_pack + later.rule_pack


def test_filters_are_built_once_for_each_change(tmp_path: Path, clock: Clock) -> None:
    built: list[RulePack] = []

    def build(pack: RulePack) -> Sequence[Filter]:
        built.append(pack)
        return phrases_of(pack)

    books = DatedRulebooks(PackShelf([written(tmp_path, effective_from=AUTUMN)]), build, clock)
    for _ in range(5):
        books()
        clock.day += timedelta(days=1)
    assert len(built) == 2
    assert books() is books()


def test_rules_that_cannot_be_had_clear_nothing(books: DatedRulebooks, clock: Clock, audit: AuditLog) -> None:
    gate = gate_of(books, audit)
    clock.day = date(1999, 1, 1)  # before any pack was in force
    verdict = gate.review(Draft(text="您好。", target=Target.ANSWER), ReviewContext(today=AUTUMN), principal=ADVISOR)
    assert verdict.outcome is Outcome.REVIEW
    assert verdict.cleared is None
    assert f"rules: {RulePackError.__name__}" in verdict.errors


def test_a_verdict_begun_before_midnight_ends_with_the_rules_it_began_with(
    tmp_path: Path, clock: Clock, audit: AuditLog
) -> None:
    class TurnsTheClock:
        name = "clock"

        def find(self, draft: Draft, context: ReviewContext) -> tuple[()]:
            clock.day = AUTUMN
            return ()

    shelf = PackShelf([written(tmp_path, effective_from=AUTUMN, rules=[{**ENTRY, "outcome": "block"}])])
    books = DatedRulebooks(shelf, lambda pack: (TurnsTheClock(), *phrases_of(pack)), clock, left_out=EVERYTHING_ELSE)
    verdict = gate_of(books, audit).review(DRAFT, ReviewContext(today=clock.day), principal=ADVISOR)
    assert verdict.outcome is Outcome.PASS
    assert "yuanshan" not in verdict.rule_pack
