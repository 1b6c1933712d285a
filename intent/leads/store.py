"""What a read call leads to, written once: leads merged, cases registered, tickets and consents opened."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from intent.call import Call, CallReading, SpeechFinding, Wish
from intent.classifier.taxonomy import Taxonomy
from intent.errors import LeadError, LeadNotFoundError
from intent.leads.lead import (
    ClientDirectory,
    ClientStanding,
    FollowUp,
    Lead,
    LeadState,
    evidence_rows,
    rule_score,
)
from intent.leads.queue import LeadQueue, lead_of, living, visible
from intent.leads.tables import calls, follow_ups, leads, spoken_findings
from intent.notes.draft import draft_note
from intent.settings import LeadSettings
from jobs.locks import hold
from jobs.tables import new_id
from knowledge_base.access import Principal, Role

RECORDERS = (Role.OPERATIONS, Role.CRM, Role.SYSTEM)
CASE_READERS = (Role.COMPLIANCE, Role.SUPERVISOR, Role.OPERATIONS, Role.SYSTEM)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What one call changed; `already` when it had been recorded before and nothing was done."""

    leads: tuple[Lead, ...] = ()
    merged: int = 0  # of `leads`, how many lived before
    follow_ups: tuple[FollowUp, ...] = ()
    left_out: tuple[str, ...] = field(default=())  # why a wish gave no lead, one sentence each
    already: bool = False


class LeadStore(LeadQueue):
    """The queue, and the one way into it."""

    def __init__(
        self,
        engine: Engine,
        *,
        taxonomy: Taxonomy,
        settings: LeadSettings | None = None,
        directory: ClientDirectory | None = None,
    ) -> None:
        super().__init__(engine, settings)
        self._taxonomy, self._directory = taxonomy, directory

    def record(self, reading: CallReading, call: Call, *, principal: Principal) -> Recorded:
        """Write a call and what follows from it in one transaction; a second time does nothing.

        Cases and tickets are always written. A lead is written for a known client who may be
        contacted, of a call that is not stale; the rest stands in `left_out`.
        """
        principal.require("record calls", *RECORDERS)
        standing = self._standing(call)
        with self._writing() as (connection, now):
            hold(connection, f"call:{call.id}")
            if connection.execute(select(calls.c.id).where(calls.c.id == call.id)).first():
                return Recorded(already=True)
            ended = _ended_at(call, now)
            self._insert_call(connection, reading, call, standing, ended, now)
            _insert_findings(connection, reading, call, standing, now)
            if reading.note:
                draft_note(connection, reading.note, call, branch=standing.branch if standing else None, now=now)
            opened = tuple(
                self._open(connection, wish, call, standing, ended, now)
                for wish in reading.wishes
                if wish.goes_to != "lead"
            )
            made, left_out = self._leads(connection, reading, call, standing, ended, now, principal)
        return Recorded(
            leads=tuple(lead for lead, _ in made),
            merged=sum(merged for _, merged in made),
            follow_ups=opened,
            left_out=left_out,
        )

    def follow_ups(
        self, kind: str, *, principal: Principal, open_only: bool = True, limit: int = 100
    ) -> tuple[FollowUp, ...]:
        """Cases, tickets or consents, the most urgent first; no case shows to the advisor it concerns."""
        query = select(follow_ups).where(follow_ups.c.kind == kind, visible(principal, follow_ups))
        if kind == "case":
            principal.require("read cases", *CASE_READERS)
            query = query.where(_not_concerned(principal))
        if open_only:
            query = query.where(follow_ups.c.state == "open")
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(follow_ups.c.due_at, follow_ups.c.id).limit(limit)).all()
        return tuple(_follow_up(row) for row in rows)

    def handle(self, follow_up_id: str, outcome: str, *, principal: Principal) -> FollowUp:
        """Close a case, ticket or consent. Raises LeadError for the advisor whom a case concerns."""
        with self._writing() as (connection, now):
            query = select(follow_ups).where(follow_ups.c.id == follow_up_id, visible(principal, follow_ups))
            row = connection.execute(query.with_for_update()).one_or_none()
            if row is None:
                raise LeadNotFoundError(f"There is no follow-up {follow_up_id} that you may see.")
            if row.kind == "case":
                principal.require("handle cases", *CASE_READERS)
                if row.advisor_id == principal.user_id:
                    raise LeadError("The advisor whom a case concerns never handles it: give it to another.")
            values = {
                "state": "handled", "handler_id": principal.user_id, "handled_at": now, "outcome": outcome,
            }  # fmt: skip
            changed = update(follow_ups).where(follow_ups.c.id == follow_up_id).values(values)
            return _follow_up(connection.execute(changed.returning(*follow_ups.c)).one())

    def call(self, call_id: str, *, principal: Principal) -> dict[str, Any]:
        """The stored note, findings, inspection and warnings of a call, without findings that are for compliance alone.

        Raises LeadNotFoundError.
        """
        query = select(calls).where(calls.c.id == call_id, visible(principal, calls))
        with self.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise LeadNotFoundError(f"There is no call {call_id} that you may see.")
        told = [finding for finding in row.findings if not finding.get("confidential")]
        return {**row._mapping, "findings": told}

    def _standing(self, call: Call) -> ClientStanding | None:
        if call.client_id is None:
            return None
        if self._directory is None:
            return ClientStanding(advisor_id=call.advisor_id)
        return self._directory.standing(call.client_id)

    def _insert_call(
        self,
        connection: Connection,
        reading: CallReading,
        call: Call,
        standing: ClientStanding | None,
        ended: datetime,
        now: datetime,
    ) -> None:
        connection.execute(
            insert(calls).values(
                id=call.id,
                client_id=call.client_id,
                advisor_id=call.advisor_id,
                branch=standing.branch if standing else None,
                started_at=call.started_at,
                ended_at=ended,
                duration_s=call.transcript.duration_s,
                recording_path=call.recording_path,
                note=reading.note.text if reading.note else "",
                findings=[asdict(finding) for finding in reading.findings],
                warnings=list(call.transcript.warnings),
                inspection=asdict(reading.inspection) if reading.inspection else None,
                model_version=reading.model_version,
                recorded_at=now,
            )
        )

    def _open(
        self,
        connection: Connection,
        wish: Wish,
        call: Call,
        standing: ClientStanding | None,
        ended: datetime,
        now: datetime,
    ) -> FollowUp:
        row = connection.execute(
            insert(follow_ups)
            .values(
                id=new_id(),
                kind=wish.goes_to,
                call_id=call.id,
                client_id=call.client_id,
                advisor_id=call.advisor_id,
                branch=standing.branch if standing else None,
                intent=wish.intent,
                state="open",
                evidence=evidence_rows(wish, call.id),
                confidence=wish.confidence,
                due_at=ended + timedelta(hours=self._taxonomy[wish.intent].sla_hours),
                created_at=now,
                outcome="",
            )
            .returning(*follow_ups.c)
        ).one()
        return _follow_up(row)

    def _leads(
        self,
        connection: Connection,
        reading: CallReading,
        call: Call,
        standing: ClientStanding | None,
        ended: datetime,
        now: datetime,
        principal: Principal,
    ) -> tuple[list[tuple[Lead, bool]], tuple[str, ...]]:
        wished = reading.of("lead")
        refused = self._why_no_leads(reading, standing, ended, now)
        if refused or standing is None or call.client_id is None:
            return [], tuple(f"{wish.intent}: {refused}" for wish in wished)
        hold(connection, f"leads:{call.client_id}")
        by = principal.user_id
        return [self._lead(connection, wish, call, standing, ended, now, by) for wish in wished], ()

    def _why_no_leads(
        self, reading: CallReading, standing: ClientStanding | None, ended: datetime, now: datetime
    ) -> str:
        """One sentence, empty when leads may be written."""
        if standing is None:
            return "the client is not known, so that nobody can be asked to call."
        if not standing.may_contact:
            return f"the client must not be contacted ({standing.why_not})."
        if any(wish.goes_to == "consent" for wish in reading.wishes):
            return "the client asked in this call not to be contacted."
        if now - ended > timedelta(days=self.settings.stale_days):
            return f"the call is older than {self.settings.stale_days} days."
        return ""

    def _lead(
        self,
        connection: Connection,
        wish: Wish,
        call: Call,
        standing: ClientStanding,
        ended: datetime,
        now: datetime,
        by: str,
    ) -> tuple[Lead, bool]:
        alive = connection.execute(
            select(leads)
            .where(
                leads.c.client_id == call.client_id,
                leads.c.intent == wish.intent,
                leads.c.product == (wish.product or ""),
                living(now, self.settings.window_days),
            )
            .order_by(leads.c.id)
            .limit(1)
            .with_for_update()
        ).one_or_none()
        if alive is not None:
            return self._merge(connection, lead_of(alive), wish, call, now, by), True
        return self._create(connection, wish, call, standing, ended, now, by), False

    def _merge(self, connection: Connection, lead: Lead, wish: Wish, call: Call, now: datetime, by: str) -> Lead:
        """New evidence joins; a hold comes, and never goes, with it."""
        evidence = [*map(dict, lead.evidence), *evidence_rows(wish, call.id)]
        confidence = max(lead.confidence, wish.confidence)
        amount = wish.amount_cny if wish.amount_cny is not None else lead.amount_cny
        heard_in = len({row["call"] for row in evidence})
        values: dict[str, Any] = {
            "evidence": evidence,
            "confidence": confidence,
            "amount_cny": amount,
            "urgency": wish.urgency,
            "score": rule_score(confidence, wish.urgency, amount, heard_in),
            "last_seen_at": now,
        }
        if wish.held_because:
            values |= {"state": LeadState.HELD, "held_because": wish.held_because}
        return self.change(connection, lead, now, "merged", by, _reason(call, wish), **values)

    def _create(
        self,
        connection: Connection,
        wish: Wish,
        call: Call,
        standing: ClientStanding,
        ended: datetime,
        now: datetime,
        by: str,
    ) -> Lead:
        intent = self._taxonomy[wish.intent]
        row = connection.execute(
            insert(leads)
            .values(
                id=new_id(),
                client_id=call.client_id,
                advisor_id=standing.advisor_id or call.advisor_id,
                branch=standing.branch,
                intent=wish.intent,
                product=wish.product or "",
                line=intent.line,
                state=(LeadState.HELD if wish.held_because else LeadState.NEW).value,
                confidence=wish.confidence,
                score=rule_score(wish.confidence, wish.urgency, wish.amount_cny, 1),
                amount_cny=wish.amount_cny,
                urgency=wish.urgency,
                evidence=evidence_rows(wish, call.id),
                held_because=wish.held_because,
                sequence=self.next_sequence(connection, str(call.client_id)),
                due_at=ended + timedelta(hours=intent.sla_hours),
                first_seen_at=now,
                last_seen_at=now,
                updated_at=now,
            )
            .returning(*leads.c)
        ).one()
        lead = lead_of(row)
        self.announce(connection, lead, "created", by, _reason(call, wish), now)
        return lead


def _insert_findings(
    connection: Connection, reading: CallReading, call: Call, standing: ClientStanding | None, now: datetime
) -> None:
    rows = [
        {
            **_columns_of(finding), "id": new_id(), "call_id": call.id, "client_id": call.client_id,
            "advisor_id": call.advisor_id, "branch": standing.branch if standing else None, "state": "open",
            "note": "", "created_at": now,
        }
        for finding in reading.findings
        if not finding.suspected  # worth an ear at the inspection, no accusation to dispose of
    ]  # fmt: skip
    if rows:
        connection.execute(insert(spoken_findings), rows)


def _reason(call: Call, wish: Wish) -> str:
    """Where a lead comes from, and what a second look said against it."""
    return "; ".join((f"call {call.id}", *wish.doubts))


def _columns_of(finding: SpeechFinding) -> dict[str, Any]:
    return {name: value for name, value in asdict(finding).items() if name != "suspected"}


def _ended_at(call: Call, now: datetime) -> datetime:
    """The end of the call, when its clocks start; a call without a start ended now."""
    if call.started_at is None:
        return now
    return call.started_at + timedelta(seconds=call.transcript.duration_s)


def _not_concerned(principal: Principal) -> Any:
    return follow_ups.c.advisor_id.is_distinct_from(principal.user_id)


def _follow_up(row: Row[Any]) -> FollowUp:
    fields = dict(row._mapping)
    return FollowUp(**{**fields, "evidence": tuple(fields["evidence"])})
