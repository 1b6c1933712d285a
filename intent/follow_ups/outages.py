"""Faults told of by several clients in the same time become one incident."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, distinct, func, insert, or_, select, update

from intent.follow_ups.item import FollowUp
from intent.follow_ups.numbers import next_number
from intent.follow_ups.tables import follow_ups, incidents
from intent.follow_ups.words import Outages
from jobs.locks import hold
from jobs.tables import new_id

PREFIX = "GZ"
MERGED = "merged"
_row, _incident = follow_ups.c, incidents.c


def place(connection: Connection, ticket: FollowUp, rules: Outages, now: datetime) -> str | None:
    """Put a ticket of a fault into its incident, make one where there are enough, or leave it alone.

    Calls arrive in any order: a ticket that lies between two incidents makes them one, the earlier one stays.
    Returns the incident's id.
    """
    hold(connection, f"incidents:{ticket.system}")
    near = _incidents_near(connection, ticket, rules)
    alone = _tickets_near(connection, ticket, rules)
    if not near and len({_teller(row) for row in alone}) < rules.least_tickets:
        return None
    incident_id = near[0].id if near else _new_incident(connection, ticket, now)
    for other in near[1:]:
        _merge(connection, other.id, incident_id)
    joining = [row.id for row in alone]
    connection.execute(update(follow_ups).where(_row.id.in_(joining)).values(incident_id=incident_id))
    recount(connection, incident_id)
    return incident_id


def recount(connection: Connection, incident_id: str) -> None:
    """Times and numbers of an incident, from its tickets."""
    teller = func.coalesce(_row.client_id, _row.call_id)
    query = select(
        func.count(_row.id), func.count(distinct(teller)), func.min(_row.heard_at), func.max(_row.heard_at)
    ).where(_row.incident_id == incident_id)
    tickets, clients, first, last = connection.execute(query).one()
    values: dict[str, Any] = {"tickets": tickets, "clients": clients}
    if tickets:
        values |= {"first_at": first, "last_at": last}
    connection.execute(update(incidents).where(_incident.id == incident_id).values(values))


def _incidents_near(connection: Connection, ticket: FollowUp, rules: Outages) -> list[Row[Any]]:
    """Incidents of the system within the window, the earliest first."""
    query = select(incidents).where(
        _incident.system == ticket.system,
        _incident.state != MERGED,
        _incident.last_at >= ticket.heard_at - rules.window,
        _incident.first_at <= ticket.heard_at + rules.window,
    )
    return list(connection.execute(query.order_by(_incident.first_at, _incident.id).with_for_update()))


def _tickets_near(connection: Connection, ticket: FollowUp, rules: Outages) -> list[Row[Any]]:
    """The ticket, and those of the system within the window that belong to no incident yet."""
    around = _row.heard_at.between(ticket.heard_at - rules.window, ticket.heard_at + rules.window)
    query = select(_row.id, _row.client_id, _row.call_id).where(
        or_(_row.id == ticket.id, and_(_row.system == ticket.system, around, _row.incident_id.is_(None)))
    )
    return list(connection.execute(query))


def _teller(row: Row[Any]) -> str:
    """Who told of it; a caller nobody knows counts by their call."""
    return str(row.client_id or row.call_id)


def _new_incident(connection: Connection, ticket: FollowUp, now: datetime) -> str:
    incident_id = new_id()
    connection.execute(
        insert(incidents).values(
            id=incident_id, number=next_number(connection, PREFIX, now), system=ticket.system, state="open",
            first_at=ticket.heard_at, last_at=ticket.heard_at, tickets=0, clients=0, cause="", created_at=now,
        )
    )  # fmt: skip
    return incident_id


def _merge(connection: Connection, from_id: str, into_id: str) -> None:
    connection.execute(update(follow_ups).where(_row.incident_id == from_id).values(incident_id=into_id))
    connection.execute(
        update(incidents).where(_incident.id == from_id).values(state=MERGED, merged_into=into_id, tickets=0, clients=0)
    )
