"""The queue a CRM lives on: one living lead per client, intent and product; claims are leases."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, select

from intent.classifier.taxonomy import Intent, Taxonomy
from intent.errors import BatchError, LeadError
from intent.leads.changes import TOPIC as TOPIC
from intent.leads.changes import Change, kind_of
from intent.leads.honour import load_honour
from intent.leads.lead import DISPOSITIONS, LIVING, ClientDirectory, ClientStanding, Lead, LeadState, standings_of
from intent.leads.ledger import LeadLedger
from intent.leads.routing import Router, load_routing
from intent.leads.sql.rows import Told, Wanted
from intent.leads.tables import LEASED, lead_clients, leads
from intent.leads.views import body as body
from intent.leads.views import lead_from
from intent.leads.views import lead_of as lead_of
from intent.leads.views import living as living
from intent.leads.views import visible as visible
from intent.leads.views import words_that_hold as words_that_hold
from intent.settings import LeadSettings
from jobs.clock import database_now
from jobs.direct import at_once
from jobs.locks import begin_writing
from knowledge_base.access import SEES_EVERY_CLIENT, Principal, Role

WORKERS = (Role.ADVISOR, Role.SUPERVISOR, Role.CRM, Role.OPERATIONS, Role.SYSTEM)
GIVERS = (Role.SUPERVISOR, Role.COMPLIANCE, Role.CRM, Role.OPERATIONS, Role.SYSTEM)
TAKE_BACK_EVERY_S = 1.0  # between two looks of one process at leases that ran out
TAKEN_BACK = 500  # leads a look at most
CLOCK = "clock"  # who does what time does
SHANGHAI = ZoneInfo("Asia/Shanghai")
FREE: Mapping[str, Any] = {"state": LeadState.OFFERED, "owner": None, "lease_until": None}


class LeadQueue(LeadLedger):
    """Offers, claims and closes leads. Every change is an event row and an outbox row in one transaction."""

    def __init__(
        self,
        engine: Engine,
        settings: LeadSettings | None = None,
        *,
        taxonomy: Taxonomy | None = None,
        directory: ClientDirectory | None = None,
    ) -> None:
        super().__init__(engine)
        self.settings = settings or LeadSettings()
        self._taxonomy, self.directory = taxonomy, directory
        self._honour = load_honour(self.settings.honour)
        rules = load_routing(self.settings.routing)
        self._router = Router(directory, rules, capacity=self.settings.capacity, waiting=self._rows.waiting)
        self._looked_at = 0.0  # monotonic seconds of the last look at leases

    def claim(
        self,
        *,
        principal: Principal,
        limit: int = 10,
        lease_s: int | None = None,
        lines: Sequence[str] = (),
        wanted: Wanted | None = None,
    ) -> tuple[Lead, ...]:
        """Lease up to `limit` offered leads that the principal may see, the best score and then the oldest first.

        wanted: further filters. A lead whose lease ran out is offered again. No lead goes to two claimers at once.
        What the client no longer allows is withdrawn instead. Raises BatchError above `leads.max_claim`.
        """
        principal.require("claim leads", *WORKERS)
        if not 1 <= limit <= self.settings.max_claim:
            raise BatchError(f"{limit} leads cannot be claimed at once: ask for 1 to {self.settings.max_claim}.")
        wanted = wanted or Wanted(lines=tuple(lines))
        if time.monotonic() - self._looked_at > TAKE_BACK_EVERY_S:
            self.take_back()
        with self.engine.begin() as connection:
            if principal.has(Role.SUPERVISOR) and not principal.has(*SEES_EVERY_CLIENT):
                wanted = replace(wanted, barred=self._router.barred(connection, principal.user_id))
            lease = float(lease_s or self.settings.lease_s)
            taken = self._claim(connection, wanted, principal, limit, lease)
            if len(taken) < limit and self._take_back(connection):
                taken += self._claim(connection, wanted, principal, limit - len(taken), lease)
        return tuple(sorted(taken, key=lambda lead: (-lead.score, lead.id)))

    def extend(self, lead_id: str, *, principal: Principal, lease_s: int | None = None) -> Lead:
        """Hold a claimed lead longer. Raises LeadError when it is not held by this principal."""
        return self._settle(lead_id, principal, "extended", "", {}, lease_s=lease_s or self.settings.lease_s)

    def nack(self, lead_id: str, *, principal: Principal, why: str = "") -> Lead:
        """Give a claimed lead back to the queue."""
        return self._settle(lead_id, principal, "nacked", why, FREE)

    def ack(self, lead_id: str, *, principal: Principal, disposition: str = "contacted", reason: str = "") -> Lead:
        """Report what became of a claimed or contacted lead: contacted, won, lost or wrong.

        The same report twice changes nothing, so that a consumer that got no answer may send it again. Raises
        LeadError for another disposition, another holder, or a lead that is closed.
        """
        if disposition not in {d.value for d in DISPOSITIONS}:
            raise LeadError(f"There is no disposition {disposition}: use contacted, won, lost or wrong.")
        values = {
            "state": LeadState(disposition), "lease_until": None, "disposition": disposition, "reason": reason,
        }  # fmt: skip
        return self._settle(lead_id, principal, "acked", reason, values)

    def requeue(self, lead_id: str, *, principal: Principal, why: str = "") -> Lead:
        """Offer a lead again, from any state. Only those who see every lead, and supervisors, may.

        Raises LeadError where the client's wish lives on in another lead: there is one for each.
        """
        principal.require("requeue leads", Role.SUPERVISOR, Role.COMPLIANCE, Role.OPERATIONS, Role.SYSTEM)
        with self._writing() as (connection, now):
            lead = self._in_hand(connection, lead_id, principal)
            self._release_held(connection, lead, principal)
            if lead.state not in LIVING and (twin := self.living_twin(connection, lead, now)):
                raise LeadError(f"The wish of the lead {lead_id} lives on in the lead {twin.id}: work on that one.")
            return self._offer(connection, lead, now, "requeued", principal.user_id, why, held_because=None)

    def offer(self, lead_id: str, to: str, *, principal: Principal, why: str = "") -> Lead:
        """Put a lead that nobody has closed before another member of staff.

        Raises LeadError for a closed or held lead, and for somebody who may not have it.
        """
        principal.require("give leads to others", *GIVERS)
        with self._writing() as (connection, now):
            lead = self._in_hand(connection, lead_id, principal)
            if lead.state not in (LeadState.NEW, LeadState.OFFERED, LeadState.CLAIMED):
                raise LeadError(f"The lead {lead_id} is {lead.state}: only one that waits can be given to another.")
            return self.give(connection, lead, to, now, "offered", principal.user_id, why)

    def take_back(self) -> int:
        """Offer again what leases that ran out held; returns how many."""
        self._looked_at = time.monotonic()
        with self.engine.begin() as connection:
            return self._take_back(connection)

    def why_not(self, standing: ClientStanding | None, intent: str, now: datetime) -> str:
        """Why a wish of this client is not offered, in a few words; empty when it may be."""
        if standing is None:
            return "the client is not known"
        required = tuple(self.settings.required_consents)
        return self._honour.why_not(standing, self._intent(intent), now.astimezone(SHANGHAI).date(), required)

    def _claim(
        self, connection: Connection, wanted: Wanted, principal: Principal, limit: int, lease_s: float
    ) -> list[Lead]:
        taken: list[Lead] = []
        while len(taken) < limit:
            rows = self._rows.claim(connection, wanted, principal, most=limit - len(taken), lease_s=lease_s)
            picked = [lead_from(row) for row in rows]
            taken += self._honoured(connection, picked, principal)
            if len(rows) < limit - len(taken) or not rows:
                break
        by = principal.user_id
        self.tell(connection, [Change(lead=lead, event="claimed", by=by, at=lead.updated_at) for lead in taken])
        return taken

    def _honoured(self, connection: Connection, picked: Sequence[Lead], principal: Principal) -> list[Lead]:
        """Those that may go out; the client's no withdraws a lead, a missing licence sends it to another."""
        if not picked or self.directory is None:
            return list(picked)
        known = standings_of(self.directory, {lead.client_id for lead in picked}, connection)
        now = picked[0].updated_at
        noes = {lead.id: self.why_not(known.get(lead.client_id), lead.intent, now) for lead in picked}
        self.withdraw(connection, [(lead, noes[lead.id]) for lead in picked if noes[lead.id]], now)
        allowed = [lead for lead in picked if not noes[lead.id]]
        if principal.has(*SEES_EVERY_CLIENT):
            return allowed
        unfit = [x for x in allowed if not self._router.may_claim(connection, principal.user_id, x.line)]
        moved = [
            (
                x,
                {**FREE, "advisor_id": self.whom(connection, known[x.client_id], x, but=principal.user_id)},
                "no licence",
            )
            for x in unfit
        ]
        if moved:
            self.change_many(connection, moved, now, "rerouted", CLOCK)
        return [lead for lead in allowed if lead not in unfit]

    def whom(
        self, connection: Connection, standing: ClientStanding, lead: Lead, *, but: str | None = None
    ) -> str | None:
        """Who would be given a lead now, never `but`; None where it waits for the branch."""
        return self._router.route(connection, standing, lead.line, fallback=None, but=but)

    def may_have(self, connection: Connection, principal: Principal, line: str) -> bool:
        """Whether somebody may have a lead of this line in hand; who hands leads on for all needs no licence."""
        return principal.has(*SEES_EVERY_CLIENT) or self._router.may_claim(connection, principal.user_id, line)

    def give(self, connection: Connection, lead: Lead, to: str, now: datetime, event: str, by: str, why: str) -> Lead:
        """Put a lead before another member of staff, or withdraw it where its client no longer allows it.

        The caller has the client in hand. Raises LeadError for somebody who may not have it.
        """
        if not self._router.may_be_given(connection, to, lead.line):
            raise LeadError(
                f"{to} may not have the lead {lead.id}: choose a member of staff who serves the line {lead.line}, "
                "for advice a registered adviser."
            )
        return self._offer(connection, lead, now, event, by, why, advisor_id=to)

    def living_twin(self, connection: Connection, lead: Lead, now: datetime) -> Lead | None:
        """Another lead that lives for the same wish, into which new evidence is merged."""
        since = now - timedelta(days=self.settings.window_days)
        found = map(lead_from, self._rows.of_clients(connection, [lead.client_id], since, []))
        wish = (lead.intent, lead.product)
        return next((x for x in found if x.id != lead.id and (x.intent, x.product) == wish), None)

    def withdraw(self, connection: Connection, refused: Sequence[tuple[Lead, str]], now: datetime) -> list[Lead]:
        """Take leads out of the queue for a reason that the client gave; the caller has the clients in hand."""
        if not refused:
            return []
        gone = {"state": LeadState.WITHDRAWN, "owner": None, "lease_until": None}
        return self.change_many(connection, [(lead, gone, why) for lead, why in refused], now, "withdrawn", CLOCK)

    def _offer(
        self, connection: Connection, lead: Lead, now: datetime, event: str, by: str, why: str, **values: Any
    ) -> Lead:
        """Put a lead back into the queue, unless its client no longer allows it: then it is withdrawn."""
        if self.directory is not None:
            known = standings_of(self.directory, [lead.client_id], connection)
            if no := self.why_not(known.get(lead.client_id), lead.intent, now):
                return self.withdraw(connection, [(lead, no)], now)[0]
        anew = {**FREE, "disposition": None, "reason": None}  # what became of it before stands in its events
        return self.change(connection, lead, now, event, by, why, **{**anew, **values})

    def _release_held(self, connection: Connection, lead: Lead, principal: Principal) -> None:
        if lead.state is not LeadState.HELD:
            return
        principal.require("release a held lead", Role.COMPLIANCE, Role.SYSTEM)
        if words_that_hold(connection, lead):
            raise LeadError(f"The lead {lead.id} is held by spoken words: dispose of them, which releases it.")

    def _take_back(self, connection: Connection) -> int:
        now = database_now(connection)
        ended = locked(connection, LEASED, leads.c.lease_until <= now, most=TAKEN_BACK)
        if ended:
            why = "the lease ran out"
            self.change_many(connection, [(lead, FREE, why) for lead in ended], now, "lease_ended", CLOCK)
        return len(ended)

    def _settle(
        self,
        lead_id: str,
        principal: Principal,
        event: str,
        why: str,
        values: Mapping[str, Any],
        *,
        lease_s: float | None = None,
    ) -> Lead:
        plain = {name: value.value if isinstance(value, LeadState) else value for name, value in values.items()}
        told = Told(event=event, why=why, kind=kind_of(event, str(plain.get("state", ""))))
        with at_once(self.engine) as connection:
            row = self._rows.settle(connection, lead_id, principal, plain, lease_s, told)
            return self._as_reported(connection, lead_id, principal, values) if row is None else lead_from(row)

    def _as_reported(
        self, connection: Connection, lead_id: str, principal: Principal, values: Mapping[str, Any]
    ) -> Lead:
        """The lead, where this very report was written before. Raises LeadError for whoever does not hold it."""
        lead = self._get(connection, lead_id, principal)
        mine = lead.owner == principal.user_id and "disposition" in values
        if mine and all(getattr(lead, name) == value for name, value in values.items()):
            return lead
        raise self._why_not_held(lead, lead_id, principal)

    def _why_not_held(self, lead: Lead, lead_id: str, principal: Principal) -> LeadError:
        """What to tell somebody who changes a lead that they do not hold."""
        if lead.state not in (LeadState.CLAIMED, LeadState.CONTACTED):
            return LeadError(f"The lead {lead_id} is {lead.state}: claim it first.")
        if lead.owner != principal.user_id:
            return LeadError(f"The lead {lead_id} is held by somebody else: claim another.")
        return LeadError(f"The lease on the lead {lead_id} ran out: claim it again.")

    def _intent(self, intent: str) -> Intent | None:
        return self._taxonomy[intent] if self._taxonomy is not None and intent in self._taxonomy else None


def locked(connection: Connection, *which: Any, most: int, order: Any = leads.c.lease_until) -> list[Lead]:
    """Leads with their clients in hand; those that somebody else has are left out. SQLite: the write lock is taken."""
    begin_writing(connection)
    query = select(leads).join(lead_clients, lead_clients.c.client_id == leads.c.client_id).where(*which)
    query = query.order_by(order).limit(most)
    rows = connection.execute(query.with_for_update(skip_locked=True, of=(leads, lead_clients))).all()
    return [lead_of(row) for row in rows]
