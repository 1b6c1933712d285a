"""Messages to a client: the address of a report, and the code that identifies them.

The firm's own system knows where a client can be reached; what is handed over names the client by id. Addresses
and codes are made from the link key at the moment of sending: no outbox row holds them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from copilot.loop.keys import LinkKeys
from intent.leads.webhooks import WebhookSender
from jobs.errors import DeliveryError
from jobs.outbox import OutboxMessage

CODE_TOPIC = "client.code"
CODE, LINK = "code", "link"


@dataclass(frozen=True, kw_only=True)
class ClientMessage:
    """Something a client is to receive by the firm's channel (SMS, WeCom, app)."""

    id: str  # the same on every attempt
    kind: str  # code | link
    client_id: str
    link_id: str
    secret: str  # the code, or the address
    text: str  # as the client may read it, in Chinese
    expires_at: datetime


class CodeSender(Protocol):
    """Hands a message to the firm's channel. It returns when the message was taken.

    Raises DeliveryError: permanent where another try makes no sense. Taking the same id twice is harmless.
    """

    def send(self, message: ClientMessage) -> None: ...


class FileCodeSender:
    """One file a message in a folder that a gateway of the firm empties; readable by this user alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: ClientMessage) -> None:
        path = self._folder / f"{message.id}.json"
        beside = path.with_name(f".{path.name}.new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside.unlink(missing_ok=True)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(as_json(message), file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            raise DeliveryError(f"the folder of messages cannot be written ({error.strerror})") from error


class WebhookCodeSender:
    """Posts each message to the firm's gateway, signed after Standard Webhooks."""

    def __init__(self, webhook: WebhookSender) -> None:
        self._webhook = webhook

    def send(self, message: ClientMessage) -> None:
        payload = {"type": f"client.{message.kind}", **as_json(message), "id": message.link_id}
        self._webhook.deliver(
            OutboxMessage(
                id=message.id, sequence=0, topic=CODE_TOPIC, key=message.link_id, payload=payload,
                created_at=datetime.now(UTC), attempt=1,
            )
        )  # fmt: skip


class ScriptedCodeSender:
    """The double: remembers what it was given, and fails as often as it is told to."""

    def __init__(self, *, failures: int = 0) -> None:
        self.taken: list[ClientMessage] = []
        self._failures = failures

    def send(self, message: ClientMessage) -> None:
        if self._failures:
            self._failures -= 1
            raise DeliveryError("the gateway is away")
        if message.id not in [each.id for each in self.taken]:
            self.taken.append(message)

    def last(self, kind: str) -> ClientMessage:
        """The last message of a kind."""
        return next(each for each in reversed(self.taken) if each.kind == kind)


class MessageCourier:
    """What a dispatcher of the outbox calls: makes the secret, words the message, and hands it over."""

    def __init__(self, sender: CodeSender, keys: LinkKeys, url: Callable[[str], str], *, firm: str = "") -> None:
        """url: a link's address by its id. firm: named in the text where it is given."""
        self._sender, self._keys, self._url, self._firm = sender, keys, url, firm

    def deliver(self, message: OutboxMessage) -> None:
        """Send one outbox message; what is no longer of use is dead at once. Messages of others are taken as sent."""
        payload = message.payload
        kind = CODE if message.topic == CODE_TOPIC else LINK
        if kind == LINK and payload.get("type") != "report.sent":
            return  # a cleared text that was delivered without a link: the advisor carried it
        expires = datetime.fromisoformat(str(payload["expires_at"]))
        if expires <= datetime.now(UTC):
            raise DeliveryError("the message is of no use any more: it expired before it was sent", permanent=True)
        link_id = str(payload["id"])
        secret = self._keys.code(link_id, int(payload["count"])) if kind == CODE else self._url(link_id)
        self._sender.send(
            ClientMessage(
                id=message.id, kind=kind, client_id=str(payload["client_id"]), link_id=link_id, secret=secret,
                text=self._text(kind, secret), expires_at=expires,
            )
        )  # fmt: skip

    def _text(self, kind: str, secret: str) -> str:
        firm = f"【{self._firm}】" if self._firm else ""
        if kind == CODE:
            return f"{firm}您查看诊断报告的验证码是{secret}。请勿告诉任何人，工作人员不会向您索取。"
        return f"{firm}您的投资顾问为您准备了一份诊断报告，凭验证码查看：{secret}"


def as_json(message: ClientMessage) -> dict[str, str]:
    """The message as files and webhooks carry it; `code` or `url` by its kind."""
    return {
        "id": message.id,
        "kind": message.kind,
        "client_id": message.client_id,
        "link_id": message.link_id,
        ("code" if message.kind == CODE else "url"): message.secret,
        "text": message.text,
        "expires_at": message.expires_at.isoformat(),
    }
