"""What the review queue speaks of: items, their history, and the policy by which they are decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from compliance_filters.errors import ReviewQueueError
from compliance_filters.finding import Finding, Outcome, ReviewContext, Target


class Kind(StrEnum):
    """Why a text was put before an officer."""

    DOUBT = "doubt"  # it waits for a decision
    ESCALATION = "escalation"  # blocked, and told to compliance in confidence
    SAMPLE = "sample"  # delivered, and looked at afterwards


class State(StrEnum):
    """Where an item stands."""

    PENDING = "pending"
    SECONDED = "seconded"  # approved by a first officer; a second one is needed
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"  # nobody decided; what it was judged by is stale
    FINE = "fine"  # a sample without fault
    MISTAKE = "mistake"  # a sample that should not have passed
    CLOSED = "closed"  # an escalation that was dealt with


OPEN = (State.PENDING, State.SECONDED)


class View(StrEnum):
    """Lists of the queue."""

    OPEN = "open"  # doubts to be decided, the nearest deadline first, so that what is overdue comes first
    OVERDUE = "overdue"
    DECIDED = "decided"
    SAMPLES = "samples"
    CONFIDENTIAL = "confidential"


@dataclass(frozen=True, kw_only=True)
class ReviewPolicy:
    """How doubts are decided."""

    due_h: float = 24.0
    expire_h: float = 168.0
    two_persons: str = "off"  # off | grave | all: whose approval needs a second officer
    sample_share: float = 0.01  # of delivered texts

    def needs_second(self, *, grave: bool) -> bool:
        return self.two_persons == "all" or (self.two_persons == "grave" and grave)


@dataclass(frozen=True, kw_only=True)
class ReviewSummary:
    """One item as a list shows it; holds no client's words."""

    id: str
    audit_id: str
    kind: Kind
    state: State
    created_at: datetime
    created_by: str
    written_by: str
    target: Target
    client_id: str | None
    outcome: str
    rules: tuple[str, ...]
    errors: tuple[str, ...]
    rule_pack: str
    grave: bool
    confidential: bool
    due_at: datetime
    overdue: bool
    escalated_at: datetime | None
    first_by: str | None
    edit_id: str | None
    decided_by: str | None
    decided_at: datetime | None
    decision_id: str | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happened to an item."""

    at: datetime
    by: str
    act: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReviewItem(ReviewSummary):
    """One item with its texts."""

    text: str  # as it was judged
    edited: str | None  # an officer's text, after mechanical mends
    generated: bool
    findings: tuple[Finding, ...]  # law and suggestion stand in the rule pack
    context: Mapping[str, Any]  # the snapshot: level, products, sources as they stood
    judged_in: ReviewContext | None  # the whole context; kept for doubts only
    history: tuple[Step, ...]

    @property
    def current(self) -> str:
        """The text that an approval is about."""
        return self.text if self.edited is None else self.edited


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What the writer of a text sees of its review."""

    id: str
    created_at: datetime
    state: State  # a first approval is not told
    target: Target
    client_id: str | None
    due_at: datetime
    decided_at: datetime | None
    reason: str | None
    text: str | None  # that may be delivered, once approved
    edited: bool


def why_officers(outcome: Outcome, confidential: bool) -> Kind | None:
    """Why an officer has to see a text: it is in doubt, or what it breaks is told to compliance in confidence."""
    if outcome is Outcome.REVIEW:
        return Kind.DOUBT
    return Kind.ESCALATION if confidential else None


def judged_in(item: ReviewItem) -> ReviewContext:
    """The context an item was judged in. Raises ReviewQueueError where it was not kept."""
    if item.judged_in is None:
        raise ReviewQueueError(
            f"the context of review item {item.id} was not kept: reject it, and let it be asked anew."
        )
    return item.judged_in
