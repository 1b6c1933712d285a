"""The page of calls on their way in a real browser: what waits is heard, assigned and gone; on a phone's width too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from intent.call_records.row import CallState
from serve.users import OPERATOR
from tests.serve.conftest import client_of
from tests.serve.test_browser import Open, Site, browser, fonts, overflow, site
from tests.serve.test_call_records import PHONES, tell
from tests.serve.test_worker import Counting, sound, upload, work

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser", "fonts", "site", "sound"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def open_calls(browser: Browser, site: Site, sound: Path, tmp_path: Path) -> Iterator[Open]:
    """Opens the page over one call of a shared number and one of a client who refuses analysis."""
    house, client = site.house, client_of(site.house)
    (tmp_path / "phones.csv").write_text(PHONES, "utf-8")
    house.import_file("phones", tmp_path / "phones.csv", principal=OPERATOR)
    house.transcriber = Counting()
    tell(house, id="k1", numbers="01066880000;8021", direction="inbound", started_at="2026-11-20T10:00:00+08:00")
    upload(client, sound, call_id="k1", advisor_channel="left")
    work(house)
    other = sound.with_name("other.wav")
    other.write_bytes(sound.read_bytes() + b"another")
    upload(client, other, call_id="k2", client_id="C0017")
    work(house)
    contexts, complaints = [], []

    def open_(path: str = "/calls", width: int = 1280, scheme: str = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{site.url}{path}")
        page.get_by_text("多位客户共用这个号码").first.wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [line for line in complaints if "status of 4" not in line] == []


def test_a_call_is_heard_assigned_and_gone(open_calls: Open, site: Site) -> None:
    page = open_calls()
    page.locator("button.entry").first.click()
    detail = page.locator("article.item")
    detail.get_by_text("客户尾号 0000").wait_for()
    detail.get_by_role("button", name="听录音").click()
    page.wait_for_selector("audio")
    detail.get_by_role("button", name="登记归属").click()
    assert page.get_by_role("alert").inner_text() == "请填写客户编号。"
    detail.get_by_role("button", name="C0008").click()
    detail.get_by_role("button", name="登记归属").click()
    page.get_by_text("已登记归属，稍后读出。").wait_for()
    page.get_by_text("没有条目。").wait_for()
    row = site.house.call_records.get("k1", principal=OPERATOR)
    assert (row.client_id, row.assigned_by, row.state) == ("C0008", "operator", CallState.ARRIVED)


def test_a_kept_call_says_why_and_is_looked_at_again(open_calls: Open, site: Site) -> None:
    page = open_calls()
    page.get_by_role("button", name="留存未分析 1").click()
    page.locator("button.entry", has_text="客户拒绝智能分析").click()
    page.get_by_role("button", name="再看一次").click()
    page.get_by_text("已交给后台再看一次").wait_for()
    work(site.house)
    assert [row.call_id for row in site.house.call_records.parked(CallState.KEPT, principal=OPERATOR)] == ["k2"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_at_360_pixels(open_calls: Open, scheme: str) -> None:
    page = open_calls(width=360, scheme=scheme)
    page.locator("button.entry").first.click()
    page.locator("article.item").wait_for()
    assert overflow(page) <= 0
    page.get_by_role("button", name="留存未分析").click()
    page.locator("button.entry").first.click()
    page.get_by_role("button", name="再看一次").wait_for()
    assert overflow(page) <= 0
