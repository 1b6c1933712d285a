"""The officer's page in a real browser: every list, both colour schemes, narrow and wide, by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compliance_filters.review.item import View
from knowledge_base.access import Principal, Role
from tests.serve.review_cases import INSIDER, MARKUP, ask, make_late, take_call, with_officers
from tests.serve.test_browser import Open, Site, browser, fonts, overflow, site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser", "fonts", "site"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]

OFFICER = Principal(user_id="anna", roles=frozenset({Role.COMPLIANCE}))


@pytest.fixture
def open_review(browser: Browser, site: Site) -> Iterator[Open]:
    """Opens the page as an officer; whatever it says on its console, and any dialog, fails the test."""
    contexts = []
    complaints: list[str] = []

    def open_(width: int = 1280, scheme: str = "light", officer: str = "anna") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
        page.goto(f"{site.url}/review")
        page.get_by_label("当前人员").select_option(officer)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [line for line in complaints if "status of 4" not in line] == []


@pytest.fixture
def furnished_queue(site: Site) -> str:
    """Something in every list; returns the id of a held lead."""
    house = site.house
    with_officers(house, sample_share=1.0)
    ask(house, "您好，明天上午方便通话吗？")
    ask(house, MARKUP, client_id="C0003")
    ask(house, "第二条也有疑。")
    ask(house, INSIDER)
    return take_call(house)


def tab(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def entry(page: Page, n: int = 0) -> None:
    page.locator(".entry").nth(n).click()
    page.locator("article.item").wait_for()


@pytest.mark.usefixtures("furnished_queue")
def test_an_item_is_read_as_text_and_approved(open_review: Open, site: Site) -> None:
    page = open_review()
    entry(page)
    assert page.locator(".original").first.inner_text().replace("\n", "") == MARKUP
    assert page.locator(".original img, .original b").count() == 0
    assert page.locator(".original mark").inner_text() == "有疑"
    shown = page.locator("article.item").inner_text()
    for words in ("promise.return", "证券法", "A001", "C0003", "云岭稳健增利"):
        assert words in shown
    page.get_by_role("button", name="批准", exact=True).click()
    assert page.get_by_role("alert").inner_text() == "请填写理由。"
    page.get_by_label("理由").fill("内容无误")
    page.get_by_role("button", name="批准", exact=True).click()
    page.get_by_text("已批准。").wait_for()
    page.locator(".entry").nth(1).wait_for(state="detached")
    (done,) = site.house.review_queue.page(View.DECIDED, principal=OFFICER).items
    assert (done.decided_by, done.reason) == ("anna", "内容无误")


@pytest.mark.usefixtures("furnished_queue")
def test_an_edit_is_judged_again_on_the_page(open_review: Open) -> None:
    page = open_review()
    entry(page, 1)
    page.get_by_role("button", name="修改并批准").click()
    box = page.get_by_label("修改后的文字")
    box.fill("放心，稳赚不赔。")
    page.get_by_label("理由").fill("改写")
    page.get_by_role("button", name="提交修改并批准").click()
    page.get_by_text("修改后的文字仍未通过").wait_for()
    box.fill("第二条写清楚了。")
    page.get_by_role("button", name="提交修改并批准").click()
    page.get_by_text("已批准。").wait_for()


@pytest.mark.usefixtures("furnished_queue")
def test_a_missed_span_is_marked_in_characters(open_review: Open, site: Site) -> None:
    ask(site.house, "😀😀您好，基金经理换人了，有疑。")
    page = open_review()
    entry(page, 2)
    page.get_by_text("标出漏报").click()
    page.evaluate("""() => {
        const text = document.querySelector('.original').firstChild;
        const at = text.data.indexOf('基金经理');
        getSelection().setBaseAndExtent(text, at, text, at + 4);
    }""")
    page.get_by_role("button", name="取用所选").click()
    page.get_by_label("规则编号").fill("disparagement")
    page.get_by_role("button", name="标为漏报").click()
    page.get_by_text("已记入纠错").wait_for()
    (mistake,) = site.house.mistakes.list(principal=OFFICER)
    assert (mistake.quote, mistake.rule) == ("基金经理", "disparagement")


def test_spoken_words_are_disposed_of_and_free_the_lead(open_review: Open, site: Site, furnished_queue: str) -> None:
    page = open_review()
    tab(page, "录音用语")
    card = page.locator(".card").filter(has_text="稳赚不赔")
    assert "1:11" in card.inner_text()
    card.get_by_label("说明").fill("已回访客户更正")
    card.get_by_role("button", name="处置").click()
    page.get_by_text("放行线索 1 条").wait_for()
    assert site.house.leads.get(furnished_queue, principal=OFFICER).state.value == "new"


@pytest.mark.usefixtures("furnished_queue")
def test_without_an_officer_nothing_confidential_is_shown(open_review: Open) -> None:
    page = open_review(officer="")
    page.locator(".entry").first.wait_for()
    tab(page, "保密")
    page.get_by_role("alert").wait_for()
    assert page.locator(".entry").count() == 0
    page.get_by_label("当前人员").select_option("ben")
    entry(page)
    assert INSIDER in page.locator(".original").first.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 720, 1280])
@pytest.mark.usefixtures("furnished_queue")
def test_every_list_fits(open_review: Open, site: Site, tmp_path: Path, width: int, scheme: str) -> None:
    make_late(site.house)
    page = open_review(width, scheme)
    for name in ("待审核", "已逾期", "抽查", "保密"):
        tab(page, name)
        entry(page)
        assert overflow(page) == 0, name
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
    for name in ("录音用语", "指标", "纠错"):
        tab(page, name)
        page.locator(".panel").wait_for()
        page.wait_for_timeout(200)
        assert overflow(page) == 0, name
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)


@pytest.mark.usefixtures("furnished_queue")
def test_the_keyboard_is_enough(open_review: Open) -> None:
    page = open_review()
    page.locator(".entry").first.wait_for()
    page.locator(".entry").first.focus()
    page.keyboard.press("Enter")
    page.locator("article.item h2").wait_for()
    assert page.evaluate("document.activeElement.tagName") == "H2"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.decide') && document.activeElement.tagName") == "TEXTAREA":
            break
    page.keyboard.type("内容无误")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("已批准。").wait_for()
