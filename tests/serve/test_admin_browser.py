"""The pages of the three administrators in a real browser: each deed, what it leaves behind, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from knowledge_base.access import Role
from serve.users import OPERATOR
from tests.serve.rights.conftest import PASSWORD, told
from tests.serve.test_accessibility import faults
from tests.serve.test_browser import Open, Site, browser, fonts, overflow, site
from tests.serve.test_pages_browser import open_at, shot
from tests.serve.test_worker import sound

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["browser", "fonts", "open_at", "site", "sound"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
WIDTHS = [(320, "dark"), (360, "light"), (1280, "light")]


def sound_page(page: Page, folder: Path, name: str) -> None:
    """Fits, is accessible, and is kept as a picture."""
    shot(page, folder, name)
    assert overflow(page) == 0, name
    assert faults(page) == [], name


def card(page: Page, words: str) -> object:
    return page.locator("li.card", has_text=words)


@pytest.mark.parametrize(("width", "scheme"), WIDTHS)
def test_a_user_is_added_changed_and_disabled(
    open_at: Open, site: Site, tmp_path: Path, width: int, scheme: str
) -> None:
    page = open_at("/admin/users", "adm", width, scheme)
    page.get_by_role("button", name="添加用户").click()
    form = page.get_by_role("form", name="添加用户")
    form.get_by_role("button", name="保存").click()
    assert "请填写用户名" in form.get_by_role("alert").inner_text()
    form.get_by_label("用户名").fill("gu.qingshan")
    form.get_by_label("主管").check()
    form.get_by_label("营业部").fill("临江路营业部，望湖路营业部")
    sound_page(page, tmp_path, f"admin_user_{width}_{scheme}")
    form.get_by_role("button", name="保存").click()
    page.get_by_text("已添加 gu.qingshan。").wait_for()
    user = site.house.users.principal("gu.qingshan")
    assert (user.roles, user.branches) == (
        {Role.ADVISOR, Role.SUPERVISOR}, {"临江路营业部", "望湖路营业部"},
    )  # fmt: skip
    card(page, "gu.qingshan").get_by_role("button", name="修改").click()  # type: ignore[attr-defined]
    page.get_by_label("系统管理员").check()
    page.get_by_label("审计管理员").check()
    page.get_by_role("button", name="保存").click()
    page.get_by_text("一人只能任其一").wait_for()
    page.get_by_role("button", name="取消").click()
    card(page, "gu.qingshan").get_by_role("button", name="停用").click()  # type: ignore[attr-defined]
    page.get_by_role("button", name="确认停用").click()
    page.get_by_text("已停用 gu.qingshan").wait_for()
    assert [each["event"] for each in told(site.house, "user.")] == ["user.removed", "user.changed"]
    card(page, "adm").get_by_role("button", name="停用").click()  # type: ignore[attr-defined]
    page.get_by_role("button", name="确认停用").click()
    page.get_by_text("不能停用自己").wait_for()
    page.get_by_role("button", name="设置", exact=True).click()
    page.get_by_label("查找").fill("server.port")
    page.get_by_text("8600", exact=True).first.wait_for()
    page.get_by_label("查找").fill("copilot.wecom")
    sound_page(page, tmp_path, f"admin_settings_{width}_{scheme}")


@pytest.mark.parametrize(("width", "scheme"), WIDTHS)
def test_security_invites_ends_unlocks_and_gives_keys(
    open_at: Open, site: Site, tmp_path: Path, width: int, scheme: str
) -> None:
    house = site.house
    house.sessions.open("A001", how="password", address="10.0.0.7")
    for _ in range(house.settings.auth.failures):
        house.lockouts.begin("A002", "10.0.0.9")
    page = open_at("/admin/security", "sec", width, scheme)
    card(page, "A002").get_by_role("button", name="生成设置链接").click()  # type: ignore[attr-defined]
    link = page.get_by_label("设置链接").input_value()
    assert "/login/setup#" in link
    sound_page(page, tmp_path, f"admin_invite_{width}_{scheme}")
    page.get_by_role("button", name="在线").click()
    page.get_by_text("10.0.0.7").wait_for()
    page.get_by_role("button", name="结束 A001 的登录").click()
    page.get_by_text("现在没有人登录").wait_for()
    page.get_by_role("button", name="锁定").click()
    page.get_by_text("失败 5 次").first.wait_for()
    sound_page(page, tmp_path, f"admin_lockouts_{width}_{scheme}")
    card(page, "A002").get_by_role("button", name="解锁").click()  # type: ignore[attr-defined]
    page.get_by_text("已解锁 A002").wait_for()
    page.get_by_role("button", name="接口密钥").click()
    page.get_by_role("button", name="新密钥").click()
    page.get_by_label("名称").fill("crm-pull")
    page.get_by_role("button", name="生成密钥").click()
    page.get_by_text("请至少选一组可用的接口").wait_for()
    page.get_by_label("leads").check()
    page.get_by_role("button", name="生成密钥").click()
    key = page.get_by_label("密钥", exact=True).input_value()
    assert key.startswith("tgk_")
    sound_page(page, tmp_path, f"admin_keys_{width}_{scheme}")
    assert house.api_keys.holder(key, "test") is not None
    page.get_by_role("button", name="吊销 crm-pull").click()
    page.get_by_text("已吊销").wait_for()
    assert house.api_keys.holder(key, "test") is None
    page.get_by_role("button", name="登录记录").click()
    page.get_by_role("cell", name="发出设置链接").wait_for()
    sound_page(page, tmp_path, f"admin_logins_{width}_{scheme}")


@pytest.mark.parametrize(("width", "scheme"), WIDTHS)
def test_audit_finds_who_saw_and_who_was_refused(
    open_at: Open, site: Site, tmp_path: Path, width: int, scheme: str
) -> None:
    site.house.audit.append(event="access.view", actor="A001", subject="C0003", data={"what": "lead", "count": 2})
    site.house.audit.append(
        event="refused", actor="A009", data={"route": "GET /v1/clients/{client_id}/card", "status": 404}
    )
    site.house.audit.append(event="export.made", actor="boss", data={"what": "leads", "rows": 900})
    page = open_at("/admin/audit", "aud", width, scheme)
    page.get_by_text("线索 2 项").wait_for()
    assert "C0003" not in page.locator("main").inner_text()
    page.get_by_label("做了什么").select_option("refused")
    page.get_by_role("button", name="查询").click()
    page.get_by_text("GET /v1/clients/{client_id}/card（404）").wait_for()
    page.get_by_label("做了什么").select_option("")
    page.get_by_label("操作人").fill("boss")
    page.get_by_role("button", name="查询").click()
    page.get_by_text("导出文件").wait_for()
    assert page.locator("li.card").count() == 1
    sound_page(page, tmp_path, f"admin_audit_{width}_{scheme}")


def test_an_invited_person_sets_the_login_up_and_comes_in(open_at: Open, site: Site) -> None:
    site.house.users.add("sec2", roles=[Role.SECURITY], branches=[], labels=[], principal=OPERATOR)
    page = open_at("/admin/security", "sec")
    card(page, "boss").get_by_role("button", name="生成设置链接").click()  # type: ignore[attr-defined]
    link = page.get_by_label("设置链接").input_value()
    page.goto(link)
    page.get_by_label("新密码").fill(PASSWORD)
    page.get_by_label("再填一次").fill(PASSWORD)
    page.get_by_role("button", name="完成").click()
    page.get_by_role("link", name="登录").click()
    page.get_by_label("用户名").fill("boss")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_text("boss（主管）").wait_for()
