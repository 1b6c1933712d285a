"""Cases, tickets, changes of consent and incidents, as the desks hand them on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row


class Kind(StrEnum):
    CASE = "case"
    TICKET = "ticket"
    CONSENT = "consent"


class State(StrEnum):
    """Where a follow-up stands. `asked` and `applied` are states of consents alone."""

    OPEN = "open"
    ASSIGNED = "assigned"
    ANSWERED = "answered"
    ASKED = "asked"  # the ledger is unchanged: a person decides
    APPLIED = "applied"  # the ledger has changed: a person confirms
    CLOSED = "closed"


UNFINISHED = (State.OPEN, State.ASSIGNED, State.ANSWERED, State.ASKED, State.APPLIED)


class Escalation:
    """How far a deadline has come."""

    NONE, NEARS, PASSED = 0, 1, 2


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """A case, a ticket or a change of consent."""

    id: str
    kind: str  # case | ticket | consent
    number: str | None  # of a case
    call_id: str
    client_id: str | None
    advisor_id: str | None  # who spoke in the call
    client_advisor_id: str | None  # who serves the client
    branch: str | None
    intent: str
    state: str
    handler_id: str | None
    evidence: tuple[Mapping[str, Any], ...]  # call, turn, quote, start_s, end_s
    wishes: tuple[Mapping[str, Any], ...]  # intent, product, amount_cny, quote, start_s: what else was wanted
    purposes: tuple[str, ...]  # of a consent
    confidence: float
    system: str | None
    heard_at: datetime
    incident_id: str | None
    due_at: datetime
    answer_due_at: datetime | None
    look_at: datetime | None
    escalation: int
    created_at: datetime
    contacted_at: datetime | None
    handled_at: datetime | None
    outcome: str

    @property
    def concerned(self) -> frozenset[str]:
        """Advisors who neither see nor handle it where it is a case: the speaker, and the client's own."""
        return frozenset(filter(None, (self.advisor_id, self.client_advisor_id)))


@dataclass(frozen=True, kw_only=True)
class FollowUpEvent:
    """One thing that happened to a follow-up: what, who, why, when."""

    event: str
    state: str
    by: str
    why: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One fault of one system, told of by several clients."""

    id: str
    number: str
    system: str
    state: str  # open | closed | merged
    merged_into: str | None
    first_at: datetime
    last_at: datetime
    tickets: int
    clients: int
    cause: str
    closed_by: str | None
    closed_at: datetime | None
    created_at: datetime


def follow_up_of(row: Row[Any]) -> FollowUp:
    """A follow-up from its row."""
    fields = dict(row._mapping)
    return FollowUp(**{**fields, **{name: tuple(fields[name]) for name in ("evidence", "wishes", "purposes")}})
