"""Wire models shared by several routes, and the way from a request to the house."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import Depends, HTTPException, Request
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from compliance_filters.finding import Finding, Verdict
from knowledge_base.access import Principal, Role
from serve.rights.callers import COOKIE, SECURE_COOKIE, Credential
from serve.rights.refusals import key_of
from serve.seen import Seen
from serve.users import OPERATOR, User

if TYPE_CHECKING:
    from serve.wiring import House


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: spaces of any width, line ends, controls and invisible characters."""
    return all(unicodedata.category(letter)[0] in "ZC" for letter in text)


def _texts(data: Any) -> Iterator[str]:
    """Every text in parsed JSON, names of fields included."""
    waiting = [data]
    while waiting:
        match waiting.pop():
            case str() as text:
                yield text
            case dict() as members:
                waiting += (*members, *members.values())
            case list() as items:
                waiting += items


def _can_be_kept(text: str) -> bool:
    return _UNKEPT.search(text) is None


def _shows_something(text: str) -> str:
    if is_blank(text):
        raise ValueError("内容为空：请填写文字")
    return text


_UNKEPT = re.compile("[\0\ud800-\udfff]")
Words = Annotated[str, AfterValidator(_shows_something)]

# Moments that still have a day in China and in UTC, and numbers that a column holds.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
Moment = Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST)]
MOST_NUMBER, MOST_VERSION = 2**63 - 1, 2**31 - 1
VersionNumber = Annotated[int, Field(ge=0, le=MOST_VERSION)]
WORD = r"^[^\x00-\x1f]*$"  # of forms and addresses: no database column holds a NUL

ACT_AS = "tougu-as"  # header: id of a user, percent-encoded; the `--as` of the command line


class Wire(BaseModel):
    """Base of request and response bodies: unknown fields are an error, never ignored."""

    model_config = ConfigDict(extra="forbid")


class Clean(BaseModel):
    """Base of request bodies: text in them can be kept, sent back and shown.

    Half a surrogate pair has no form in UTF-8, and no database column of text holds a NUL.
    """

    @model_validator(mode="before")
    @classmethod
    def _only_what_can_be_kept(cls, data: Any) -> Any:
        if not all(map(_can_be_kept, _texts(data))):
            raise PydanticCustomError("unstorable", "text that cannot be kept")
        return data


class Asked(Clean, Wire):
    """Base of request bodies of the house's own shape."""


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
            reason=finding.reason if quotes else _unquoted(finding),
            law=finding.law,
            suggestion=finding.suggestion,
            by=finding.by,
        )


class VerdictOut(Wire):
    """The gate's decision."""

    outcome: str = Field(description="pass, revise, return, review or block.")
    findings: list[FindingOut]
    reasons: list[str] = Field(description="Why it is not simply passed, one sentence each; failed checks included.")
    rule_pack: str
    audit_id: str | None
    review_id: str | None = Field(description="Of the item that waits for an officer, where the outcome is review.")

    @classmethod
    def of(cls, verdict: Verdict, *, quotes: bool = True) -> VerdictOut:
        """`quotes` is False where the judged text is a draft that the reader must not see."""
        return cls(
            outcome=verdict.outcome.word,
            findings=[FindingOut.of(finding, quotes=quotes) for finding in verdict.findings],
            reasons=reasons_of(verdict, quotes=quotes),
            rule_pack=verdict.rule_pack,
            audit_id=verdict.audit_id,
            review_id=verdict.review_id,
        )


def reasons_of(verdict: Verdict, *, quotes: bool = True) -> list[str]:
    """Each reason once, in the order of the text, then what could not be judged."""
    found = (f.reason if quotes else _unquoted(f) for f in verdict.findings)
    return list(dict.fromkeys((*found, *(f"未能判断：{error}" for error in verdict.errors))))


def _unquoted(finding: Finding) -> str:
    """The reason without words of a draft that the reader must not see."""
    return finding.reason.replace(finding.quote, "……") if finding.quote else finding.reason


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
    """Who sends a request: the holder of a key, or who is logged in.

    While nobody has a login: the operator of this machine, the only one who can reach a loopback server, or the user
    they act as. A page of another site cannot set that header: that asks for leave first (CORS), which is never given.
    """
    callers, path = the_house(request).callers, getattr(request.scope.get("route"), "path", "")
    caller = callers.find(credential_of(request))
    request.state.principal = caller.principal
    callers.admit(caller, path)
    return caller.principal


def credential_of(request: Request) -> Credential:
    """What a request shows of who sends it."""
    return Credential(
        key=key_of(request), cookie=session_cookie(request), acts_as=request.headers.get(ACT_AS, ""),
        address=address_of(request),
    )  # fmt: skip


def a_visitor(request: Request) -> None:
    """Sends who opens a page without a login to the login page, from which they come back."""
    house = the_house(request)
    if not house.callers.logins_in_force() or house.sessions.user_of(session_cookie(request)) is not None:
        return
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    raise HTTPException(303, headers={"location": f"/login?next={quote(here, safe='')}"})


def address_of(request: Request) -> str:
    """From where a request comes, as far as the gateways that are trusted say."""
    return request.client.host if request.client else ""


def session_cookie(request: Request) -> str:
    """The token of a login; empty for none."""
    return request.cookies.get(cookie_name(the_house(request))) or ""


def cookie_name(house: House) -> str:
    """Of logins: over https a name that no other host and no plain connection can set."""
    return SECURE_COOKIE if house.settings.server.url.startswith("https:") else COOKIE


def people_for(request: Request, principal: Principal) -> tuple[User, ...]:
    """As whom the caller may act: the operator as anybody, who is logged in as themselves, a key as nobody."""
    if principal.has(Role.SYSTEM):
        return the_house(request).users.list(principal=OPERATOR)
    if principal.user_id.startswith("key:"):
        return ()
    return (
        User(
            id=principal.user_id, roles=tuple(sorted(principal.roles)), branches=tuple(sorted(principal.branches)),
            labels=tuple(sorted(principal.labels)),
        ),
    )  # fmt: skip


PrincipalDep = Annotated[Principal, Depends(the_principal)]


async def the_access_log(request: Request, principal: PrincipalDep) -> Seen:
    """Where a route writes down what it is about to show of clients; asks nothing, so that it needs no thread."""
    return Seen(the_house(request), principal)


SeenDep = Annotated[Seen, Depends(the_access_log)]
