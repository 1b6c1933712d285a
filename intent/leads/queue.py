"""The queue a CRM lives on: one living lead per client, intent and product; claims are leases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, false, func, insert, or_, select, true, update

from intent.errors import LeadError, LeadNotFoundError
from intent.inspection.speech import HOLDING
from intent.leads.lead import DISPOSITIONS, LIVING, Lead, LeadEvent, LeadState
from intent.leads.tables import calls, lead_events, leads, spoken_findings
from intent.notes.tables import call_notes
from intent.settings import LeadSettings
from jobs.clock import database_now
from jobs.locks import begin_writing, hold
from jobs.outbox import Outbox
from jobs.tables import new_id
from knowledge_base.access import SEES_EVERY_CLIENT, Principal, Role

TOPIC = "lead"  # of the outbox: lead.created, lead.updated, lead.state
WORKERS = (Role.ADVISOR, Role.SUPERVISOR, Role.CRM, Role.OPERATIONS, Role.SYSTEM)


class LeadQueue:
    """Offers, claims and closes leads. Every change is an event row and an outbox row in one transaction."""

    def __init__(self, engine: Engine, settings: LeadSettings | None = None) -> None:
        self.engine = engine
        self.settings = settings or LeadSettings()
        self._outbox = Outbox(engine)

    def claim(
        self,
        *,
        principal: Principal,
        limit: int = 10,
        lease_s: int | None = None,
        lines: Sequence[str] = (),
    ) -> tuple[Lead, ...]:
        """Lease up to `limit` offered leads that the principal may see, the best score first.

        A lead whose lease ran out is offered again. No lead goes to two claimers at once.
        """
        principal.require("claim leads", *WORKERS)
        count = max(1, min(limit, self.settings.max_claim))
        with self._writing() as (connection, now):
            offered = or_(
                leads.c.state == LeadState.NEW.value,
                (leads.c.state == LeadState.CLAIMED.value) & (leads.c.lease_until <= now),
            )
            which = select(leads).where(offered, visible(principal))
            if lines:
                which = which.where(leads.c.line.in_(lines))
            best = which.order_by(leads.c.score.desc(), leads.c.id).limit(count)
            rows = connection.execute(best.with_for_update(skip_locked=True)).all()
            until = now + timedelta(seconds=lease_s or self.settings.lease_s)
            claimed = [
                self.change(
                    connection, lead_of(row), now, "claimed", principal.user_id,
                    state=LeadState.CLAIMED, owner=principal.user_id, lease_until=until,
                )
                for row in sorted(rows, key=lambda r: r.client_id)  # one order, lest two claimers deadlock
            ]  # fmt: skip
        return tuple(sorted(claimed, key=lambda lead: (-lead.score, lead.id)))

    def extend(self, lead_id: str, *, principal: Principal, lease_s: int | None = None) -> Lead:
        """Hold a claimed lead longer. Raises LeadError when it is not held by this principal."""
        with self._held(lead_id, principal) as (connection, lead, now):
            until = now + timedelta(seconds=lease_s or self.settings.lease_s)
            return self.change(connection, lead, now, "extended", principal.user_id, lease_until=until)

    def nack(self, lead_id: str, *, principal: Principal, why: str = "") -> Lead:
        """Give a claimed lead back to the queue."""
        with self._held(lead_id, principal) as (connection, lead, now):
            return self.change(
                connection, lead, now, "nacked", principal.user_id, why,
                state=LeadState.NEW, owner=None, lease_until=None,
            )  # fmt: skip

    def ack(self, lead_id: str, *, principal: Principal, disposition: str = "contacted", reason: str = "") -> Lead:
        """Report what became of a claimed or contacted lead: contacted, won, lost or wrong.

        Raises LeadError for another disposition, another holder, or a lead that is closed.
        """
        if disposition not in {d.value for d in DISPOSITIONS}:
            raise LeadError(f"There is no disposition {disposition}: use contacted, won, lost or wrong.")
        with self._held(lead_id, principal) as (connection, lead, now):
            return self.change(
                connection, lead, now, "acked", principal.user_id, reason,
                state=LeadState(disposition), lease_until=None, disposition=disposition, reason=reason,
            )  # fmt: skip

    def requeue(self, lead_id: str, *, principal: Principal, why: str = "") -> Lead:
        """Offer a lead again, from any state. Only those who see every lead, and supervisors, may."""
        principal.require("requeue leads", Role.SUPERVISOR, Role.COMPLIANCE, Role.OPERATIONS, Role.SYSTEM)
        with self._writing() as (connection, now):
            lead = self._get(connection, lead_id, principal)
            if lead.state is LeadState.HELD:
                principal.require("release a held lead", Role.COMPLIANCE, Role.SYSTEM)
                if words_that_hold(connection, lead):
                    raise LeadError(f"The lead {lead_id} is held by spoken words: dispose of them, which releases it.")
            return self.change(
                connection, lead, now, "requeued", principal.user_id, why,
                state=LeadState.NEW, owner=None, lease_until=None, held_because=None,
            )  # fmt: skip

    def get(self, lead_id: str, *, principal: Principal) -> Lead:
        """One lead. Raises LeadNotFoundError when there is none that this principal may see."""
        with self.engine.connect() as connection:
            return self._get(connection, lead_id, principal)

    def list(
        self,
        *,
        principal: Principal,
        states: Sequence[str] = (),
        client_id: str | None = None,
        after: str = "",
        limit: int = 100,
    ) -> tuple[Lead, ...]:
        """Leads by id, the oldest first; pass the last id as `after` for the next page."""
        query = select(leads).where(visible(principal), leads.c.id > after)
        if states:
            query = query.where(leads.c.state.in_([LeadState(s).value for s in states]))
        if client_id is not None:
            query = query.where(leads.c.client_id == client_id)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(leads.c.id).limit(limit)).all()
        return tuple(lead_of(row) for row in rows)

    def of_call(self, call_id: str, *, principal: Principal) -> tuple[Lead, ...]:
        """Leads with evidence from one call, the best score first."""
        client = select(calls.c.client_id).where(calls.c.id == call_id).scalar_subquery()
        with self.engine.connect() as connection:
            rows = connection.execute(select(leads).where(visible(principal), leads.c.client_id == client)).all()
        found = [lead for lead in map(lead_of, rows) if any(place["call"] == call_id for place in lead.evidence)]
        return tuple(sorted(found, key=lambda lead: (-lead.score, lead.id)))

    def events(self, lead_id: str, *, principal: Principal) -> tuple[LeadEvent, ...]:
        """What happened to a lead, the first event first. Raises LeadNotFoundError."""
        with self.engine.connect() as connection:
            self._get(connection, lead_id, principal)
            query = select(lead_events).where(lead_events.c.lead_id == lead_id).order_by(lead_events.c.id)
            rows = connection.execute(query).all()
        return tuple(LeadEvent(event=r.event, state=LeadState(r.state), by=r.by, why=r.why, at=r.at) for r in rows)

    def change(
        self,
        connection: Connection,
        lead: Lead,
        now: datetime,
        event: str,
        by: str,
        why: str = "",
        **values: Any,
    ) -> Lead:
        """Write a change with its event and its message; the caller holds the transaction and the lock."""
        changed = {"updated_at": now, **values, "sequence": self.next_sequence(connection, lead.client_id)}
        if isinstance(changed.get("state"), LeadState):
            changed["state"] = changed["state"].value
        row = connection.execute(update(leads).where(leads.c.id == lead.id).values(changed).returning(*leads.c)).one()
        after = lead_of(row)
        self.announce(connection, after, event, by, why, now)
        return after

    def announce(self, connection: Connection, lead: Lead, event: str, by: str, why: str, now: datetime) -> None:
        """The event row, and the message for the webhook, ordered by client."""
        connection.execute(
            insert(lead_events).values(
                id=new_id(), lead_id=lead.id, event=event, state=lead.state.value, by=by, why=why, at=now
            )
        )
        kind = {"created": "lead.created", "merged": "lead.updated"}.get(event, f"lead.{lead.state.value}")
        self._outbox.add(connection, TOPIC, lead.client_id, {"type": kind, "event": event, **body(lead)})

    def next_sequence(self, connection: Connection, client_id: str) -> int:
        """One more than the largest of the client's leads and notes; the client stays locked until commit."""
        hold(connection, f"leads:{client_id}")
        last = (
            connection.scalar(select(func.max(table.c.sequence)).where(table.c.client_id == client_id))
            for table in (leads, call_notes)
        )
        return max(sequence or 0 for sequence in last) + 1

    @contextmanager
    def _writing(self) -> Iterator[tuple[Connection, datetime]]:
        with self.engine.begin() as connection:
            begin_writing(connection)
            yield connection, database_now(connection)

    @contextmanager
    def _held(self, lead_id: str, principal: Principal) -> Iterator[tuple[Connection, Lead, datetime]]:
        with self._writing() as (connection, now):
            lead = self._get(connection, lead_id, principal, lock=True)
            if lead.state not in (LeadState.CLAIMED, LeadState.CONTACTED):
                raise LeadError(f"The lead {lead_id} is {lead.state}: claim it first.")
            if lead.owner != principal.user_id:
                raise LeadError(f"The lead {lead_id} is held by somebody else: claim another.")
            if lead.state is LeadState.CLAIMED and lead.lease_until is not None and lead.lease_until <= now:
                raise LeadError(f"The lease on the lead {lead_id} ran out: claim it again.")
            yield connection, lead, now

    def _get(self, connection: Connection, lead_id: str, principal: Principal, *, lock: bool = False) -> Lead:
        query = select(leads).where(leads.c.id == lead_id, visible(principal))
        row = connection.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise LeadNotFoundError(f"There is no lead {lead_id} that {principal.user_id} may see.")
        return lead_of(row)


def visible(principal: Principal, table: Any = leads) -> ColumnElement[bool]:
    """Rows of a table with advisor_id and branch that the principal may see; part of every query."""
    if principal.has(*SEES_EVERY_CLIENT):
        return true()
    mine: ColumnElement[bool] = false()
    if principal.has(Role.ADVISOR):
        mine = or_(mine, table.c.advisor_id == principal.user_id)
    if principal.has(Role.SUPERVISOR) and principal.branches:
        mine = or_(mine, table.c.branch.in_(sorted(principal.branches)))
    return mine


def body(lead: Lead) -> dict[str, Any]:
    """A lead as JSON: what webhooks, the API and exports carry."""
    return {
        "id": lead.id,
        "client_id": lead.client_id,
        "advisor_id": lead.advisor_id,
        "intent": lead.intent,
        "product": lead.product or None,
        "line": lead.line,
        "state": lead.state.value,
        "confidence": lead.confidence,
        "score": lead.score,
        "amount_cny": None if lead.amount_cny is None else str(lead.amount_cny),
        "urgency": lead.urgency,
        "evidence": [dict(e) for e in lead.evidence],
        "held_because": lead.held_because,
        "sequence": lead.sequence,
        "owner": lead.owner,
        "disposition": lead.disposition,
        "due_at": lead.due_at.isoformat(),
        "first_seen_at": lead.first_seen_at.isoformat(),
        "last_seen_at": lead.last_seen_at.isoformat(),
    }


def words_that_hold(connection: Connection, lead: Lead) -> bool:
    """Whether words that nobody disposed of still hold a lead: said in a call of its evidence, before its last turn."""
    last: dict[str, int] = {}
    for row in lead.evidence:
        last[row["call"]] = max(last.get(row["call"], 0), row["turn"])
    words = spoken_findings.c
    query = select(words.call_id, words.turn, words.rule).where(words.call_id.in_(last), words.state == "open")
    return any(row.rule.startswith(HOLDING) and row.turn < last[row.call_id] for row in connection.execute(query))


def living(now: datetime, window_days: int) -> ColumnElement[bool]:
    """Leads that new evidence merges into."""
    return leads.c.state.in_([s.value for s in LIVING]) & (leads.c.last_seen_at > now - timedelta(days=window_days))


def lead_of(row: Row[Any]) -> Lead:
    """A lead from its row."""
    fields = dict(row._mapping)
    return Lead(**{**fields, "state": LeadState(fields["state"]), "evidence": tuple(fields["evidence"])})
