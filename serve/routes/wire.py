"""Wire models shared by several routes, and the way from a request to the house."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import unquote

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from compliance_filters.finding import Finding, Verdict
from knowledge_base.access import Principal
from serve.seen import Seen

if TYPE_CHECKING:
    from serve.wiring import House

ACT_AS = "tougu-as"  # header: id of a user, percent-encoded; the `--as` of the command line


class Wire(BaseModel):
    """Base of request and response bodies: unknown fields are an error, never ignored."""

    model_config = ConfigDict(extra="forbid")


class FindingOut(Wire):
    """One rule broken at one place of the judged text."""

    rule: str
    start: int = Field(description="Offset of the first character in the judged text.")
    end: int
    quote: str = Field(description="The words found; empty where they stand in a text that is not shown.")
    outcome: str
    reason: str
    law: str
    suggestion: str | None
    by: str

    @classmethod
    def of(cls, finding: Finding, *, quotes: bool = True) -> FindingOut:
        return cls(
            rule=finding.rule,
            start=finding.start,
            end=finding.end,
            quote=finding.quote if quotes else "",
            outcome=finding.outcome.word,
            reason=finding.reason,
            law=finding.law,
            suggestion=finding.suggestion,
            by=finding.by,
        )


class VerdictOut(Wire):
    """The gate's decision."""

    outcome: str = Field(description="pass, revise, return, review or block.")
    findings: list[FindingOut]
    rule_pack: str
    audit_id: str | None

    @classmethod
    def of(cls, verdict: Verdict, *, quotes: bool = True) -> VerdictOut:
        """`quotes` is False where the judged text is a draft that the reader must not see."""
        return cls(
            outcome=verdict.outcome.word,
            findings=[FindingOut.of(finding, quotes=quotes) for finding in verdict.findings],
            rule_pack=verdict.rule_pack,
            audit_id=verdict.audit_id,
        )


class JobOut(Wire):
    """A long task: ask again until `state` is done or quarantined."""

    id: str
    state: str
    progress_done: int = 0
    progress_total: int = 0
    note: str = ""
    result: dict[str, object] | None = None
    error: str | None = None


def the_house(request: Request) -> House:
    house: House = request.app.state.house
    return house


def the_principal(request: Request) -> Principal:
    """The operator of this machine, the only one who can reach a loopback server, or the user they act as.

    A page of another site cannot set the header: that asks for leave first (CORS), which is never given.
    """
    named = request.headers.get(ACT_AS)
    return the_house(request).users.principal(unquote(named) if named else None)


PrincipalDep = Annotated[Principal, Depends(the_principal)]


def the_access_log(request: Request, principal: PrincipalDep) -> Seen:
    """Where a route writes down what it is about to show of clients."""
    return Seen(the_house(request), principal)


SeenDep = Annotated[Seen, Depends(the_access_log)]
