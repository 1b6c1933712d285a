"""Risk indicators: how often which rule is broken, by whom, in which branch and week.

Counted from the audit log's verdicts, which hold rule ids and no text, into one small table; each entry is
counted once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from compliance_filters.audit.log import AuditLog
from compliance_filters.finding import Outcome, Target
from compliance_filters.tables import audit_log, compliance_tally, compliance_tally_head
from jobs.locks import hold
from knowledge_base.access import Principal, Role

VERDICT, CALL_READ = "compliance.verdict", "call.read"
SPOKEN = "spoken"  # the outcome of a call in which the advisor broke a rule
SHANGHAI = ZoneInfo("Asia/Shanghai")
PAGE = 5_000
LEAST_FOR_A_RATE = 20  # texts; below it a rate says more about chance than about people
WEEKS_BEFORE = 4
GROUPS = ("rule", "advisor", "branch", "week")
_columns = compliance_tally.c
_BY = {"rule": _columns.rule, "advisor": _columns.actor, "branch": _columns.branch, "week": _columns.week}
_SHOWN = _columns.target != Target.CLIENT_INPUT.value  # a question is not the writer's fault
Key = tuple[str, str, str, str, str, str]


@dataclass(frozen=True, kw_only=True)
class Period:
    """Texts of a period, and how many of them broke a rule; `rate` is None where there are too few."""

    texts: int
    found: int
    returned: int = 0  # of the texts: sent back to the writer
    reviewed: int = 0  # put before an officer
    blocked: int = 0

    @property
    def rate(self) -> float | None:
        return round(self.found / self.texts, 4) if self.texts >= LEAST_FOR_A_RATE else None

    @property
    def review_rate(self) -> float | None:
        return round(self.reviewed / self.texts, 4) if self.texts >= LEAST_FOR_A_RATE else None


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One rule, person, branch or week: the week, and the four before it together."""

    key: str
    week: Period
    before: Period

    @property
    def change(self) -> float | None:
        """The week's rate against that of the weeks before; None where either is unknown or there was none."""
        now, then = self.week.rate, self.before.rate
        return round(now / then, 2) if now is not None and then else None


class Indicators:
    """Counts, brought up to date when they are asked for."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def by(self, group: str, *, week: date, principal: Principal) -> tuple[Indicator, ...]:
        """Indicators of the week that `week` lies in against the four before; the most broken first.

        group: rule, advisor, branch or week (then each of the five weeks stands alone). Raises KeyError
        for another one, AccessDeniedError unless compliance asks.
        """
        principal.require("read risk indicators", Role.COMPLIANCE)
        column = _BY[group]
        self.refresh()
        last = monday(week)
        weeks = [(last - timedelta(weeks=n)).isoformat() for n in range(WEEKS_BEFORE + 1)]
        with self._audit.engine.connect() as connection:
            if group == "week":
                found = _periods(connection, column, _columns.week.in_(weeks))
                none = Period(texts=0, found=0)
                return tuple(Indicator(key=key, week=found[key], before=none) for key in sorted(found, reverse=True))
            now = _periods(connection, column, _columns.week == weeks[0])
            then = _periods(connection, column, _columns.week.in_(weeks[1:]))
        rows = [
            Indicator(key=key, week=_of(key, now, group), before=_of(key, then, group))
            for key in sorted(now.keys() | then.keys())
            if key or group == "branch"
        ]
        return tuple(sorted(rows, key=lambda row: (-row.week.found, -row.before.found, row.key)))

    def refresh(self) -> int:
        """Count what the log has gained; returns how many entries were read."""
        with self._audit.engine.begin() as connection:
            hold(connection, "compliance_tally")
            query = select(compliance_tally_head.c.seq).where(compliance_tally_head.c.id == 1)
            seen = connection.execute(query).scalar_one_or_none()
            if seen is None:
                connection.execute(insert(compliance_tally_head).values(id=1, seq=0))
            counts: Counter[Key] = Counter()
            read, last = 0, seen or 0
            for row in _entries(connection, last):
                counts.update(_keys(row.at, row.event, row.actor, json.loads(row.data)))
                read, last = read + 1, row.seq
            _add(connection, counts)
            connection.execute(update(compliance_tally_head).values(seq=last))
            return read


def monday(day: date) -> date:
    """The first day of the week that a day lies in."""
    return day - timedelta(days=day.weekday())


def _entries(connection: Connection, after: int) -> Iterator[Row[Any, Any, Any, Any, Any]]:
    query = (
        select(audit_log.c.seq, audit_log.c.at, audit_log.c.event, audit_log.c.actor, audit_log.c.data)
        .where(audit_log.c.event.in_((VERDICT, CALL_READ)))
        .order_by(audit_log.c.seq)
        .limit(PAGE)
    )
    while rows := connection.execute(query.where(audit_log.c.seq > after)).all():
        yield from rows
        after = rows[-1].seq


def _keys(at: datetime, event: str, actor: str, data: Mapping[str, Any]) -> Iterator[Key]:
    """One count for the text, and one for each rule that it broke; an officer's own text is nobody's."""
    if data.get("edit_of"):
        return
    week = monday(at.astimezone(SHANGHAI).date()).isoformat()
    if event == CALL_READ:
        who, branches = str(data.get("advisor") or ""), [data.get("branch") or ""]
        broken = dict.fromkeys(data.get("rules", ()), SPOKEN)
        target, outcome = Target.ADVISOR_SPEECH.value, SPOKEN if broken else "pass"
    else:
        who, branches, target, outcome = actor, data.get("branches") or [""], data["target"], data["outcome"]
        broken = _worst_by_rule(data["findings"])
    place = (week, who, str(branches[0])[:64], target)
    yield (*place, "", outcome)
    for rule, what in broken.items():
        yield (*place, rule, what)


def _worst_by_rule(findings: Sequence[Sequence[Any]]) -> dict[str, str]:
    worst: dict[str, str] = {}
    for rule, _start, _end, outcome, _by in findings:
        known = worst.get(rule, "pass")
        worst[rule] = max(known, outcome, key=lambda word: Outcome[word.upper()])
    return worst


def _add(connection: Connection, counts: Counter[Key]) -> None:
    insert_into = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    names = ("week", "actor", "branch", "target", "rule", "outcome")
    statement = insert_into(compliance_tally)
    statement = statement.on_conflict_do_update(
        index_elements=list(names), set_={"count": _columns["count"] + statement.excluded["count"]}
    )
    rows = [{**dict(zip(names, key, strict=True)), "count": count} for key, count in sorted(counts.items())]
    if rows:
        connection.execute(statement, rows)


def _periods(connection: Connection, column: ColumnElement[Any], which: ColumnElement[bool]) -> dict[str, Period]:
    """By key. For rules the texts are those of everybody; a text that breaks two rules is found once a rule."""
    texts: dict[str, Counter[str]] = {}
    query = select(column, _columns.outcome, func.sum(_columns["count"])).where(which, _SHOWN, _columns.rule == "")
    for key, outcome, count in connection.execute(query.group_by(column, _columns.outcome)):
        texts.setdefault(key, Counter())[outcome] += int(count)
    if column is not _columns.rule:
        return {key: _period(outcomes) for key, outcomes in texts.items()}
    whole = sum(texts.get("", Counter()).values())
    broken = select(column, func.sum(_columns["count"])).where(which, _SHOWN).group_by(column)
    found = {key: int(count) for key, count in connection.execute(broken) if key}
    return {key: Period(texts=whole, found=count) for key, count in {"": 0, **found}.items()}


def _period(outcomes: Counter[str]) -> Period:
    stopped = {word: outcomes[word] for word in ("return", "review", "block", SPOKEN)}
    return Period(
        texts=sum(outcomes.values()), found=sum(stopped.values()),
        returned=stopped["return"], reviewed=stopped["review"], blocked=stopped["block"],
    )  # fmt: skip


def _of(key: str, periods: Mapping[str, Period], group: str) -> Period:
    """A rule that nobody broke still has the period's texts."""
    none = Period(texts=0, found=0)
    return periods.get(key) or (periods.get("", none) if group == "rule" else none)
