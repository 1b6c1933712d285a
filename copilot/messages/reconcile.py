"""Said, cleared and sent, side by side for each client of a day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, case, func, select

from compliance_filters.audit.log import AuditLog
from compliance_filters.tables import audit_log
from copilot.messages.cleared import VERDICT
from copilot.messages.desk import UNMATCHED
from copilot.tables import archived_messages
from intent.leads.tables import calls
from knowledge_base.access import SEES_EVERY_CLIENT, Principal, Role
from knowledge_base.clients import visible_clients
from knowledge_base.events import SHANGHAI
from knowledge_base.tables import clients

READERS = (Role.COMPLIANCE, Role.SUPERVISOR, Role.SYSTEM)
DELIVERED = ("answer", "report", "advisor_message")


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """One client on one day, counts."""

    client_id: str
    calls: int = 0
    violations: int = 0  # in what advisors said
    cleared: int = 0  # texts that the gate let through
    held: int = 0  # texts that it did not
    sent: int = 0
    matched: int = 0
    unmatched: int = 0
    without_client: int = 0  # matched to a text that was cleared without this client in mind


def reconcile(audit: AuditLog, day: date, *, principal: Principal) -> tuple[Reconciled, ...]:
    """Clients of whom anything was said, cleared or sent on a day of China, those with unmatched texts first."""
    principal.require("read messages", *READERS)
    first = datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
    bounds = (first, first + timedelta(days=1))
    with audit.engine.connect() as connection:
        said = _said(connection, bounds)
        sent = _sent(connection, day)
        judged = _judged(connection, bounds)
        known = _visible(connection, principal)
        rows = [
            Reconciled(client_id=each, **{**said.get(each, {}), **sent.get(each, {}), **judged.get(hashed, {})})
            for each, hashed in _of_interest(known, set(said) | set(sent), set(judged), audit).items()
        ]
    return tuple(sorted(rows, key=lambda row: (-row.unmatched, -row.violations, row.client_id)))


def _of_interest(known: set[str], named: set[str], hashed: set[str], audit: AuditLog) -> Mapping[str, str]:
    """Clients with their hash; the log knows a client by the keyed hash alone, so that every known id is tried."""
    hashes = {each: audit.keyed_hash(each) for each in known} if hashed else dict.fromkeys(known, "")
    return {each: found for each, found in hashes.items() if each in named or found in hashed}


def _said(connection: Connection, bounds: tuple[datetime, datetime]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    query = select(calls.c.client_id, calls.c.findings).where(
        calls.c.ended_at >= bounds[0], calls.c.ended_at < bounds[1]
    )
    for row in connection.execute(query.where(calls.c.client_id.is_not(None))):
        counted = found.setdefault(row.client_id, {"calls": 0, "violations": 0})
        counted["calls"] += 1
        counted["violations"] += sum(not finding.get("confidential") for finding in row.findings)
    return found


def _sent(connection: Connection, day: date) -> dict[str, dict[str, int]]:
    of = archived_messages.c
    unmatched = func.sum(case((of.how == UNMATCHED, 1), else_=0))
    loose = func.sum(case(((of.how != UNMATCHED) & of.for_client.is_(False), 1), else_=0))
    query = select(of.client_id, func.count().label("sent"), unmatched.label("unmatched"), loose.label("loose"))
    return {
        row.client_id: {
            "sent": row.sent, "unmatched": int(row.unmatched), "matched": row.sent - int(row.unmatched),
            "without_client": int(row.loose),
        }
        for row in connection.execute(query.where(of.day == day).group_by(of.client_id))
    }  # fmt: skip


def _judged(connection: Connection, bounds: tuple[datetime, datetime]) -> dict[str, dict[str, int]]:
    """Counts by the keyed hash of a client."""
    found: dict[str, dict[str, int]] = {}
    query = select(audit_log.c.subject, audit_log.c.data).where(
        audit_log.c.event == VERDICT, audit_log.c.subject != "", audit_log.c.at >= bounds[0], audit_log.c.at < bounds[1]
    )
    for row in connection.execute(query):
        data: dict[str, Any] = json.loads(row.data)
        if data["target"] in DELIVERED:
            counted = found.setdefault(row.subject, {"cleared": 0, "held": 0})
            counted["cleared" if data["outcome"] in ("pass", "revise") else "held"] += 1
    return found


def _visible(connection: Connection, principal: Principal) -> set[str]:
    ids = set(connection.execute(select(clients.c.id).where(visible_clients(principal))).scalars())
    if principal.has(*SEES_EVERY_CLIENT):  # also those whom the client file no longer names
        ids |= set(connection.execute(select(archived_messages.c.client_id).distinct()).scalars())
    return ids
