"""The loop in a real browser: the advisor's page of a report, and the client's pages at 360 pixels without scripts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.serve.loop_cases import PHONE, Firm, loop_settings, with_navs
from tests.serve.test_browser import Site, browser, fonts, overflow

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser", "fonts"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHOTS = os.environ.get("SHOTS")  # a folder for pictures to be looked at


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    made = Site(with_navs(home))
    made.house.settings = loop_settings(home)
    made.firm = Firm(made.house)  # type: ignore[attr-defined]
    made.start()
    yield made
    made.stop()


@pytest.fixture
def firm(site: Site) -> Firm:
    found: Firm = site.firm  # type: ignore[attr-defined]
    return found


Open = Callable[..., "Page"]


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Open]:
    """A window that fails the test for whatever its console says."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_(path: str, *, width: int = 360, scripts: bool = True, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=scripts, user_agent=PHONE, **options
        )
        contexts.append(context)
        page: Page = context.new_page()
        page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path if path.startswith("http") else site.url + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [line for line in complaints if "status of 4" not in line] == []


def shot(page: Page, tmp_path: Path, name: str) -> None:
    page.screenshot(path=Path(SHOTS or tmp_path) / f"{name}.png", full_page=True)


def test_an_advisor_edits_and_sends_and_a_client_reads_and_answers(
    site: Site, firm: Firm, open_page: Open, tmp_path: Path
) -> None:
    report = firm.diagnosis()
    desk = open_page(f"/diagnoses/{report}", width=420)
    desk.get_by_text("合规通过").wait_for()
    desk.frame_locator("iframe").get_by_text("甄海棠", exact=False).first.wait_for()
    desk.screenshot(path=Path(SHOTS or tmp_path) / "preview.png")
    first = desk.locator("textarea").first
    first.fill(first.input_value().replace("共持有", "目前持有"))
    desk.get_by_role("button", name="提交修改").click()
    desk.get_by_role("button", name="把第 2 版发送给客户").wait_for()
    desk.get_by_text("第 2 版", exact=True).first.wait_for()
    assert overflow(desk) == 0
    desk.get_by_role("button", name="把第 2 版发送给客户").click()
    address = desk.locator(".address")
    address.wait_for()
    url = address.inner_text().replace("http://127.0.0.1:8600", site.url)
    shot(desk, tmp_path, "desk")

    phone = open_page(url, scripts=False)
    assert "甄海棠" not in phone.content()
    assert overflow(phone) == 0
    shot(phone, tmp_path, "door")
    phone.get_by_role("button", name="获取验证码").click()
    firm.post_out()
    phone.get_by_label("六位验证码").fill("000000" if firm.gateway.last("code").secret != "000000" else "111111")
    phone.get_by_role("button", name="查看报告").click()
    phone.get_by_text("验证码不正确，还可以尝试4次").wait_for()
    shot(phone, tmp_path, "wrong")
    phone.get_by_label("六位验证码").fill(firm.gateway.last("code").secret)
    phone.get_by_role("button", name="查看报告").click()
    phone.get_by_text("目前持有", exact=False).first.wait_for()
    assert overflow(phone) == 0
    phone.get_by_role("button", name="同意", exact=True).click()
    phone.get_by_label("向顾问提问").fill("<b>为什么</b>这么集中？")
    phone.get_by_role("button", name="提交问题").click()
    phone.get_by_text("问题已转给您的投资顾问").wait_for()
    phone.get_by_label("很有").check()
    phone.get_by_role("button", name="提交评价").click()
    phone.get_by_text("感谢您的评价").wait_for()
    shot(phone, tmp_path, "contents")
    phone.get_by_role("link", name="诊断发现").first.click()
    phone.get_by_role("heading", name="诊断发现").wait_for()
    assert overflow(phone) == 0
    shot(phone, tmp_path, "section")
    phone.go_back()
    phone.get_by_role("link", name="完整报告（含图表）").click()
    phone.get_by_text("目前持有", exact=False).first.wait_for()
    assert phone.locator("img").first.evaluate("(i) => i.naturalWidth") > 0
    assert overflow(phone) == 0
    shot(phone, tmp_path, "report")

    desk.reload()
    desk.get_by_text("很有").or_(desk.get_by_text("5 分")).first.wait_for()
    assert "<b>为什么</b>这么集中？" in desk.locator(".cards").inner_text()
    desk.get_by_role("button", name="撤回链接").click()
    desk.get_by_label("撤回原因").fill("客户要求")
    desk.get_by_role("button", name="确认撤回").click()
    desk.get_by_text("已撤回").wait_for()
    shot(desk, tmp_path, "desk_after")
    phone.goto(url)
    phone.get_by_role("heading", name="链接无效或已失效").wait_for()
    shot(phone, tmp_path, "gone")


def test_the_pages_of_a_client_are_sound_for_everybody(firm: Firm, open_page: Open, site: Site, tmp_path: Path) -> None:
    link = firm.send(firm.diagnosis())
    for scheme in ("light", "dark"):
        page = open_page(link["url"].replace("http://127.0.0.1:8600", site.url), color_scheme=scheme)
        assert page.locator("html").get_attribute("lang") == "zh-CN"
        assert page.locator("h1").count() == 1
        unnamed = page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]),textarea')].filter(e => !e.labels.length).length"
        )
        assert unnamed == 0
        small = page.evaluate(
            "[...document.querySelectorAll('button')].filter(e => e.getBoundingClientRect().height < 44).length"
        )
        assert small == 0
        shot(page, tmp_path, f"door_{scheme}")


def test_progress_is_shown_while_a_report_is_made(firm: Firm, open_page: Open) -> None:
    answer = firm.api.post("/v1/diagnoses", json={"client_id": "C0001", "format": "html"})
    page = open_page(f"/diagnoses/{answer.json()['id']}")
    page.get_by_text("正在生成").wait_for()
    firm.work()
    page.get_by_text("合规通过").wait_for(timeout=20_000)


def test_a_diagnosis_is_started_from_the_sidebar(firm: Firm, open_page: Open, tmp_path: Path) -> None:
    page = open_page("/", width=360)
    page.get_by_text("基金诊断", exact=True).click()
    page.get_by_label("客户编号、姓名或基金代码").fill("不存在")
    page.get_by_role("button", name="开始诊断").click()
    page.get_by_text("没有找到“不存在”").wait_for()
    page.get_by_label("客户编号、姓名或基金代码").fill("甄海棠")
    page.locator("datalist option[value=C0001]").wait_for(state="attached")
    assert overflow(page) == 0
    shot(page, tmp_path, "sidebar_diagnosis")
    page.get_by_role("button", name="开始诊断").click()
    page.wait_for_url("**/diagnoses/*")
    page.get_by_text("正在生成").wait_for()
    firm.work()
    page.get_by_text("合规通过").wait_for(timeout=20_000)


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_the_client_of_the_talk_is_diagnosed_in_one_click(
    firm: Firm, open_page: Open, tmp_path: Path, width: int
) -> None:
    page = open_page("/", width=width)
    page.get_by_role("button", name="选择客户").click()
    page.get_by_label("客户编号或姓名", exact=True).fill("海棠")
    page.get_by_role("button", name="甄海棠（C0001）").click()
    page.locator(".client summary").click()
    page.get_by_role("button", name="为此客户做持仓诊断").click()
    page.wait_for_url("**/diagnoses/*")
    page.get_by_role("progressbar", name="生成进度").wait_for()
    shot(page, tmp_path, f"progress_{width}")
    firm.work()
    page.get_by_text("合规通过").wait_for(timeout=20_000)
    assert overflow(page) == 0
    shot(page, tmp_path, f"diagnosed_{width}")


@pytest.mark.parametrize(
    ("words", "opens"),
    [("诊断客户C0001", True), ("给C0001做一份持仓诊断", True), ("诊断报告里的回撤是什么意思", False)],
)
def test_a_line_that_asks_for_a_diagnosis_starts_it(open_page: Open, words: str, opens: bool) -> None:
    page = open_page("/", width=360)
    page.get_by_label("问题").fill(words)
    page.get_by_role("button", name="提问").click()
    if opens:
        page.wait_for_url("**/diagnoses/*")
        page.get_by_text("正在生成").wait_for()
    else:
        page.locator(".answer").first.wait_for(timeout=30_000)
        assert page.url.endswith("/")
