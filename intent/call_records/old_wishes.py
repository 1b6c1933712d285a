"""What old calls asked for: too late for a lead, still true of the client, and counted.

A call older than `leads.stale_days` gives no live lead. What it says of its client goes into tags like a lead that has
expired, so that an archive read by night tells who cares for what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from intent.call import Wish
from intent.call_records.tables import old_wishes
from knowledge_base.events import mark_changed

STATE = "expired"  # as which rules of tags see it


@dataclass(frozen=True, kw_only=True)
class OldWish:
    """A wish of a client in an old call."""

    call_id: str
    client_id: str
    wish: Wish
    line: str  # product line of the intent
    heard_at: datetime


def keep_old_wishes(connection: Connection, heard: Iterable[OldWish]) -> None:
    """Write wishes of calls that are written now for the first time; tags of their clients are looked at again."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for each in heard:
        product = each.wish.product or ""
        row = {
            "call_id": each.call_id, "intent": each.wish.intent, "product": product,
            "client_id": each.client_id, "line": each.line, "confidence": each.wish.confidence,
            "heard_at": each.heard_at,
        }  # fmt: skip
        rows.setdefault((each.call_id, each.wish.intent, product), row)
    if rows:
        connection.execute(insert(old_wishes), list(rows.values()))
        mark_changed(connection, sorted({row["client_id"] for row in rows.values()}))


def old_wishes_of(connection: Connection, client_ids: Sequence[str], since: datetime) -> Iterator[Mapping[str, Any]]:
    """Wishes with client_id, intent, line, product, state, confidence and last_seen_at, as those of leads."""
    query = select(old_wishes).where(old_wishes.c.client_id.in_(client_ids), old_wishes.c.heard_at >= since)
    for row in connection.execute(query):
        yield {**row._mapping, "state": STATE, "last_seen_at": row.heard_at}
