"""Every page in a real browser: in one shell, narrow and wide, light and dark, with a navigation for who is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from knowledge_base.access import Role
from serve.users import OPERATOR
from tests.serve.rights.conftest import PASSWORD
from tests.serve.staff_cases import furnish
from tests.serve.test_accessibility import faults
from tests.serve.test_browser import Open, Site, browser, fonts, overflow, site
from tests.serve.test_pages import version_of
from tests.serve.test_worker import sound

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser", "fonts", "site", "sound"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHOTS = os.environ.get("SHOTS")  # a folder for pictures to be looked at
ADMINISTRATORS = (("adm", Role.ADMINISTRATOR), ("sec", Role.SECURITY), ("aud", Role.AUDIT))
# Each page with who looks at it, and what it shows when it has come.
LOOKED_AT = (
    ("/", "", "可以这样问"), ("/day", "A001", "今日客户"), ("/board", "A001", "申购基金"), ("/desk", "kefu", "服务台"),
    ("/calls", "kefu", "来电处理"), ("/segments", "A001", "符合条件的客户"), ("/outreach", "A001", "我的外发"),
    ("/review", "anna", "没有条目"), ("/knowledge", "anna", "季度报告"), ("/drift", "boss", "线索周报"),
    ("/evaluations", "boss", "还没有评测结果"), ("/exports", "A001", "还没有申请"), ("/search", "anna", "登记内容"),
    ("/admin/users", "adm", "添加用户"),
    ("/admin/security", "sec", "未设登录"), ("/admin/audit", "aud", "审计管理"), ("/calls/k1", "", "客户 C0003"),
    ("/login", "", "用户名"), ("/login/setup#none", "", "设置登录"), ("/demo-host", "", "聊天输入框"),
)  # fmt: skip


@pytest.fixture
def open_at(browser: Browser, site: Site, sound: Path) -> Iterator[Open]:
    """Opens a page as somebody, chosen beforehand; what it says on its console fails the test."""
    furnish(site.house, sound)
    server = site.house.settings.server.model_copy(update={"demo_host": True})
    site.house.settings = site.house.settings.model_copy(update={"server": server})
    for name, role in ADMINISTRATORS:
        site.house.users.add(name, roles=[role], branches=[], labels=[], principal=OPERATOR)
    contexts = []
    complaints: list[str] = []

    def open_(path: str, who: str = "", width: int = 1280, scheme: str = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(f"{path}: {error}"))
        page.add_init_script(
            f"sessionStorage.getItem('tougu.person') ?? sessionStorage.setItem('tougu.person', '{who}')"
        )
        page.goto(f"{site.url}{path}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [line for line in complaints if "status of 4" not in line] == []


def shot(page: Page, folder: Path, name: str) -> None:
    page.screenshot(path=Path(SHOTS or folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (360, "light"), (1280, "light"), (1280, "dark")])
def test_every_page_fits_and_is_accessible(open_at: Open, site: Site, tmp_path: Path, width: int, scheme: str) -> None:
    version = version_of(site.house, "转义")
    wrong: list[str] = []
    for path, who, sign in (*LOOKED_AT, (f"/documents/{version}?start=0&end=9", "", "转义")):
        page = open_at(path, who, width, scheme)
        page.locator("main").get_by_text(sign).first.wait_for()
        page.wait_for_load_state("networkidle")
        shot(page, tmp_path, f"{path.split('?')[0].strip('/').replace('/', '_') or 'sidebar'}_{width}_{scheme}")
        wrong += [f"{path}: {overflow(page)} pixels too wide"] if overflow(page) > 0 else []
        wrong += [f"{path}: {fault}" for fault in faults(page)]
        page.close()
    assert wrong == []


def pages_of(page: Page) -> list[str]:
    return page.get_by_role("navigation", name="页面").get_by_role("link").all_inner_texts()


def test_the_navigation_follows_who_acts(open_at: Open) -> None:
    page = open_at("/board", "A001")
    page.get_by_role("navigation", name="页面").wait_for()
    assert pages_of(page) == ["投顾助手", "今日", "线索看板", "服务台", "客群", "客群外发", "导出审批"]
    assert page.locator("nav.pages a[aria-current=page]").inner_text() == "线索看板"
    page.get_by_label("当前人员").select_option("sec")
    page.get_by_role("link", name="登录与密钥").click()
    page.get_by_text("未设登录").first.wait_for()
    assert pages_of(page) == ["登录与密钥"]


def test_what_another_was_shown_goes_before_the_navigation_is_known(open_at: Open, site: Site) -> None:
    site.house.audit.append(event="access.view", actor="A001", subject="C0003", data={"what": "lead", "count": 2})
    page = open_at("/admin/audit", "aud")
    page.locator("li.card").first.wait_for()
    page.route("**/v1/me", lambda _: None)  # no answer
    page.get_by_label("当前人员").select_option("A001")
    page.get_by_text("当前人员没有这项权限").wait_for()
    assert page.locator("li.card").count() == 0


def test_on_a_phone_the_navigation_opens_by_a_button(open_at: Open, tmp_path: Path) -> None:
    page = open_at("/board", "anna", 320)
    page.get_by_role("button", name="菜单").wait_for()
    assert not page.get_by_role("link", name="合规审核").is_visible()
    page.get_by_role("button", name="菜单").press("Enter")
    shot(page, tmp_path, "menu_320")
    assert overflow(page) == 0
    assert faults(page) == []
    page.get_by_role("link", name="合规审核").click()
    page.get_by_text("没有条目").wait_for()


def test_who_is_logged_in_sees_their_own_pages_and_nobody_else(open_at: Open, site: Site) -> None:
    site.house.credentials.set_password("anna", PASSWORD)
    page = open_at("/review")
    page.get_by_label("用户名").fill("anna")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_text("anna（合规）").wait_for()
    assert "合规审核" in pages_of(page)
    assert "安全管理" not in pages_of(page)
    assert page.get_by_label("当前人员").count() == 0


def test_a_name_that_is_gone_is_the_operator_again(open_at: Open) -> None:
    page = open_at("/board", "left-the-firm")
    page.get_by_text("团队", exact=True).first.wait_for()
    assert page.get_by_label("当前人员").input_value() == ""


def test_in_a_frame_there_is_nowhere_to_go(open_at: Open) -> None:
    page = open_at("/demo-host")
    frame = page.frame_locator("iframe")
    frame.get_by_label("问题").wait_for()
    assert frame.get_by_role("navigation", name="页面").count() == 0
