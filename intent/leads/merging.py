"""New evidence meets the leads that live: which are made, which are raised, in memory and in the order of the calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from intent.call import Call, Wish
from intent.classifier.taxonomy import Taxonomy
from intent.leads.changes import Change
from intent.leads.lead import LIVING, ClientStanding, Lead, LeadState, evidence_rows
from intent.leads.scoring.scorer import LeadFacts, Score, rule
from jobs.tables import new_id

Key = tuple[str, str, str]  # client, intent, product


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One wish of one call, for a client who may be offered."""

    wish: Wish
    call: Call
    client_id: str
    standing: ClientStanding
    advisor_id: str | None  # whom the lead is given to, where it is new
    tier: str | None
    ended: datetime


@dataclass(kw_only=True)
class Merging:
    """The leads of some clients while calls are written; `leads` holds how they stand in the end."""

    taxonomy: Taxonomy
    now: datetime
    by: str
    last: dict[str, int]  # sequence of each client so far
    leads: dict[Key, Lead] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    raised: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    score: Score = rule

    def meet(self, living: Iterable[Lead]) -> None:
        """Know the leads that live; of two of one kind the older."""
        for lead in living:
            self.leads.setdefault((lead.client_id, lead.intent, lead.product), lead)

    def hear(self, heard: Heard) -> tuple[Lead, bool]:
        """The lead after one more wish, and whether it lived before."""
        key = (heard.client_id, heard.wish.intent, heard.wish.product or "")
        known = self.leads.get(key)
        alive = known is not None and known.state in LIVING
        lead = self._raised(known, heard) if known is not None and alive else self._made(heard)
        self.leads[key] = lead
        (self.raised if lead.id not in self.made and alive else self.made).add(lead.id)
        why = "; ".join((f"call {heard.call.id}", *heard.wish.doubts))
        event = "merged" if alive else "created"
        self.changes.append(Change(lead=lead, event=event, by=self.by, why=why, at=self.now))
        return lead, alive

    def _made(self, heard: Heard) -> Lead:
        wish, intent = heard.wish, self.taxonomy[heard.wish.intent]
        facts = LeadFacts(
            client_id=heard.client_id, intent=wish.intent, confidence=wish.confidence, urgency=wish.urgency,
            amount_cny=wish.amount_cny, calls=1, product=wish.product or "",
        )  # fmt: skip
        return Lead(
            id=new_id(),
            client_id=heard.client_id,
            advisor_id=heard.advisor_id,
            branch=heard.standing.branch,
            intent=wish.intent,
            product=wish.product or "",
            line=intent.line,
            state=LeadState.HELD if wish.held_because else LeadState.NEW,
            tier=heard.tier,
            confidence=wish.confidence,
            score=self.score(facts),
            amount_cny=wish.amount_cny,
            urgency=wish.urgency,
            evidence=tuple(evidence_rows(wish, heard.call.id)),
            held_because=wish.held_because,
            sequence=self._next(heard.client_id),
            owner=None,
            lease_until=None,
            disposition=None,
            reason=None,
            due_at=heard.ended + timedelta(hours=intent.sla_hours),
            first_seen_at=self.now,
            last_seen_at=self.now,
            updated_at=self.now,
        )

    def _raised(self, lead: Lead, heard: Heard) -> Lead:
        """New evidence joins and never lowers the score; a hold comes, and never goes, with it."""
        wish = heard.wish
        evidence = (*lead.evidence, *evidence_rows(wish, heard.call.id))
        confidence = max(lead.confidence, wish.confidence)
        amount = wish.amount_cny if wish.amount_cny is not None else lead.amount_cny
        hold: Mapping[str, Any] = (
            {"state": LeadState.HELD, "held_because": wish.held_because} if wish.held_because else {}
        )
        facts = LeadFacts(
            client_id=lead.client_id, intent=lead.intent, confidence=confidence, urgency=wish.urgency,
            amount_cny=amount, calls=len({row["call"] for row in evidence}), product=lead.product,
        )  # fmt: skip
        return replace(
            lead,
            evidence=evidence,
            confidence=confidence,
            score=max(lead.score, self.score(facts)),
            amount_cny=amount,
            urgency=wish.urgency,
            last_seen_at=self.now,
            updated_at=self.now,
            sequence=self._next(lead.client_id),
            **hold,
        )

    def _next(self, client_id: str) -> int:
        self.last[client_id] += 1
        return self.last[client_id]
