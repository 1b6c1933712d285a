"""Who may come in. Before rights exist the door is closed: loopback only, same origin only."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Response
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from copilot.loop.links import PATH as CLIENT_PATHS  # pages that clients open by a link
from serve.errors import OpenDoorError
from serve.problems import problem
from serve.settings import LOOPBACK_HOSTS

CLIENT_BODY_BYTES = 32 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def require_loopback(host: str) -> None:
    """Raise OpenDoorError for any address that another machine could reach."""
    if host not in LOOPBACK_HOSTS:
        raise OpenDoorError(
            f"The server was asked to listen on {host}, but it has no logins yet and anybody who reaches it "
            "would be let in: set server.host to 127.0.0.1 and use an SSH tunnel."
        )


class DoorMiddleware:
    """Refuses, before anything is read: another Host, a change sent by another site's page, an oversized body.

    The Host is checked because a name of another site may resolve to this machine (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, public_host: str = "") -> None:
        """public_host: the name by which the firm's gateway asks; under it nothing but CLIENT_PATHS is answered."""
        self._app = app
        self._public_host = public_host
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(Request(scope))
        if refusal is None:
            refusal = await self._let_in(scope, receive, send)
        if refusal is not None:
            await refusal(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> Response | None:
        """Run the application, counting what arrives: a chunked body does not say its length beforehand."""
        taken, most = 0, self._most(str(scope["path"]))

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise HTTPException(413)
            return message

        async def unless_too_large(message: Message) -> None:
            if taken <= most:
                await send(message)

        await self._app(scope, counted, unless_too_large)
        return self._too_large(most, str(scope["path"])) if taken > most else None

    def _refusal(self, request: Request) -> Response | None:
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        length = request.headers.get("content-length", "0")
        for_clients = request.url.path.startswith(CLIENT_PATHS)
        if self._public_host and host.lower() == self._public_host.lower():
            if not for_clients:
                return problem(404, "There is nothing here.")
        elif _hostname(host) not in LOOPBACK_HOSTS:
            return problem(400, "This server answers on the loopback address only: open http://127.0.0.1.")
        # A page that sends no referrer says "null"; who knows the address of a link needs no other site to use it.
        nameless = for_clients and origin == "null"
        foreign = origin is not None and not nameless and urlsplit(origin).netloc != host
        if request.method not in SAFE_METHODS and foreign:
            return problem(403, "Cross-origin request: only this server's own pages may change anything.")
        if length.isdecimal() and int(length) > (most := self._most(request.url.path)):
            return self._too_large(most, request.url.path)
        return None

    def _most(self, path: str) -> int:
        """Bytes that a body may have: forms of clients are short."""
        return min(CLIENT_BODY_BYTES, self._max_body_bytes) if path.startswith(CLIENT_PATHS) else self._max_body_bytes

    def _too_large(self, most: int, path: str) -> Response:
        return problem(413, f"The body is larger than {most} bytes (server.max_body_bytes).", path=path)


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
