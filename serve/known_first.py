"""Who sends a body is found out before it is read: nobody's megabytes are neither kept nor parsed.

The framework parses a body before it asks whose it is: without this a stranger without a login could keep the server
busy with JSON, or its disk with uploads, and would be told what is wrong with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from serve.auth import SAFE_METHODS
from serve.problems import answer_to
from serve.rights.logins import SignInNeededError
from serve.routes.wire import credential_of

if TYPE_CHECKING:
    from serve.rights.callers import Callers

PATHS = "/v1/"  # what asks for a login; pages of clients and of logins have bodies of their own, and short ones
WAYS_IN = ("/v1/login", "/v1/logout")


class KnownFirst:
    """Answers 401 to a body of nobody, without reading it."""

    def __init__(self, app: ASGIApp, *, callers: Callers) -> None:
        self._app, self._callers = app, callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _brings_a_body(scope):
            request = Request(scope)
            try:
                await run_in_threadpool(self._callers.require_somebody, credential_of(request))
            except SignInNeededError as error:
                refusal = await run_in_threadpool(answer_to, request, error)
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _brings_a_body(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] not in SAFE_METHODS and path.startswith(PATHS) and not path.startswith(WAYS_IN)
