"""What the lead queue asks of a database in its hot paths; one adapter for PostgreSQL, one for SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Row, Table, bindparam, false, or_, true

from intent.leads.tables import OFFERED, leads
from knowledge_base.access import SEES_EVERY_CLIENT, Principal, Role

C = leads.c


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a claim asks for; empty = anything."""

    lines: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    advisors: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    min_score: float | None = None

    @property
    def values(self) -> dict[str, Any]:
        """The filters that are set, as parameters."""
        named = {
            "lines": self.lines, "intents": self.intents, "advisors": self.advisors, "branches": self.branches,
            "clients": self.clients,
        }  # fmt: skip
        values: dict[str, Any] = {name: list(value) for name, value in named.items() if value}
        return values if self.min_score is None else {**values, "min_score": self.min_score}


class LeadRows(Protocol):
    """Each method belongs to the caller's transaction."""

    def number(self, connection: Connection, counts: Mapping[str, int]) -> dict[str, int]:
        """Take the clients in hand until commit, and raise their sequences; the last number before, by client."""
        ...

    def claim(
        self, connection: Connection, wanted: Wanted, principal: Principal, *, most: int, lease_s: float
    ) -> Sequence[Row[Any]]:
        """Lease up to `most` offered leads, the best score and then the oldest first; clients in hand are skipped."""
        ...

    def settle(
        self,
        connection: Connection,
        lead_id: str,
        principal: Principal,
        values: Mapping[str, Any],
        lease_s: float | None,
    ) -> Row[Any] | None:
        """Change a lead that the principal holds; None when they do not. lease_s: the lease anew, from now."""
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


def offered_to(principal: Principal, filters: frozenset[str]) -> list[ColumnElement[bool]]:
    """Conditions of a claim, with a parameter for each value, so that one statement serves every claim of its form."""
    conditions: list[Any] = [OFFERED, *_seen_by(principal)]
    columns = {
        "lines": C.line,
        "intents": C.intent,
        "advisors": C.advisor_id,
        "branches": C.branch,
        "clients": C.client_id,
    }
    conditions += [columns[name].in_(bindparam(name, expanding=True)) for name in sorted(filters) if name in columns]
    if "min_score" in filters:
        conditions.append(C.score >= bindparam("min_score"))
    return conditions


def held_by(principal: Principal) -> list[ColumnElement[bool]]:
    """Conditions under which the principal may change a lead: claimed or contacted by them, and still theirs to see."""
    return [
        C.id == bindparam("lead"),
        C.state.in_(("claimed", "contacted")),
        C.owner == bindparam("me"),
        *_seen_by(principal),
    ]


def not_reported(values: Mapping[str, Any]) -> ColumnElement[bool]:
    """False for a report that was written before, word for word: it changes nothing the second time."""
    return or_(*(C[name].is_distinct_from(value) for name, value in values.items()))


def who(principal: Principal) -> dict[str, Any]:
    """Parameters of the conditions that say what a principal may see."""
    values: dict[str, Any] = {"me": principal.user_id}
    if not principal.has(*SEES_EVERY_CLIENT) and principal.has(Role.SUPERVISOR) and principal.branches:
        values["my_branches"] = sorted(principal.branches)
    return values


def form_of(principal: Principal) -> tuple[bool, bool, bool]:
    """What decides the form of a statement for a principal: sees all, is an advisor, supervises branches."""
    everything = principal.has(*SEES_EVERY_CLIENT)
    return everything, principal.has(Role.ADVISOR), principal.has(Role.SUPERVISOR) and bool(principal.branches)


def _seen_by(principal: Principal) -> list[ColumnElement[bool]]:
    everything, advisor, supervisor = form_of(principal)
    if everything:
        return [true()]
    mine: list[ColumnElement[bool]] = []
    if advisor:
        mine.append(C.advisor_id == bindparam("me"))
    if supervisor:
        mine.append(C.branch.in_(bindparam("my_branches", expanding=True)))
    return [or_(*mine) if mine else false()]
