"""What evaluations and benchmarks measured last, as `tougu eval` and `tougu bench` kept it in home."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request

from knowledge_base.access import Role
from serve.routes.wire import PrincipalDep, the_house

router = APIRouter(prefix="/v1", tags=["evaluations"])
READERS = (Role.SUPERVISOR, Role.COMPLIANCE, Role.OPERATIONS, Role.SYSTEM)
FOLDER = "evaluations"
MOST_BYTES = 1_000_000


@router.get("/evaluations")
def evaluations(request: Request, principal: PrincipalDep) -> list[dict[str, Any]]:
    """The last result of each suite, by name; a file that is no result is left out."""
    principal.require("read evaluations", *READERS)
    found = []
    for path in sorted((the_house(request).settings.home / FOLDER).glob("*.json")):
        if path.stat().st_size > MOST_BYTES:
            continue
        try:
            told = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(told, dict) and {"suite", "metrics", "at"} <= told.keys():
            found.append(told)
    return found
