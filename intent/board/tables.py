"""Indexes that the board reads leads by; importing this room brings in every table of the package."""

from __future__ import annotations

from sqlalchemy import Index

from intent.follow_ups.tables import metadata as metadata
from intent.leads.tables import leads
from intent.notes.tables import metadata as _notes  # the same metadata: its tables must be known as well

assert _notes is metadata  # one schema of the package

_done = leads.c.disposition.is_not(None)
Index("ix_leads_board", leads.c.advisor_id, leads.c.state, leads.c.due_at, leads.c.id)
Index(
    "ix_leads_outcomes", leads.c.advisor_id, leads.c.disposition, leads.c.updated_at, leads.c.id,
    sqlite_where=_done, postgresql_where=_done,
)  # fmt: skip
_nobodys = leads.c.advisor_id.is_(None)
Index(
    "ix_leads_nobodys", leads.c.branch, leads.c.state, leads.c.due_at, leads.c.id,
    sqlite_where=_nobodys, postgresql_where=_nobodys,
)  # fmt: skip
