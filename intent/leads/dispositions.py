"""Outcomes of leads from the CRM's own file: read as a whole, and written in one transaction or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from intent.leads.lead import DISPOSITIONS, LIVING, LeadState
from intent.leads.queue import LeadQueue, lead_of, visible
from intent.leads.tables import lead_events, leads
from jobs.clock import database_now
from jobs.locks import begin_writing
from knowledge_base.access import Principal, Role
from knowledge_base.import_values import ColumnRule
from knowledge_base.imports import BadRow, ImportReport, ImportSchema, checked_rows, report_of

KIND = "dispositions"
IMPORTED, ACKED = "imported", "acked"  # events that give a lead its outcome
AT_ONCE = 500  # leads looked up in one statement
IMPORTERS = (Role.OPERATIONS, Role.CRM, Role.SYSTEM)
SCHEMA = ImportSchema(
    kind=KIND,
    table="leads",
    key=("lead_id",),
    columns=(
        ColumnRule(name="lead_id", type="text", required=True, about="Id of the lead, as exports carry it."),
        ColumnRule(
            name="disposition", type="text", required=True, about="What became of it.",
            one_of=tuple(state.value for state in DISPOSITIONS),
        ),
        ColumnRule(name="reason", type="text", about="Why, above all for wrong."),
        ColumnRule(name="at", type="time", about="When the outcome was known; default: now."),
    ),
)  # fmt: skip
CLOSED = (LeadState.WON, LeadState.LOST, LeadState.WRONG, LeadState.EXPIRED)
MAY_END = frozenset({*LIVING, *CLOSED} - {LeadState.HELD})


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One good row."""

    lead_id: str
    disposition: LeadState
    reason: str
    at: datetime


def import_dispositions(queue: LeadQueue, path: Path, *, principal: Principal) -> ImportReport:
    """Write the outcomes of a CSV `lead_id,disposition,reason,at`; the same file twice changes nothing.

    All or nothing. A lead keeps an outcome that is later than the file's. `added` counts leads that had no outcome
    yet, `replaced` those that had another. Raises ImportFileError, AccessDeniedError.
    """
    principal.require("import dispositions", *IMPORTERS)
    with queue.engine.begin() as connection:
        begin_writing(connection)
        good, bad = checked_rows(SCHEMA, path, frozenset())
        _take(queue, connection, [row["lead_id"] for _, row in good])
        now = database_now(connection)  # after whatever was reported while this waited for its turn
        outcomes: list[Outcome] = []
        for line, row in good:
            found = _outcome(queue, connection, line, row, principal, now)
            if isinstance(found, BadRow):
                bad.append(found)
            else:
                outcomes.append(found)
        written = [] if bad else [_write(queue, connection, each, principal, now) for each in outcomes]
    return report_of(KIND, path, added=written.count("added"), replaced=written.count("replaced"), bad=bad)


def _take(queue: LeadQueue, connection: Connection, lead_ids: Sequence[str]) -> None:
    """Have the clients of all leads in hand before any is read: what is checked then is still true when written, and
    no import waits in a circle with a consumer who reports at the same time."""
    found: set[str] = set()
    for start in range(0, len(lead_ids), AT_ONCE):
        some = select(leads.c.client_id).where(leads.c.id.in_(lead_ids[start : start + AT_ONCE]))
        found |= set(connection.scalars(some))
    if found:
        queue.take_clients(connection, found)


def _outcome(
    queue: LeadQueue, connection: Connection, line: int, row: Mapping[str, Any], principal: Principal, now: datetime
) -> Outcome | BadRow:
    at, disposition = row["at"] or now, LeadState(row["disposition"])
    found = connection.execute(select(leads).where(leads.c.id == row["lead_id"], visible(principal))).one_or_none()
    if found is None:
        return _bad(line, "lead_id", "There is no such lead that you may see.", "Give the id of `tougu leads export`.")
    lead = lead_of(found)
    if lead.state not in MAY_END:
        return _bad(line, "lead_id", f"The lead is {lead.state}.", "Have it released or offered again first.")
    if lead.state not in LIVING and disposition in LIVING and (twin := queue.living_twin(connection, lead, now)):
        return _bad(line, "lead_id", "The wish lives on in another lead.", f"Report on the lead {twin.id}.")
    if not lead.first_seen_at <= at <= now:
        return _bad(line, "at", "The lead was not there then.", "Give the time at which its outcome was known.")
    return Outcome(lead_id=lead.id, disposition=disposition, reason=row["reason"] or "", at=at)


def _write(queue: LeadQueue, connection: Connection, outcome: Outcome, principal: Principal, now: datetime) -> str:
    """`added`, `replaced` or `kept`."""
    lead = lead_of(connection.execute(select(leads).where(leads.c.id == outcome.lead_id)).one())
    same = (lead.state, lead.reason or "") == (outcome.disposition, outcome.reason)
    if same or _later_one(connection, outcome):
        return "kept"
    queue.change(
        connection, lead, outcome.at, IMPORTED, principal.user_id, outcome.reason,
        state=outcome.disposition, lease_until=None, disposition=outcome.disposition.value, reason=outcome.reason,
        updated_at=now,
    )  # fmt: skip
    return "added" if lead.disposition is None else "replaced"


def _later_one(connection: Connection, outcome: Outcome) -> bool:
    """Whether the lead has an outcome that was known after this one."""
    known = select(lead_events.c.at).where(
        lead_events.c.lead_id == outcome.lead_id,
        lead_events.c.event.in_((IMPORTED, ACKED)),
        lead_events.c.at > outcome.at,
    )
    return connection.execute(known.limit(1)).first() is not None


def _bad(line: int, column: str, problem: str, remedy: str) -> BadRow:
    return BadRow(line=line, column=column, problem=problem, remedy=remedy)
