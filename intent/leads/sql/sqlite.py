"""Hot paths on SQLite: one writer at a time, so that what is read under the write lock is still true when written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from intent.leads.changes import Change, event_row, outbox_row
from intent.leads.sql.rows import C, Told, Wanted, held_by, not_reported, offered_to, sight_of, who
from intent.leads.tables import ALIVE, OFFERED, lead_clients, lead_events, leads
from intent.leads.views import lead_from
from jobs.clock import database_now
from jobs.locks import begin_writing
from jobs.tables import outbox
from knowledge_base.access import Principal


class SqliteRows:
    """`LeadRows` on SQLite."""

    def number(self, connection: Connection, counts: Mapping[str, int]) -> dict[str, int]:
        begin_writing(connection)
        return {client: self._number(connection, client, counts[client]) for client in sorted(counts)}

    def of_clients(
        self, connection: Connection, clients: Sequence[str], since: datetime, intents: Sequence[str]
    ) -> Sequence[Mapping[str, Any]]:
        kinds = or_(ALIVE, C.intent.in_(intents))
        query = select(leads).where(C.client_id.in_(clients), kinds, C.last_seen_at > since)
        return [row._asdict() for row in connection.execute(query.order_by(C.id))]

    def waiting(self, connection: Connection, most: Mapping[str, int]) -> dict[str, int]:
        return {who: self._waiting(connection, who, bound) for who, bound in most.items()}

    def claim(
        self, connection: Connection, wanted: Wanted, principal: Principal, *, most: int, lease_s: float
    ) -> Sequence[Mapping[str, Any]]:
        begin_writing(connection)
        values, now = wanted.values, database_now(connection)
        query = select(C.id, C.client_id).where(*offered_to(sight_of(principal), wanted.form))
        best = query.order_by(C.score.desc(), C.id).limit(most)
        picked = connection.execute(best, {**values, **who(principal)}).all()
        until = now + timedelta(seconds=lease_s)
        return [
            self._change(
                connection, row.id, row.client_id,
                {"state": "claimed", "owner": principal.user_id, "lease_until": until, "updated_at": now},
            )
            for row in picked
        ]  # fmt: skip

    def settle(
        self,
        connection: Connection,
        lead_id: str,
        principal: Principal,
        values: Mapping[str, Any],
        lease_s: float | None,
        told: Told,
    ) -> Mapping[str, Any] | None:
        begin_writing(connection)
        now = database_now(connection)
        held = select(C.client_id).where(*held_by(sight_of(principal)), or_(C.state != "claimed", C.lease_until > now))
        if "disposition" in values:
            held = held.where(not_reported(values))
        client = connection.execute(held, {"lead": lead_id, **who(principal)}).scalar_one_or_none()
        if client is None:
            return None
        lease = {} if lease_s is None else {"lease_until": now + timedelta(seconds=lease_s)}
        row = self._change(connection, lead_id, client, {**values, **lease, "updated_at": now})
        change = Change(lead=lead_from(row), event=told.event, by=principal.user_id, why=told.why, at=now)
        self.tell(connection, [event_row(change)], [outbox_row(change)])
        return row

    def insert(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            connection.execute(insert(table), list(rows))

    def insert_new(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        statement = upsert(table).on_conflict_do_nothing(index_elements=["id"])
        return {str(row["id"]) for row in rows if connection.execute(statement, row).rowcount}

    def update(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            statement = update(table).where(table.c.id == bindparam("its_id"))
            connection.execute(statement, [{"its_id": row["id"], **row} for row in rows])

    def tell(
        self, connection: Connection, events: Sequence[Mapping[str, Any]], messages: Sequence[Mapping[str, Any]]
    ) -> None:
        self.insert(connection, lead_events, events)
        self.insert(connection, outbox, messages)

    def _waiting(self, connection: Connection, who: str, bound: int) -> int:
        some = select(C.id).where(C.advisor_id == who, OFFERED).limit(bound).subquery()
        return connection.scalar(select(func.count()).select_from(some)) or 0

    def _number(self, connection: Connection, client: str, count: int) -> int:
        known = upsert(lead_clients).values(client_id=client, sequence=count)
        raised = known.on_conflict_do_update(
            index_elements=["client_id"], set_={"sequence": lead_clients.c.sequence + known.excluded.sequence}
        )
        return int(connection.execute(raised.returning(lead_clients.c.sequence)).scalar_one()) - count

    def _change(
        self, connection: Connection, lead_id: str, client: str, values: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        sequence = self._number(connection, client, 1) + 1
        changed = update(leads).where(C.id == lead_id).values(**values, sequence=sequence)
        return connection.execute(changed.returning(*C)).one()._asdict()
