"""Leads as they are read: which rows a principal may see, a lead from its row, a lead as JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, false, func, or_, select, true

from intent.errors import LeadError, LeadNotFoundError
from intent.inspection.speech import HOLDING
from intent.leads.lead import LIVING, Lead, LeadEvent, LeadState
from intent.leads.tables import ESCALATED, calls, lead_events, leads, spoken_findings
from jobs.direct import reading
from knowledge_base.access import SEES_EVERY_CLIENT, Principal, Role

# What a lead says of itself as JSON; PostgreSQL writes the same in `sql/postgres.py`.
BODY = (
    "id", "client_id", "advisor_id", "branch", "intent", "product", "line", "state", "tier", "confidence", "score",
    "amount_cny", "urgency", "evidence", "held_because", "sequence", "owner", "disposition", "reason",
)  # fmt: skip
BODY_TIMES = ("lease_until", "due_at", "escalated_at", "first_seen_at", "last_seen_at")


class LeadViews:
    """Reads leads and their events; every method returns only what the principal may see."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def get(self, lead_id: str, *, principal: Principal) -> Lead:
        """One lead. Raises LeadNotFoundError when there is none that this principal may see."""
        with reading(self.engine) as connection:
            return self._get(connection, lead_id, principal)

    def list(
        self,
        *,
        principal: Principal,
        states: Sequence[str] = (),
        client_id: str | None = None,
        advisor_id: str | None = None,
        owner: str | None = None,
        escalated: bool = False,
        after: str = "",
        limit: int = 100,
    ) -> tuple[Lead, ...]:
        """Leads by id, the oldest first; pass the last id as `after` for the next page.

        escalated: only those whose clock ran out before anybody spoke with the client. Raises LeadError for a state
        that there is not.
        """
        query = select(leads).where(visible(principal), leads.c.id > after)
        if states:
            query = query.where(leads.c.state.in_([_known(state).value for state in states]))
        for column, wanted in (
            (leads.c.client_id, client_id),
            (leads.c.advisor_id, advisor_id),
            (leads.c.owner, owner),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if escalated:
            query = query.where(ESCALATED)
        with reading(self.engine) as connection:
            rows = connection.execute(query.order_by(leads.c.id).limit(limit)).all()
        return tuple(lead_of(row) for row in rows)

    def count(self, *, principal: Principal) -> int:
        """How many leads the principal may see."""
        with reading(self.engine) as connection:
            return connection.execute(select(func.count()).select_from(leads).where(visible(principal))).scalar_one()

    def entrusted(self, client_ids: Collection[str], *, principal: Principal) -> Principal:
        """The principal with the right that follows a lead: to see those of the clients of whom an advisor has a living
        lead, whoever's clients they are. It ends with the lead, or when the lead goes to somebody else."""
        if not principal.has(Role.ADVISOR) or not client_ids:
            return principal
        mine = leads.c.advisor_id == principal.user_id, leads.c.state.in_([state.value for state in LIVING])
        query = select(leads.c.client_id).where(leads.c.client_id.in_(sorted(client_ids)), *mine).distinct()
        with reading(self.engine) as connection:
            return replace(principal, entrusted=frozenset(connection.scalars(query)))

    def escalated(self, *, principal: Principal, limit: int = 100) -> tuple[Lead, ...]:
        """The supervisor's list: nobody spoke with the client before the clock ran out; the longest overdue first."""
        query = select(leads).where(visible(principal), ESCALATED).order_by(leads.c.due_at, leads.c.id).limit(limit)
        with reading(self.engine) as connection:
            return tuple(lead_of(row) for row in connection.execute(query))

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

    def _get(self, connection: Connection, lead_id: str, principal: Principal) -> Lead:
        row = connection.execute(select(leads).where(leads.c.id == lead_id, visible(principal))).one_or_none()
        if row is None:
            raise LeadNotFoundError(f"There is no lead {lead_id} that {principal.user_id} may see.")
        return lead_of(row)


def _known(state: str) -> LeadState:
    try:
        return LeadState(state)
    except ValueError:
        raise LeadError(f"There is no state {state}: use one of {', '.join(LeadState)}.") from None


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
    values = vars(lead)
    return {
        **{name: values[name] for name in BODY},
        **{name: _moment(values[name]) for name in BODY_TIMES},
        "product": lead.product or None,
        "state": lead.state.value,
        "amount_cny": None if lead.amount_cny is None else str(lead.amount_cny),
        "evidence": [dict(e) for e in lead.evidence],
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
    return lead_from(row._asdict())


def lead_from(row: Mapping[str, Any]) -> Lead:
    """A lead from the values of its row."""
    return Lead(**{**row, "state": LeadState(row["state"]), "evidence": tuple(row["evidence"])})


def row_of(lead: Lead) -> dict[str, Any]:
    """The row of a lead."""
    return {**vars(lead), "state": lead.state.value, "evidence": [dict(e) for e in lead.evidence]}


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
