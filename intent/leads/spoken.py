"""Spoken findings: what an advisor said that no advisor may say, until an officer has disposed of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, update

from intent.errors import LeadError, LeadNotFoundError
from intent.leads.lead import Lead, LeadState
from intent.leads.queue import LeadQueue, lead_of, words_that_hold
from intent.leads.tables import leads, spoken_findings
from jobs.clock import database_now
from jobs.locks import begin_writing
from knowledge_base.access import Principal, Role

OPEN = "open"
ENDS = ("registered", "called_back", "trained", "dismissed")  # dismissed: misheard, or no violation
FATES = ("release", "close")
MOST = 200  # findings a page
_columns = spoken_findings.c


@dataclass(frozen=True, kw_only=True)
class SpokenFinding:
    """One rule broken in one call, and what was done about it."""

    id: str
    call_id: str
    client_id: str | None
    advisor_id: str | None
    branch: str | None
    turn: int
    start_s: float  # where the turn is heard in the recording
    rule: str
    quote: str
    severity: str
    disposition: str  # what the rule asks for: register | call_back | train
    confidential: bool
    state: str  # open | registered | called_back | trained | dismissed
    lead_fate: str | None  # release | close
    note: str
    disposed_by: str | None
    disposed_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Disposed:
    """A finding that was disposed of, and the leads that went on or ended with it."""

    finding: SpokenFinding
    released: tuple[Lead, ...]
    closed: tuple[Lead, ...]


class SpokenDesk:
    """Lists and disposes of spoken findings; changes of leads go through their queue."""

    def __init__(self, queue: LeadQueue) -> None:
        self._queue = queue

    def list(
        self, *, principal: Principal, state: str | None = OPEN, after: str = "", limit: int = 50
    ) -> tuple[SpokenFinding, ...]:
        """Findings that the principal may see, the oldest first; pass the last id as `after` for the next page."""
        principal.require("read spoken findings", Role.COMPLIANCE, Role.SYSTEM)
        query = select(spoken_findings).where(_visible(principal), _columns.id > after)
        if state is not None:
            query = query.where(_columns.state == state)
        with self._queue.engine.connect() as connection:
            rows = connection.execute(query.order_by(_columns.id).limit(max(1, min(limit, MOST)))).all()
        return tuple(_finding(row) for row in rows)

    def dispose(self, finding_id: str, *, how: str, note: str, lead: str = "release", principal: Principal) -> Disposed:
        """Close a finding; leads that nothing holds any more are released, or closed where one disposal says so.

        how: registered, called_back, trained or dismissed. lead: release or close. Raises LeadError for
        another word, no note, one's own words, or a finding that was disposed of already.
        """
        principal.require("dispose of spoken findings", Role.COMPLIANCE)
        if how not in ENDS or lead not in FATES:
            raise LeadError(f"There is no such disposal: use {', '.join(ENDS)}, and {' or '.join(FATES)} for the lead.")
        if not note.strip():
            raise LeadError("A disposal needs a note: write one sentence.")
        with self._queue.engine.begin() as connection:
            begin_writing(connection)
            now = database_now(connection)
            query = select(spoken_findings).where(_columns.id == finding_id, _visible(principal))
            row = connection.execute(query.with_for_update()).one_or_none()
            _refuse(row, finding_id, principal)
            values = {
                "state": how, "lead_fate": lead, "note": note, "disposed_by": principal.user_id, "disposed_at": now,
            }  # fmt: skip
            statement = update(spoken_findings).where(_columns.id == finding_id).values(values)
            done = _finding(connection.execute(statement.returning(*_columns)).one())
            if done.client_id is not None:
                self._queue.take_clients(connection, [done.client_id])
            freed = [
                self._free(connection, held, now, principal.user_id)
                for held in _held_by(connection, done)
                if not words_that_hold(connection, held)
            ]
        return Disposed(
            finding=done,
            released=tuple(each for each in freed if each.state is LeadState.NEW),
            closed=tuple(each for each in freed if each.state is LeadState.WITHDRAWN),
        )

    def _free(self, connection: Connection, lead: Lead, now: datetime, by: str) -> Lead:
        if _is_closed(connection, lead):
            return self._queue.change(
                connection, lead, now, "closed", by, "spoken words disposed of", state=LeadState.WITHDRAWN,
                owner=None, lease_until=None,
            )  # fmt: skip
        return self._queue.change(
            connection, lead, now, "released", by, "spoken words disposed of", state=LeadState.NEW, owner=None,
            lease_until=None, held_because=None,
        )  # fmt: skip


def _visible(principal: Principal) -> ColumnElement[bool]:
    """Confidential findings are for compliance alone, and never for the one whom they are about."""
    if not principal.has(Role.COMPLIANCE):
        return ~_columns.confidential
    return or_(~_columns.confidential, _columns.advisor_id.is_distinct_from(principal.user_id))


def _refuse(row: Row[Any] | None, finding_id: str, principal: Principal) -> None:
    if row is None:
        raise LeadNotFoundError(f"There is no spoken finding {finding_id} that you may see.")
    if row.advisor_id == principal.user_id:
        raise LeadError("Nobody disposes of their own words: let another officer do it.")
    if row.state != OPEN:
        raise LeadError(f"The spoken finding {finding_id} was disposed of already: reload the list.")


def _held_by(connection: Connection, finding: SpokenFinding) -> list[Lead]:
    """Held leads of the client with evidence in the finding's call."""
    which = and_(leads.c.client_id == finding.client_id, leads.c.state == LeadState.HELD.value)
    rows = connection.execute(select(leads).where(which).order_by(leads.c.id)).all()
    held = [lead_of(row) for row in rows]
    return [lead for lead in held if any(row["call"] == finding.call_id for row in lead.evidence)]


def _is_closed(connection: Connection, lead: Lead) -> bool:
    calls = {row["call"] for row in lead.evidence}
    query = select(_columns.id).where(_columns.call_id.in_(calls), _columns.lead_fate == "close").limit(1)
    return connection.execute(query).first() is not None


def _finding(row: Row[Any]) -> SpokenFinding:
    return SpokenFinding(**row._mapping)
