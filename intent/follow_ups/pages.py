"""Pages by deadline over several states: each state is read from its index, the streams are merged."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_

from intent.errors import CursorError

Place = tuple[datetime, str]  # a deadline, and the id of what it is of


def encode(place: Place) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(json.dumps([place[0].isoformat(), place[1]]).encode()).decode()


def decode(cursor: str) -> Place | None:
    """The place that a cursor means; None for the first page. Raises CursorError."""
    if not cursor:
        return None
    try:
        at, id_ = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not isinstance(id_, str) or not id_.isprintable():
            raise ValueError(cursor)
        moment = moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
        raise CursorError("The cursor is none that this list gave: begin again without one.") from error
    return moment, id_


def after(at: ColumnElement[Any], id_: ColumnElement[Any], place: Place | None) -> ColumnElement[bool] | None:
    """Rows behind a place."""
    if place is None:
        return None
    return and_(at >= place[0], or_(at > place[0], id_ > place[1]))


def by_deadline(
    connection: Connection,
    of_state: Callable[[str], Select[Any]],
    states: Sequence[str],
    at: Any,
    id_: Any,
    *,
    place: Place | None,
    limit: int,
) -> list[Row[Any]]:
    """The first rows of all states together, the earliest deadline first; `limit` are read of each state at most."""
    behind = after(at, id_, place)
    streams = []
    for state in states:
        query = of_state(state) if behind is None else of_state(state).where(behind)
        streams.append(connection.execute(query.order_by(at, id_).limit(limit)).all())
    return list(islice(merge(*streams, key=lambda row: (row.due_at, row.id)), limit))
