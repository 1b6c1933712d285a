"""The HTTP application: the three ways as documented endpoints, health, metrics and pages."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from importlib import metadata
from importlib.resources import files
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.auth import DoorMiddleware
from serve.call_figures import CallsOnTheirWay
from serve.chat_usage import ChatUsage
from serve.filter_figures import FiltersThatHang
from serve.known_first import KnownFirst
from serve.live_turns import LiveTurns
from serve.openapi import describe
from serve.problems import translate_errors, unexpected
from serve.routes import (
    administration,
    audio,
    audit,
    board,
    call_records,
    calls,
    chat,
    client_pages,
    compliance,
    consents,
    day,
    deliveries,
    diagnoses,
    embedding,
    evaluations,
    events,
    exports,
    follow_ups,
    health,
    intents,
    knowledge,
    leads,
    logins,
    messages,
    notes,
    outreach,
    pages,
    personal_data,
    questions,
    review,
    scores,
    segments,
    service_tasks,
    sessions,
    supervision,
)
from serve.routes.wire import a_visitor, the_principal

if TYPE_CHECKING:
    from serve.wiring import House

log = logging.getLogger("tougu.http")
ROUTES = (
    questions, sessions, chat, knowledge, audio, call_records, calls, intents, notes, diagnoses, deliveries, compliance,
    review, supervision, leads, board, follow_ups, consents, personal_data, day, outreach, messages, audit, evaluations,
    scores, events, segments, service_tasks, administration, exports, embedding,
)  # fmt: skip
OPEN_ROUTES = (health, logins, client_pages)  # each of them asks by itself for what it needs
CONTENT_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'"


def create_app(house: House) -> FastAPI:
    """Build the application over one house; no model is loaded until a request needs it.

    The caller closes the house, after what else works in it has stopped.
    """
    app = FastAPI(
        title="tougu 投顾",
        version=metadata.version("tougu"),
        description="Advisor copilot and call-intent service. Errors are RFC 9457 problem documents.",
        docs_url=None,  # the interactive page loads scripts from elsewhere; /openapi.json stays
        redoc_url=None,
    )
    app.state.house = house
    app.state.turns = LiveTurns(house)
    app.state.registry = CollectorRegistry()
    app.state.registry.register(ChatUsage(house))
    app.state.registry.register(CallsOnTheirWay(house))
    app.state.registry.register(FiltersThatHang(house))
    app.add_middleware(KnownFirst, callers=house.callers)
    app.add_middleware(_Counted, registry=app.state.registry)
    app.add_middleware(
        DoorMiddleware,
        max_body_bytes=house.settings.server.max_body_bytes,
        public_host=house.settings.copilot.delivery.public_host,
        url=house.settings.server.url,
        admit=_address_limit(house),
    )
    for routes in ROUTES:
        app.include_router(routes.router, dependencies=[Depends(the_principal)])
    app.include_router(logins.mine, dependencies=[Depends(the_principal)])
    for page in (embedding.page, pages.router):
        app.include_router(page, dependencies=[Depends(a_visitor)])
    for open_to_all in OPEN_ROUTES:
        app.include_router(open_to_all.router)
    # Compressed is what everybody may have; an answer that holds a secret would tell of it by its length (BREACH).
    scripts = StaticFiles(directory=str(files("serve") / "static"))
    app.mount("/static", GZipMiddleware(scripts), name="static")
    translate_errors(app)
    describe(app)
    return app


def _address_limit(house: House) -> Callable[[str], None]:
    """Takes a token of an address, once there are logins: before, nobody but this machine gets here."""

    def admit(address: str) -> None:
        if house.callers.closed:
            house.limits.take(f"address {address}", house.settings.limits.address_per_minute)

    return admit


class _Counted:
    """Counts and logs every answer and sets the headers that all of them carry; plain ASGI, which costs no task.

    An error that no route expects becomes an answer too, so that it is counted like any other.
    """

    def __init__(self, app: ASGIApp, *, registry: CollectorRegistry) -> None:
        labels = ("method", "route", "status")
        self._app = app
        self._requests = Counter("tougu_requests", "Requests answered.", labels, registry=registry)
        self._seconds = Histogram("tougu_request_seconds", "Time to answer, in seconds.", labels[:2], registry=registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, begun = time.perf_counter(), False

        async def counted(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._note(scope, message, time.perf_counter() - started)
            await send(message)

        try:
            await self._app(scope, receive, counted)
        except Exception as error:
            log.error("unexpected error", extra={"error": type(error).__name__})
            if begun:
                raise
            await unexpected(error)(scope, receive, counted)

    def _note(self, scope: Scope, message: Message, spent_s: float) -> None:
        # The route's pattern and not the path: a path may hold an id of a client.
        method, route, status = scope["method"], getattr(scope.get("route"), "path", "none"), message["status"]
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(spent_s)
        told = {"method": method, "route": route, "status": status, "ms": round(spent_s * 1e3)}
        log.info("request", extra=told)
        headers = MutableHeaders(scope=message)
        headers["x-content-type-options"] = "nosniff"
        headers.setdefault("referrer-policy", "same-origin")
        headers.setdefault("content-security-policy", CONTENT_POLICY)
        if headers.get("content-type", "").startswith("text/html"):
            headers.setdefault("cache-control", "no-cache")  # a page kept by the browser would outlive its login
