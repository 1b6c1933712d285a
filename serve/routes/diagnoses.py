"""The report way over HTTP: order a diagnosis, fetch the file, preview, edit, and send it to the client."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse, Response
from pydantic import Field, model_validator

from copilot.loop.links import Link
from copilot.loop.passages import paragraphs
from copilot.loop.reading import rendered
from copilot.loop.versions import Version
from knowledge_base.access import Principal
from knowledge_base.clients import Client
from serve.job_desk import started_by
from serve.routes.calls import job_out
from serve.routes.wire import (
    MOST_VERSION,
    Asked,
    JobOut,
    PrincipalDep,
    SeenDep,
    VerdictOut,
    VersionNumber,
    Wire,
    the_house,
)
from serve.seen import Seen
from serve.times import iso
from serve.users import OPERATOR
from serve.worker import DIAGNOSES

if TYPE_CHECKING:
    from serve.wiring import House

router = APIRouter(prefix="/v1/diagnoses", tags=["diagnoses"])
MEDIA = {
    "pdf": "application/pdf",
    "html": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
MOST_SUBJECTS = 20
Format = Annotated[str, Query(pattern="^(pdf|html|docx)$")]


class DiagnosisIn(Asked):
    fund_code: str | None = Field(None, pattern="^[0-9A-Za-z]{1,12}$")
    client_id: str | None = Field(None, max_length=64)
    format: str = Field("pdf", pattern="^(pdf|html|docx)$")

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.fund_code is None) == (self.client_id is None):
            raise ValueError("fund_code 和 client_id 须填且只填一个：请核对后再提交")
        return self


class SubjectOut(Wire):
    """Whom or what a diagnosis can be ordered of."""

    kind: str = Field(description="client or fund.")
    id: str
    name: str


class EditIn(Asked):
    edits: dict[int, str] = Field(description="Line number in the base version -> the line in other words.")


class SendIn(Asked):
    version: int = Field(ge=1, le=MOST_VERSION, description="The cleared version to send.")
    days: int | None = Field(None, ge=1, le=90, description="Days until the link expires; at most the setting's.")


class VersionOut(Wire):
    """One version of a report."""

    version: int
    state: str = Field(description="cleared, waiting (for an officer) or held.")
    outcome: str
    by: str
    created_at: str | None
    review_id: str | None
    review_state: str | None = Field(None, description="Of the officers: pending, approved, rejected, expired.")
    review_reason: str | None = None

    @classmethod
    def of(cls, version: Version, answer: Any = None) -> VersionOut:
        return cls(
            version=version.version,
            state=version.state,
            outcome=version.outcome,
            by=version.by,
            created_at=iso(version.created_at),
            review_id=version.review_id,
            review_state=answer.state.value if answer else None,
            review_reason=answer.reason if answer else None,
        )


class LinkOut(Wire):
    """A link to a report; `url` only in the answer that made it."""

    id: str
    report_id: str
    version: int
    client_id: str
    sent_by: str
    state: str = Field(description="open, locked, expired or revoked.")
    created_at: str | None
    expires_at: str | None
    revoked_at: str | None
    revoked_by: str | None
    consent: str | None = Field(description="yes or no; null: the client has not said.")
    url: str | None = None

    @classmethod
    def of(cls, link: Link, url: str | None = None) -> LinkOut:
        held = {name: getattr(link, name) for name in cls.model_fields if name != "url"}
        return cls(**{k: iso(v) if isinstance(v, datetime) else v for k, v in held.items()}, url=url)


@router.post("", status_code=202)
def order(body: DiagnosisIn, request: Request, principal: PrincipalDep) -> JobOut:
    """Order a diagnosis of a fund or of a client's holdings; 404 for a client whom the caller may not see."""
    house = the_house(request)
    if body.client_id is not None:
        house.clients.get(body.client_id, principal=principal)
    payload = {**body.model_dump(), "user_id": ordered_by(principal)}
    ordered = house.jobs.enqueue(DIAGNOSES, uuid.uuid4().hex, payload, started_by=started_by(principal))
    return job_out(house.jobs.get(ordered))


@router.get("/subjects")
def subjects(
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    find: Annotated[str, Query(min_length=1, max_length=64, description="Part of a name, or the beginning of an id.")],
) -> list[SubjectOut]:
    """Clients of the caller and funds of the firm that can be diagnosed, those with this very id first; 20 at most."""
    house, words = the_house(request), find.strip().lower()
    if not words:
        return []
    clients = _clients_named(house, words, principal)
    seen.search("client", [(one.id, one.id) for one in clients])
    funds = [one for one in house.products.all(principal=principal) if _fits(words, one.code, one.name)]
    found = [
        *(SubjectOut(kind="client", id=one.id, name=one.name) for one in clients),
        *(SubjectOut(kind="fund", id=one.code, name=one.name) for one in funds),
    ]
    return sorted(found, key=lambda one: one.id.lower() != words)[:MOST_SUBJECTS]


def _clients_named(house: House, words: str, principal: Principal) -> list[Client]:
    """Among the first thousand whom the caller may see, and whoever has this very id."""
    known = {one.id: one for one in house.clients.all(principal=principal) if _fits(words, one.id, one.name)}
    exact = [one for one in house.clients.some({words, words.upper()}, principal=principal) if one.id not in known]
    return [*exact, *known.values()][:MOST_SUBJECTS]


def _fits(words: str, id_: str, name: str) -> bool:
    return id_.lower().startswith(words) or words in name.lower()


@router.get("/{job_id}/report", response_class=FileResponse)
def report(job_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> Response:
    """The file, when the gate cleared the report; 409 while it is being made or when it was held."""
    house = the_house(request)
    job = house.jobs.get(job_id)
    client_id = job.payload.get("client_id")
    if job.queue != DIAGNOSES:
        raise HTTPException(404, f"There is no diagnosis {job_id}.")
    if client_id:
        house.clients.get(client_id, principal=principal)  # the report is the client's, whoever ordered it
    else:
        house.job_desk.get(job_id, principal=principal)
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
    if client_id:
        seen.export("report", [(client_id, job_id)])
    return FileResponse(path, media_type=MEDIA[name.rsplit(".", 1)[1]], filename=name)


@router.get("/{job_id}/versions")
def versions(job_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """All versions, without their words; links and their state beside them."""
    house = the_house(request)
    found = house.report_versions.all_of(job_id, principal=principal)
    links = house.links.list(principal=principal, report_id=job_id)
    _viewed(seen, found[0].client_id, job_id)
    return {
        "report_id": job_id,
        "client_id": found[0].client_id,
        "versions": [VersionOut.of(each, house.report_versions.answer(each)) for each in found],
        "links": [LinkOut.of(each) for each in links],
    }


@router.get("/{job_id}/versions/{version}")
def text(
    job_id: str, version: VersionNumber, request: Request, principal: PrincipalDep, seen: SeenDep
) -> dict[str, Any]:
    """The text of a version line by line, with what may be edited; 409 for one that nobody may read yet."""
    house = the_house(request)
    found = house.report_versions.get(job_id, version, principal=principal)
    held = house.report_versions.report(found, principal=principal)
    _viewed(seen, found.client_id, job_id)
    return {
        **VersionOut.of(found, house.report_versions.answer(found)).model_dump(),
        "client_id": found.client_id,
        "lines": [vars(each) for each in paragraphs(held)],
    }


@router.get("/{job_id}/versions/{version}/file", response_class=Response)
def file(
    job_id: str,
    version: VersionNumber,
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    format: Format = "html",
) -> Response:
    """A cleared version as html, pdf or docx; 409 for any other."""
    house = the_house(request)
    found = house.report_versions.get(job_id, version, principal=principal)
    if found.sha256 is None:
        raise HTTPException(409, "该版本未通过合规审核，没有文件。")
    content = rendered(house.report_versions.report(found, principal=principal), format)
    if found.client_id:
        seen.export("report", [(found.client_id, job_id)])
    headers = {"content-disposition": f'inline; filename="{job_id}.v{version}.{format}"', "cache-control": "no-store"}
    return Response(content, media_type=MEDIA[format], headers=headers)


@router.post("/{job_id}/versions/{version}/edit", status_code=201)
def edit(
    job_id: str, version: VersionNumber, body: EditIn, request: Request, principal: PrincipalDep, seen: SeenDep
) -> dict[str, Any]:
    """A new version with other lines, judged by the gate with the report's facts; both texts are kept."""
    house = the_house(request)
    made, verdict = house.report_versions.edit(job_id, version, body.edits, principal=principal, today=house.today())
    _viewed(seen, made.client_id, job_id)
    return {**VersionOut.of(made).model_dump(), "verdict": VerdictOut.of(verdict)}


@router.post("/{job_id}/deliveries", status_code=201)
def send(job_id: str, body: SendIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> LinkOut:
    """Send a cleared version to its client by a link that asks for a code; judged once more as of today.

    The address is in this answer and in the message to the client, and nowhere else.
    """
    house = the_house(request)
    found = house.report_versions.get(job_id, body.version, principal=principal)
    if found.client_id is None:
        raise HTTPException(409, "单只基金的报告没有收件人：请为客户生成报告后再发送。")
    cleared = house.report_versions.cleared(found, principal=principal, today=house.today())
    seen.export("report", [(found.client_id, job_id)])
    sent = house.links.send(cleared, found, principal=principal, days=body.days)
    return LinkOut.of(sent.link, sent.url)


def _viewed(seen: Seen, client_id: str | None, report_id: str) -> None:
    """A report on a fund shows nothing of a client."""
    if client_id is not None:
        seen.view("report", [(client_id, report_id)])


def ordered_by(principal: Principal) -> str | None:
    """Whose rights a job runs under: the user who ordered it; None is the operator."""
    return None if principal.user_id == OPERATOR.user_id else principal.user_id
