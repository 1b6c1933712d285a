"""Signatures that WeCom asks of a page before it may write into a chat (its "JS-SDK"), made with the firm's own secret.

How: https://developer.work.weixin.qq.com/document/path/90506. The tickets are the only thing fetched from outside,
from `copilot.wecom.url`, and only where the settings name a corporation.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from copilot.settings import WeComSettings
from serve.errors import ServeError

Kind = Literal["corp", "agent"]
EARLY_S = 300  # a ticket is fetched anew so long before it runs out
_PATHS = {"corp": "/cgi-bin/get_jsapi_ticket", "agent": "/cgi-bin/ticket/get"}


class WeComError(ServeError):
    """WeCom gave no ticket; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What a signature is made of."""

    text: str
    good_for_s: float


class TicketSource(Protocol):
    """Gives tickets of the firm's corporation."""

    def ticket(self, kind: Kind) -> Ticket:
        """Raises WeComError."""
        ...


class WeComTickets:
    """Fetches tickets from WeCom; follows no redirect and no proxy of the environment."""

    def __init__(self, settings: WeComSettings) -> None:
        self._settings = settings

    def ticket(self, kind: Kind) -> Ticket:
        """See TicketSource."""
        rules = self._settings
        secret = rules.secret.get_secret_value() if rules.secret else ""
        token = self._get("/cgi-bin/gettoken", corpid=rules.corp_id, corpsecret=secret)["access_token"]
        more = {"type": "agent_config"} if kind == "agent" else {}
        told = self._get(_PATHS[kind], access_token=token, **more)
        return Ticket(text=str(told["ticket"]), good_for_s=float(told.get("expires_in", 0)))

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        import httpx

        try:
            with httpx.Client(trust_env=False, timeout=self._settings.timeout_s) as client:
                told = client.get(self._settings.url.rstrip("/") + path, params=query).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise WeComError(
                f"WeCom gave no ticket ({type(error).__name__}): check copilot.wecom.url and the network."
            ) from None  # the address holds the secret
        if not isinstance(told, dict) or told.get("errcode", 0) != 0:
            code = told.get("errcode") if isinstance(told, dict) else "no JSON"
            raise WeComError(f"WeCom gave no ticket (code {code}): check copilot.wecom.corp_id, agent_id and secret.")
        return told


class Signatures:
    """Signs addresses of pages; tickets are kept until shortly before they run out."""

    def __init__(self, source: TicketSource, *, clock: Callable[[], float] = time.time) -> None:
        self._source, self._clock = source, clock
        self._kept: dict[Kind, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def sign(self, kind: Kind, url: str) -> dict[str, Any]:
        """timestamp, nonceStr and signature for the page `url`. Raises WeComError."""
        nonce, now = secrets.token_hex(8), int(self._clock())
        signed = f"jsapi_ticket={self._ticket(kind)}&noncestr={nonce}&timestamp={now}&url={url.split('#')[0]}"
        digest = hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()  # as WeCom prescribes
        return {"timestamp": now, "nonceStr": nonce, "signature": digest}

    def _ticket(self, kind: Kind) -> str:
        with self._lock:
            text, until = self._kept.get(kind, ("", 0.0))
            if self._clock() >= until:
                fresh = self._source.ticket(kind)
                text, until = fresh.text, self._clock() + fresh.good_for_s - EARLY_S
                self._kept[kind] = (text, until)
            return text
