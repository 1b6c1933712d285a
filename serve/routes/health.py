"""Health and metrics, for a supervisor process and a Prometheus collector."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from serve.routes.wire import PrincipalDep, Wire, the_house

router = APIRouter(tags=["health"])


class Ready(Wire):
    ready: bool
    checks: dict[str, str]


@router.get("/livez")
def livez() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(request: Request, response: Response) -> Ready:
    """The database answers, the rules are loaded and the index opens; 503 with the reason where not."""
    checks = the_house(request).readiness()
    ready = all(state == "ok" for state in checks.values())
    response.status_code = 200 if ready else 503
    return Ready(ready=ready, checks=checks)


@router.get("/metrics", response_class=Response)
def metrics(request: Request, principal: PrincipalDep) -> Response:
    """Counters and durations in the Prometheus text format; no client data, no paths with ids."""
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)
