"""Hot paths on PostgreSQL: a claim, an outcome and a batch of calls are a few round trips, whatever their size.

Rows travel as one JSON parameter (`json_populate_recordset`), so that a statement has one form for any number of
rows and is prepared once. What a claim takes it locks together with the client's row, and what is locked it skips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import (
    ARRAY,
    CTE,
    JSON,
    Connection,
    Select,
    String,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    update,
)

from intent.leads.changes import TOPIC
from intent.leads.sql.rows import C, Filters, Sight, Told, Wanted, held_by, not_reported, offered_to, sight_of, who
from intent.leads.tables import ALIVE, OFFERED, lead_clients, lead_events, leads
from intent.leads.views import BODY_TIMES
from jobs.direct import Direct
from jobs.tables import new_id, outbox
from knowledge_base.access import Principal

FORMS = 512  # of a claim that are kept: by who asks, for how many, with how many values of each filter
NUMBER = Direct(
    text(
        "INSERT INTO lead_clients (client_id, sequence) "
        "SELECT key, value::integer FROM json_each_text(CAST(:counts AS json)) ORDER BY key "
        "ON CONFLICT (client_id) DO UPDATE SET sequence = lead_clients.sequence + excluded.sequence "
        "RETURNING client_id, sequence"
    ).columns(lead_clients.c.client_id, lead_clients.c.sequence)
)

WAITING = Direct(
    text(
        "SELECT key AS who, (SELECT count(*) FROM (SELECT 1 FROM leads WHERE advisor_id = key AND "
        f"{OFFERED} LIMIT value::bigint) counted) AS waiting FROM json_each_text(CAST(:most AS json))"
    ).columns(column("who"), column("waiting"))
)
OF_CLIENTS = Direct(
    select(leads)
    .where(
        C.client_id == any_(bindparam("clients", type_=ARRAY(String))),
        or_(ALIVE, C.intent == any_(bindparam("intents", type_=ARRAY(String)))),
        C.last_seen_at > bindparam("since", type_=C.last_seen_at.type),
    )
    .order_by(C.id)
)


class PostgresRows:
    """`LeadRows` on PostgreSQL 15 and above."""

    def number(self, connection: Connection, counts: Mapping[str, int]) -> dict[str, int]:
        rows = NUMBER.rows(connection, {"counts": _json(dict(counts))})
        return {row["client_id"]: row["sequence"] - counts[row["client_id"]] for row in rows}

    def of_clients(
        self, connection: Connection, clients: Sequence[str], since: datetime, intents: Sequence[str]
    ) -> Sequence[Mapping[str, Any]]:
        return OF_CLIENTS.rows(connection, {"clients": list(clients), "since": since, "intents": list(intents)})

    def waiting(self, connection: Connection, most: Mapping[str, int]) -> dict[str, int]:
        rows = WAITING.rows(connection, {"most": _json(dict(most))})
        return {row["who"]: row["waiting"] for row in rows}

    def claim(
        self, connection: Connection, wanted: Wanted, principal: Principal, *, most: int, lease_s: float
    ) -> Sequence[Mapping[str, Any]]:
        statement = _claim(sight_of(principal), wanted.form, most)
        return statement.rows(connection, {**wanted.values, **who(principal), "lease_s": lease_s})

    def settle(
        self,
        connection: Connection,
        lead_id: str,
        principal: Principal,
        values: Mapping[str, Any],
        lease_s: float | None,
        told: Told,
    ) -> Mapping[str, Any] | None:
        statement = _settle(sight_of(principal), tuple(sorted(values)), lease_s is not None)
        lease = {} if lease_s is None else {"lease_s": lease_s}
        named = {f"to_{name}": value for name, value in values.items()}
        said = {**vars(told), "event_id": new_id(), "message_id": new_id()}
        rows = statement.rows(connection, {**named, **lease, **said, **who(principal), "lead": lead_id})
        return rows[0] if rows else None

    def insert(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            _insert(table, tuple(rows[0])).rows(connection, {"rows": _json(rows)})

    def insert_new(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        if not rows:
            return set()
        ordered = sorted(rows, key=lambda row: str(row["id"]))  # one order, lest two writers wait for each other
        written = _insert_new(table, tuple(rows[0])).rows(connection, {"rows": _json(ordered)})
        return {row["id"] for row in written}

    def update(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            _update(table, tuple(rows[0])).rows(connection, {"rows": _json(rows)})

    def tell(
        self, connection: Connection, events: Sequence[Mapping[str, Any]], messages: Sequence[Mapping[str, Any]]
    ) -> None:
        if events:
            told = _tell(tuple(events[0]), tuple(messages[0]))
            told.rows(connection, {"events": _json(events), "messages": _json(messages)})


@lru_cache(FORMS)
def _claim(sight: Sight, filters: Filters, most: int) -> Direct:
    """The size of the batch stands as a constant: for a parameter the planner would expect a tenth of the queue, and
    plan every claim anew."""
    picked = (
        select(C.id, C.client_id, lead_clients.c.sequence)
        .join(lead_clients, lead_clients.c.client_id == C.client_id)
        .where(*offered_to(sight, filters))
        .order_by(C.score.desc(), C.id)
        .limit(literal_column(str(int(most))))
        .with_for_update(skip_locked=True, of=(leads, lead_clients))
        .cte("picked")
    )
    turn = func.row_number().over(partition_by=picked.c.client_id, order_by=picked.c.id)
    numbered = select(picked.c.id, picked.c.client_id, (picked.c.sequence + turn).label("sequence")).cte("numbered")
    last: Select[Any] = select(numbered.c.client_id, func.max(numbered.c.sequence).label("sequence"))
    top = last.group_by(numbered.c.client_id).cte("top")
    counted = update(lead_clients).where(lead_clients.c.client_id == top.c.client_id).values(sequence=top.c.sequence)
    now = func.clock_timestamp()
    return Direct(
        update(leads)
        .where(C.id == numbered.c.id)
        .values(
            state="claimed", owner=bindparam("me"), lease_until=now + _seconds(), sequence=numbered.c.sequence,
            updated_at=now,
        )
        .returning(*C)
        .add_cte(counted.cte("counted"))
    )  # fmt: skip


@cache
def _settle(sight: Sight, columns: tuple[str, ...], leased: bool) -> Direct:
    now = func.clock_timestamp()
    held = [*held_by(sight), (C.state != "claimed") | (C.lease_until > now)]
    if "disposition" in columns:
        held.append(not_reported({name: bindparam(f"to_{name}", type_=C[name].type) for name in columns}))
    client = select(C.client_id).where(*held).scalar_subquery()
    mutex = (
        update(lead_clients)
        .where(lead_clients.c.client_id == client)
        .values(sequence=lead_clients.c.sequence + 1)
        .returning(lead_clients.c.client_id, lead_clients.c.sequence)
        .cte("mutex")
    )
    values = {name: bindparam(f"to_{name}", type_=C[name].type) for name in columns}
    lease = {"lease_until": now + _seconds()} if leased else {}
    mine = update(leads).where(*held, C.client_id == mutex.c.client_id)
    after = mine.values(sequence=mutex.c.sequence, updated_at=now, **values, **lease).returning(*C).cte("after")
    return Direct(select(after).add_cte(_event_of(after.c), _message_of(after.c)))


def _event_of(lead: Any) -> CTE:
    row = {
        "id": _text("event_id"), "lead_id": lead.id, "event": _text("event"), "state": lead.state,
        "by": _text("me"), "why": _text("why"), "at": lead.updated_at,
    }  # fmt: skip
    return insert(lead_events).from_select(list(row), select(*row.values())).cte("noted")


def _message_of(lead: Any) -> CTE:
    row = {
        "id": _text("message_id"), "topic": _constant(TOPIC), "key": lead.client_id, "payload": _payload(lead),
        "created_at": lead.updated_at, "attempts": literal_column("0"), "next_attempt_at": lead.updated_at,
    }  # fmt: skip
    return insert(outbox).from_select(list(row), select(*row.values())).cte("sent")


def _payload(lead: Any) -> Any:
    """What `changes.outbox_row` says, written by the database: the row, and what the message says otherwise."""
    told = {"type": _text("kind"), "event": _text("event"), "by": _text("me"), "why": _text("why")}
    times = {name: _iso(lead[name]) for name in BODY_TIMES}
    amount = cast(func.trim_scale(lead.amount_cny), Text)
    fields = {**told, **times, "product": func.nullif(lead.product, _constant("")), "amount_cny": amount}
    given = func.jsonb_build_object(*(part for name, value in fields.items() for part in (_constant(name), value)))
    return cast(literal_column("to_jsonb(after) - 'updated_at'").op("||")(given), JSON)


def _text(name: str) -> Any:
    return bindparam(name, type_=Text)


def _iso(moment: Any) -> Any:
    """A time as ISO 8601 in UTC, to the microsecond."""
    return func.to_char(func.timezone(_constant("UTC"), moment), _constant('YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'))


def _constant(value: str) -> Any:
    """A text that stands in the statement: psycopg reads one of more than 50 parameters or 4,096 characters anew in
    every run, which costs more than the run."""
    return literal_column(f"'{value}'")


def _seconds() -> Any:
    return func.make_interval(0, 0, 0, 0, 0, 0, bindparam("lease_s"))


def _from_json(table: Table, columns: tuple[str, ...], parameter: str = "rows") -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return (
        f"INSERT INTO {table.name} ({names}) "
        f"SELECT {names} FROM json_populate_recordset(CAST(NULL AS {table.name}), CAST(:{parameter} AS json))"
    )


@cache
def _insert(table: Table, columns: tuple[str, ...]) -> Direct:
    return Direct(text(_from_json(table, columns)))


@cache
def _insert_new(table: Table, columns: tuple[str, ...]) -> Direct:
    written = text(f"{_from_json(table, columns)} ON CONFLICT (id) DO NOTHING RETURNING id")
    return Direct(written.columns(table.c.id))


@cache
def _update(table: Table, columns: tuple[str, ...]) -> Direct:
    changed = ", ".join(f'"{name}" = r."{name}"' for name in columns if name != "id")
    source = f"json_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS json))"
    return Direct(text(f"UPDATE {table.name} t SET {changed} FROM {source} r WHERE t.id = r.id"))


@cache
def _tell(of_events: tuple[str, ...], of_messages: tuple[str, ...]) -> Direct:
    events = _from_json(lead_events, of_events, "events")
    return Direct(text(f"WITH told AS ({events}) {_from_json(outbox, of_messages, 'messages')}"))


def _json(rows: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> str:
    """Times as ISO 8601 and sums as text, which PostgreSQL casts to the column's type."""
    return to_json(rows).decode()
