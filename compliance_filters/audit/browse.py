"""The log as an auditor reads it: who did what and when, without texts; a client only as a keyed hash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from compliance_filters.audit.log import AuditLog
from compliance_filters.tables import audit_log
from knowledge_base.access import Principal, Role

READERS = (Role.AUDIT, Role.COMPLIANCE, Role.SYSTEM)
_rows = audit_log.c


@dataclass(frozen=True, kw_only=True)
class Line:
    """One entry without its text."""

    seq: int
    id: str
    at: datetime
    event: str
    actor: str
    subject: str  # keyed hash of the client; empty where it is about none
    data: Mapping[str, Any]


def browse(
    audit: AuditLog, *, principal: Principal, actor: str = "", event: str = "", client_id: str = "",
    since: datetime | None = None, until: datetime | None = None, before: int | None = None, limit: int = 100,
) -> list[Line]:  # fmt: skip
    """A page of entries, the newest first. That none was changed is for `AuditLog.verify` to say.

    event: the beginning of its name. before: the number of the last entry of the page before.
    """
    principal.require("read the audit log", *READERS)
    query = select(_rows.seq, _rows.id, _rows.at, _rows.event, _rows.actor, _rows.subject, _rows.data)
    if actor:
        query = query.where(_rows.actor == actor)
    if event:
        query = query.where(_rows.event.startswith(event, autoescape=True))
    if client_id:
        query = query.where(_rows.subject == audit.keyed_hash(client_id))
    query = query.where(_rows.at >= _aware(since)) if since else query
    query = query.where(_rows.at < _aware(until)) if until else query
    query = query.where(_rows.seq < before) if before else query
    with audit.engine.connect() as connection:
        found = connection.execute(query.order_by(_rows.seq.desc()).limit(limit)).all()
    return [Line(**{**row._mapping, "data": json.loads(row.data) if row.data else {}}) for row in found]


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
