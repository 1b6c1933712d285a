"""What a client refuses counts for the leads that wait, from the moment at which it is written down."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from intent.leads.lead import Lead, standings_of
from intent.leads.queue import LeadQueue, lead_of
from intent.leads.tables import OFFERED, leads


def withdraw_refused(queue: LeadQueue, connection: Connection, client_id: str, now: datetime) -> list[Lead]:
    """Withdraw leads on offer that their client no longer allows, as the caller's transaction sees the ledger.

    A consumer who keeps a copy of the queue is told by this; one who claims would be refused the lead anyhow.
    """
    if queue.directory is None:
        return []
    queue.take_clients(connection, [client_id])
    waiting = connection.execute(select(leads).where(leads.c.client_id == client_id, OFFERED)).all()
    standing = standings_of(queue.directory, [client_id], connection).get(client_id)
    noes = [(lead, queue.why_not(standing, lead.intent, now)) for lead in map(lead_of, waiting)]
    return queue.withdraw(connection, [(lead, no) for lead, no in noes if no], now)
