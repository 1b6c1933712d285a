"""The desk of incidents: one fault with the clients who told of it and what they wanted to do in that time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update

from intent.errors import LeadError, LeadNotFoundError
from intent.follow_ups.access import SERVICE_DESK, visible
from intent.follow_ups.desk import MOST, change
from intent.follow_ups.item import UNFINISHED, FollowUp, Incident, State, follow_up_of
from intent.follow_ups.pages import decode, encode
from intent.follow_ups.tables import follow_ups, incidents
from jobs.clock import database_now
from jobs.locks import begin_writing, hold
from knowledge_base.access import Principal, Role

CLOSERS = (Role.SUPERVISOR, Role.CRM, Role.OPERATIONS, Role.SYSTEM)
_row = incidents.c


@dataclass(frozen=True, kw_only=True)
class IncidentPage:
    """A page of incidents, the latest first; no cursor where it is the last."""

    items: tuple[Incident, ...]
    cursor: str | None


class IncidentDesk:
    """Reads and closes incidents. Their size is open to the desk, a client's ticket only to who may see the client."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def list(self, *, principal: Principal, state: str = "open", cursor: str = "", limit: int = 50) -> IncidentPage:
        """Incidents of a state. Raises AccessDeniedError, CursorError."""
        principal.require("read incidents", *SERVICE_DESK)
        count, place = max(1, min(limit, MOST)), decode(cursor)
        query = select(incidents).where(_row.state == state)
        if place is not None:
            query = query.where(
                (_row.last_at <= place[0]) & ((_row.last_at < place[0]) | (_row.id < place[1]))
            )  # fmt: skip
        with self.engine.connect() as connection:
            rows = connection.execute(
                query.order_by(_row.last_at.desc(), _row.id.desc()).limit(count + 1)
            ).all()  # fmt: skip
        items = tuple(Incident(**row._mapping) for row in rows[:count])
        return IncidentPage(
            items=items, cursor=encode((items[-1].last_at, items[-1].id)) if len(rows) > count else None
        )

    def get(self, incident_id: str, *, principal: Principal) -> Incident:
        """One incident; a merged one leads to where it went. Raises LeadNotFoundError."""
        principal.require("read incidents", *SERVICE_DESK)
        with self.engine.connect() as connection:
            row = connection.execute(select(incidents).where(_row.id == incident_id)).one_or_none()
        if row is None:
            raise LeadNotFoundError(f"There is no incident {incident_id}.")
        return self.get(row.merged_into, principal=principal) if row.merged_into else Incident(**row._mapping)

    def tickets(self, incident_id: str, *, principal: Principal, limit: int = MOST) -> tuple[FollowUp, ...]:
        """Tickets of an incident that the principal may see, in the order in which they were heard."""
        query = select(follow_ups).where(follow_ups.c.incident_id == incident_id, visible(principal))
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(follow_ups.c.heard_at, follow_ups.c.id).limit(limit)).all()
        return tuple(follow_up_of(row) for row in rows)

    def close(self, incident_id: str, cause: str, *, principal: Principal) -> tuple[Incident, int]:
        """Close an incident with its cause, and its unfinished tickets with it; returns how many those were.

        A ticket that arrives later for the same time joins it and stays open for the desk.
        """
        principal.require("close incidents", *CLOSERS)
        if not cause.strip():
            raise LeadError("An incident is closed with its cause: write one sentence.")
        with self.engine.begin() as connection:
            begin_writing(connection)
            now = database_now(connection)
            row = _in_hand(connection, incident_id)
            if row.state != "open":
                raise LeadError(f"The incident {row.number} is {row.state}: read it again.")
            which = select(follow_ups).where(
                follow_ups.c.incident_id == incident_id, follow_ups.c.state.in_(list(UNFINISHED))
            )
            unfinished = [follow_up_of(each) for each in connection.execute(which.with_for_update())]
            for ticket in unfinished:
                change(
                    connection, ticket, "closed", principal.user_id, f"{row.number}: {cause.strip()}", now,
                    state=State.CLOSED, look_at=None, handled_at=now, outcome=cause.strip(),
                    handler_id=ticket.handler_id or principal.user_id,
                )  # fmt: skip
            values = {"state": "closed", "cause": cause.strip(), "closed_by": principal.user_id, "closed_at": now}
            changed = update(incidents).where(_row.id == incident_id).values(values).returning(*_row)
            return Incident(**connection.execute(changed).one()._mapping), len(unfinished)


def _in_hand(connection: Connection, incident_id: str) -> Row[Any]:
    """An incident that nobody else changes until commit. The system first, then its incidents, as a new ticket takes
    them: the other way round the two wait for each other."""
    query = select(incidents).where(_row.id == incident_id)
    system = connection.scalar(select(_row.system).where(_row.id == incident_id))
    if system is None:
        raise LeadNotFoundError(f"There is no incident {incident_id}.")
    hold(connection, f"incidents:{system}")
    return connection.execute(query.with_for_update()).one()
