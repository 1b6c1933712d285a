"""The history of follow-ups: append-only, in the transaction of the change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from intent.follow_ups.item import FollowUp, FollowUpEvent
from intent.follow_ups.tables import follow_up_events
from jobs.tables import new_id


def tell(connection: Connection, item: FollowUp, event: str, by: str, why: str, now: datetime) -> None:
    """Write down what happened to a follow-up, with the state it is in now."""
    connection.execute(
        insert(follow_up_events).values(
            id=new_id(), follow_up_id=item.id, event=event, state=item.state, by=by, why=why, at=now
        )
    )


def history(connection: Connection, item_id: str) -> tuple[FollowUpEvent, ...]:
    """What happened to a follow-up, the first event first."""
    query = select(follow_up_events).where(follow_up_events.c.follow_up_id == item_id).order_by(follow_up_events.c.id)
    rows = connection.execute(query).all()
    return tuple(FollowUpEvent(event=r.event, state=r.state, by=r.by, why=r.why, at=r.at) for r in rows)
