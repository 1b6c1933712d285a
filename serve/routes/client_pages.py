"""The pages behind a link to a report: a code first, then the very text that was cleared, without a script.

What is read here is recorded only where the client agreed, and never for programs that preview links.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import AfterValidator

from compliance_filters.errors import SealedError
from copilot.loop.codes import Step, looks_like_code
from copilot.loop.errors import ReportStateError
from copilot.loop.links import PATH, Link
from copilot.loop.reactions import OPENED, PDF, REPORT, SECTION
from copilot.loop.reading import Opened
from copilot.loop.robots import is_robot
from serve.reader_page import (
    FILE_HEADERS,
    HEADERS,
    SAID,
    THANKS,
    broken,
    contents,
    door,
    gone,
)
from serve.reader_page import (
    section as section_page,
)
from serve.routes.wire import the_house
from serve.wiring import House

router = APIRouter(prefix=PATH.rstrip("/"), include_in_schema=False)
COOKIE = "tougu_reader"
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
STATUS = {Step.TOO_SOON: 429, Step.TOO_MANY: 429, Step.LOCKED: 429, Step.NONE: 403, Step.WRONG: 403}
Text = Annotated[str, Form(), AfterValidator(lambda text: text.replace("\0", ""))]  # which no column holds


class _Visit:
    """One request: its link, and whether its sender has identified as the link's client."""

    def __init__(self, token: str, request: Request) -> None:
        self.house: House = the_house(request)
        self.base = f"{PATH}{token}"
        self.link: Link | None = self.house.links.open(token) if TOKEN.fullmatch(token) else None
        self.cookie = request.cookies.get(COOKIE)
        self.inside = self.link is not None and self.house.codes.identified(self.link, self.cookie)
        self.counts = not is_robot(request.method, request.headers)

    def door(self, *, said: str = "", bad: bool = False, status: int = 200) -> Response:
        if self.link is None:
            return _html(gone(), 404)
        awaits, can_send = self.house.codes.awaits(self.link), self.house.code_sender is not None
        return _html(door(self.base, awaits=awaits, said=said, bad=bad, can_send=can_send), status)

    def back(self, done: str = "") -> Response:
        return RedirectResponse(self.base + (f"?done={done}" if done else ""), 303, headers=HEADERS)

    def note(self, kind: str, part: str = "") -> None:
        if self.counts and self.link is not None:
            self.house.reactions.seen(self.link, kind, part)


@router.api_route("/{token}", methods=["GET", "HEAD"])
def first(token: str, request: Request, done: str = "") -> Response:
    """The door, or for who has passed it the contents."""
    visit = _Visit(token, request)

    def show(opened: Opened) -> Response:
        visit.note(OPENED)
        return _html(contents(opened, visit.base, said=THANKS.get(done, "")))

    return _inside(visit, show)


@router.post("/{token}/code")
def code(token: str, request: Request) -> Response:
    """Have a code sent to the client, by the firm's own channel."""
    visit = _Visit(token, request)
    if visit.link is None:
        return visit.door()
    if visit.house.code_sender is None:
        return visit.door(status=503)
    step = visit.house.codes.request(visit.link)
    if step is Step.CLOSED:
        return _html(gone(), 404)
    return visit.door(said=SAID[step], bad=step is not Step.SENT, status=STATUS.get(step, 200))


@router.post("/{token}/enter")
def enter(token: str, request: Request, code: Text = "") -> Response:
    """Take a code; a right one opens the report in this browser for a while."""
    visit = _Visit(token, request)
    if visit.link is None:
        return visit.door()
    if not looks_like_code(code):
        return visit.door(said="验证码是六位数字，请核对后填写。", bad=True, status=422)
    entered = visit.house.codes.enter(visit.link, code)
    if entered.step is Step.CLOSED:
        return _html(gone(), 404)
    if entered.step is not Step.RIGHT or entered.cookie is None:
        said = SAID.get(entered.step, f"验证码不正确，还可以尝试{entered.left}次。")
        return visit.door(said=said, bad=True, status=STATUS[entered.step])
    response = visit.back()
    rules = visit.house.settings.copilot.delivery
    response.set_cookie(
        COOKIE, entered.cookie, max_age=rules.session_minutes * 60, path=visit.base, httponly=True, samesite="lax",
        secure=rules.public_url.startswith("https:"),
    )  # fmt: skip
    return response


@router.get("/{token}/s/{number}")
def part(token: str, number: int, request: Request) -> Response:
    """One section."""
    visit = _Visit(token, request)

    def show(opened: Opened) -> Response:
        if not 0 <= number < len(opened.sections):
            return _html(gone(), 404)
        wanted = opened.sections[number]
        visit.note(SECTION, wanted.title)
        return _html(section_page(opened, wanted, visit.base))

    return _inside(visit, show)


@router.get("/{token}/report")
def report(token: str, request: Request) -> Response:
    """The whole report with its charts."""
    visit = _Visit(token, request)

    def show(opened: Opened) -> Response:
        content = visit.house.reading_room.file(opened, "html")
        visit.note(REPORT)
        return HTMLResponse(content, headers=FILE_HEADERS)

    return _inside(visit, show)


@router.get("/{token}/report.pdf")
def pdf(token: str, request: Request) -> Response:
    """The report as PDF."""
    visit = _Visit(token, request)

    def show(opened: Opened) -> Response:
        content = visit.house.reading_room.file(opened, "pdf")
        visit.note(PDF)
        name = {"content-disposition": 'inline; filename="report.pdf"'}
        return Response(content, media_type="application/pdf", headers={**FILE_HEADERS, **name})

    return _inside(visit, show)


@router.post("/{token}/consent")
def consent(token: str, request: Request, answer: Text = "") -> Response:
    """Agree to the record of what is done here, or take it back."""
    return _said(token, request, answer, lambda visit, link, _: visit.house.reactions.consent(link, answer))


@router.post("/{token}/question")
def question(token: str, request: Request, question: Text = "") -> Response:
    """Ask the advisor."""
    return _said(token, request, "question", lambda visit, link, _: visit.house.reactions.ask(link, question))


@router.post("/{token}/rating")
def rating(token: str, request: Request, value: Text = "") -> Response:
    """Rate the report."""
    given = int(value) if value in set("12345") else 0
    return _said(token, request, "rating", lambda visit, link, _: visit.house.reactions.rate(link, given))


@router.post("/{token}/accept")
def accept(token: str, request: Request, section: Text = "") -> Response:
    """Tell the advisor that one of the suggestions is of interest."""

    def take(visit: _Visit, link: Link, opened: Opened) -> None:
        offered = {str(each.n): each for each in opened.sections if each.suggests}
        if section not in offered:
            raise ReportStateError("没有这条建议：请从报告的建议中选择。")
        visit.house.reactions.accept(link, offered[section].title, "\n".join(offered[section].lines))

    return _said(token, request, "accept", take)


@router.post("/{token}/leave")
def leave(token: str, request: Request) -> Response:
    """End the reading in this browser."""
    visit = _Visit(token, request)
    if visit.link is None:
        return visit.door()
    visit.house.codes.leave(visit.link, visit.cookie)
    response = visit.back()
    response.delete_cookie(COOKIE, path=visit.base)
    return response


def _said(token: str, request: Request, done: str, act: Callable[[_Visit, Link, Opened], None]) -> Response:
    """Do what a form asks, then back to the contents, with thanks or with what was wrong."""
    visit = _Visit(token, request)

    def show(opened: Opened) -> Response:
        try:
            act(visit, opened.link, opened)
        except ReportStateError as error:
            return _html(contents(opened, visit.base, said=str(error), bad=True), 422)
        return visit.back(done)

    return _inside(visit, show)


def _inside(visit: _Visit, show: Callable[[Opened], Response]) -> Response:
    """What is shown to the identified client; the door for everybody else."""
    if visit.link is None or not visit.inside:
        return visit.door()
    try:
        return show(visit.house.reading_room.open(visit.link))
    except SealedError:
        return _html(gone(), 404)
    except ReportStateError as error:
        return _html(broken(str(error)), 409)


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, headers=HEADERS)
