"""A large file in a real browser: refused with what to do, asked for, approved by another person, fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from serve.rights.settings import LimitSettings
from tests.serve.test_accessibility import faults
from tests.serve.test_browser import Open, Site, browser, fonts, overflow, site
from tests.serve.test_outreach_browser import TEXT, rich
from tests.serve.test_pages_browser import open_at, shot
from tests.serve.test_worker import sound

__all__ = ["browser", "fonts", "open_at", "site", "sound"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def small(site: Site) -> Site:
    """Nothing is free."""
    site.house.settings = site.house.settings.model_copy(update={"limits": LimitSettings(export_rows=1)})
    return site


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_what_is_too_large_is_asked_for_and_another_decides(
    small: Site, open_at: Open, tmp_path: Path, width: int, scheme: str
) -> None:
    house = small.house
    assert len(rich(house)) > 1
    page = open_at("/outreach", "boss", width, scheme)
    page.get_by_text("您可见的客户").wait_for()
    page.get_by_label("用途").fill("策略会邀请")
    page.get_by_label("文字").fill(TEXT)
    page.get_by_role("button", name="逐位审核").click()
    page.get_by_role("button", name="取走可外发的文字").click()
    page.get_by_role("alert").get_by_text("“导出审批”页").wait_for()
    page.goto(f"{small.url}/exports")
    form = page.get_by_role("form", name="申请")
    form.get_by_role("button", name="提交申请").click()
    assert "请填写用途" in form.get_by_role("alert").inner_text()
    form.get_by_label("内容").select_option("outreach")
    form.get_by_label("行数，至多").fill("50")
    form.get_by_label("用途").fill("策略会邀请")
    form.get_by_role("button", name="提交申请").click()
    page.get_by_text("须由另一人审批").wait_for()
    assert page.get_by_role("button", name="批准", exact=True).count() == 0, "not by who asked"
    shot(page, tmp_path, f"exports_asked_{width}_{scheme}")
    assert (overflow(page), faults(page)) == (0, [])
    officer = open_at("/exports", "anna", width, scheme)
    officer.get_by_label("审批意见").fill("可以")
    shot(officer, tmp_path, f"exports_decide_{width}_{scheme}")
    assert (overflow(officer), faults(officer)) == (0, [])
    officer.get_by_role("button", name="批准", exact=True).click()
    officer.get_by_text("有效至").wait_for()
    page.goto(f"{small.url}/outreach")
    page.get_by_role("button", name="查看").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="取走可外发的文字").click()
    assert '"export"' in Path(download.value.path()).read_text("utf-8")
