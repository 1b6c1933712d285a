"""Logging in and being logged out in a real browser: there and back, and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from knowledge_base.access import Role
from serve.users import OPERATOR
from tests.serve.rights.conftest import PASSWORD
from tests.serve.test_browser import Site, browser, fonts, overflow, site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser", "fonts", "site"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
WIDTHS = (320, 360, 1280)


@pytest.fixture
def open_at(browser: Browser, site: Site) -> Iterator[object]:
    site.house.users.add("A001", roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    site.house.credentials.set_password("A001", PASSWORD)
    contexts = []

    def open_(width: int, path: str) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 720})
        contexts.append(context)
        page = context.new_page()
        page.goto(site.url + path)
        return page

    yield open_
    for context in contexts:
        context.close()


def log_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("用户名").fill("A001")
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


@pytest.mark.parametrize("width", WIDTHS)
def test_there_and_back_and_out_again(open_at: object, site: Site, width: int) -> None:
    page: Page = open_at(width, "/board")  # type: ignore[operator]
    log_in(page, "wrong password")
    page.get_by_text("用户名或密码不正确").wait_for()
    assert page.get_by_text("正在打开").count() == 0
    assert overflow(page) == 0
    log_in(page)
    page.wait_for_url(f"{site.url}/board")
    page.get_by_text("A001（顾问）").wait_for()
    assert page.get_by_label("当前人员").count() == 0
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url(f"{site.url}/login")
    page.goto(f"{site.url}/board")
    page.wait_for_url(re.compile("/login"))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_login_that_ends_in_the_middle_says_so_in_sight(
    open_at: object, site: Site, width: int, tmp_path: Path
) -> None:
    page: Page = open_at(width, "/login?next=/")  # type: ignore[operator]
    log_in(page)
    page.get_by_role("button", name="退出登录").wait_for()
    site.house.sessions.end_all("A001")
    page.locator("textarea").first.fill("云岭稳健增利的管理费率是多少")
    page.keyboard.press("Enter")
    page.get_by_text("登录已过期").first.wait_for()
    box = page.locator(".login-ended").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 720
    page.get_by_role("link", name="重新登录").click()
    log_in(page)
    page.wait_for_url(f"{site.url}/")


def test_a_one_time_link_is_opened_once(open_at: object, site: Site) -> None:
    token, _until = site.house.credentials.invite("A001", principal=OPERATOR)
    page: Page = open_at(360, f"/login/setup#{token}")  # type: ignore[operator]
    page.get_by_label("新密码").fill("另外一句 更长的话 2027")
    page.get_by_label("再填一次").fill("另外一句 更长的话 2027")
    page.get_by_role("button", name="完成").click()
    page.get_by_text("设置完成").wait_for()
    page.reload()
    page.get_by_text("链接已使用或已过期").wait_for()
