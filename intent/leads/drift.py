"""The weekly drift report: how many leads, how many of them right, by intent, model version, branch and draw.

A week begins on Monday in China. Leads count in the week in which they were first seen, outcomes in the week in which
they were reported. A lead is right when it was won or lost, and not when staff found it wrong.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, case, exists, func, select

from intent.classifier.figures import interval
from intent.classifier.taxonomy import Taxonomy
from intent.errors import LeadError
from intent.leads.chance import beyond_chance, count_p, count_range, share_p
from intent.leads.lead import LeadState
from intent.leads.queue import visible
from intent.leads.scoring.tables import lead_explorations
from intent.leads.tables import DECIDED, calls, leads
from knowledge_base.access import Principal, Role
from knowledge_base.events import SHANGHAI

READERS = (Role.SUPERVISOR, Role.COMPLIANCE, Role.OPERATIONS, Role.SYSTEM)
FINAL = (LeadState.WON, LeadState.LOST, LeadState.WRONG)
WEEKS_BEFORE = 8
BY = ("all", "intent", "model", "branch", "draw")
_WEEK = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, kw_only=True)
class Volume:
    """Leads of the week, and what the weeks before lead to expect."""

    now: int
    expected: float | None  # mean of the weeks before; None with fewer than three of them
    low: float | None  # 95 of 100 such weeks lie between
    high: float | None
    p: float | None
    moved: bool = False


@dataclass(frozen=True, kw_only=True)
class Precision:
    """Share of decided leads that were right, with its 95 % Wilson interval, and the weeks before."""

    won: int
    lost: int
    wrong: int
    now: float | None  # None: nothing was decided
    low: float | None
    high: float | None
    before: float | None
    decided_before: int
    p: float | None
    moved: bool = False


@dataclass(frozen=True, kw_only=True)
class DriftRow:
    """One intent, model version, branch or draw."""

    by: str
    key: str
    zh: str
    volume: Volume
    precision: Precision


@dataclass(frozen=True, kw_only=True)
class DriftReport:
    """A week against the weeks before."""

    week: str  # ISO: 2026-W47
    first: date  # Monday
    last: date  # Sunday
    complete: bool  # the week is over
    weeks_before: int  # with any lead
    rows: tuple[DriftRow, ...]

    @property
    def moved(self) -> tuple[DriftRow, ...]:
        return tuple(row for row in self.rows if row.volume.moved or row.precision.moved)


@dataclass(frozen=True, kw_only=True)
class _Cell:
    week: int  # 0 is the week of the report, 1 the one before
    intent: str
    model: str
    branch: str
    draw: str
    n: int
    state: str = ""  # of an outcome


def week_of(day: date) -> str:
    """The ISO week of a day."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def monday_of(week: str) -> date:
    """The first day of an ISO week. Raises LeadError for text that names none."""
    found = _WEEK.fullmatch(week)
    try:
        if found is None:
            raise ValueError(week)
        return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError as error:
        raise LeadError(f"{week!r} is no week: write it as 2026-W47.") from error


def drift_report(engine: Engine, *, week: str, today: date, taxonomy: Taxonomy, principal: Principal) -> DriftReport:
    """The report of a week, over the leads that the principal may see. Raises LeadError for a week to come."""
    principal.require("read the drift report", *READERS)
    monday = monday_of(week)
    if monday > today:
        raise LeadError(f"The week {week} has not begun: name one that has.")
    with engine.connect() as connection:
        volume = _cells(connection, leads.c.first_seen_at, monday, principal, outcomes=False)
        outcomes = _cells(connection, leads.c.updated_at, monday, principal, outcomes=True)
        known, sunday = _weeks_known(connection, principal, monday), monday + timedelta(days=6)
    rows = [row for by in BY for row in _rows(by, volume, outcomes, known, taxonomy)]
    return DriftReport(
        week=week_of(monday), first=monday, last=sunday, complete=today > sunday,
        weeks_before=known, rows=_flagged(rows),
    )  # fmt: skip


def _cells(connection: Connection, at: Any, monday: date, principal: Principal, *, outcomes: bool) -> Sequence[_Cell]:
    """Counts by week and everything the report groups by: one statement, some hundred rows."""
    starts = [_moment(monday - timedelta(weeks=n)) for n in range(-1, WEEKS_BEFORE + 1)]
    week = case(*((at >= start, n) for n, start in enumerate(starts[1:])), else_=WEEKS_BEFORE)
    model = func.coalesce(calls.c.model_version, "")
    drawn = case(
        (exists().where(lead_explorations.c.lead_id == leads.c.id), "random"), else_="score"
    )  # fmt: skip
    keys = {
        "week": week, "intent": leads.c.intent, "model": model, "branch": func.coalesce(leads.c.branch, ""),
        "draw": drawn, **({"state": leads.c.state} if outcomes else {}),
    }  # fmt: skip
    each = select(*(key.label(name) for name, key in keys.items()))
    first_call = leads.c.evidence[(0, "call")].as_string()
    each = each.select_from(leads.outerjoin(calls, calls.c.id == first_call))
    each = each.where(visible(principal), at >= starts[-1], at < starts[0])
    if outcomes:
        each = each.where(DECIDED)
    rows = each.subquery()  # grouped by its columns: PostgreSQL takes no two bound expressions for one
    query = select(*rows.c, func.count().label("n")).group_by(*rows.c)
    return [_Cell(**row._mapping) for row in connection.execute(query)]


def _rows(
    by: str, volume: Sequence[_Cell], outcomes: Sequence[_Cell], known: int, taxonomy: Taxonomy
) -> Iterable[DriftRow]:
    key_of: Callable[[_Cell], str] = (lambda cell: "") if by == "all" else lambda cell: str(getattr(cell, by))
    keys = sorted({key_of(cell) for cell in (*volume, *outcomes)})
    made: dict[str, list[_Cell]] = defaultdict(list)
    decided: dict[str, list[_Cell]] = defaultdict(list)
    for found, cells in ((made, volume), (decided, outcomes)):
        for cell in cells:
            found[key_of(cell)].append(cell)
    for key in keys:
        yield DriftRow(
            by=by, key=key, zh=_zh(by, key, taxonomy), volume=_volume(made[key], known, judged=by != "draw"),
            precision=_precision(decided[key]),
        )  # fmt: skip


def _volume(cells: Sequence[_Cell], known: int, *, judged: bool) -> Volume:
    counts = [sum(cell.n for cell in cells if cell.week == week) for week in range(known + 1)]
    before = counts[1:]
    spread = count_range(before) if judged else None
    return Volume(
        now=counts[0], expected=sum(before) / known if spread else None, low=spread[0] if spread else None,
        high=spread[1] if spread else None, p=count_p(counts[0], before) if judged else None,
    )  # fmt: skip


def _precision(cells: Sequence[_Cell]) -> Precision:
    now: Mapping[str, int] = _by_state(cell for cell in cells if cell.week == 0)
    then: Mapping[str, int] = _by_state(cell for cell in cells if cell.week > 0)
    right, right_before = now["won"] + now["lost"], then["won"] + then["lost"]
    n, n_before = right + now["wrong"], right_before + then["wrong"]
    low, high = interval(right / n, n) if n else (None, None)
    return Precision(
        won=now["won"], lost=now["lost"], wrong=now["wrong"], now=right / n if n else None, low=low, high=high,
        before=right_before / n_before if n_before else None, decided_before=n_before,
        p=share_p(right, n, right_before, n_before),
    )  # fmt: skip


def _by_state(cells: Iterable[_Cell]) -> Mapping[str, int]:
    counts = {state.value: 0 for state in FINAL}
    for cell in cells:
        counts[cell.state] += cell.n
    return counts


def _flagged(rows: Sequence[DriftRow]) -> tuple[DriftRow, ...]:
    """One level over all figures of the report: among forty rows two would else be flagged by chance."""
    flags = beyond_chance([p for row in rows for p in (row.volume.p, row.precision.p)])
    return tuple(
        replace(
            row,
            volume=replace(row.volume, moved=flags[2 * n]),
            precision=replace(row.precision, moved=flags[2 * n + 1]),
        )
        for n, row in enumerate(rows)
    )


def _weeks_known(connection: Connection, principal: Principal, monday: date) -> int:
    """Whole weeks before that could have had leads: those before the first lead are no zeros."""
    seen = leads.c.first_seen_at
    old = select(seen).where(visible(principal), seen < _moment(monday - timedelta(weeks=WEEKS_BEFORE))).limit(1)
    if connection.scalar(old) is not None:  # the first lead of all need not be searched for
        return WEEKS_BEFORE
    began = connection.scalar(select(func.min(seen)).where(visible(principal)))
    if began is None:
        return 0
    first: date = began.astimezone(SHANGHAI).date()
    return max(0, min(WEEKS_BEFORE, (monday - first).days // 7))


def _zh(by: str, key: str, taxonomy: Taxonomy) -> str:
    if by == "all":
        return "全部"
    if by == "intent":
        return taxonomy[key].zh if key in taxonomy else key
    if by == "draw":
        return {"random": "随机抽取", "score": "按评分"}[key]
    return key or "未知"


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
