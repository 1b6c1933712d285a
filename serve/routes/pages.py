"""Pages: each of `pages.yaml` in the one shell, tabs of the desk by their own address, a document at the cited span."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from serve.page_shell import Page, pages, shell
from serve.routes.wire import PrincipalDep, the_house

router = APIRouter(include_in_schema=False)
ELSEWHERE = ("sidebar", "login", "setup", "demo_host")  # served with rules of their own
DOCUMENT = """<header class="head fixed"><div><h1>{title}</h1><p class="hint">{subtitle}</p></div></header>
<article class="document">{before}<mark id="mark">{marked}</mark>{after}</article>"""


def _serves(page: Page) -> Callable[[], Response]:
    def show() -> Response:
        return page.response()

    show.__doc__ = f"{page.zh} {page.path}"
    return show


for each in pages().values():
    if each.name not in ELSEWHERE:
        router.add_api_route(each.path, _serves(each), methods=["GET"], name=each.name)


@router.get("/")
def sidebar(request: Request) -> Response:
    """The sidebar: the one page that pages of others may hold in a frame, where the settings name them."""
    ancestors = " ".join(("'self'", *the_house(request).settings.server.frame_ancestors))
    policy = f"default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors {ancestors}"
    return pages()["sidebar"].response(policy=policy)


@router.get("/cases")
@router.get("/tickets")
@router.get("/incidents")
@router.get("/consents")
def tab(request: Request) -> Response:
    """The desk opened at one of its tabs."""
    return RedirectResponse(f"/desk#{request.url.path.strip('/')}")


@router.get("/documents/{version_id}")
def document(version_id: str, request: Request, principal: PrincipalDep, start: int = 0, end: int = 0) -> Response:
    """The canonical text with the cited span marked; everything in it is escaped."""
    opened = the_house(request).open_document(version_id, principal=principal)
    start = min(max(start, 0), len(opened.text))
    end = min(max(end, start), len(opened.text))
    title = escape(opened.title)
    body = DOCUMENT.format(
        title=title, subtitle=escape(opened.subtitle), before=escape(opened.text[:start]),
        marked=escape(opened.text[start:end]), after=escape(opened.text[end:]),
    )  # fmt: skip
    return HTMLResponse(shell(title, body))
