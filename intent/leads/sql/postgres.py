"""Hot paths on PostgreSQL: a claim, an outcome and a batch of calls are a few round trips, whatever their size.

Rows travel as one JSON parameter (`json_populate_recordset`), so that a statement has one form for any number of
rows and is prepared once. What a claim takes it locks together with the client's row, and what is locked it skips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Row, Select, Table, TextClause, bindparam, func, literal_column, select, text, update
from sqlalchemy.sql.dml import ReturningUpdate

from intent.leads.sql.rows import C, Wanted, form_of, held_by, not_reported, offered_to, who
from intent.leads.tables import lead_clients, lead_events, leads
from jobs.tables import outbox
from knowledge_base.access import Principal

NUMBER = text(
    "INSERT INTO lead_clients (client_id, sequence) "
    "SELECT key, value::integer FROM json_each_text(CAST(:counts AS json)) ORDER BY key "
    "ON CONFLICT (client_id) DO UPDATE SET sequence = lead_clients.sequence + excluded.sequence "
    "RETURNING client_id, sequence"
)


class PostgresRows:
    """`LeadRows` on PostgreSQL 15 and above."""

    def number(self, connection: Connection, counts: Mapping[str, int]) -> dict[str, int]:
        rows = connection.execute(NUMBER, {"counts": _json(dict(counts))})
        return {client: sequence - counts[client] for client, sequence in rows}

    def claim(
        self, connection: Connection, wanted: Wanted, principal: Principal, *, most: int, lease_s: float
    ) -> Sequence[Row[Any]]:
        values = wanted.values
        statement = _claim(form_of(principal), frozenset(values), most)
        return connection.execute(statement, {**values, **who(principal), "lease_s": lease_s}).all()

    def settle(
        self,
        connection: Connection,
        lead_id: str,
        principal: Principal,
        values: Mapping[str, Any],
        lease_s: float | None,
    ) -> Row[Any] | None:
        statement = _settle(form_of(principal), tuple(sorted(values)), lease_s is not None)
        lease = {} if lease_s is None else {"lease_s": lease_s}
        named = {f"to_{name}": value for name, value in values.items()}
        return connection.execute(statement, {**named, **lease, **who(principal), "lead": lead_id}).one_or_none()

    def insert(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            connection.execute(_insert(table, tuple(rows[0])), {"rows": _json(rows)})

    def insert_new(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        if not rows:
            return set()
        ordered = sorted(rows, key=lambda row: str(row["id"]))  # one order, lest two writers wait for each other
        return set(connection.execute(_insert_new(table, tuple(rows[0])), {"rows": _json(ordered)}).scalars())

    def update(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            connection.execute(_update(table, tuple(rows[0])), {"rows": _json(rows)})

    def tell(
        self, connection: Connection, events: Sequence[Mapping[str, Any]], messages: Sequence[Mapping[str, Any]]
    ) -> None:
        if events:
            statement = _tell(tuple(events[0]), tuple(messages[0]))
            connection.execute(statement, {"events": _json(events), "messages": _json(messages)})


@cache
def _claim(form: tuple[bool, bool, bool], filters: frozenset[str], most: int) -> ReturningUpdate[Any]:
    """The size of the batch stands as a constant: for a parameter the planner would expect a tenth of the queue, and
    plan every claim anew."""
    picked = (
        select(C.id, C.client_id, lead_clients.c.sequence)
        .join(lead_clients, lead_clients.c.client_id == C.client_id)
        .where(*offered_to(_typical(form), filters))
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
    return (
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
def _settle(form: tuple[bool, bool, bool], columns: tuple[str, ...], leased: bool) -> ReturningUpdate[Any]:
    now = func.clock_timestamp()
    held = [*held_by(_typical(form)), (C.state != "claimed") | (C.lease_until > now)]
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
    changed = update(leads).where(*held, C.client_id == mutex.c.client_id)
    return changed.values(sequence=mutex.c.sequence, updated_at=now, **values, **lease).returning(*C)


def _seconds() -> Any:
    return func.make_interval(0, 0, 0, 0, 0, 0, bindparam("lease_s"))


def _typical(form: tuple[bool, bool, bool]) -> Principal:
    """A principal for whom a statement of this form is written; their values are parameters."""
    from knowledge_base.access import Role

    everything, advisor, supervisor = form
    roles = {Role.SYSTEM: everything, Role.ADVISOR: advisor, Role.SUPERVISOR: supervisor}
    return Principal(user_id="", roles=frozenset(role for role, has in roles.items() if has), branches=frozenset({""}))


def _from_json(table: Table, columns: tuple[str, ...], parameter: str = "rows") -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return (
        f"INSERT INTO {table.name} ({names}) "
        f"SELECT {names} FROM json_populate_recordset(CAST(NULL AS {table.name}), CAST(:{parameter} AS json))"
    )


@cache
def _insert(table: Table, columns: tuple[str, ...]) -> TextClause:
    return text(_from_json(table, columns))


@cache
def _insert_new(table: Table, columns: tuple[str, ...]) -> TextClause:
    return text(f"{_from_json(table, columns)} ON CONFLICT (id) DO NOTHING RETURNING id")


@cache
def _update(table: Table, columns: tuple[str, ...]) -> TextClause:
    changed = ", ".join(f'"{name}" = r."{name}"' for name in columns if name != "id")
    source = f"json_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS json))"
    return text(f"UPDATE {table.name} t SET {changed} FROM {source} r WHERE t.id = r.id")


@cache
def _tell(of_events: tuple[str, ...], of_messages: tuple[str, ...]) -> TextClause:
    events = _from_json(lead_events, of_events, "events")
    return text(f"WITH told AS ({events}) {_from_json(outbox, of_messages, 'messages')}")


def _json(rows: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> str:
    """Times as ISO 8601 and sums as text, which PostgreSQL casts to the column's type."""
    return to_json(rows).decode()
