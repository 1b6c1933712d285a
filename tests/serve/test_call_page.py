"""A call over HTTP with its recording, and its page in a real browser: a lead plays the second that proves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from intent.follow_ups.tables import follow_ups
from intent.leads.tables import calls, leads, spoken_findings
from intent.notes.tables import call_note_texts, call_notes, call_tasks
from intent.speech.transcribe import ScriptedTranscriber
from jobs.tables import JobState
from knowledge_base.access import Principal, Role
from serve.call_queue import CALLS
from serve.users import OPERATOR
from serve.wiring import House
from tests.intent.sound import two_voices, write_wav
from tests.serve.conftest import client_of
from tests.serve.test_browser import SIDEBAR, Site, browser, fonts, overflow, site
from tests.serve.test_seen import seen_of
from tests.serve.test_worker import sound, upload, work

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser", "fonts", "site", "sound"]
SAID = ("这只基金稳赚不赔，您放心，资料我今天下午发给您看。", "你好，我想开通港股通，怎么办？")


def take(house: House, sound: Path, *said: str, call_id: str = "k7") -> TestClient:
    house.transcriber = ScriptedTranscriber(said or SAID)
    client = client_of(house)
    upload(client, sound, call_id=call_id, client_id="C0003", advisor_id="A001", advisor_channel="left")
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

    def test_what_of_a_long_turn_was_not_read_is_told(self, house: House, sound: Path) -> None:
        client = take(house, sound, "您好。", "昨天我跟老伴去了趟公园，" * 600)
        told = [w for w in client.get("/v1/calls/k7").json()["warnings"] if "字" in w]
        assert len(told) == 1
        (job,) = house.jobs.list(CALLS, state=JobState.DONE)
        assert told[0] in job.result["warnings"]

    def test_another_advisor_neither_sees_nor_hears_it(self, house: House, sound: Path) -> None:
        client = take(house, sound)
        for user in ("A001", "A002"):
            house.users.add(user, roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
        for path in ("/v1/calls/k7", "/v1/calls/k7/audio"):
            assert client.get(path, headers={"tougu-as": "A001"}).status_code == 200
            assert client.get(path, headers={"tougu-as": "A002"}).status_code == 404


TOLD = (
    "我要投诉，我的手机号是13812345678，卡号是6222021234567890128，身份证110101199003078515，"
    "我的资金账号是100012345678，别再打了"
)
SECRETS = ("1381234", "62220212", "0101199", "100012345678")


class TestMasks:
    """Nothing that a call leads to shows an identifier; the words are opened by a logged route alone."""

    @pytest.fixture
    def client(self, house: House, tmp_path: Path) -> TestClient:
        both = write_wav(tmp_path / "both.wav", *two_voices())  # every word lies in sound
        return take(house, both, "您好，这里是远山证券，资料我今天下午发给您。", TOLD)

    def test_neither_what_is_stored_nor_what_is_shown_holds_one(self, client: TestClient, house: House) -> None:
        pages = ("/v1/calls/k7", "/v1/calls/k7/note", "/v1/cases", "/v1/leads", "/v1/tasks")
        told = "".join(client.get(path).text for path in pages)
        assert "138****5678" in told
        assert "13812345678" not in told
        with house.engine.connect() as connection:
            for table in (calls, leads, spoken_findings, follow_ups, call_notes, call_note_texts, call_tasks):
                held = str(connection.execute(select(table)).all())
                assert [held[max(0, held.find(each) - 40) :][:80] for each in SECRETS if each in held] == [], table.name

    def test_the_words_are_opened_by_a_logged_route(self, client: TestClient, house: House) -> None:
        assert client.get("/v1/calls/k7/originals").json() == {"turns": [{"turn": 1, "text": TOLD}]}
        assert ("view", "transcript.original", ["k7"]) in seen_of(house)

    def test_an_advisor_opens_nothing_and_a_supervisor_of_another_branch_neither(
        self, client: TestClient, house: House
    ) -> None:
        house.users.add("A001", roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
        house.users.add("S9", roles=[Role.SUPERVISOR], branches=["elsewhere"], labels=[], principal=OPERATOR)
        before = seen_of(house)
        assert client.get("/v1/calls/k7/originals", headers={"tougu-as": "A001"}).status_code == 403
        assert client.get("/v1/calls/k7/originals", headers={"tougu-as": "S9"}).status_code == 404
        assert seen_of(house) == before

    def test_what_was_sealed_is_not_opened(self, client: TestClient, house: House) -> None:
        officer = Principal(user_id="CO1", roles=frozenset({Role.COMPLIANCE}))
        house.erasure.seal("C0003", reason="客户要求删除", principal=officer)
        assert client.get("/v1/calls/k7/originals").status_code == 403


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


@pytest.mark.browser
@pytest.mark.slow
def test_what_is_masked_is_opened_by_a_button(browser: Browser, site: Site, tmp_path: Path) -> None:
    both = write_wav(tmp_path / "both.wav", *two_voices())
    take(site.house, both, "您好，这里是远山证券，资料我今天下午发给您。", TOLD)
    made = browser.new_page(viewport={"width": SIDEBAR, "height": 900})
    made.goto(f"{site.url}/calls/k7")
    made.get_by_role("heading", name="已隐去的信息").wait_for()
    assert "13812345678" not in made.content()
    made.get_by_role("button", name="查看原话").click()
    made.get_by_text("13812345678").wait_for()
    assert overflow(made) <= 0
    made.close()
