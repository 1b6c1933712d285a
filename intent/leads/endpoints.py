"""Receivers that said they are gone: nothing more is sent to them until a person enables them again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, insert, select

from intent.leads.tables import webhook_endpoints
from jobs.clock import database_now
from jobs.locks import begin_writing, hold
from jobs.outbox import OutboxMessage
from knowledge_base.access import Principal, Role

KEEPERS = (Role.OPERATIONS, Role.CRM, Role.SYSTEM)
BELIEVED_S = 1.0  # how long one look is believed


@dataclass(frozen=True, kw_only=True)
class Disabled:
    """A receiver that is sent nothing."""

    topic: str
    url: str
    disabled_at: datetime
    why: str


class Endpoints:
    """One receiver a topic, enabled or not."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def disabled(self, topic: str) -> Disabled | None:
        """Since when and why the receiver of a topic is sent nothing; None where it is."""
        with self._engine.connect() as connection:
            query = select(webhook_endpoints).where(webhook_endpoints.c.topic == topic)
            found = connection.execute(query).one_or_none()
        return Disabled(**found._mapping) if found else None

    def disable(self, topic: str, url: str, why: str) -> None:
        """Send nothing more to the receiver of a topic; its messages wait."""
        with self._engine.begin() as connection:
            hold(connection, f"endpoint:{topic}")
            connection.execute(delete(webhook_endpoints).where(webhook_endpoints.c.topic == topic))
            values = {"topic": topic, "url": url, "disabled_at": database_now(connection), "why": why}
            connection.execute(insert(webhook_endpoints).values(values))

    def enable(self, topic: str, *, principal: Principal) -> bool:
        """Send again; whether the receiver had been disabled."""
        principal.require("enable a receiver", *KEEPERS)
        with self._engine.begin() as connection:
            begin_writing(connection)
            return bool(
                connection.execute(delete(webhook_endpoints).where(webhook_endpoints.c.topic == topic)).rowcount
            )


class Gate:
    """Whether one receiver is paused, for its dispatcher; another address than the one that was gone is not."""

    def __init__(self, endpoints: Endpoints, topic: str, url: str) -> None:
        self._endpoints, self._topic, self._url = endpoints, topic, url
        self._looked_at, self._paused = -BELIEVED_S, False

    def paused(self) -> bool:
        if time.monotonic() - self._looked_at >= BELIEVED_S:
            found = self._endpoints.disabled(self._topic)
            self._paused = found is not None and found.url == self._url
            self._looked_at = time.monotonic()
        return self._paused

    def gone(self, _message: OutboxMessage, why: str) -> None:
        """The receiver said that it is gone."""
        self._endpoints.disable(self._topic, self._url, why)
        self._paused, self._looked_at = True, time.monotonic()
