"""Who may come in. Before rights exist the door is closed: loopback only, same origin only."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Response
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from serve.errors import OpenDoorError
from serve.problems import problem
from serve.settings import LOOPBACK_HOSTS

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def require_loopback(host: str) -> None:
    """Raise OpenDoorError for any address that another machine could reach."""
    if host not in LOOPBACK_HOSTS:
        raise OpenDoorError(
            f"The server was asked to listen on {host}, but it has no logins yet and anybody who reaches it "
            "would be let in: set server.host to 127.0.0.1 and put it behind an SSH tunnel."
        )


class DoorMiddleware:
    """Refuses, before anything is read: another Host, a change sent by another site's page, an oversized body.

    The Host is checked because a name of another site may resolve to this machine (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(Request(scope)) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        length = request.headers.get("content-length", "0")
        if _hostname(host) not in LOOPBACK_HOSTS:
            return problem(400, "This server answers on the loopback address only: open http://127.0.0.1.")
        if request.method not in SAFE_METHODS and origin is not None and urlsplit(origin).netloc != host:
            return problem(403, "Cross-origin request: only this server's own pages may change anything.")
        if length.isdecimal() and int(length) > self._max_body_bytes:
            return problem(413, f"The body is larger than {self._max_body_bytes} bytes (server.max_body_bytes).")
        return None


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
