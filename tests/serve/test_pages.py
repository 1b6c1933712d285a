"""Pages: the sidebar, its parts, and a document opened at a span."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from knowledge_base.access import Principal, Role
from serve.page_shell import Page, menu, pages
from serve.wiring import House
from tests.serve.conftest import client_of
from tests.serve.rights.matrix import STRANGER, rows


def version_of(house: House, title: str) -> str:
    from serve.users import OPERATOR

    found = [v.id for v in house.catalog.in_force(house.today(), principal=OPERATOR) if title in v.title]
    assert len(found) == 1, title
    return found[0]


def test_the_sidebar_loads_only_from_here(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    parts = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    script = client.get("/static/sidebar.js").text
    parts += re.findall(r'from "([^"]+)"', script)
    assert len(parts) >= 3
    for part in parts:
        assert client.get(part).status_code == 200, part
    assert "http://" not in page.text
    assert "https://" not in page.text + script


@pytest.mark.parametrize("page", pages().values(), ids=lambda page: page.name)
def test_every_page_stands_in_the_one_shell_with_files_that_are_there(house: House, page: Page) -> None:
    server = house.settings.server.model_copy(update={"demo_host": True})
    house.settings = house.settings.model_copy(update={"server": server})
    client = client_of(house)
    text = client.get(page.path.replace("{call_id}", "k1").replace("{report_id}", "r1")).raise_for_status().text
    assert f"<title>{page.zh}</title>" in text
    for part in re.findall(r'(?:src|href)="(/[^"]+)"', text):
        assert client.get(part).status_code == 200, part


def test_the_navigation_shows_a_page_to_those_whom_its_routes_answer() -> None:
    may = {row.route: row.may for row in rows()}
    for page in pages().values():
        if page.menu:
            assert {role.value for role in page.roles} == may[page.asks] - {STRANGER}, page.name


def test_who_is_told_of_which_pages() -> None:
    advisor, editor = (Principal(user_id="x", roles=frozenset({role})) for role in (Role.ADVISOR, Role.EDITOR))
    assert "/board" in {page["path"] for page in menu(advisor)}
    assert [page["path"] for page in menu(editor)] == ["/", "/knowledge"]
    assert len(menu(Principal(user_id="operator", roles=frozenset({Role.SYSTEM})))) == 16


def test_a_document_marks_the_span_and_escapes_the_rest(client: TestClient, house: House) -> None:
    version = version_of(house, "转义")
    text = house.catalog.text(version, principal=house.users.principal(None))
    start = text.index("<script>")
    page = client.get(f"/documents/{version}", params={"start": start, "end": start + len("<script>")}).text
    assert '<mark id="mark">&lt;script&gt;</mark>alert(1)&lt;/script&gt;' in page
    assert "<script>" not in page
    assert "页面&lt;b&gt;转义&lt;/b&gt;说明" in page


@pytest.mark.parametrize(("start", "end"), [(-5, 10**9), (10**9, 3), (7, 2)])
def test_offsets_out_of_the_text_harm_nothing(client: TestClient, house: House, start: int, end: int) -> None:
    page = client.get(f"/documents/{version_of(house, '转义')}", params={"start": start, "end": end})
    assert page.status_code == 200
    assert page.text.count("<mark") == 1


def test_a_label_one_lacks_makes_the_document_unknown(house: House) -> None:
    version = version_of(house, "内部纪要")
    assert client_of(house).get(f"/documents/{version}").status_code == 200
    house.users = As(Principal(user_id="A001", roles=frozenset({Role.ADVISOR})))
    answer, unknown = (client_of(house).get(f"/documents/{name}") for name in (version, "v_unknown"))
    assert answer.status_code == 404
    assert answer.json() == unknown.json(), "a document that may not be read looks like one that is not there"
    assert "45%" not in answer.text


class As:
    """Users of whom everyone is the same person."""

    def __init__(self, principal: Principal) -> None:
        self._principal = principal

    def principal(self, _user_id: str | None) -> Principal:
        return self._principal
