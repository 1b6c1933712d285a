"""The door: which names this server answers to, whose pages may change anything, how large a body may be."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from fastapi import Response
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from copilot.loop.links import PATH as CLIENT_PATHS  # pages that clients open by a link
from serve.errors import OpenDoorError
from serve.problems import problem
from serve.rights.callers import COOKIE, SECURE_COOKIE
from serve.rights.limits import TooManyError
from serve.settings import LOOPBACK_HOSTS

CLIENT_BODY_BYTES = 32 * 1024
TEXT_BODY_BYTES = 16 * 1024 * 1024  # of JSON: what is pasted by mistake is refused before it is read
UPLOADS = ("/v1/calls", "/v1/audio/", "/v1/knowledge/files", "/v1/knowledge/preview")  # bodies that are files
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OTHER_SITES = frozenset({"cross-site", "same-site"})  # values of Sec-Fetch-Site


def require_closed_door(host: str, *, url: str = "", logins: bool = False) -> None:
    """Raise OpenDoorError for an address that another machine could reach, unless people log in, over https."""
    if host in LOOPBACK_HOSTS:
        return
    if not logins:
        raise OpenDoorError(
            f"The server was asked to listen on {host}, but nobody has a login yet and anybody who reaches it "
            "would be let in: add one with `tougu users add NAME --role ROLE --password-prompt`, or set server.host "
            "to 127.0.0.1 and use an SSH tunnel."
        )
    if not url.startswith("https://"):
        raise OpenDoorError(
            f"The server was asked to listen on {host}, where passwords would travel in clear: put a gateway with "
            "TLS before it and set server.url to the https address that people open."
        )


class DoorMiddleware:
    """Refuses, before anything is read: another Host, a change sent by another site's page, an oversized body.

    The Host is checked because a name of another site may resolve to this machine (DNS rebinding).
    """

    def __init__(
        self, app: ASGIApp, *, max_body_bytes: int, public_host: str = "", url: str = "",
        admit: Callable[[str], None] = lambda address: None,
    ) -> None:  # fmt: skip
        """public_host: the name by which the firm's gateway asks; under it nothing but CLIENT_PATHS is answered.

        url: the address by which people reach the server. admit: raises TooManyError for an address that asks too much.
        """
        self._app = app
        self._public_host = public_host
        self._own_host = urlsplit(url).netloc.lower()
        self._max_body_bytes = max_body_bytes
        self._admit = admit

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
        length, path = request.headers.get("content-length", "0"), request.url.path
        try:
            self._admit(request.client.host if request.client else "")
        except TooManyError as error:
            return problem(429, error.zh, error.headers, path=path)
        if (wrong := self._wrong_name(request)) is not None:
            return wrong
        if "\0" in unquote(f"{path}?{request.url.query}"):  # no file has such a name, and no database column holds it
            return problem(400, "地址中有不能使用的空字符：请去掉后再试。", path=path)
        if request.method not in SAFE_METHODS and _foreign(request):
            return problem(403, "Cross-origin request: only this server's own pages may change anything.")
        if length.isdecimal() and int(length) > (most := self._most(path)):
            return self._too_large(most, path)
        return None

    def _wrong_name(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        if self._own_host and host.lower() == self._own_host:
            return None
        if self._public_host and host.lower() == self._public_host.lower():
            return None if request.url.path.startswith(CLIENT_PATHS) else problem(404, "There is nothing here.")
        if _hostname(host) not in LOOPBACK_HOSTS:
            return problem(
                400, "This server answers to its own name and the loopback address only: open http://127.0.0.1, or set "
                "server.url."
            )  # fmt: skip
        return None

    def _most(self, path: str) -> int:
        """Bytes that a body may have: a recording is long, a text is not, and forms of clients are short."""
        if path.startswith(CLIENT_PATHS):
            return min(CLIENT_BODY_BYTES, self._max_body_bytes)
        return self._max_body_bytes if path.startswith(UPLOADS) else min(TEXT_BODY_BYTES, self._max_body_bytes)

    def _too_large(self, most: int, path: str) -> Response:
        if most < self._max_body_bytes:
            return problem(413, f"内容过长（超过{most // 1024}KB）：请缩短后再提交。", path=path)
        return problem(413, f"The body is larger than {most} bytes (server.max_body_bytes).", path=path)


def _foreign(request: Request) -> bool:
    """Whether a change comes from another site's page, or rides on a login without saying where it comes from."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if request.url.path.startswith(CLIENT_PATHS):
        # A page that sends no referrer says "null"; who knows the address of a link needs no other site to use it.
        return origin not in (None, "null") and _elsewhere(str(origin), request)
    if site in OTHER_SITES or (origin is not None and _elsewhere(origin, request)):
        return True
    logged_in = COOKIE in request.cookies or SECURE_COOKIE in request.cookies
    return logged_in and origin is None and site is None


def _elsewhere(origin: str, request: Request) -> bool:
    return urlsplit(origin).netloc != request.headers.get("host", "")


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
