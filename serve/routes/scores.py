"""The lead score over HTTP, and the weekly drift report."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request

from intent.leads.drift import DriftReport, drift_report, week_of
from serve.routes.wire import PrincipalDep, SeenDep, the_house
from serve.times import iso

router = APIRouter(prefix="/v1", tags=["scores"])


@router.get("/leads/{lead_id}/score")
def score(lead_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Why a lead stands where it stands: probability, value and reasons in words."""
    found = the_house(request).scores.of(lead_id, principal=principal)
    seen.view("lead", [(found.client_id, lead_id)])  # the reasons tell what the client did
    return {
        "lead_id": lead_id, **asdict(found.scored), "at": iso(found.at) if found.at else None,
        "explored": found.explored_today,
    }  # fmt: skip


@router.get("/reports/drift")
def drift(request: Request, principal: PrincipalDep, week: str | None = None) -> dict[str, Any]:
    """A week (2026-W47; default: this one) against the weeks before: what moved beyond chance."""
    house = the_house(request)
    today = house.today()
    found = drift_report(
        house.engine, week=week or week_of(today), today=today, taxonomy=house.taxonomy, principal=principal
    )
    return drift_json(found)


def drift_json(found: DriftReport) -> dict[str, Any]:
    """The report as the API and the command line give it."""
    return {
        "week": found.week, "first": found.first.isoformat(), "last": found.last.isoformat(),
        "complete": found.complete, "weeks_before": found.weeks_before, "rows": [asdict(row) for row in found.rows],
    }  # fmt: skip
