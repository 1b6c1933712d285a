"""One change of a lead: the event row that stays, and the message for whoever listens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intent.leads.lead import Lead
from intent.leads.views import body
from jobs.outbox import message_row
from jobs.tables import new_id

TOPIC = "lead"  # of the outbox: lead.created, lead.updated, lead.<state>, note.confirmed
TYPES = {"created": "lead.created", "merged": "lead.updated", "extended": "lead.updated", "escalated": "lead.escalated"}


@dataclass(frozen=True, kw_only=True)
class Change:
    """A lead as it stands after one event."""

    lead: Lead
    event: str
    by: str
    why: str = ""
    at: datetime


def kind_of(event: str, state: str) -> str:
    """The type of the message: by the event, else by the state after it."""
    return TYPES.get(event, f"lead.{state}")


def event_row(change: Change) -> dict[str, Any]:
    """The row of `lead_events`."""
    return {
        "id": new_id(), "lead_id": change.lead.id, "event": change.event, "state": change.lead.state.value,
        "by": change.by, "why": change.why, "at": change.at,
    }  # fmt: skip


def outbox_row(change: Change) -> dict[str, Any]:
    """The row of the outbox."""
    kind = kind_of(change.event, change.lead.state.value)
    payload = {"type": kind, "event": change.event, "by": change.by, "why": change.why, **body(change.lead)}
    return message_row(TOPIC, change.lead.client_id, payload, change.at)
