"""What the lead queue asks of a database in its hot paths; one adapter for PostgreSQL, one for SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam, false, or_, true

from intent.leads.tables import IN_HAND, OFFERED, leads
from knowledge_base.access import SEES_EVERY_CLIENT, Principal, Role

C = leads.c
FILTERS: Mapping[str, Column[Any]] = {
    "lines": C.line, "intents": C.intent, "advisors": C.advisor_id, "branches": C.branch, "clients": C.client_id,
}  # fmt: skip
LISTS = (*FILTERS, "barred")  # of `Wanted`, each with a parameter for each value
Filters = tuple[tuple[str, int], ...]  # name of a filter, how many values it has


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a claim asks for; empty = anything."""

    lines: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    advisors: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    min_score: float | None = None
    barred: tuple[str, ...] = ()  # lines that need a licence which the claimer lacks: leads of others are left out

    @property
    def values(self) -> dict[str, Any]:
        """The filters that are set, as parameters: `lines_0`, `lines_1`, ..., `min_score`."""
        values = {key: value for name in LISTS for key, value in _each(name, getattr(self, name)).items()}
        return values if self.min_score is None else {**values, "min_score": self.min_score}

    @property
    def form(self) -> Filters:
        """Which filters are set, and to how many values: what decides how a statement is written."""
        counts = tuple((name, len(getattr(self, name))) for name in LISTS if getattr(self, name))
        return counts if self.min_score is None else (*counts, ("min_score", 1))


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What decides how a statement is written for a principal; their values are parameters."""

    everything: bool
    own: bool  # what is the principal's as an advisor
    branches: int  # how many they supervise


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the event and the message of a change say beside the lead itself."""

    event: str
    why: str
    kind: str  # of the message: lead.updated, lead.won, ...


class LeadRows(Protocol):
    """Each method belongs to the caller's transaction."""

    def number(self, connection: Connection, counts: Mapping[str, int]) -> dict[str, int]:
        """Take the clients in hand until commit, and raise their sequences; the last number before, by client."""
        ...

    def of_clients(
        self, connection: Connection, clients: Sequence[str], since: datetime, intents: Sequence[str]
    ) -> Sequence[Mapping[str, Any]]:
        """Leads of the clients last heard after `since` that live, or are of one of the intents; the oldest first."""
        ...

    def waiting(self, connection: Connection, most: Mapping[str, int]) -> dict[str, int]:
        """How many leads wait for each of these people, counted to the bound that is given with each."""
        ...

    def claim(
        self, connection: Connection, wanted: Wanted, principal: Principal, *, most: int, lease_s: float
    ) -> Sequence[Mapping[str, Any]]:
        """Lease up to `most` offered leads, the best score and then the oldest first; clients in hand are skipped."""
        ...

    def settle(
        self,
        connection: Connection,
        lead_id: str,
        principal: Principal,
        values: Mapping[str, Any],
        lease_s: float | None,
        told: Told,
    ) -> Mapping[str, Any] | None:
        """Change a lead that the principal holds, with its event and message; None when they do not hold it.

        lease_s: the lease anew, from now. On PostgreSQL one statement, which needs no transaction around it.
        """
        ...

    def insert(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows that all have the same columns."""
        ...

    def insert_new(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        """Write rows whose `id` is not there yet; returns the ids that were written."""
        ...

    def update(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Set the given columns of rows, found by `id`."""
        ...

    def tell(
        self, connection: Connection, events: Sequence[Mapping[str, Any]], messages: Sequence[Mapping[str, Any]]
    ) -> None:
        """Write event rows and outbox rows; the messages keep their order."""
        ...


def offered_to(sight: Sight, filters: Filters) -> list[Any]:
    """Conditions of a claim, with a parameter for each value, so that one statement serves every claim of its form."""
    conditions: list[Any] = [OFFERED, *_seen_by(sight)]
    conditions += [_one_of(FILTERS[name], name, count) for name, count in filters if name in FILTERS]
    conditions += [or_(C.advisor_id == bindparam("me"), ~_one_of(C.line, n, c)) for n, c in filters if n == "barred"]
    if ("min_score", 1) in filters:
        conditions.append(C.score >= bindparam("min_score"))
    return conditions


def held_by(sight: Sight) -> list[Any]:
    """Conditions under which the principal may change a lead: claimed or contacted by them, and still theirs to see."""
    return [
        C.id == bindparam("lead"),
        IN_HAND,
        C.owner == bindparam("me"),
        *_seen_by(sight),
    ]


def not_reported(values: Mapping[str, Any]) -> ColumnElement[bool]:
    """False for a report that was written before, word for word: it changes nothing the second time."""
    return or_(*(C[name].is_distinct_from(value) for name, value in values.items()))


def sight_of(principal: Principal) -> Sight:
    """How a statement is written for a principal."""
    return Sight(
        everything=principal.has(*SEES_EVERY_CLIENT),
        own=principal.has(Role.ADVISOR),
        branches=len(_supervised(principal)),
    )


def who(principal: Principal) -> dict[str, Any]:
    """Parameters of the conditions that say what a principal may see."""
    return {"me": principal.user_id, **_each("my_branches", _supervised(principal))}


def _supervised(principal: Principal) -> list[str]:
    """The branches that decide what a principal may see."""
    if principal.has(*SEES_EVERY_CLIENT) or not principal.has(Role.SUPERVISOR):
        return []
    return sorted(principal.branches)


def _seen_by(sight: Sight) -> list[ColumnElement[bool]]:
    if sight.everything:
        return [true()]
    mine: list[ColumnElement[bool]] = []
    if sight.own:
        mine.append(C.advisor_id == bindparam("me"))
    if sight.branches:
        mine.append(_one_of(C.branch, "my_branches", sight.branches))
    return [or_(*mine) if mine else false()]


def _one_of(column: Column[Any], name: str, count: int) -> ColumnElement[bool]:
    return column.in_([bindparam(f"{name}_{n}") for n in range(count)])


def _each(name: str, values: Sequence[str]) -> dict[str, Any]:
    return {f"{name}_{n}": value for n, value in enumerate(values)}
