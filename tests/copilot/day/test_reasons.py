"""Reasons of the day: windows, words, points; a client counts each kind once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from copilot.day.desk import months_later
from copilot.day.reasons import Maturity, Reason, of_facts, promises, total
from copilot.day.rules import load_day_rules
from intent.notes.desk import Task
from knowledge_base.client_facts import ClientFacts, EventDay
from knowledge_base.clients import Client

RULES = load_day_rules()
TODAY = date(2026, 11, 23)


def facts(**changes: Any) -> ClientFacts:
    base: dict[str, Any] = {
        "id": "C1", "name": "甲", "advisor_id": "A1", "branch": "B", "risk_level": "C3", "risk_level_expires": None,
        "consents": (), "opt_outs": (), "account_state": "open",
    }  # fmt: skip
    events = changes.pop("event_days", ())
    return ClientFacts(client=Client(**{**base, **changes}), event_days=events)


def told(known: ClientFacts, *ends: Maturity) -> list[Reason]:
    return list(of_facts(known, ends, {}, {"P1": "云岭"}, RULES, TODAY))


def task(due: datetime | None) -> Task:
    evidence = ({"turn": 2, "quote": "我明天发您", "start_s": 7.5, "end_s": 9.0},)
    return Task(
        id="t1", call_id="k1", client_id="C1", advisor_id="A1", branch="B", act="send", what="发资料", due_at=due,
        due_precision="day", due_said="明天", evidence=evidence, state="open", closed_by=None, closed_at=None,
        created_at=datetime(2026, 11, 20, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("expires", "words"),
    [
        (TODAY - timedelta(days=1), "风险测评已于 2026-11-22 过期"),
        (TODAY, "风险测评有效至 2026-11-23"),
        (TODAY + timedelta(days=30), "风险测评有效至 2026-12-23"),
        (TODAY + timedelta(days=31), None),
        (None, None),
    ],
)
def test_a_questionnaire_is_told_of_before_it_ends(expires: date | None, words: str | None) -> None:
    assert [reason.zh for reason in told(facts(risk_level_expires=expires))] == ([words] if words else [])


@pytest.mark.parametrize(
    ("kind", "days_ago", "amount", "seen"),
    [
        ("deposit", 0, "100000", True),
        ("withdrawal", 3, "250000", True),
        ("deposit", 4, "250000", False),
        ("deposit", 0, "99999.99", False),
        ("login", 0, "250000", False),
    ],
)
def test_cash_counts_when_it_is_large_and_of_late(kind: str, days_ago: int, amount: str, seen: bool) -> None:
    day = TODAY - timedelta(days=days_ago)
    event = EventDay(day=day, kind=kind, product_code="", times=1, amount_cny=Decimal(amount))
    assert bool(told(facts(event_days=(event,)))) is seen


def test_a_maturity_is_told_of_within_its_window() -> None:
    soon = Maturity(product_code="P1", day=TODAY + timedelta(days=14), why="到期")
    far = Maturity(product_code="P1", day=TODAY + timedelta(days=15), why="到期")
    assert [reason.zh for reason in told(facts(), soon, far)] == ["云岭 2026-12-07 到期"]


def test_a_promise_names_its_second_and_grows_with_its_delay() -> None:
    late, today, later = (task(datetime(2026, 11, day, 4, tzinfo=UTC)) for day in (20, 23, 24))
    found = [reason for _, reason in promises([late, today, later, task(None)], RULES, TODAY)]
    assert [(reason.points, reason.proof.start_s) for reason in found] == [(75, 7.5), (60, 7.5)]
    assert "逾期 3 天" in found[0].zh


def test_each_kind_counts_once() -> None:
    reasons = [Reason(kind="cash", zh="", points=25), Reason(kind="cash", zh="", points=25)]
    assert total([*reasons, Reason(kind="lead", zh="", points=50)]) == 75


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 11, 15), 3, date(2027, 2, 15)),
        (date(2025, 12, 1), 12, date(2026, 12, 1)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
    ],
)
def test_months_later(day: date, months: int, then: date) -> None:
    assert months_later(day, months) == then
