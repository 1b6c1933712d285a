"""Events pushed to a receiver, those of leads among them, signed after Standard Webhooks, with a CloudEvents 1.0 body.

Sources: standardwebhooks.com, specification 1.0; CloudEvents 1.0, structured JSON.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from intent.errors import WebhookError
from jobs.errors import DeliveryError
from jobs.outbox import OutboxMessage

SOURCE = "/tougu/leads"
SECRET_PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)
GONE = 410
LONGEST_RETRY_AFTER_S = 86_400.0

Resolve = Callable[[str], list[str]]  # host name to addresses


class WebhookSender:
    """Delivers outbox messages; hand its `deliver` to `jobs.outbox.Dispatcher` with their topic."""

    def __init__(
        self,
        *,
        url: str,
        secret: str,
        allow_private: bool = False,
        timeout_s: float = 15.0,
        source: str = SOURCE,
        resolve: Resolve | None = None,
    ) -> None:
        """source: of the events. Raises WebhookError for a bad secret or an address that may not be used."""
        self._key = _key(secret)
        self._url, self._timeout_s, self._source = url, timeout_s, source
        self._allow_private, self._resolve = allow_private, resolve or addresses
        check_url(url, allow_private=allow_private)

    def deliver(self, message: OutboxMessage) -> None:
        """Post one message; the id stays the same over all attempts.

        Raises DeliveryError: permanent on 410 (the receiver is gone), else to be tried again.
        """
        self._check_target()
        payload = json.dumps(cloud_event(message, self._source), ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"content-type": "application/cloudevents+json", **self._signed(message.id, payload)}
        try:
            response = httpx.post(
                self._url, content=payload, headers=headers, timeout=self._timeout_s, follow_redirects=False
            )
        except httpx.HTTPError as error:
            raise DeliveryError(f"the receiver did not answer ({type(error).__name__})") from error
        if response.is_success:
            return
        raise DeliveryError(
            f"the receiver answered {response.status_code}",
            permanent=response.status_code == GONE,
            retry_in_s=_retry_after_s(response),
        )

    def _signed(self, message_id: str, payload: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        return {
            "webhook-id": message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": sign(self._key, message_id, stamp, payload),
        }

    def _check_target(self) -> None:
        """Names are resolved at every delivery: they may point somewhere else by now."""
        if self._allow_private:
            return
        host = urlsplit(self._url).hostname or ""
        try:
            found = self._resolve(host)
        except OSError as error:
            raise DeliveryError(f"the receiver's host has no address ({type(error).__name__})") from error
        if any(_is_private(address) for address in found):
            raise DeliveryError("the receiver's host is a private address, which the settings forbid", permanent=True)


def check_url(url: str, *, allow_private: bool) -> None:
    """Raises WebhookError unless the address is https (or allowed to be private) and names a host."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise WebhookError(f"{url} is no webhook address: give https://host/path.")
    if allow_private:
        return
    if parts.scheme != "https":
        raise WebhookError(f"The webhook {url} is not encrypted: use https, or set allow_private for tests.")
    if _is_private(parts.hostname):
        raise WebhookError(f"The webhook {url} is a private address: use a public one, or set allow_private.")


def cloud_event(message: OutboxMessage, source: str = SOURCE) -> dict[str, Any]:
    """The message as a CloudEvents 1.0 object; `sequence` orders the events of one client."""
    data = {k: v for k, v in message.payload.items() if k != "type"}
    return {
        "specversion": "1.0",
        "id": message.id,
        "source": source,
        "type": message.payload.get("type", "lead.updated"),
        "time": message.created_at.isoformat(),
        "datacontenttype": "application/json",
        "subject": message.payload.get("id"),
        "sequence": str(message.payload.get("sequence", "")),
        "data": data,
    }


def sign(key: bytes, message_id: str, timestamp: str, payload: bytes) -> str:
    """`v1,` and base64 of HMAC-SHA256 over `id.timestamp.payload`."""
    signed = b".".join((message_id.encode(), timestamp.encode(), payload))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def addresses(host: str) -> list[str]:
    """Addresses of a host name. Raises OSError."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)]


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) not in SECRET_BYTES:
        raise WebhookError("The webhook secret is not whsec_ and base64 of 24 to 64 bytes: make a new one.")
    return key


def _is_private(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False  # a name: judged by its addresses at delivery


def _retry_after_s(response: httpx.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    return min(float(value), LONGEST_RETRY_AFTER_S) if value.isdigit() else None
