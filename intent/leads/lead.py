"""Leads, cases, tickets and consents as the queue hands them on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from intent.call import Wish


class LeadState(StrEnum):
    """Where a lead stands. New and nothing else is offered; a held one waits for compliance."""

    NEW = "new"
    CLAIMED = "claimed"
    CONTACTED = "contacted"
    WON = "won"
    LOST = "lost"
    WRONG = "wrong"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    HELD = "held"


LIVING = (LeadState.NEW, LeadState.CLAIMED, LeadState.CONTACTED, LeadState.HELD)
DISPOSITIONS = (LeadState.CONTACTED, LeadState.WON, LeadState.LOST, LeadState.WRONG)


@dataclass(frozen=True, kw_only=True)
class Lead:
    """One living wish of one client for one product, from one call or several."""

    id: str
    client_id: str
    advisor_id: str | None
    branch: str | None
    intent: str
    product: str  # as spoken; empty where none was named
    line: str
    state: LeadState
    confidence: float  # of the best evidence, 0..1
    score: float  # orders the queue; see `rule_score`
    amount_cny: Decimal | None
    urgency: str
    evidence: tuple[Mapping[str, Any], ...]  # call, turn, quote, start_s, end_s
    held_because: str | None
    sequence: int  # of the client: a consumer drops an event with a smaller one than it has seen
    owner: str | None
    lease_until: datetime | None
    disposition: str | None
    reason: str | None
    due_at: datetime
    first_seen_at: datetime
    last_seen_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class LeadEvent:
    """One change of a lead: what, who, why, when."""

    event: str
    state: LeadState
    by: str
    why: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """A case, a ticket or a change of consent."""

    id: str
    kind: str  # case | ticket | consent
    call_id: str
    client_id: str | None
    advisor_id: str | None  # the advisor concerned
    branch: str | None
    intent: str
    state: str  # open | handled
    handler_id: str | None
    evidence: tuple[Mapping[str, Any], ...]
    confidence: float
    due_at: datetime
    created_at: datetime
    handled_at: datetime | None
    outcome: str


@dataclass(frozen=True, kw_only=True)
class ClientStanding:
    """What the queue must know of a client before anything is offered."""

    advisor_id: str | None = None
    branch: str | None = None
    may_contact: bool = True
    why_not: str = ""  # e.g. do not contact, account closed, minor


class ClientDirectory(Protocol):
    """Looks a client up; None for a client that the firm does not know."""

    def standing(self, client_id: str) -> ClientStanding | None: ...


def rule_score(wish_confidence: float, urgency: str, amount_cny: Decimal | None, calls: int) -> float:
    """0..1: confidence, raised by urgency (0.1), by a large sum (0.1 from 100,000 yuan) and by repetition.

    A documented rule until enough dispositions exist to learn from.
    """
    score = wish_confidence * 0.7
    score += {"high": 0.1, "low": -0.1}.get(urgency, 0.0)
    score += 0.1 if amount_cny is not None and amount_cny >= 100_000 else 0.0
    score += min(0.1, 0.05 * (calls - 1))
    return round(min(1.0, max(0.0, score)), 4)


def evidence_rows(wish: Wish, call_id: str) -> list[dict[str, Any]]:
    """A wish's evidence as it is stored: JSON with the call's id."""
    return [
        {"call": call_id, "turn": e.turn, "quote": e.quote, "start_s": e.start_s, "end_s": e.end_s}
        for e in wish.evidence
    ]
