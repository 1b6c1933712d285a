"""The drift report: weeks of China, what moved and what did not, and who sees what."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from intent.classifier.taxonomy import load_taxonomy
from intent.errors import LeadError
from intent.leads.drift import DriftReport, drift_report, monday_of, week_of
from intent.leads.scoring.tables import lead_explorations
from intent.leads.tables import calls, leads
from knowledge_base.access import AccessDeniedError
from tests.intent.scoring.made import lead_row, tables_on
from tests.intent.segments.firm import ADVISOR, SUPERVISOR, SYSTEM

MONDAY = date(2026, 11, 16)
WEEK = "2026-W47"


def fill(engine: Engine, monday: date = MONDAY) -> None:
    """Nine weeks: margin.open doubles in the last; fund.buy turns wrong in it, in the model m2 of branch west."""
    dice = random.Random(2)
    rows: list[dict[str, Any]] = []
    for week in range(9):
        start = datetime.combine(monday - timedelta(weeks=week), datetime.min.time(), UTC)
        for intent, n in (("fund.buy", 60), ("permission.hk", 40), ("margin.open", 80 if week == 0 else 30)):
            for _ in range(n + dice.randrange(-3, 4)):
                seen = start + timedelta(minutes=dice.randrange(60, 6 * 1440))
                bad = 0.6 if intent == "fund.buy" and week == 0 else 0.2
                state = "wrong" if dice.random() < bad else dice.choice(["won", "lost"])
                turned = intent == "fund.buy" and week == 0
                proof = [{"call": "new" if turned else "old", "turn": 1, "quote": "", "start_s": 0, "end_s": 1}]
                branch = "west" if turned else "east"
                rows.append(lead_row(len(rows), "C1", seen, intent=intent, state=state, evidence=proof, branch=branch))
    with engine.begin() as connection:
        for name, model in (("old", "m1"), ("new", "m2")):
            connection.execute(
                insert(calls).values(
                    id=name, ended_at=datetime.now(UTC), duration_s=1, note="", findings=[], warnings=[],
                    model_version=model, recorded_at=datetime.now(UTC),
                )
            )  # fmt: skip
        connection.execute(insert(leads), rows)
        connection.execute(insert(lead_explorations).values(day=monday, lead_id=rows[0]["id"], order_score=1.0))


@pytest.fixture
def filled(any_engine: Engine) -> Engine:
    tables_on(any_engine)
    fill(any_engine)
    return any_engine


def report(engine: Engine, principal: Any = SYSTEM, **options: Any) -> DriftReport:
    fields: dict[str, Any] = {"week": WEEK, "today": MONDAY + timedelta(days=8), "taxonomy": load_taxonomy()}
    return drift_report(engine, principal=principal, **{**fields, **options})


def test_what_moved_is_flagged_and_what_did_not_is_not(filled: Engine) -> None:
    found = report(filled)
    assert (found.week, found.first, found.complete, found.weeks_before) == (WEEK, MONDAY, True, 8)
    rows = {(row.by, row.key): row for row in found.rows}
    fund, hk, margin = (rows["intent", name] for name in ("fund.buy", "permission.hk", "margin.open"))
    assert (fund.zh, fund.precision.moved, fund.volume.moved) == ("申购基金", True, False)
    assert (hk.precision.moved, hk.volume.moved) == (False, False)
    assert (margin.precision.moved, margin.volume.moved) == (False, True)
    assert fund.precision.now is not None
    assert fund.precision.low is not None
    assert fund.precision.low < fund.precision.now < 0.6 < (fund.precision.before or 0)
    assert margin.volume.high is not None
    assert margin.volume.high < margin.volume.now
    assert rows["model", "m2"].precision.before is None, "a new model has no weeks before"
    assert rows["model", "m2"].volume.moved
    assert rows["draw", "random"].volume.now == 1
    assert rows["all", ""].volume.now == sum(
        rows["intent", k].volume.now for k in ("fund.buy", "permission.hk", "margin.open")
    )
    assert set(found.moved) <= set(found.rows)


def test_a_week_begins_on_monday_in_china(filled: Engine) -> None:
    before = {(row.by, row.key): row for row in report(filled).rows}["all", ""].volume.now
    sunday_evening_utc = datetime(2026, 11, 15, 16, 30, tzinfo=UTC)  # Monday 00:30 in China
    sunday_in_china = datetime(2026, 11, 15, 15, 30, tzinfo=UTC)
    with filled.begin() as connection:
        connection.execute(
            insert(leads), [lead_row(9000, "C1", sunday_evening_utc), lead_row(9001, "C1", sunday_in_china)]
        )
    after = {(row.by, row.key): row for row in report(filled).rows}["all", ""].volume.now
    assert after == before + 1
    assert (week_of(date(2026, 1, 1)), monday_of("2026-W01")) == ("2026-W01", date(2025, 12, 29))


def test_a_supervisor_reads_of_the_own_branch_and_an_advisor_nothing(filled: Engine) -> None:
    assert {row.key for row in report(filled, SUPERVISOR).rows if row.by == "branch"} == {"east"}
    with pytest.raises(AccessDeniedError):
        report(filled, ADVISOR)


@pytest.mark.parametrize("week", ["2026-W60", "47", "", "2026-W00", "2027-W01"])
def test_a_week_that_is_none_or_to_come(filled: Engine, week: str) -> None:
    with pytest.raises(LeadError, match=r"no week|not begun"):
        report(filled, week=week)


def test_nothing_yet_is_no_error(engine: Engine) -> None:
    tables_on(engine)
    found = report(engine)
    assert (found.rows, found.weeks_before) == ((), 0)
