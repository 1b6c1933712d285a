"""The HTTP application: the three ways as documented endpoints, health, metrics and pages."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from importlib import metadata
from importlib.resources import files
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from prometheus_client import CollectorRegistry, Counter, Histogram

from serve.auth import DoorMiddleware
from serve.problems import translate_errors, unexpected
from serve.routes import (
    audio,
    board,
    calls,
    client_pages,
    compliance,
    consents,
    deliveries,
    diagnoses,
    events,
    follow_ups,
    health,
    intents,
    leads,
    notes,
    pages,
    questions,
    review,
    scores,
    segments,
    supervision,
)

if TYPE_CHECKING:
    from serve.wiring import House

log = logging.getLogger("tougu.http")
ROUTES = (
    questions, audio, calls, intents, notes, diagnoses, deliveries, compliance, review, supervision, leads, board,
    follow_ups, consents, scores, events, segments, health, pages, client_pages,
)  # fmt: skip
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
    app.state.registry = CollectorRegistry()
    _count_requests(app)
    app.add_middleware(
        DoorMiddleware,
        max_body_bytes=house.settings.server.max_body_bytes,
        public_host=house.settings.copilot.delivery.public_host,
    )
    for routes in ROUTES:
        app.include_router(routes.router)
    app.mount("/static", StaticFiles(directory=str(files("serve") / "static")), name="static")
    translate_errors(app)
    return app


async def _answer(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """The route's response; an error that no route expects becomes one too, so that it is counted like any other."""
    try:
        return await call_next(request)
    except Exception as error:
        log.error("unexpected error", extra={"error": type(error).__name__})
        return unexpected(error)


def _count_requests(app: FastAPI) -> None:
    labels = ("method", "route", "status")
    requests = Counter("tougu_requests", "Requests answered.", labels, registry=app.state.registry)
    seconds = Histogram("tougu_request_seconds", "Time to answer, in seconds.", labels[:2], registry=app.state.registry)

    @app.middleware("http")
    async def observe(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        started = time.perf_counter()
        response = await _answer(request, call_next)
        spent_s = time.perf_counter() - started
        # The route's pattern and not the path: a path may hold an id of a client.
        route = getattr(request.scope.get("route"), "path", "none")
        requests.labels(request.method, route, str(response.status_code)).inc()
        seconds.labels(request.method, route).observe(spent_s)
        log.info(
            "request",
            extra={
                "method": request.method,
                "route": route,
                "status": response.status_code,
                "ms": round(spent_s * 1e3),
            },
        )
        response.headers["x-content-type-options"] = "nosniff"
        response.headers.setdefault("referrer-policy", "same-origin")
        response.headers.setdefault("content-security-policy", CONTENT_POLICY)
        return response
