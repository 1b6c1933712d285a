"""Deadlines: rules as data, hours and working days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from intent.classifier.taxonomy import load_taxonomy
from intent.errors import FollowUpDataError
from intent.follow_ups.deadlines import Span, load_deadlines
from intent.follow_ups.numbers import SHANGHAI

RULES = load_deadlines()


@pytest.mark.parametrize(
    ("since", "days", "end"),
    [
        (datetime(2026, 11, 20, 16, 0, tzinfo=SHANGHAI), 1, date(2026, 11, 23)),  # Friday to Monday
        (datetime(2026, 9, 30, 9, 0, tzinfo=SHANGHAI), 1, date(2026, 10, 8)),  # the National Day
        (datetime(2026, 10, 9, 9, 0, tzinfo=SHANGHAI), 1, date(2026, 10, 10)),  # a Saturday that is worked
        (datetime(2026, 2, 13, 9, 0, tzinfo=SHANGHAI), 3, date(2026, 2, 25)),  # the Spring Festival
        (datetime(2027, 5, 3, 9, 0, tzinfo=SHANGHAI), 1, date(2027, 5, 4)),  # a year without data: weekends alone
        (datetime(2026, 11, 19, 16, 30, tzinfo=UTC), 1, date(2026, 11, 23)),  # already Friday in China
    ],
)
def test_working_days_are_those_of_china(since: datetime, days: int, end: date) -> None:
    assert RULES.end(Span(working_days=days), since) == datetime(end.year, end.month, end.day, 18, tzinfo=SHANGHAI)


def test_hours_run_around_the_clock() -> None:
    since = datetime(2026, 10, 1, 23, 0, tzinfo=SHANGHAI)
    assert RULES.first("complaint", load_taxonomy(), since) == datetime(2026, 10, 2, 1, 0, tzinfo=SHANGHAI)
    assert RULES.answer("service.account", since) is None


def test_every_case_of_the_taxonomy_has_a_rule_with_its_source() -> None:
    cases = {intent.id for intent in load_taxonomy() if "case" in intent.places}
    assert cases == set(RULES.cases)
    assert all(rule.law for rule in RULES.cases.values())
    assert len({rule.prefix for rule in RULES.cases.values()}) == len(cases), "a series belongs to one kind of case"


NO_LENGTH = "{zh: x, prefix: T, first: {}, answer: {hours: 1}, law: x, checked: true}"


@pytest.mark.parametrize(
    "text",
    ["cases: [", "version: 1", f"warn_share: 0.2\nday_ends: '18:00'\ncases: {{complaint: {NO_LENGTH}}}"],
    ids=["no yaml", "nothing in it", "a deadline of no length"],
)
def test_a_broken_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FollowUpDataError):
        load_deadlines(file)
