"""The editors' page in a real browser, narrow and wide: upload, preview, a contradiction settled, wording approved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from knowledge_base.access import Role
from serve.sample import import_wordings
from serve.users import OPERATOR
from serve.worker import running_worker
from tests.serve.test_accessibility import faults
from tests.serve.test_browser import Site, browser, fonts, overflow, site
from tests.serve.test_segments_browser import Open, open_at

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["browser", "fonts", "open_at", "site"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
TABS = {"文件": "赎回到账", "上传": "支持 HTML", "矛盾": "风险测评", "标准话术": "基金保本吗", "未答问题": "火星"}


@pytest.fixture
def staffed(site: Site) -> Iterator[Site]:
    for name, roles in (("editor", [Role.EDITOR]), ("officer", [Role.COMPLIANCE])):
        site.house.users.add(name, roles=roles, branches=[], labels=[], principal=OPERATOR)
    import_wordings(site.house)
    site.house.session.ask("火星基金的管理费率是多少", principal=OPERATOR, today=site.house.today())
    with running_worker(site.house, wanted=True):
        yield site


def tab(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="分页").get_by_role("button", name=name, exact=True).click()


def act_as(page: Page, who: str) -> None:
    page.get_by_label("人员").select_option(who)


@pytest.mark.parametrize("width", [360, 1280])
def test_every_tab_fits_and_is_accessible(open_at: Open, staffed: Site, tmp_path: Path, width: int) -> None:
    page = open_at("/knowledge", width=width, scheme="light" if width > 400 else "dark")
    for name, sign in TABS.items():
        tab(page, name)
        page.get_by_text(sign).first.wait_for()
        page.screenshot(path=tmp_path / f"{width}-{name}.png", full_page=True)
        assert overflow(page) == 0, name
        assert faults(page) == [], name
    tab(page, "文件")
    page.get_by_role("button", name="990002").or_(page.get_by_role("button", name="季度报告")).first.click()
    page.get_by_text("修改状态、有效期、标签与风险等级").click()
    page.get_by_role("region", name="内容预览").wait_for()
    page.screenshot(path=tmp_path / f"{width}-document.png", full_page=True)
    assert overflow(page) == 0
    assert faults(page) == []


def test_a_file_goes_in_and_is_withdrawn(open_at: Open, staffed: Site, tmp_path: Path) -> None:
    file = tmp_path / "柜台时间.md"
    file.write_text("# 柜台办理时间说明\n\n柜台办理时间为每个交易日的九点至十五点。\n", encoding="utf-8")
    page = open_at("/knowledge#upload")
    act_as(page, "editor")
    broken = tmp_path / "坏.pdf"
    broken.write_bytes(b"%PDF-1.4 nonsense")
    page.get_by_label("选择文件").set_input_files(broken)
    page.get_by_text("这份文件无法读取").wait_for()
    page.get_by_label("选择文件").set_input_files(file)
    page.get_by_text("九点至十五点").wait_for()
    assert faults(page) == []
    page.get_by_role("button", name="确认入库").click()
    page.get_by_text("已入库，可以检索。").wait_for(timeout=20_000)
    page.get_by_role("button", name="查看文件").click()
    page.get_by_text("修改状态、有效期、标签与风险等级").click()
    page.get_by_label("状态").select_option("withdrawn")
    page.get_by_role("button", name="保存修改").click()
    page.locator(".badge").get_by_text("已撤下").first.wait_for()


def test_an_editor_settles_and_an_officer_approves(open_at: Open, staffed: Site, tmp_path: Path) -> None:
    page = open_at("/knowledge#conflicts")
    act_as(page, "editor")
    page.get_by_role("button", name="左侧为准").first.click()
    assert page.get_by_role("alert").inner_text() == "请写明裁定理由。"
    page.get_by_label("裁定理由").first.fill("以管理办法为准")
    page.get_by_role("button", name="左侧为准").first.click()
    page.get_by_text("没有这样的矛盾。").wait_for()
    page.get_by_label("状态").select_option("settled")
    page.get_by_text("左侧为准：以管理办法为准（editor").wait_for()
    page.screenshot(path=tmp_path / "settled.png", full_page=True)
    tab(page, "标准话术")
    page.get_by_role("button", name="新写一条").click()
    page.get_by_label("名称").fill("opening")
    page.get_by_label("问题").fill("营业部几点开门")
    page.get_by_label("话术", exact=True).fill("营业部交易日九点开门。")
    assert faults(page) == []
    page.get_by_role("button", name="提交审批").click()
    page.get_by_text("营业部交易日九点开门。").wait_for()
    assert page.get_by_role("button", name="批准", exact=True).count() == 0
    act_as(page, "officer")
    item = page.locator("li.card").filter(has_text="营业部几点开门")
    item.get_by_label("意见").fill("属实")
    item.get_by_role("button", name="批准", exact=True).click()
    item.get_by_text("已批准", exact=True).wait_for()
    page.screenshot(path=tmp_path / "approved.png", full_page=True)
