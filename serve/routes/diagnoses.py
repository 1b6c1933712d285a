"""The report way over HTTP: order a diagnosis, ask for the job, fetch the cleared file."""

from __future__ import annotations

import uuid
from typing import Self

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, Response
from pydantic import Field, model_validator

from serve.routes.calls import job_out
from serve.routes.wire import JobOut, PrincipalDep, SeenDep, Wire, the_house
from serve.worker import DIAGNOSES

router = APIRouter(prefix="/v1/diagnoses", tags=["diagnoses"])
MEDIA = {
    "pdf": "application/pdf",
    "html": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class DiagnosisIn(Wire):
    fund_code: str | None = Field(None, pattern="^[0-9A-Za-z]{1,12}$")
    client_id: str | None = Field(None, max_length=64)
    format: str = Field("pdf", pattern="^(pdf|html|docx)$")

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.fund_code is None) == (self.client_id is None):
            raise ValueError("name either fund_code or client_id")
        return self


@router.post("", status_code=202)
def order(body: DiagnosisIn, request: Request, principal: PrincipalDep) -> JobOut:
    """Order a diagnosis of a fund or of a client's holdings."""
    house = the_house(request)
    job_id = house.jobs.enqueue(DIAGNOSES, uuid.uuid4().hex, body.model_dump())
    return job_out(house.jobs.get(job_id))


@router.get("/{job_id}/report")
def report(job_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> Response:
    """The file, when the gate cleared the report; 409 while it is being made or when it was held."""
    house = the_house(request)
    job = house.jobs.get(job_id)
    if job.queue != DIAGNOSES:
        raise HTTPException(404, f"There is no diagnosis {job_id}.")
    result = job.result or {}
    if "file" not in result:
        outcome = result.get("outcome")
        detail = (
            f"The gate held this report ({outcome})." if outcome else f"The report is not ready ({job.state.value})."
        )
        raise HTTPException(409, detail)
    name = str(result["file"])
    path = house.settings.home / "reports" / name
    if not path.is_file():
        raise HTTPException(404, "The file of this report was removed: order the diagnosis again.")
    if client_id := job.payload.get("client_id"):
        seen.export("report", [(client_id, job_id)])
    return FileResponse(path, media_type=MEDIA[name.rsplit(".", 1)[1]], filename=name)
