"""What clients do: events by id, summed by day. Duplicates and any order of arrival come to the same."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from jobs.clock import database_now
from jobs.locks import begin_writing
from knowledge_base.access import Principal, Role
from knowledge_base.batches import batches
from knowledge_base.clients import BehaviourEvent
from knowledge_base.errors import EventError
from knowledge_base.tables import client_changes, clients, event_days, events

SENDERS = (Role.OPERATIONS, Role.CRM, Role.SYSTEM)
SHANGHAI = ZoneInfo("Asia/Shanghai")
BATCH = 500  # rows of one statement: seven fields each, within SQLite's number of variables
FEN = 100
_OWN_KIND = re.compile(r"x_[a-z0-9_]{1,58}")


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of a batch of events."""

    added: int
    known: int  # ids that had come before, or twice in the batch


class EventStore:
    """Events in the database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def add(self, found: Sequence[BehaviourEvent], *, principal: Principal) -> Taken:
        """Write events in one transaction; an id that is known changes nothing.

        Raises EventError for an unknown kind or client: then nothing is written. AccessDeniedError.
        """
        principal.require("send events", *SENDERS)
        for event in found:
            if not known_kind(event.kind):
                known = ", ".join(event_kinds())
                raise EventError(
                    f"There is no kind of event {event.kind!r}: use one of {known}, or one of your own as x_name."
                )
        with self.engine.begin() as connection:
            begin_writing(connection)
            _refuse_unknown(connection, {event.client_id for event in found})
            return add_events(connection, [asdict(event) for event in found])


@cache
def event_kinds() -> Mapping[str, str]:
    """The kinds shipped, with their Chinese names."""
    raw = yaml.safe_load(files("knowledge_base").joinpath("event_kinds.yaml").read_text(encoding="utf-8"))
    return {str(kind): str(name) for kind, name in raw.items()}


def known_kind(kind: str) -> bool:
    """Whether a kind is shipped or the firm's own."""
    return kind in event_kinds() or _OWN_KIND.fullmatch(kind) is not None


def china_day(at: datetime) -> date:
    """The day of a moment in China, where windows count their days."""
    return at.astimezone(SHANGHAI).date()


def add_events(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> Taken:
    """Insert rows of `kb_events`, add those that are new to their days, and mark their clients as changed.

    The caller holds the transaction. Sums commute, so that order does not matter.
    """
    new: list[Mapping[str, Any]] = []
    unique = {row["id"]: row for row in reversed(rows)}  # of one id the first
    for part in batches(unique.values(), BATCH):
        statement = _insert(connection, events).values([dict(row) for row in part])
        done = connection.execute(statement.on_conflict_do_nothing(index_elements=["id"]).returning(events.c.id))
        fresh = frozenset(done.scalars())
        new += [row for row in part if row["id"] in fresh]
    _add_to_days(connection, new)
    mark_changed(connection, {row["client_id"] for row in new})
    return Taken(added=len(new), known=len(rows) - len(new))


def mark_changed(connection: Connection, client_ids: Iterable[str]) -> None:
    """Remember that something of these clients changed, for those who keep what follows from it."""
    now = database_now(connection)
    for part in batches(sorted(set(client_ids)), BATCH):
        statement = _insert(connection, client_changes).values([{"client_id": each, "at": now} for each in part])
        connection.execute(
            statement.on_conflict_do_update(index_elements=["client_id"], set_={"at": statement.excluded.at})
        )


def _add_to_days(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    sums: dict[tuple[str, date, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        key = (row["client_id"], china_day(row["at"]), row["kind"], row["product_code"] or "")
        sums[key][0] += 1
        sums[key][1] += _fen(row["amount_cny"])
    for part in batches(sorted(sums.items()), BATCH):  # one order, lest two senders deadlock
        statement = _insert(connection, event_days).values(
            [
                {"client_id": client, "day": day, "kind": kind, "product_code": code, "times": n, "amount_fen": fen}
                for (client, day, kind, code), (n, fen) in part
            ]
        )
        more = {name: event_days.c[name] + statement.excluded[name] for name in ("times", "amount_fen")}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["client_id", "day", "kind", "product_code"], set_=more)
        )


def _fen(amount: Decimal | None) -> int:
    return 0 if amount is None else int((amount * FEN).to_integral_value())


def _refuse_unknown(connection: Connection, client_ids: set[str]) -> None:
    for part in batches(sorted(client_ids), BATCH):
        known = frozenset(connection.execute(select(clients.c.id).where(clients.c.id.in_(part))).scalars())
        unknown = [each for each in part if each not in known]
        if unknown:
            raise EventError(f"No client {unknown[0]} has been imported: import clients first, or correct the id.")


def _insert(connection: Connection, table: Any) -> Any:
    """An insert that can meet a row of the same key; both databases spell it alike."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
