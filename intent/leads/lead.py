"""Leads as the queue hands them on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from sqlalchemy import Connection

from intent.call import Wish


class LeadState(StrEnum):
    """Where a lead stands. New and offered ones can be claimed; a held one waits for compliance."""

    NEW = "new"  # nobody had it yet
    OFFERED = "offered"  # back in the queue, or put before another person
    CLAIMED = "claimed"
    CONTACTED = "contacted"
    WON = "won"
    LOST = "lost"
    WRONG = "wrong"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    HELD = "held"


CLAIMABLE = (LeadState.NEW, LeadState.OFFERED)
LIVING = (LeadState.NEW, LeadState.OFFERED, LeadState.CLAIMED, LeadState.CONTACTED, LeadState.HELD)
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
    sequence: int  # of the client: a consumer drops an event with a smaller one than it has seen of the lead
    owner: str | None
    lease_until: datetime | None
    disposition: str | None
    reason: str | None
    due_at: datetime  # of the first contact, counted from the end of the call
    first_seen_at: datetime
    last_seen_at: datetime
    updated_at: datetime
    tier: str | None = None  # of the client when the lead was made
    escalated_at: datetime | None = None  # the clock ran out before anybody spoke with the client


@dataclass(frozen=True, kw_only=True)
class LeadEvent:
    """One change of a lead: what, who, why, when."""

    event: str
    state: LeadState
    by: str
    why: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ClientStanding:
    """What the queue must know of a client before anything is offered."""

    advisor_id: str | None = None
    branch: str | None = None
    may_contact: bool = True
    why_not: str = ""  # e.g. do not contact, account closed, minor
    consents: Mapping[str, bool] = field(default_factory=dict)  # purpose: agreed or refused; not asked = left out
    account_state: str = "open"
    born_on: date | None = None
    kind: str = "individual"
    assets_cny: Decimal | None = None
    revenue_cny: Decimal | None = None  # earned with the client in the last twelve months


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Somebody leads can be given to."""

    id: str
    registered_adviser: bool = False
    lines: tuple[str, ...] = ()  # product lines served; empty = all
    capacity: int | None = None  # open leads at a time; None = as the settings say


class ClientDirectory(Protocol):
    """Looks a client up; None for a client that the firm does not know."""

    def standing(self, client_id: str) -> ClientStanding | None: ...


@runtime_checkable
class BulkDirectory(Protocol):
    """A directory that looks many clients up at once, as the caller's transaction sees them."""

    def standings_in(self, connection: Connection, client_ids: Collection[str]) -> Mapping[str, ClientStanding]: ...


@runtime_checkable
class StaffDirectory(Protocol):
    """A directory that also knows who works where; without one a lead stays with the client's own advisor."""

    def staff(self, branch: str, connection: Connection) -> Sequence[Staff]: ...

    def staff_of(self, user_ids: Collection[str], connection: Connection) -> Mapping[str, Staff]: ...


def standings_of(
    directory: ClientDirectory | None, client_ids: Collection[str], connection: Connection
) -> Mapping[str, ClientStanding]:
    """What is known of the clients; one that is not known is left out. Without a directory all are known."""
    if directory is None:
        return {each: ClientStanding() for each in client_ids}
    if isinstance(directory, BulkDirectory):
        return directory.standings_in(connection, client_ids)
    found = {each: directory.standing(each) for each in client_ids}
    return {each: standing for each, standing in found.items() if standing is not None}


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
