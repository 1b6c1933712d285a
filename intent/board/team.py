"""The supervisor's view: for each advisor what is open, overdue, claimed, and what came of it this week.

No count goes further than a bound: a branch with a million leads costs no more than one with a thousand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, literal, select

from intent.board.desk import NOBODY, SUPERVISORS, TO_DO, of_advisor
from intent.follow_ups.numbers import SHANGHAI
from intent.leads.queue import LeadQueue, visible
from intent.leads.tables import leads
from intent.settings import BoardSettings
from jobs.clock import database_now
from knowledge_base.access import Principal
from knowledge_base.clients import Clients
from knowledge_base.tables import advisors

COUNTED = ("open", "overdue", "claimed", "contacted", "won", "lost", "wrong")
_row = leads.c


@dataclass(frozen=True, kw_only=True)
class TeamMember:
    """One advisor's leads in numbers; a number equal to the bound means: at least so many."""

    advisor_id: str  # `-`: leads that no advisor has
    name: str
    branch: str
    open: int = 0
    overdue: int = 0
    claimed: int = 0
    contacted: int = 0  # now; the next three since Monday
    won: int = 0
    lost: int = 0
    wrong: int = 0


@dataclass(frozen=True, kw_only=True)
class Team:
    """The advisors that a supervisor sees, those with overdue leads first."""

    members: tuple[TeamMember, ...]
    bound: int
    since: datetime = field()  # Monday, China time


class TeamDesk:
    """Counts leads by advisor."""

    def __init__(self, queue: LeadQueue, clients: Clients, settings: BoardSettings | None = None) -> None:
        self._queue, self._clients = queue, clients
        self._settings = settings or BoardSettings()

    def team(self, *, principal: Principal) -> Team:
        """Raises AccessDeniedError for whoever supervises nobody."""
        principal.require("see a team", *SUPERVISORS)
        people = {each.id: each for each in self._clients.advisors(principal=principal)}
        with self._queue.engine.connect() as connection:
            now = database_now(connection)
            counted = connection.execute(self._by_advisor(list(people), principal, now)).all()
            nobodys = connection.execute(self._of_nobody(principal, now)).one()
        members = [self._member(row.who, people[row.who].name, people[row.who].branch, row._mapping) for row in counted]
        members.append(self._member(NOBODY, "", "", nobodys._mapping))
        worst_first = sorted(members, key=lambda m: (-m.overdue, -m.open, m.advisor_id))
        return Team(members=tuple(worst_first), bound=self._settings.most_counted, since=monday(now))

    def _by_advisor(self, advisor_ids: Sequence[str], principal: Principal, now: datetime) -> Select[Any]:
        """One statement for all advisors: for each and each count a look into an index that stops at the bound."""
        counts = [self._count(label, _theirs(where, principal)).label(label) for label, where in _conditions(now)]
        return select(advisors.c.id.label("who"), *counts).where(advisors.c.id.in_(advisor_ids))

    def _of_nobody(self, principal: Principal, now: datetime) -> Select[Any]:
        whose = of_advisor(NOBODY, principal)
        of_nobody = select(literal(1)).select_from(leads)
        return select(
            *(self._count(label, of_nobody.where(whose, *where)).label(label) for label, where in _conditions(now))
        )

    def _count(self, label: str, found: Select[Any]) -> ScalarSelect[Any]:
        some = found.limit(self._settings.most_counted).subquery(f"some_{label}")
        return select(func.count()).select_from(some).scalar_subquery()

    def _member(self, advisor_id: str, name: str, branch: str, row: Mapping[Any, Any]) -> TeamMember:
        bound, counts = self._settings.most_counted, dict.fromkeys(COUNTED, 0)
        for label, _ in _conditions(datetime.now(SHANGHAI)):
            counts[label.partition("_")[0]] += row[label]
        bounded = {what: min(n, bound) for what, n in counts.items()}
        return TeamMember(advisor_id=advisor_id, name=name, branch=branch, **bounded)


def _theirs(where: Sequence[ColumnElement[bool]], principal: Principal) -> Select[Any]:
    """One row a lead of the advisor that the principal may see.

    OFFSET 0 keeps PostgreSQL from joining the index of the branch to the advisor's: it takes the two for independent,
    and reads every lead of the branch once an advisor.
    """
    of_advisor = select(_row.advisor_id, _row.branch).where(_row.advisor_id == advisors.c.id, *where)
    mine = of_advisor.correlate(advisors).offset(0).subquery()
    return select(literal(1)).select_from(mine).where(visible(principal, mine))


def monday(now: datetime) -> datetime:
    """The begin of the week in China."""
    day = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def _conditions(now: datetime) -> Iterator[tuple[str, tuple[ColumnElement[bool], ...]]]:
    """What is counted, each part answered by an index: one state or one disposition at a time."""
    for state in TO_DO:
        yield f"open_{state}", (_row.state == state,)
        yield f"overdue_{state}", (_row.state == state, _row.due_at < now)
    yield "claimed", (_row.state == "claimed",)
    yield "contacted", (_row.state == "contacted",)
    for outcome in ("won", "lost", "wrong"):
        yield outcome, (_row.disposition == outcome, _row.updated_at >= monday(now))
