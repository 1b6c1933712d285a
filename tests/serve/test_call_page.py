"""A call over HTTP with its recording, and its page in a real browser: a lead plays the second that proves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from intent.speech.transcribe import ScriptedTranscriber
from knowledge_base.access import Role
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import client_of
from tests.serve.test_browser import SIDEBAR, Site, browser, fonts, overflow, site
from tests.serve.test_seen import seen_of
from tests.serve.test_worker import sound, upload, work

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser", "fonts", "site", "sound"]
SAID = ("这只基金稳赚不赔，您放心，资料我今天下午发给您看。", "你好，我想开通港股通，怎么办？")


def take(house: House, sound: Path) -> TestClient:
    house.transcriber = ScriptedTranscriber(list(SAID))
    client = client_of(house)
    upload(client, sound, call_id="k7", client_id="C0003", advisor_id="A001", advisor_channel="left")
    work(house)
    return client


class TestService:
    def test_a_call_comes_with_its_leads_and_the_seconds_that_prove_them(self, house: House, sound: Path) -> None:
        found = take(house, sound).get("/v1/calls/k7").json()
        assert [(lead["intent"], lead["zh"]) for lead in found["leads"]] == [("permission.hk", "港股通")]
        evidence = found["leads"][0]["evidence"][0]
        assert 1 < evidence["start_s"] < evidence["end_s"] <= found["duration_s"]
        assert found["recording"] is True
        assert "recording_path" not in found, "where files lie is nobody's business"

    def test_the_recording_is_given_by_ranges_and_each_playback_is_logged(self, house: House, sound: Path) -> None:
        client = take(house, sound)
        part = client.get("/v1/calls/k7/audio", headers={"range": "bytes=100-199"})
        assert (part.status_code, part.headers["content-type"]) == (206, "audio/wav")
        assert part.content == sound.read_bytes()[100:200]
        assert part.headers["cache-control"] == "no-store"
        assert ("playback", "call", ["k7"]) in seen_of(house)

    def test_a_recording_that_is_gone_is_said(self, house: House, sound: Path) -> None:
        client = take(house, sound)
        for kept in (house.settings.home / "recordings").iterdir():
            kept.unlink()
        assert client.get("/v1/calls/k7").json()["recording"] is False
        answer = client.get("/v1/calls/k7/audio")
        assert answer.status_code == 404
        assert "not kept here any more" in answer.json()["detail"]
        assert ("playback", "call", ["k7"]) not in seen_of(house)

    def test_another_advisor_neither_sees_nor_hears_it(self, house: House, sound: Path) -> None:
        client = take(house, sound)
        for user in ("A001", "A002"):
            house.users.add(user, roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
        for path in ("/v1/calls/k7", "/v1/calls/k7/audio"):
            assert client.get(path, headers={"tougu-as": "A001"}).status_code == 200
            assert client.get(path, headers={"tougu-as": "A002"}).status_code == 404


@pytest.fixture
def page(browser: Browser, site: Site, sound: Path) -> Iterator[Page]:
    """The page of a call at the width of a sidebar; whatever it says on its console fails the test."""
    take(site.house, sound)
    context = browser.new_context(viewport={"width": SIDEBAR, "height": 900})
    complaints: list[str] = []
    made = context.new_page()
    made.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.goto(f"{site.url}/calls/k7")
    made.get_by_role("heading", name="线索").wait_for()
    yield made
    context.close()
    assert [line for line in complaints if "status of 404" not in line] == []


@pytest.mark.browser
@pytest.mark.slow
class TestPage:
    def test_a_lead_plays_the_second_that_proves_it_and_stops_after_it(self, page: Page, site: Site) -> None:
        evidence = site.house.leads.of_call("k7", principal=OPERATOR)[0].evidence[0]
        card = page.locator("li.card", has_text="港股通")
        assert "开通港股通，怎么办" in card.inner_text()
        card.get_by_role("button").click()
        page.wait_for_function(
            "start => document.querySelector('audio').currentTime > start", arg=evidence["start_s"], timeout=10_000
        )
        page.wait_for_function("() => document.querySelector('audio').paused", timeout=10_000)
        assert page.evaluate("document.querySelector('audio').currentTime") < evidence["end_s"] + 1.0
        assert overflow(page) <= 0

    def test_what_the_advisor_said_is_shown_with_its_second(self, page: Page) -> None:
        card = page.locator("li.card", has_text="稳赚不赔").first
        assert card.get_by_role("button").inner_text().startswith("▶ 0:0")

    def test_a_call_that_is_not_there_is_one_sentence(self, page: Page, site: Site) -> None:
        page.goto(f"{site.url}/calls/none")
        alert = page.get_by_role("alert")
        alert.wait_for()
        assert alert.inner_text() == "没有编号为 none 的通话，或您无权查看：请核对编号。"
