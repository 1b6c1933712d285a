"""The day, the officers' pages and the wave of a call in a real browser, narrow and wide, light and dark."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from copilot.messages.archive import JsonlArchive
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.test_browser import Open, Site, browser, fonts, overflow, site
from tests.serve.test_call_page import take
from tests.serve.test_day import promise
from tests.serve.test_notes import take as take_note
from tests.serve.test_staff_browser import open_staff
from tests.serve.test_worker import sound

if TYPE_CHECKING:
    from playwright.sync_api import Page

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="expected: needs the wheel axe-playwright-python"
)
__all__ = ["browser", "fonts", "open_staff", "site", "sound"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
WIDTHS = (320, 360, 1280)
SENT = "这只产品稳赚不赔，您放心买。"


def faults(page: Page) -> list[str]:
    options = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
    found = axe.Axe().run(page, options=options).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['target']} {each['nodes'][0]['failureSummary']}" for each in found]


def sent(house: House, folder: Path) -> None:
    at = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")
    row = {"id": "1", "from": "A001", "to": "C0003", "sent_at": at, "text": SENT, "channel": "wecom"}
    (folder / "a.jsonl").write_text(json.dumps(row), "utf-8")
    house.messages.take(JsonlArchive(folder / "a.jsonl"), principal=OPERATOR)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_day(open_staff: Open, site: Site, width: int) -> None:
    promise(site.house, "kp", "C0004", datetime.now(UTC) - timedelta(days=2))
    page = open_staff("/day", width=width, scheme="dark" if width == 360 else "light")
    first = page.locator("li.lead", has_text="谷雨生").first
    first.get_by_text("线索逾期").wait_for()
    page.get_by_label("查产品").fill("ylwj")
    page.get_by_label("产品卡片").get_by_text("云岭稳健增利").first.wait_for()
    first.locator("button.entry").click()
    page.get_by_label("客户卡片").get_by_text("谷雨生").wait_for()
    assert overflow(page) <= 0
    assert faults(page) == []
    task = page.locator("li.lead", has_text="发资料").last
    task.get_by_role("button", name="三天后").click()
    page.get_by_text("已推迟到三天后。").wait_for()


@pytest.mark.parametrize("width", WIDTHS)
def test_what_was_sent_and_never_cleared(open_staff: Open, site: Site, tmp_path: Path, width: int) -> None:
    sent(site.house, tmp_path)
    page = open_staff("/board", width=width)
    page.goto(f"{site.url}/review")
    page.get_by_label("当前人员").select_option("anna")
    page.get_by_role("button", name="外发消息").click()
    page.get_by_text(SENT).wait_for()
    page.get_by_role("rowheader", name="C0003").wait_for()
    assert overflow(page) <= 0
    assert faults(page) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_search_and_the_evaluations(open_staff: Open, site: Site, width: int) -> None:
    site.house.audit.append(event="access.view", actor="A001", subject="C0003", data={"what": "client"})
    page = open_staff("/search", who="anna", width=width)
    page.get_by_label("客户编号").fill("C0003")
    page.get_by_role("button", name="查询").click()
    page.locator("li.card").first.wait_for()
    assert overflow(page) <= 0
    assert faults(page) == []
    folder = site.house.settings.home / "evaluations"
    folder.mkdir()
    told = {
        "suite": "intent", "metrics": {"f1": {"value": 0.912, "low": 0.887, "high": 0.934}, "calls": 90},
        "at": "2026-11-22T10:00:00+00:00", "data": {"n": 90}, "seconds": 3.1, "tougu": "0.1", "unscored": 0,
    }  # fmt: skip
    (folder / "intent.json").write_text(json.dumps(told), "utf-8")
    page.goto(f"{site.url}/evaluations")
    page.get_by_text("0.912 [0.887, 0.934]").wait_for()
    assert overflow(page) <= 0
    assert faults(page) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_note_of_a_call_is_put_right_and_confirmed(open_staff: Open, site: Site, width: int) -> None:
    take_note(site.house, "kn")
    page = open_staff("/board", width=width)
    page.goto(f"{site.url}/calls/kn")
    note = page.get_by_label("纪要", exact=True)
    note.get_by_text("草稿").wait_for()
    note.get_by_role("button", name="修改").click()
    box = note.get_by_label("纪要文字")
    box.fill(box.input_value() + "\n客户希望周三前收到资料。")
    assert overflow(page) <= 0
    assert faults(page) == []
    note.get_by_role("button", name="保存并确认").click()
    page.get_by_text("已确认，将送入 CRM。").wait_for()
    stored = site.house.notes.get("kn", principal=OPERATOR)
    assert (stored.state, stored.version) == ("confirmed", 2)
    assert stored.text.endswith("客户希望周三前收到资料。")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_words_of_a_call_follow_its_sound(open_staff: Open, site: Site, sound: Path, width: int) -> None:
    take(site.house, sound, call_id="heard")
    page = open_staff("/board", width=width)
    page.goto(f"{site.url}/calls/heard")
    page.get_by_role("img", name="录音波形").wait_for()
    turns = page.get_by_label("通话全文，随录音滚动").locator("li")
    turns.last.get_by_role("button").click()
    page.wait_for_function(
        "() => document.querySelector('.turns li:last-child').getAttribute('aria-current') === 'true'"
    )
    page.evaluate("document.querySelector('audio').pause()")
    assert page.locator("rect.mark.lead").count() == 1
    assert page.locator("rect.mark.broken").count() >= 1
    assert overflow(page) <= 0
    assert faults(page) == []
