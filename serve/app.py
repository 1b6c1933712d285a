"""The HTTP application: the three ways as documented endpoints, health, metrics and pages."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib import metadata
from importlib.resources import files
from typing import TYPE_CHECKING

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.middleware.trustedhost import TrustedHostMiddleware

from knowledge_base.access import AccessDeniedError
from serve.auth import SameOriginMiddleware
from serve.commands.context import HOUSE_PACKAGES, one_line
from serve.errors import NotFoundError
from serve.routes import calls, compliance, diagnoses, health, leads, pages, questions
from serve.settings import LOOPBACK_HOSTS

if TYPE_CHECKING:
    from serve.wiring import House

log = logging.getLogger("tougu.http")
CONTENT_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'"


def create_app(house: House) -> FastAPI:
    """Build the application over one house; no model is loaded until a request needs it."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        house.close()

    app = FastAPI(
        title="tougu 投顾",
        version=metadata.version("tougu"),
        description="Advisor copilot and call-intent service. Errors are RFC 9457 problem documents.",
        docs_url=None,  # the interactive page loads scripts from elsewhere; /openapi.json stays
        redoc_url=None,
        max_body_size=house.settings.server.max_body_bytes,
        lifespan=lifespan,
    )
    app.state.house = house
    app.state.registry = CollectorRegistry()
    _count_requests(app)
    app.add_middleware(SameOriginMiddleware)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*sorted(LOOPBACK_HOSTS), "[::1]"])
    for routes in (questions, calls, diagnoses, compliance, leads, health, pages):
        app.include_router(routes.router)
    app.mount("/static", StaticFiles(directory=str(files("serve") / "static")), name="static")
    _translate_errors(app)
    return app


def _count_requests(app: FastAPI) -> None:
    labels = ("method", "route", "status")
    requests = Counter("tougu_requests", "Requests answered.", labels, registry=app.state.registry)
    seconds = Histogram("tougu_request_seconds", "Time to answer, in seconds.", labels[:2], registry=app.state.registry)

    @app.middleware("http")
    async def observe(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        started = time.perf_counter()
        response = await call_next(request)
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
        response.headers["referrer-policy"] = "same-origin"
        response.headers.setdefault("content-security-policy", CONTENT_POLICY)
        return response


def problem(status: int, detail: str) -> JSONResponse:
    """An RFC 9457 problem document."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def _translate_errors(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    def http_error(_request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, str(error.detail))

    @app.exception_handler(RequestValidationError)
    def bad_request(_request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return problem(422, f"{place}: {first['msg']}.")

    @app.exception_handler(AccessDeniedError)
    def denied(_request: Request, error: AccessDeniedError) -> Response:
        return problem(403, str(error))

    @app.exception_handler(NotFoundError)
    def not_found(_request: Request, error: NotFoundError) -> Response:
        return problem(404, str(error))

    @app.exception_handler(Exception)
    def unexpected(_request: Request, error: Exception) -> Response:
        log.error("unexpected error", extra={"error": type(error).__name__})
        ours = type(error).__module__.split(".")[0] in HOUSE_PACKAGES
        return problem(503 if ours else 500, one_line(error) if ours else "An unexpected error; see the server's log.")
