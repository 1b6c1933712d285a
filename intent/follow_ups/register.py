"""Opens what a call leads to beside leads, in the transaction that records the call.

No opt-out, closed account or stale call keeps a case, a ticket or a consent from being opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from intent.call import Call, CallReading, Wish
from intent.classifier.taxonomy import Taxonomy
from intent.follow_ups.deadlines import load_deadlines
from intent.follow_ups.events import tell
from intent.follow_ups.item import Escalation, FollowUp, Kind, State, follow_up_of
from intent.follow_ups.numbers import next_number
from intent.follow_ups.outages import place
from intent.follow_ups.shield import shielded
from intent.follow_ups.tables import follow_ups
from intent.follow_ups.words import load_consent_words, load_outages
from intent.leads.lead import ClientStanding, evidence_rows
from intent.settings import FollowUpSettings
from jobs.tables import new_id
from knowledge_base.consents import ConsentLedger, ConsentState, Proof, Purpose

UNNAMED = "AJ"  # prefix of cases whose intent has no rule


@dataclass(frozen=True, kw_only=True)
class _Occasion:
    """What all follow-ups of a call share."""

    connection: Connection
    call: Call
    standing: ClientStanding | None
    ended: datetime
    now: datetime
    by: str


class Register:
    """Opens cases, tickets and consents; one instance serves all calls."""

    def __init__(self, taxonomy: Taxonomy, ledger: ConsentLedger, settings: FollowUpSettings | None = None) -> None:
        self._taxonomy, self._ledger = taxonomy, ledger
        self._settings = settings or FollowUpSettings()
        self.deadlines = load_deadlines(self._settings.deadlines, self._settings.workdays)
        self._outages = load_outages(self._settings.outages)
        self._words = load_consent_words(self._settings.consent_words)

    def open(
        self,
        connection: Connection,
        reading: CallReading,
        call: Call,
        *,
        standing: ClientStanding | None,
        ended: datetime,
        now: datetime,
        by: str,
    ) -> tuple[FollowUp, ...]:
        """Every wish that is no lead, opened; consents that are certain are in the ledger when this returns.

        Words of a complaint tell what a fault or a consent is about, but are written down with the case alone.
        """
        at = _Occasion(connection=connection, call=call, standing=standing, ended=ended, now=now, by=by)
        shown = shielded(reading)
        return tuple(
            self._opened(at, wish, kept, _beside(shown, wish, call))
            for wish, kept in zip(reading.wishes, shown.wishes, strict=True)
            if wish.goes_to in set(Kind)
        )

    def _opened(self, at: _Occasion, wish: Wish, kept: Wish, beside: list[dict[str, Any]]) -> FollowUp:
        """kept: the wish with the words that may be shown."""
        purposes = self._taken_back(wish)
        certain = bool(purposes) and self._certain(wish, at.call)
        values = {
            **self._of_call(at), **self._of_wish(at, wish), "evidence": evidence_rows(kept, at.call.id),
            "state": _first_state(wish, certain), "purposes": [purpose.value for purpose in purposes], "wishes": beside,
        }  # fmt: skip
        row = at.connection.execute(insert(follow_ups).values(values).returning(*follow_ups.c)).one()
        opened = follow_up_of(row)
        tell(at.connection, opened, "opened", at.by, f"call {at.call.id}", at.now)
        if certain:
            self._withdraw(at, purposes, wish, kept)
            tell(at.connection, opened, "applied", at.by, ", ".join(opened.purposes), at.now)
        if opened.system is not None:
            incident_id = place(at.connection, opened, self._outages, at.now)
            opened = replace(opened, incident_id=incident_id)
        return opened

    def _of_call(self, at: _Occasion) -> dict[str, Any]:
        return {
            "id": new_id(),
            "call_id": at.call.id,
            "client_id": at.call.client_id,
            "advisor_id": at.call.advisor_id,
            "client_advisor_id": at.standing.advisor_id if at.standing else None,
            "branch": at.standing.branch if at.standing else None,
            "escalation": Escalation.NONE,
            "created_at": at.now,
            "outcome": "",
        }

    def _of_wish(self, at: _Occasion, wish: Wish) -> dict[str, Any]:
        due = self.deadlines.first(wish.intent, self._taxonomy, at.ended)
        is_case = wish.goes_to == Kind.CASE
        rule = self.deadlines.cases.get(wish.intent)
        fault = wish.goes_to == Kind.TICKET and wish.intent == self._outages.intent
        return {
            "kind": wish.goes_to,
            "number": next_number(at.connection, rule.prefix if rule else UNNAMED, at.now) if is_case else None,
            "intent": wish.intent,
            "confidence": wish.confidence,
            "system": self._outages.system_of(proof.quote for proof in wish.evidence) if fault else None,
            "heard_at": _heard_at(wish, at.call, at.ended),
            "due_at": due,
            "answer_due_at": self.deadlines.answer(wish.intent, at.ended) if is_case else None,
            "look_at": self.deadlines.warn_at(at.ended, due),
        }

    def _taken_back(self, wish: Wish) -> tuple[Purpose, ...]:
        if wish.goes_to != Kind.CONSENT:
            return ()
        return self._words.taken_back(proof.quote for proof in wish.evidence)

    def _certain(self, wish: Wish, call: Call) -> bool:
        """A doubt never changes the ledger in silence: it asks a person, as does a caller nobody knows."""
        return call.client_id is not None and wish.confidence >= self._settings.certain_consent and not wish.doubts

    def _withdraw(self, at: _Occasion, purposes: Sequence[Purpose], wish: Wish, kept: Wish) -> None:
        for purpose in purposes:
            said = [bool(self._words.purposes[purpose].search(proof.quote)) for proof in wish.evidence]
            proof = kept.evidence[said.index(True) if True in said else -1]
            told = Proof(source="call", call_id=at.call.id, start_s=proof.start_s, quote=proof.quote)
            self._ledger.write(
                at.connection, str(at.call.client_id), purpose, ConsentState.WITHDRAWN, told, by=at.by, at=at.now
            )


def _first_state(wish: Wish, certain: bool) -> str:
    if wish.goes_to != Kind.CONSENT:
        return State.OPEN.value
    return (State.APPLIED if certain else State.ASKED).value


def _heard_at(wish: Wish, call: Call, ended: datetime) -> datetime:
    """The moment of the first words; the end of the call where its start is not known."""
    if call.started_at is None:
        return ended
    return call.started_at + timedelta(seconds=wish.evidence[0].start_s)


def _beside(reading: CallReading, wish: Wish, call: Call) -> list[dict[str, Any]]:
    """What else the client wanted in the call: what an incident kept them from. Never a case, and each once."""
    first: dict[str, dict[str, Any]] = {}
    for other in reading.wishes:
        if other.goes_to in ("lead", Kind.TICKET) and other.intent != wish.intent:
            proof = other.evidence[0]
            first.setdefault(other.intent, {
                "intent": other.intent, "product": other.product,
                "amount_cny": None if other.amount_cny is None else str(other.amount_cny),
                "call": call.id, "quote": proof.quote, "start_s": proof.start_s,
            })  # fmt: skip
    return list(first.values())
