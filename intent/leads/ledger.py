"""How a lead is changed: its row, an event that says who, when and why, and a message, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, update

from intent.leads.changes import Change, event_row, outbox_row
from intent.leads.lead import Lead, LeadState
from intent.leads.sql.postgres import PostgresRows
from intent.leads.sql.rows import LeadRows
from intent.leads.sql.sqlite import SqliteRows
from intent.leads.tables import leads
from intent.leads.views import LeadViews, lead_of, row_of
from jobs.clock import database_now
from jobs.locks import begin_writing
from knowledge_base.access import Principal


class LeadLedger(LeadViews):
    """Writes changes. Who changes a client's leads has the client in hand first (`take_clients`)."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._rows: LeadRows = SqliteRows() if engine.dialect.name == "sqlite" else PostgresRows()

    def change(
        self,
        connection: Connection,
        lead: Lead,
        now: datetime,
        event: str,
        by: str,
        why: str = "",
        **values: Any,
    ) -> Lead:
        """Write a change with its event and its message; the caller holds the transaction."""
        changed = {"updated_at": now, **values, "sequence": self.next_sequence(connection, lead.client_id)}
        if isinstance(changed.get("state"), LeadState):
            changed["state"] = changed["state"].value
        row = connection.execute(update(leads).where(leads.c.id == lead.id).values(changed).returning(*leads.c)).one()
        after = lead_of(row)
        self.tell(connection, [Change(lead=after, event=event, by=by, why=why, at=now)])
        return after

    def change_many(
        self,
        connection: Connection,
        changes: Sequence[tuple[Lead, Mapping[str, Any], str]],
        now: datetime,
        event: str,
        by: str,
    ) -> list[Lead]:
        """The same for many leads at once, each with its new values and its reason."""
        if not changes:
            return []
        last = self._rows.number(connection, Counter(lead.client_id for lead, _, _ in changes))
        after = []
        for lead, values, _ in changes:
            last[lead.client_id] += 1
            after.append(replace(lead, **{"updated_at": now, **values, "sequence": last[lead.client_id]}))
        columns = {name for _, values, _ in changes for name in values} | {"id", "sequence", "updated_at"}
        self._rows.update(
            connection, leads, [{n: v for n, v in row_of(lead).items() if n in columns} for lead in after]
        )
        told = zip(after, (why for _, _, why in changes), strict=True)
        self.tell(connection, [Change(lead=lead, event=event, by=by, why=why, at=now) for lead, why in told])
        return after

    def tell(self, connection: Connection, changes: Sequence[Change]) -> None:
        """The event rows, and the messages for whoever listens, in order."""
        self._rows.tell(connection, [event_row(each) for each in changes], [outbox_row(each) for each in changes])

    def next_sequence(self, connection: Connection, client_id: str) -> int:
        """The number of the client's next event; the client stays in hand until commit."""
        return self._rows.number(connection, {client_id: 1})[client_id] + 1

    def take_clients(self, connection: Connection, client_ids: Collection[str]) -> None:
        """Have clients in hand until commit: nobody else changes their leads meanwhile."""
        self._rows.number(connection, dict.fromkeys(client_ids, 0))

    @contextmanager
    def _writing(self) -> Iterator[tuple[Connection, datetime]]:
        with self.engine.begin() as connection:
            begin_writing(connection)
            yield connection, database_now(connection)

    def _in_hand(self, connection: Connection, lead_id: str, principal: Principal) -> Lead:
        """A lead as it stands once its client is in hand. Raises LeadNotFoundError."""
        self.take_clients(connection, [self._get(connection, lead_id, principal).client_id])
        return self._get(connection, lead_id, principal)
