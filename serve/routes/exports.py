"""Large files: asked for, approved by another person, then fetched where they are made."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal, Self

from fastapi import APIRouter, Request
from pydantic import Field, model_validator

from serve.rights.exports import ExportRequest
from serve.routes.wire import Asked, PrincipalDep, the_house
from serve.times import with_iso

router = APIRouter(prefix="/v1/exports", tags=["exports"])


class AskIn(Asked):
    what: Literal["leads", "audit", "mistakes", "outreach", "lists"] = Field(
        description="The file: all leads, log entries of a client (`tougu audit export`), mistakes, cleared texts; or "
        "`lists`: more rows of lists than a day has."
    )
    rows: int = Field(gt=0, le=10_000_000, description="Rows at most; what has grown beyond is asked for anew.")
    about: str | None = Field(
        default=None, min_length=1, max_length=64, description="With `audit`: the client whose entries they are."
    )
    reason: str = Field(min_length=1, max_length=2000, description="What it is for; kept in the audit log.")

    @model_validator(mode="after")
    def _names_a_client(self) -> Self:
        if (self.what == "audit") != bool(self.about):
            raise ValueError("审计日志的导出须写明是哪位客户（about），其他文件不写：请核对后再提交")
        return self


class DecideIn(Asked):
    approve: bool
    reason: str = Field(min_length=1, max_length=2000)


@router.get("")
def exports(request: Request, principal: PrincipalDep) -> list[dict[str, Any]]:
    """One's own requests, and all of them for those who approve."""
    return [_json(each) for each in the_house(request).exports.list(principal=principal)]


@router.post("", status_code=201)
def ask(what: AskIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Ask for a large file."""
    asked = the_house(request).exports.ask(
        what.what, rows=what.rows, about=what.about, reason=what.reason, principal=principal
    )
    return _json(asked)


@router.post("/{export_id}/decision")
def decide(export_id: str, what: DecideIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Approve or refuse another person's file."""
    desk = the_house(request).exports
    return _json(desk.decide(export_id, approve=what.approve, reason=what.reason, principal=principal))


def _json(found: ExportRequest) -> dict[str, Any]:
    return with_iso(asdict(found))
