"""Who may come in. Before rights exist the door is closed: loopback only, same origin only."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from serve.errors import OpenDoorError
from serve.settings import LOOPBACK_HOSTS

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def require_loopback(host: str) -> None:
    """Raise OpenDoorError for any address that another machine could reach."""
    if host not in LOOPBACK_HOSTS:
        raise OpenDoorError(
            f"The server was asked to listen on {host}, but it has no logins yet and anybody who reaches it "
            "would be let in: set server.host to 127.0.0.1 and put it behind an SSH tunnel."
        )


class SameOriginMiddleware:
    """Refuses a change that a page of another site sends through the user's browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            request = Request(scope)
            origin = request.headers.get("origin")
            if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
                body = {
                    "type": "about:blank",
                    "title": "Forbidden",
                    "status": 403,
                    "detail": "Cross-origin request.",
                }
                refused = JSONResponse(body, status_code=403, media_type="application/problem+json")
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)
