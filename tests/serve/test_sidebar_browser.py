"""The sidebar in a real browser: sentence by sentence, client, edit, send, a killed page, offline, in a frame."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from copilot.talks.tables import sent_messages
from knowledge_base.access import Principal
from rag.passage import Answer, Sentence
from serve.users import OPERATOR
from tests.serve.conftest import FEE, settings_of
from tests.serve.staff_cases import BUY, record, wish
from tests.serve.test_browser import Site, browser, fonts, overflow
from tests.serve.test_day import promise

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser", "fonts"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHOTS = os.environ.get("SHOTS")  # a folder for pictures to be looked at
CLIENT = "甄海棠（C0001）"
Open = Callable[..., "Page"]


class Slow:
    """An answerer double: the second sentence comes when the test lets it."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def growing(self, question: str, principal: Principal, history: Any = (), *, on: Any) -> Iterator[Answer]:
        said = tuple(Sentence(text=text, citations=()) for text in ("申请须在交易时间提出。", "到账以公告为准。"))
        whole = Answer(question=question, sentences=said[:1], citations=())
        yield whole
        assert self.go_on.wait(30)
        yield Answer(question=question, sentences=said, citations=())


class Breaks:
    """An answerer double that fails after its first sentence."""

    def growing(self, question: str, principal: Principal, history: Any = (), *, on: Any) -> Iterator[Answer]:
        yield Answer(
            question=question, sentences=(Sentence(text="申请须在交易时间提出。", citations=()),), citations=()
        )
        raise OSError("the disk is gone")


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    made = Site(home)
    settings = settings_of(home)
    made.house.settings = settings.model_copy(update={"server": settings.server.model_copy(update={"demo_host": True})})
    made.start()
    yield made
    made.stop()


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Open]:
    """A window of its own, or another one of a context; what its console says fails the test."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_(path: str = "/", *, width: int = 360, beside: Page | None = None, **options: Any) -> Page:
        if beside is None:
            permissions = ["clipboard-read", "clipboard-write"]
            contexts.append(
                browser.new_context(viewport={"width": width, "height": 760}, permissions=permissions, **options)
            )
        page: Page = (beside.context if beside else contexts[-1]).new_page()
        page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(site.url + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [line for line in complaints if "ERR_" not in line and "status of 4" not in line] == []


def shot(page: Page, tmp_path: Path, name: str) -> None:
    page.screenshot(path=Path(SHOTS or tmp_path) / f"{name}.png", full_page=True)


def ask(page: Page, question: str) -> None:
    before = page.locator(".answer:not(.coming)").count()
    page.get_by_label("问题").fill(question)
    page.get_by_label("问题").press("Enter")
    page.locator(".answer:not(.coming)").nth(before).wait_for(timeout=30_000)


def choose_client(page: Page) -> None:
    page.get_by_role("button", name="选择客户").click()
    page.get_by_label("客户编号或姓名", exact=True).fill("海棠")
    page.get_by_role("button", name=CLIENT).click()
    page.locator(".client strong", has_text=CLIENT).wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_client_ask_edit_blocked_and_send(open_page: Open, site: Site, tmp_path: Path, width: int, scheme: str) -> None:
    page = open_page(width=width, color_scheme=scheme)
    choose_client(page)
    page.locator(".client summary").click()
    page.get_by_text("云岭货币，成本").wait_for()
    assert overflow(page) == 0
    shot(page, tmp_path, f"card_{width}_{scheme}")
    page.locator(".client summary").click()
    ask(page, FEE)
    answer = page.locator(".answer").last
    assert answer.get_by_role("img", name="本句已通过审核").count() == 1
    assert answer.get_by_role("button", name="云岭稳健增利的托管费率是多少").count() == 1
    assert overflow(page) == 0
    shot(page, tmp_path, f"answer_{width}_{scheme}")
    answer.get_by_role("button", name="编辑后发送").click()
    box = answer.get_by_label("发给客户的文字")
    box.fill("云岭稳健增利的管理费率为0.06%，这只产品稳赚不赔。")
    answer.get_by_role("button", name="复制").click()
    answer.get_by_text("未通过审核，不能发送：").wait_for()
    assert answer.locator("mark.bad").count() >= 2
    assert overflow(page) == 0
    shot(page, tmp_path, f"blocked_{width}_{scheme}")
    box.fill("云岭稳健增利的管理费率为0.60%。")
    answer.get_by_role("button", name="复制").click()
    answer.get_by_role("button", name="已复制").wait_for()
    shot(page, tmp_path, f"sent_{width}_{scheme}")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("云岭稳健增利的管理费率为0.60%。")
    with site.house.engine.connect() as connection:
        (sent,) = connection.execute(select(sent_messages)).all()
    assert (sent.client_id, sent.channel, sent.text_sha256) == (
        "C0001",
        "clipboard",
        site.house.audit.keyed_hash(copied),
    )


def test_a_page_that_was_killed_finds_its_answer(open_page: Open, site: Site, tmp_path: Path) -> None:
    slow = Slow()
    site.house.session._answers = slow  # type: ignore[assignment]
    page = open_page()
    page.get_by_label("问题").fill("赎回何时到账")
    page.get_by_label("问题").press("Enter")
    page.get_by_text("申请须在交易时间提出。").wait_for()
    assert page.locator(".badge").count() == 0, "no verdict before the whole is judged"
    shot(page, tmp_path, "coming")
    again = open_page(beside=page)
    page.close()
    again.get_by_text("申请须在交易时间提出。").wait_for()
    slow.go_on.set()
    again.get_by_text("到账以公告为准。").wait_for()
    again.locator(".badge").wait_for()
    assert again.locator(".question").count() == 1


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_a_lead_and_a_promise_are_done_where_they_are_read(
    open_page: Open, site: Site, tmp_path: Path, width: int
) -> None:
    record(site.house, "k1", "C0003", wish("fund.buy", "lead", BUY))
    promise(site.house, "kp", "C0003", datetime.now(UTC) - timedelta(days=1))
    page = open_page(width=width)
    page.get_by_role("button", name="选择客户").click()
    page.get_by_label("客户编号或姓名", exact=True).fill("C0003")
    page.get_by_role("button", name="谷雨生（C0003）").click()
    page.locator(".client summary").click()
    lead = page.locator(".work", has_text="申购基金")
    lead.get_by_role("button", name="认领").click()
    lead.get_by_role("status").get_by_text("跟进中").wait_for()
    assert overflow(page) == 0
    shot(page, tmp_path, f"work_{width}")
    lead.get_by_role("button", name="成交").click()
    lead.get_by_role("status").get_by_text("成交").wait_for()
    (kept,) = site.house.leads.list(principal=OPERATOR, client_id="C0003")
    assert kept.state.value == "won"
    page.get_by_role("button", name="已兑现").click()
    page.get_by_text("发资料，已记为兑现。").wait_for()
    assert site.house.notes.tasks(principal=OPERATOR, client_id="C0003", state="open") == ()


def test_a_failed_answer_is_taken_back_and_asked_again(open_page: Open, site: Site, tmp_path: Path) -> None:
    answers = site.house.session._answers
    site.house.session._answers = Breaks()  # type: ignore[assignment]
    page = open_page(width=320)
    ask(page, FEE)
    page.get_by_text("请重新提问").wait_for()
    assert "申请须在交易时间提出" not in page.content(), "nothing of what failed stands"
    assert page.get_by_role("button", name="复制").count() == 0
    assert overflow(page) == 0
    shot(page, tmp_path, "failed_320")
    site.house.session._answers = answers
    page.get_by_role("button", name="重新提问").click()
    page.locator(".answer", has_text="0.60%").wait_for(timeout=30_000)
    assert page.locator(".question").count() == 1, "it stands in place of the one that failed"
    page.reload()
    page.locator(".answer", has_text="0.60%").wait_for()
    assert page.locator(".question").count() == 1
    assert page.get_by_text("请重新提问").count() == 0


def test_a_connection_that_breaks_goes_on_where_it_stopped(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    asked: list[str] = []
    first = 'id: 1\nevent: searching\ndata: {"whole": null}\n\n'

    def cut(route: Any) -> None:
        asked.append(route.request.headers["last-event-id"])
        if len(asked) == 1:
            route.fulfill(content_type="text/event-stream", body=first)
        elif len(asked) == 2:
            route.abort()
        else:
            route.continue_()

    page.route("**/answer", cut)
    page.get_by_label("问题").fill(FEE)
    page.get_by_label("问题").press("Enter")
    page.get_by_text("连接中断，正在重新连接").wait_for()
    shot(page, tmp_path, "reconnecting")
    page.locator(".answer:not(.coming)", has_text="0.60%").wait_for(timeout=30_000)
    page.get_by_text("连接中断").wait_for(state="detached")
    assert asked == ["0", "1", "1"]


def test_the_keyboard_goes_all_the_way(open_page: Open, site: Site, tmp_path: Path) -> None:
    page = open_page()
    page.get_by_role("button", name=FEE).wait_for()
    page.keyboard.type(FEE)
    page.keyboard.press("Enter")
    page.locator(".answer:not(.coming) .badge").wait_for(timeout=30_000)
    for name, key in (("编辑后发送", "Enter"), ("审核", "Enter"), ("复制", "Enter")):
        tab_to(page, name)
        if name == "审核":
            shot(page, tmp_path, "focus")
        page.keyboard.press(key)
    page.get_by_role("button", name="已复制").wait_for()
    with site.house.engine.connect() as connection:
        assert len(connection.execute(select(sent_messages)).all()) == 1


def tab_to(page: Page, name: str) -> None:
    """Tab until the control of that name has the focus, from the top of the page."""
    page.evaluate("document.activeElement.blur()")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == name:
            return
    raise AssertionError(f"no way to {name} by Tab")


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_a_source_opens_at_its_span(open_page: Open, tmp_path: Path, width: int) -> None:
    page = open_page(width=width)
    ask(page, FEE)
    with page.expect_popup() as opened:
        page.locator("a.cite").first.click()
    document = opened.value
    document.locator("#mark").wait_for()
    assert document.locator("#mark").inner_text() == "管理费 | 0.60%"
    assert overflow(document) == 0
    shot(document, tmp_path, f"span_{width}")


def test_esc_stops_and_what_was_released_stays(open_page: Open, site: Site, tmp_path: Path) -> None:
    slow = Slow()
    site.house.session._answers = slow  # type: ignore[assignment]
    page = open_page()
    page.get_by_label("问题").fill("赎回何时到账")
    page.get_by_label("问题").press("Enter")
    page.get_by_text("申请须在交易时间提出。").wait_for()
    with page.expect_response("**/stop"):
        page.keyboard.press("Escape")
    slow.go_on.set()
    page.get_by_text("已按您的要求停止").wait_for()
    assert "到账以公告为准" not in page.content()
    assert page.locator(".badge").count() == 1
    shot(page, tmp_path, "stopped")
    page.keyboard.press("ArrowUp")
    assert page.get_by_label("问题").input_value() == "赎回何时到账"


def test_offline_is_said_and_the_question_is_not_lost(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    page.get_by_role("button", name=FEE).wait_for()
    page.context.set_offline(True)
    page.get_by_text("网络已断开").wait_for()
    page.get_by_label("问题").fill(FEE)
    page.get_by_label("问题").press("Enter")
    page.get_by_role("alert").wait_for()
    shot(page, tmp_path, "offline")
    assert page.get_by_label("问题").input_value() == FEE
    page.context.set_offline(False)
    page.get_by_text("网络已断开").wait_for(state="detached")
    ask(page, FEE)
    assert "0.60%" in page.locator(".answer").last.inner_text()


def test_no_help_needs_a_reason_and_is_kept(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    ask(page, FEE)
    page.get_by_role("button", name="没帮助").click()
    page.get_by_label("原因").select_option("outdated")
    shot(page, tmp_path, "opinion")
    page.get_by_role("button", name="提交").click()
    page.get_by_text("已记录，谢谢。").wait_for()
    page.reload()
    page.get_by_role("button", name="没帮助", pressed=True).wait_for()


def test_in_a_frame_the_host_names_the_client_and_takes_the_text(open_page: Open, tmp_path: Path) -> None:
    page = open_page("/demo-host", width=1000)
    frame = page.frame_locator("iframe")
    frame.locator(".client strong", has_text=CLIENT).wait_for()
    frame.get_by_label("问题").fill(FEE)
    frame.get_by_label("问题").press("Enter")
    frame.get_by_role("button", name="插入").click()
    frame.get_by_role("button", name="已插入").wait_for()
    page.wait_for_function("document.getElementById('chat').value.includes('0.60%')")
    shot(page, tmp_path, "host")


def test_english(open_page: Open, tmp_path: Path) -> None:
    page = open_page("/?lang=en", width=320)
    page.get_by_label("Question").fill(FEE)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_role("button", name="Copy").wait_for()
    assert page.locator("html").get_attribute("lang") == "en"
    assert overflow(page) == 0
    shot(page, tmp_path, "english")


def test_in_wecom_the_text_goes_into_the_chat(open_page: Open, site: Site, tmp_path: Path) -> None:
    page = open_page(user_agent="Mozilla/5.0 wxwork/4.1.6 MicroMessenger/7.0.1")
    sdk = """export const register = (options) => { window.asked = options; };
             export const sendChatMessage = async (message) => { window.chat = message; };"""
    page.route("**/wecom-jssdk.js", lambda route: route.fulfill(content_type="text/javascript", body=sdk))
    page.route("**/v1/wecom", lambda route: route.fulfill(json={"corp_id": "ww1", "agent_id": "1"}))
    ask(page, FEE)
    page.get_by_role("button", name="发送到聊天").click()
    page.get_by_role("button", name="已发送").wait_for()
    assert "0.60%" in page.evaluate("window.chat.text.content")
    assert page.evaluate("window.asked.jsApiList") == ["sendChatMessage"]
    with site.house.engine.connect() as connection:
        assert connection.execute(select(sent_messages.c.channel)).scalars().all() == ["wecom"]
