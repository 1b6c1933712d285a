"""Delivery: the only way out of the house, open to `Cleared` texts alone."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, select

from compliance_filters.finding import Cleared
from copilot.loop.errors import DeliveryRefusedError
from copilot.tables import deliveries
from jobs.outbox import Outbox
from knowledge_base.access import Principal, Role
from knowledge_base.clients import Client, Clients
from knowledge_base.consents import Purpose, latest, refusals

TOPIC = "message.cleared"
WITHDRAWN = {Purpose.CONTACT: "客户已要求不再联系", Purpose.PERSONALISED: "客户已关闭个性化服务"}
REFUSED = {  # what a client refused, and how it is said to the advisor
    "contact": "客户已要求不再联系",
    "personalised_service": "客户已关闭个性化服务",
}


def deliver(
    cleared: Cleared,
    *,
    client_id: str,
    channel: str,
    engine: Engine,
    outbox: Outbox,
    principal: Principal,
    within: Connection | None = None,
    about: Mapping[str, str] | None = None,
) -> str:
    """Record a cleared text for a client and put it into the outbox, in one transaction (`within`: the caller's).

    about: what else the message says, such as the id of a link. Returns the delivery id. Raises TypeError for
    anything that the gate did not make or that was changed afterwards, AccessDeniedError for a principal who serves
    no clients, UnknownClientError for a client who is not theirs, and DeliveryRefusedError for one who refused it.
    """
    client = check_delivery(cleared, client_id=client_id, channel=channel, engine=engine, principal=principal)
    delivery_id = f"dl_{uuid.uuid4().hex}"
    row = {
        "id": delivery_id, "client_id": client.id, "user_id": principal.user_id, "channel": channel,
        "target": cleared.target.value, "sha256": cleared.sha256, "audit_id": cleared.audit_id, "text": cleared.text,
        "created_at": datetime.now(UTC),
    }  # fmt: skip
    message = {**(about or {}), "delivery_id": delivery_id, "sha256": cleared.sha256, "channel": channel}
    with nullcontext(within) if within is not None else engine.begin() as connection:
        connection.execute(deliveries.insert().values(row))
        outbox.add(connection, topic=TOPIC, key=client_id, payload=message)
    return delivery_id


def check_delivery(cleared: Cleared, *, client_id: str, channel: str, engine: Engine, principal: Principal) -> Client:
    """The client who may be sent this text by this principal; raises what `deliver` raises."""
    if not isinstance(cleared, Cleared):
        raise TypeError(f"deliver() takes Cleared, not {type(cleared).__name__}: let the gate review the text.")
    if hashlib.sha256(cleared.text.encode("utf-8", "surrogatepass")).hexdigest() != cleared.sha256:
        raise TypeError("The text is not the one that was cleared: let the gate review it again.")
    principal.require("deliver a message", Role.ADVISOR, Role.SUPERVISOR, Role.SYSTEM)
    client = Clients(engine).get(client_id, principal=principal)
    with engine.connect() as connection:
        told = refusals(latest(connection, [client_id]).get(client_id, {}))
    if why := refusal(client, channel, told):
        raise DeliveryRefusedError(f"{why}，不能向其发送。")
    return client


def refusal(client: Client, channel: str, told: Collection[Purpose] = ()) -> str:
    """Why nothing is delivered to this client by this channel, in Chinese; empty where it may be.

    told: what the client refused by the ledger of consents, beside what the client file says.
    """
    if client.account_state == "closed":
        return "客户已销户"
    refused = next((word for purpose, word in REFUSED.items() if purpose in client.opt_outs), "")
    refused = refused or next((word for purpose, word in WITHDRAWN.items() if purpose in told), "")
    return refused or ("客户已拒绝通过该渠道接收" if channel in client.opt_outs else "")


def delivered_sha256(client_id: str, *, engine: Engine, principal: Principal) -> tuple[str, ...]:
    """Hashes of everything delivered to the client, oldest first: what is sent must be among them."""
    principal.require("read deliveries", Role.COMPLIANCE, Role.SUPERVISOR, Role.SYSTEM)
    query = select(deliveries.c.sha256).where(deliveries.c.client_id == client_id).order_by(deliveries.c.created_at)
    with engine.connect() as connection:
        return tuple(connection.execute(query).scalars())
