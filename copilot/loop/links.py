"""Links to reports: sent once a text is cleared, found by a keyed hash, expiring, revocable at any moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from compliance_filters.audit.log import AuditEvent, AuditLog
from compliance_filters.errors import SealedError
from compliance_filters.finding import Cleared
from copilot.delivery import check_delivery, deliver, refusal
from copilot.loop.errors import DeliveryRefusedError, ReportStateError, UnknownReportError
from copilot.loop.keys import LinkKeys, new_link_id
from copilot.loop.tasks import VISIT, add_task
from copilot.loop.versions import Version
from copilot.settings import DeliverySettings
from copilot.tables import deliveries, report_links, report_versions
from intent.leads.queue import visible
from jobs.clock import database_now
from jobs.outbox import Outbox
from knowledge_base.access import Principal, Role, system_principal
from knowledge_base.clients import Clients
from knowledge_base.errors import UnknownClientError
from knowledge_base.tables import clients

CHANNEL = "report_link"
PATH = "/r/"
SERVANTS = (Role.ADVISOR, Role.SUPERVISOR, Role.SYSTEM)
MOST = 200
_SYSTEM = system_principal("link")


@dataclass(frozen=True, kw_only=True)
class Link:
    """One link; its token stands nowhere."""

    id: str
    report_id: str
    version: int
    client_id: str
    delivery_id: str
    sha256: str  # of the text that was cleared and is shown
    sent_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    consent: str | None  # yes | no; None: not said
    consent_at: datetime | None
    locked_until: datetime | None
    state: str  # open | locked | expired | revoked


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A link that was just made. Who holds the address still needs the client's code."""

    link: Link
    url: str


class LinkDesk:
    """Sends, finds and revokes links."""

    def __init__(
        self,
        audit: AuditLog,
        keys: Callable[[], LinkKeys],
        settings: DeliverySettings,
        *,
        base_url: str,
    ) -> None:
        """base_url: scheme and host that clients use. keys: asked for when a link is sent or opened."""
        self._audit, self._keys, self._rules, self._base_url = audit, keys, settings, base_url
        self._engine, self._outbox, self._clients = audit.engine, Outbox(audit.engine), Clients(audit.engine)

    def url(self, link_id: str) -> str:
        """The address of a link, made again from the key."""
        return f"{self._base_url}{PATH}{self._keys().token(link_id)}"

    def send(self, cleared: Cleared, version: Version, *, principal: Principal, days: int | None = None) -> Sent:
        """Deliver a cleared report by a new link: row, delivery, message, task and audit entry in one transaction.

        Raises what `deliver` raises, DeliveryRefusedError where no sender is configured or the client's texts are
        sealed, and ReportStateError for a text of another version.
        """
        client_id = str(version.client_id)
        client = check_delivery(cleared, client_id=client_id, channel=CHANNEL, engine=self._engine, principal=principal)
        if cleared.sha256 != version.sha256:
            raise ReportStateError("待发送的文字与该版本不一致：请重新生成报告。")
        if self._rules.sender == "none":
            raise DeliveryRefusedError(
                "尚未配置向客户发送链接和验证码的通道（copilot.delivery.sender），不能发送：请联系运维人员。"
            )
        self._refuse_sealed(version)
        link_id = new_link_id()
        with self._audit.writer.turn() as turn:
            expires = turn.now + timedelta(days=min(days or self._rules.link_days, self._rules.link_days))
            about = {"type": "report.sent", "id": link_id, "client_id": client.id, "expires_at": expires.isoformat()}
            delivery_id = deliver(
                cleared, client_id=client.id, channel=CHANNEL, engine=self._engine, outbox=self._outbox,
                principal=principal, within=turn.connection, about=about,
            )  # fmt: skip
            row = {
                "id": link_id, "token": self._keys().token_hash(self._keys().token(link_id)),
                "version_id": version.id, "delivery_id": delivery_id, "client_id": client.id,
                "sent_by": principal.user_id, "created_at": turn.now, "expires_at": expires,
                "codes": 0, "codes_today": 0, "misses": 0, "locks": 0,
            }  # fmt: skip
            turn.connection.execute(insert(report_links).values(row))
            due = turn.now + timedelta(days=self._rules.follow_up_days)
            add_task(turn.connection, link_id=link_id, client_id=client.id, why=VISIT, due_at=due, now=turn.now)
            said: dict[str, Any] = {
                "link": link_id,
                "delivery": delivery_id,
                "report": version.report_id,
                "version": version.version,
            }
            turn.write([self._entry("sent", principal.user_id, client.id, **said)])
        return Sent(link=self.get(link_id, principal=principal), url=self.url(link_id))

    def revoke(self, link_id: str, *, reason: str, principal: Principal) -> Link:
        """Close a link at once and for good; a link that is revoked stays as it is.

        Raises UnknownReportError for a link of a client not to be seen.
        """
        principal.require("revoke a link", *SERVANTS, Role.COMPLIANCE)
        link = self.get(link_id, principal=principal)
        if link.revoked_at is not None:
            return link
        with self._audit.writer.turn() as turn:
            revoke_row(turn.connection, link_id, by=principal.user_id, now=turn.now)
            turn.write(
                [self._entry("revoked", principal.user_id, link.client_id, payload={"reason": reason}, link=link_id)]
            )
        return self.get(link_id, principal=principal)

    def get(self, link_id: str, *, principal: Principal) -> Link:
        """One link. Raises UnknownReportError, also for a client not to be seen."""
        with self._engine.connect() as connection:
            row = connection.execute(_links().where(report_links.c.id == link_id, _seen_by(principal))).first()
            now = database_now(connection)
        if row is None:
            raise UnknownReportError(f"There is no link {link_id} that you may see: list them to see which there are.")
        return _link(row, now)

    def list(
        self, *, principal: Principal, client_id: str | None = None, report_id: str | None = None, limit: int = 50
    ) -> tuple[Link, ...]:
        """Links of clients that the principal may see, the newest first."""
        query = _links().where(_seen_by(principal))
        if client_id is not None:
            query = query.where(report_links.c.client_id == client_id)
        if report_id is not None:
            query = query.where(report_versions.c.report_id == report_id)
        query = query.order_by(report_links.c.created_at.desc(), report_links.c.id).limit(max(1, min(limit, MOST)))
        with self._engine.connect() as connection:
            now = database_now(connection)
            return tuple(_link(row, now) for row in connection.execute(query))

    def open(self, token: str) -> Link | None:
        """The link behind an address; None alike for one that never was, expired, or was revoked, and for a client
        who refuses deliveries by now or whose texts were sealed: who guesses learns nothing."""
        with self._engine.connect() as connection:
            found = _links().where(report_links.c.token == self._keys().token_hash(token))
            row = connection.execute(found).first()
            now = database_now(connection)
        link = _link(row, now) if row is not None else None
        if link is None or link.state in ("expired", "revoked") or self._refused_now(link):
            return None
        return link

    def _refused_now(self, link: Link) -> bool:
        try:
            client = self._clients.get(link.client_id, principal=_SYSTEM)
        except UnknownClientError:
            return True
        return bool(refusal(client, CHANNEL))

    def _refuse_sealed(self, version: Version) -> None:
        try:
            self._audit.payload(version.model_id)
        except SealedError as error:
            raise DeliveryRefusedError("客户资料已封存，不能向其发送。") from error

    def _entry(self, what: str, actor: str, client_id: str, payload: dict[str, Any] | None = None, **data: Any) -> Any:
        return self._audit.entry(
            AuditEvent(event=f"delivery.{what}", actor=actor, subject=client_id, data=data, payload=payload)
        )


def revoke_row(connection: Connection, link_id: str, *, by: str, now: datetime) -> None:
    """Close a link in the caller's transaction; its open code and sessions end with it."""
    values = {"revoked_at": now, "revoked_by": by, "code_until": None}
    connection.execute(update(report_links).where(report_links.c.id == link_id).values(values))


def _links() -> Any:
    return (
        select(report_links, deliveries.c.sha256, report_versions.c.report_id, report_versions.c.version)
        .join(deliveries, deliveries.c.id == report_links.c.delivery_id)
        .join(report_versions, report_versions.c.id == report_links.c.version_id)
        .outerjoin(clients, clients.c.id == report_links.c.client_id)
    )


def _seen_by(principal: Principal) -> Any:
    """Rights follow the client's present advisor and branch, not those of the day of sending."""
    return visible(principal, clients)


def _link(row: Row[Any], now: datetime) -> Link:
    state = "open"
    if row.locked_until is not None and row.locked_until > now:
        state = "locked"
    if row.expires_at <= now:
        state = "expired"
    if row.revoked_at is not None:
        state = "revoked"
    names = [name for name in Link.__dataclass_fields__ if name != "state"]
    return Link(**{name: getattr(row, name) for name in names}, state=state)
