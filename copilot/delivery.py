"""Delivery: the only way out of the house, open to `Cleared` texts alone."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime

from sqlalchemy import Engine, select

from compliance_filters.finding import Cleared
from copilot.tables import deliveries
from jobs.outbox import Outbox
from knowledge_base.access import Principal, Role
from knowledge_base.clients import Clients

TOPIC = "message.cleared"


def deliver(
    cleared: Cleared, *, client_id: str, channel: str, engine: Engine, outbox: Outbox, principal: Principal
) -> str:
    """Record a cleared text for a client and put it into the outbox, in one transaction.

    Returns the delivery id. Raises TypeError for anything that the gate did not make or that was changed
    afterwards, AccessDeniedError for a principal who serves no clients, and UnknownClientError for a client
    who is not theirs.
    """
    if not isinstance(cleared, Cleared):
        raise TypeError(f"deliver() takes Cleared, not {type(cleared).__name__}: let the gate review the text.")
    if hashlib.sha256(cleared.text.encode("utf-8", "surrogatepass")).hexdigest() != cleared.sha256:
        raise TypeError("The text is not the one that was cleared: let the gate review it again.")
    principal.require("deliver a message", Role.ADVISOR, Role.SUPERVISOR, Role.SYSTEM)
    Clients(engine).get(client_id, principal=principal)
    delivery_id = f"dl_{uuid.uuid4().hex}"
    with engine.begin() as connection:
        connection.execute(
            deliveries.insert().values(
                id=delivery_id,
                client_id=client_id,
                user_id=principal.user_id,
                channel=channel,
                target=cleared.target.value,
                sha256=cleared.sha256,
                audit_id=cleared.audit_id,
                text=cleared.text,
                created_at=datetime.now(UTC),
            )
        )
        outbox.add(
            connection,
            topic=TOPIC,
            key=client_id,
            payload={"delivery_id": delivery_id, "sha256": cleared.sha256, "channel": channel},
        )
    return delivery_id


def delivered_sha256(client_id: str, *, engine: Engine, principal: Principal) -> tuple[str, ...]:
    """Hashes of everything delivered to the client, oldest first: what is sent must be among them."""
    principal.require("read deliveries", Role.COMPLIANCE, Role.SUPERVISOR, Role.SYSTEM)
    query = select(deliveries.c.sha256).where(deliveries.c.client_id == client_id).order_by(deliveries.c.created_at)
    with engine.connect() as connection:
        return tuple(connection.execute(query).scalars())
