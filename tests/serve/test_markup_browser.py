"""Markup in every text that reaches a page of the staff: names, quotes, documents, wordings, reasons. It stays text.

A row of every kind is written by its own way first; then each text that is kept gets an attack put behind it, in the
database, so that no check of an input is what saves the page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import JSON, Table, select, update

from serve.database import all_metadata
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import FEE, client_of
from tests.serve.staff_cases import furnish
from tests.serve.test_browser import Site, browser, fonts, site
from tests.serve.test_notes import take

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser", "fonts", "site"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
ATTACKS = (
    "<script>window.pwned=1</script>", "<img src=x onerror=window.pwned=1>", "\"><svg onload=window.pwned=1>",
    "'><iframe srcdoc='<script>parent.pwned=1</script>'>", "<a href=javascript:window.pwned=1>点</a>",
    "</textarea><details open ontoggle=window.pwned=1>", "<math><mtext><style><img src=x onerror=window.pwned=1>",
    "${window.pwned=1}{{window.pwned=1}}", "</title><base href=//203.0.113.9/>", "<style>*{display:none}</style>",
)  # fmt: skip
TEXTS: dict[str, tuple[str, ...]] = {
    "kb_clients": ("name",), "kb_advisors": ("name",), "kb_consents": ("quote", "why"),
    "kb_products": ("name", "full_name", "company", "manager", "benchmark", "risk_source"),
    "kb_unanswered": ("question",), "kb_versions": ("title",), "kb_wordings": ("question", "text", "reason"),
    "kb_conflicts": ("left_quote", "right_quote", "why"), "kb_facts": ("quote",),
    "leads": ("evidence", "reason"), "lead_events": ("why",), "incidents": ("cause",),
    "follow_ups": ("evidence", "wishes", "outcome"), "follow_up_events": ("why",), "call_tasks": ("what", "evidence"),
    "calls": ("note", "findings", "warnings"), "spoken_findings": ("quote", "note"), "call_records": ("why",),
    "segments": ("zh",), "segment_exports": ("zh", "reason", "decision"), "export_requests": ("reason", "decision"),
    "compliance_review": ("reason",), "compliance_review_event": ("reason",), "compliance_mistake": ("note",),
    "watched_files": ("reason",), "lead_scores": ("reasons",), "service_tasks": ("what",),
}  # fmt: skip
WORDS = frozenset({"quote", "text", "what", "why", "zh", "reason", "title", "note", "outcome"})  # members of JSON
SOMEBODY = {"A001": ("/board", "/day", "/desk", "/", "/calls/k1", "/segments", "/search"),
            "anna": ("/cases", "/review", "/knowledge", "/consents", "/search", "/calls", "/evaluations", "/drift",
                     "/exports"),
            "kefu": ("/tickets", "/incidents", "/desk"),
            "boss": ("/board", "/segments", "/drift", "/outreach")}  # fmt: skip


def tainted(value: Any, attacks: Iterator[str], *, here: bool = True) -> Any:
    """A value with an attack behind each text that people read; of JSON only the members that hold such."""
    if isinstance(value, str):
        return f"{value}{next(attacks)}" if here and value else value
    if isinstance(value, list):
        return [tainted(each, attacks, here=here) for each in value]
    if isinstance(value, dict):
        return {name: tainted(each, attacks, here=name in WORDS) for name, each in value.items()}
    return value


def taint(house: House) -> set[str]:
    """Put an attack behind every text; names of the columns in which there was one."""
    tables = {table.name: table for part in all_metadata() for table in part.sorted_tables}
    attacks, done = cycle(ATTACKS), set()
    with house.engine.begin() as connection:
        for name, columns in TEXTS.items():
            table: Table = tables[name]
            keys = list(table.primary_key.columns)
            for column in (table.c[each] for each in columns):
                for row in connection.execute(select(*keys, column)).all():
                    told = row[-1]
                    bad = tainted(told, attacks, here=not isinstance(column.type, JSON))
                    if bad == told:
                        continue
                    which = [key == value for key, value in zip(keys, row, strict=False)]
                    connection.execute(update(table).where(*which).values({column.name: bad}))
                    done.add(f"{name}.{column.name}")
    return done


@pytest.fixture
def full(site: Site) -> Site:
    """Something in every list, each text an attack."""
    house, client = site.house, client_of(site.house)
    take(house)
    furnish(house)
    client.post("/v1/questions", json={"question": "云岭稳健增利的基金经理养了几只猫"})
    house.tags.refresh(house.today(), principal=OPERATOR)
    until = str(house.today() + timedelta(days=30))
    body = {"all_of": ["assets_500k"], "zh": "大客户", "expires_on": until}
    assert client.put("/v1/segments/rich", json=body).status_code == 200
    assert client.post("/v1/segments/rich/lists", json={"reason": "回访"}).status_code < 300
    task = {"what": "提醒更新风险测评", "due_at": f"{until}T18:00:00+08:00"}
    assert client.post("/v1/segments/rich/tasks", json=task).status_code == 201
    assert client.post("/v1/exports", json={"what": "leads", "rows": 9, "reason": "复盘"}).status_code == 201
    client.post("/v1/compliance/check", json={"text": f"据内部消息，公司下周公布重组。{ATTACKS[1]}"})
    document = f"---\ntitle: 说明{ATTACKS[0]}\ntype: rule\n---\n# 说明{ATTACKS[1]}\n\n定投每期最低100元{ATTACKS[2]}。\n"
    folder = house.settings.home / "own"
    folder.mkdir()
    (folder / "attack.md").write_text(document, encoding="utf-8")
    house.sync(folder, delete=False, principal=OPERATOR, progress=lambda *_: None)
    reached = taint(house)
    assert {"kb_clients.name", "leads.evidence", "follow_ups.evidence", "segments.zh", "kb_versions.title"} <= reached
    return site


def injected(page: Page) -> Any:
    """Elements and code that only an attack brings."""
    return page.evaluate(
        """() => [window.pwned || 0, ...[...document.querySelectorAll(
            "img[src='x'], svg[onload], iframe, base, a[href^='javascript'], details[ontoggle], math, main style"
        )].map((each) => each.outerHTML.slice(0, 80))]"""
    )


def settled(page: Page) -> None:
    """Wait until the words of the page stay the same for a while."""
    before = None
    for _ in range(40):
        words = page.inner_text("body")
        if words == before:
            return
        before = words
        page.wait_for_timeout(300)


def opened(browser: Browser, site: Site, path: str, who: str, complaints: list[str]) -> tuple[Any, str]:
    from playwright.sync_api import TimeoutError

    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.on("console", lambda line: complaints.append(f"{path}: {line.text}") if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(f"{path}: {error}"))
    page.on("dialog", lambda dialog: complaints.append(f"{path}: dialog {dialog.message}"))
    page.on("request", lambda asked: asked.url.startswith(site.url) or complaints.append(f"{path}: {asked.url}"))
    page.goto(f"{site.url}{path}")
    page.wait_for_load_state("networkidle")
    chooser = page.get_by_label("当前人员")
    if chooser.count() and chooser.locator(f"option[value='{who}']").count():
        chooser.select_option(who)
    settled(page)
    before = page.inner_text("body")
    for summary in page.locator("main button, main summary, main li.lead, nav button").all()[:6]:
        if summary.is_visible():
            with suppress(TimeoutError):  # it is disabled, or the click before took it away
                summary.click(timeout=2000, no_wait_after=True)
    settled(page)
    found, words = injected(page), before + page.inner_text("body")
    context.close()
    return found, words


def test_no_text_of_a_page_is_markup(full: Site, browser: Browser) -> None:
    complaints: list[str] = []
    seen: dict[str, bool] = {}
    wrong: dict[str, Any] = {}
    documents = client_of(full.house).get("/v1/knowledge/documents").json()
    version = next(each["id"] for each in documents if each["title"].startswith("说明"))
    for who, paths in {**SOMEBODY, "": (f"/documents/{version}",)}.items():
        for path in paths:
            found, words = opened(browser, full, path, who, complaints)
            seen[path] = seen.get(path, False) or any(attack in words for attack in ATTACKS)
            if found != [0]:
                wrong[f"{who} {path}"] = found
    assert wrong == {}
    assert [line for line in complaints if "status of 4" not in line] == []
    shown = {path for path, attacked in seen.items() if attacked}
    assert "/board" in shown
    assert len(shown) >= 4, f"the attacks reached the pages as words, and not only {shown}"


def test_no_answer_of_the_api_is_a_page(full: Site) -> None:
    """Whatever holds the attacks is JSON or a file, which no browser runs; pages of documents escape them."""
    client = client_of(full.house)
    for path in ("/v1/leads", "/v1/cases", "/v1/segments", "/v1/exports", "/v1/clients/C0003/card", "/v1/calls/k1"):
        answer = client.get(path)
        assert answer.headers["content-type"].startswith("application/json"), path
        assert answer.headers["x-content-type-options"] == "nosniff"
    reply = client.post("/v1/questions", json={"question": FEE})
    assert json.loads(reply.text)
