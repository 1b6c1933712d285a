"""The pages in a real browser, at the width of a sidebar: Debian's Chromium through playwright."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from compliance_filters.finding import Outcome
from serve.app import create_app
from serve.listening import listen_on, shown
from serve.wiring import House
from tests.serve.conftest import FEE, settings_of
from tests.serve.test_held_answers import FIGURE, Objects, gated

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip
SIDEBAR = 360
NEXT = "那托管费呢"


@pytest.fixture(scope="module")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fontconfig file with the CJK fonts of the reports, so that a bare machine shows characters and not boxes."""
    from copilot.diagnosis.render_pdf import font_folder

    file = tmp_path_factory.mktemp("fonts") / "fonts.conf"
    file.write_text(
        f"<?xml version='1.0'?><fontconfig><dir>{font_folder()}</dir><dir>/usr/share/fonts</dir>"
        f"<cachedir>{file.parent / 'cache'}</cachedir></fontconfig>",
        encoding="utf-8",
    )
    return file


@pytest.fixture(scope="module")
def browser(fonts: Path) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        environment = {**os.environ, "FONTCONFIG_FILE": str(fonts)}
        made = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), env=environment)
        yield made
        made.close()


class Site:
    """The application on a free port, served from a thread, and its house."""

    def __init__(self, home: Path) -> None:
        self.house = House(settings_of(home))
        self._listener = listen_on("127.0.0.1", 0)
        self.url = shown(self._listener)
        self._server = uvicorn.Server(uvicorn.Config(create_app(self.house), log_config=None, access_log=False))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True)

    def start(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.02)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=20)
        self.house.close()


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    made = Site(home)
    made.start()
    yield made
    made.stop()


Open = Callable[..., "Page"]


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Open]:
    """Opens the sidebar in a window of its own; whatever the page says on its console fails the test."""
    contexts = []
    complaints: list[str] = []
    abroad: list[str] = []
    ours = (site.url, "data:")

    def open_(width: int = SIDEBAR, scheme: str = "light", height: int = 720) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: abroad.append(asked.url) if not asked.url.startswith(ours) else None)
        page.goto(site.url)
        page.get_by_label("问题").wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert abroad == []
    assert [line for line in complaints if "status of 503" not in line] == []


def ask(page: Page, question: str) -> None:
    before = page.locator(".answer:not(.coming)").count()
    page.get_by_label("问题").fill(question)
    page.get_by_role("button", name="提问").click()
    page.locator(".answer:not(.coming)").nth(before).wait_for(timeout=30_000)


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def test_a_question_is_answered_with_a_citation_that_opens(open_page: Open, site: Site, tmp_path: Path) -> None:
    page = open_page()
    assert overflow(page) == 0
    ask(page, FEE)
    answer = page.locator(".answer").last
    assert "0.60%" in answer.inner_text()
    assert answer.locator(".badge").inner_text() in {"合规通过", "已补充提示"}
    assert overflow(page) == 0
    page.screenshot(path=tmp_path / "answer.png")
    with page.expect_popup() as opened:
        answer.locator("a.cite").first.click()
    document = opened.value
    mark = document.locator("#mark")
    mark.wait_for()
    assert mark.inner_text() == "管理费 | 0.60%"
    assert document.evaluate("(() => { const r = document.getElementById('mark').getBoundingClientRect();"
                             "return r.top >= 0 && r.bottom <= innerHeight })()")  # fmt: skip
    assert overflow(document) == 0
    document.screenshot(path=tmp_path / "document.png")


def test_figures_that_are_added_stand_in_a_table_with_their_arithmetic(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    ask(page, "云岭稳健增利的管理费率和托管费率合计多少")
    table = page.get_by_role("table", name="数据对照")
    assert table.locator("tbody tr").count() == 2
    assert table.locator("tbody a.cite").count() == 2
    assert "0.75%（0.60% + 0.15%）" in table.locator("tfoot").inner_text()
    assert "风险等级R2" in page.locator(".answer").last.inner_text()
    assert overflow(page) == 0
    page.screenshot(path=tmp_path / "table.png", full_page=True)


def test_an_example_is_one_click_and_a_follow_up_works(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name=FEE).click()
    page.locator(".answer:not(.coming)").wait_for(timeout=30_000)
    ask(page, NEXT)
    assert "0.15%" in page.locator(".answer").last.inner_text()
    top = page.evaluate("document.querySelectorAll('.question')[1].getBoundingClientRect().top")
    assert 0 <= top < 400, "the latest question stands in view, its answer below it"


def test_the_talk_survives_a_reload(open_page: Open) -> None:
    page = open_page()
    ask(page, FEE)
    page.reload()
    page.locator(".answer").wait_for()
    assert "0.60%" in page.locator(".answer").inner_text()


def test_an_answer_is_copied_as_it_was_cleared(open_page: Open, site: Site) -> None:
    page = open_page()
    ask(page, FEE)
    page.get_by_role("button", name="复制").click()
    page.get_by_role("button", name="已复制").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "0.60%" in copied


def test_a_held_answer_shows_reasons_and_no_draft(open_page: Open, site: Site, tmp_path: Path) -> None:
    gated(site.house, Objects(FIGURE, Outcome.BLOCK))
    page = open_page()
    ask(page, FEE)
    answer = page.locator(".answer").last
    assert answer.locator(".badge").inner_text() == "已拦截"
    assert "出现了不宜显示的内容" in answer.inner_text()
    assert FIGURE not in page.content()
    assert page.get_by_role("button", name="复制").count() == 0
    page.screenshot(path=tmp_path / "held.png")


def test_nothing_found_is_said(open_page: Open) -> None:
    page = open_page()
    ask(page, "云岭稳健增利明天会涨到多少")
    assert page.locator(".answer").last.inner_text().strip()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_it_fits_every_width(open_page: Open, tmp_path: Path, width: int, scheme: str) -> None:
    page = open_page(width, scheme)
    page.screenshot(path=tmp_path / "first.png")
    ask(page, FEE)
    ask(page, "云岭价值精选2026年三季度过去一年净值增长率和业绩比较基准收益率各是多少")
    assert overflow(page) == 0
    page.screenshot(path=tmp_path / "talk.png")
    with page.expect_popup() as opened:
        page.locator("a.cite").last.click()
    opened.value.locator("#mark").wait_for()
    assert overflow(opened.value) == 0
    opened.value.screenshot(path=tmp_path / "document.png")


def test_the_keyboard_is_enough(open_page: Open) -> None:
    page = open_page()
    page.keyboard.type(FEE)
    page.keyboard.press("Enter")
    page.locator(".answer").wait_for(timeout=30_000)
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "问题"


def test_a_server_that_is_gone_is_told(open_page: Open, site: Site) -> None:
    page = open_page()
    page.route("**/v1/sessions", lambda route: route.fulfill(status=503, content_type="application/problem+json",
                                                              body='{"detail": "磁盘已满。"}'))  # fmt: skip
    page.get_by_label("问题").fill(FEE)
    page.get_by_role("button", name="提问").click()
    assert page.get_by_role("alert").inner_text() == "磁盘已满。"
