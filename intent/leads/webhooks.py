"""Events pushed to a receiver, those of leads among them, signed after Standard Webhooks, with a CloudEvents 1.0 body.

Sources: standardwebhooks.com, specification 1.0; CloudEvents 1.0, structured JSON.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import httpx

from intent.errors import WebhookError
from intent.leads.targets import Resolve, Target, addresses, check_url, target_of
from jobs.errors import DeliveryError
from jobs.outbox import OutboxMessage

SOURCE = "/tougu/leads"
SECRET_PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)
GONE = 410
LONGEST_RETRY_AFTER_S = 86_400.0

Gone = Callable[[OutboxMessage, str], None]  # a message that the receiver refused for good, and why


class WebhookSender:
    """Delivers outbox messages; hand its `deliver` to `jobs.outbox.Dispatcher` with their topic."""

    def __init__(
        self,
        *,
        url: str,
        secret: str,
        previous_secret: str = "",
        allow_private: bool = False,
        timeout_s: float = 15.0,
        source: str = SOURCE,
        resolve: Resolve | None = None,
        gone: Gone | None = None,
    ) -> None:
        """source: of the events. previous_secret: signs as well, while the receiver changes over. gone: told of a 410.

        Raises WebhookError for a bad secret or an address that may not be used.
        """
        self._keys = [_key(each) for each in (secret, previous_secret) if each or each is secret]
        self._url, self._source = url, source
        self._allow_private, self._resolve = allow_private, resolve or addresses
        self._gone = gone
        check_url(url, allow_private=allow_private)
        # No proxy of the environment and no redirect: the request goes to the address that was checked.
        self._client = httpx.Client(timeout=timeout_s, follow_redirects=False, trust_env=False)

    def deliver(self, message: OutboxMessage) -> None:
        """Post one message; the id stays the same over all attempts.

        Raises DeliveryError: permanent on 410 (the receiver is gone), else to be tried again.
        """
        target = target_of(self._url, allow_private=self._allow_private, resolve=self._resolve)
        status, retry_in_s = self._post(target, message)
        if 200 <= status < 300:
            return
        why = f"the receiver answered {status}"
        if status == GONE and self._gone is not None:
            self._gone(message, why)
        raise DeliveryError(why, permanent=status == GONE, retry_in_s=retry_in_s)

    def _post(self, target: Target, message: OutboxMessage) -> tuple[int, float | None]:
        """The status, and the seconds that the receiver asks to wait; its body is not read."""
        payload = json.dumps(cloud_event(message, self._source), ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "host": target.host, "content-type": "application/cloudevents+json", **self._signed(message.id, payload),
        }  # fmt: skip
        names = {"sni_hostname": target.server_name}
        try:
            with self._client.stream(
                "POST", target.url, content=payload, headers=headers, extensions=names
            ) as response:
                return response.status_code, _retry_after_s(response)
        except httpx.HTTPError as error:
            raise DeliveryError(f"the receiver did not answer ({type(error).__name__})") from error

    def _signed(self, message_id: str, payload: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        return {
            "webhook-id": message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": " ".join(sign(key, message_id, stamp, payload) for key in self._keys),
        }


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


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) not in SECRET_BYTES:
        raise WebhookError("The webhook secret is not whsec_ and base64 of 24 to 64 bytes: make a new one.")
    return key


def _retry_after_s(response: httpx.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    return min(float(value), LONGEST_RETRY_AFTER_S) if value.isascii() and value.isdigit() else None
