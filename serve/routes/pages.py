"""Pages: the sidebar, the officer's page, board, desk, calls, a report, a document at the cited span."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from serve.routes.wire import PrincipalDep, the_house

router = APIRouter(include_in_schema=False)

PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>{title}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/static/style.css"></head>
<body><main><header class="fixed"><h1>{title}</h1><p class="hint">{subtitle}</p></header>
<article class="document">{before}<mark id="mark">{marked}</mark>{after}</article></main></body></html>"""


# Beside what every page may: a recording that the page fetched as the one who acts.
PLAYS_FROM_MEMORY = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'self'"
}


def _staff_page(name: str) -> Response:
    return FileResponse(str(files("serve") / "static" / name), media_type="text/html", headers=PLAYS_FROM_MEMORY)


@router.get("/")
def sidebar(request: Request) -> Response:
    """The sidebar: the one page that pages of others may hold in a frame, where the settings name them."""
    ancestors = " ".join(("'self'", *the_house(request).settings.server.frame_ancestors))
    policy = f"default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors {ancestors}"
    page = str(files("serve") / "static" / "index.html")
    return FileResponse(page, media_type="text/html", headers={"content-security-policy": policy})


@router.get("/review")
def review() -> Response:
    return FileResponse(str(files("serve") / "static" / "review.html"), media_type="text/html")


@router.get("/segments")
def segments() -> Response:
    return FileResponse(str(files("serve") / "static" / "segments.html"), media_type="text/html")


@router.get("/knowledge")
def knowledge() -> Response:
    """Documents, contradictions, approved wording and what was not found, for editors and officers."""
    return FileResponse(str(files("serve") / "static" / "knowledge.html"), media_type="text/html")


@router.get("/drift")
def drift() -> Response:
    return FileResponse(str(files("serve") / "static" / "drift.html"), media_type="text/html")


@router.get("/calls")
def calls() -> Response:
    """Calls on their way. A recording is fetched as the one who acts, and played from memory."""
    return _staff_page("calls.html")


@router.get("/calls/{call_id}")
def call(call_id: str) -> Response:
    """The page of one call; it asks for what may be shown of `call_id` itself."""
    return FileResponse(str(files("serve") / "static" / "call.html"), media_type="text/html")


@router.get("/board")
def board() -> Response:
    """Own leads, and the team of a supervisor. A recording is fetched as the one who acts, and played from memory."""
    return _staff_page("board.html")


@router.get("/day")
def day() -> Response:
    """The advisor's day: whom to speak to, tasks, the card of a client and of a product."""
    return _staff_page("day.html")


@router.get("/search")
def search() -> Response:
    """The audit log, for officers."""
    return _staff_page("search.html")


@router.get("/evaluations")
def evaluations() -> Response:
    """What evaluations and benchmarks measured last on this machine."""
    return _staff_page("evaluations.html")


@router.get("/desk")
def desk() -> Response:
    """Cases, tickets, incidents and consents, one tab each."""
    return _staff_page("desk.html")


@router.get("/cases")
@router.get("/tickets")
@router.get("/incidents")
@router.get("/consents")
def tab(request: Request) -> Response:
    """The desk opened at one of its tabs."""
    return RedirectResponse(f"/desk#{request.url.path.strip('/')}")


@router.get("/diagnoses/{report_id}")
def diagnosis(report_id: str) -> Response:
    """The page of one report; it asks for what may be shown of `report_id` itself."""
    return FileResponse(str(files("serve") / "static" / "diagnosis.html"), media_type="text/html")


@router.get("/documents/{version_id}")
def document(version_id: str, request: Request, principal: PrincipalDep, start: int = 0, end: int = 0) -> Response:
    """The canonical text with the cited span marked; everything in it is escaped."""
    opened = the_house(request).open_document(version_id, principal=principal)
    start = min(max(start, 0), len(opened.text))
    end = min(max(end, start), len(opened.text))
    return HTMLResponse(
        PAGE.format(
            title=escape(opened.title),
            subtitle=escape(opened.subtitle),
            before=escape(opened.text[:start]),
            marked=escape(opened.text[start:end]),
            after=escape(opened.text[end:]),
        )
    )
