"""The pages of a report by axe-core in a real browser: WCAG 2.2, levels A and AA, narrow and wide, light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.serve.loop_cases import Firm
from tests.serve.test_browser import Site
from tests.serve.test_loop_browser import Open, browser, firm, fonts, open_page, site

if TYPE_CHECKING:
    from playwright.sync_api import Page

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="expected: needs the wheel axe-playwright-python"
)
__all__ = ["browser", "firm", "fonts", "open_page", "site"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def faults(page: Page) -> list[str]:
    """What axe-core finds: rule, and the first element that breaks it."""
    options: dict[str, Any] = {"runOnly": {"type": "tag", "values": LEVELS}, "resultTypes": ["violations"]}
    found = axe.Axe().run(page, options=options).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['target']} {each['nodes'][0]['failureSummary']}" for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_advisors_page_of_a_report(firm: Firm, open_page: Open, scheme: str) -> None:
    report = firm.diagnosis()
    for width in (420, 1280):
        page = open_page(f"/diagnoses/{report}", width=width, color_scheme=scheme)
        page.get_by_text("合规通过").wait_for()
        page.locator("textarea").first.wait_for()
        assert faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_a_client(firm: Firm, open_page: Open, site: Site, scheme: str) -> None:
    link = firm.send(firm.diagnosis())
    page = open_page(link["url"].replace("http://127.0.0.1:8600", site.url), color_scheme=scheme)
    assert faults(page) == []
    page.get_by_role("button", name="获取验证码").click()
    firm.post_out()
    assert faults(page) == []
    page.get_by_label("六位验证码").fill(firm.gateway.last("code").secret)
    page.get_by_role("button", name="查看报告").click()
    page.get_by_role("button", name="同意", exact=True).click()
    assert faults(page) == []
    page.get_by_role("link", name="诊断发现").first.click()
    assert faults(page) == []


@pytest.mark.parametrize("width", [360, 1280])
def test_the_report_itself(firm: Firm, open_page: Open, width: int) -> None:
    report = firm.diagnosis()
    page = open_page(f"/v1/diagnoses/{report}/versions/1/file?format=html", width=width)
    assert faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_way_to_a_diagnosis(open_page: Open, scheme: str) -> None:
    page = open_page("/", color_scheme=scheme)
    page.get_by_text("基金诊断", exact=True).click()
    page.get_by_label("客户编号、姓名或基金代码").fill("C0001")
    assert faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_sidebar_in_use(open_page: Open, scheme: str, width: int) -> None:
    page = open_page("/", color_scheme=scheme, width=width)
    page.get_by_role("button", name="选择客户").click()
    page.get_by_label("客户编号或姓名", exact=True).fill("海棠")
    page.get_by_role("button", name="甄海棠（C0001）").click()
    page.locator(".client summary").click()
    page.get_by_label("问题").fill("云岭稳健增利的管理费率是多少")
    page.get_by_label("问题").press("Enter")
    page.get_by_role("button", name="没帮助").click()
    page.get_by_role("button", name="编辑后发送").click()
    page.get_by_label("发给客户的文字").fill("这只产品稳赚不赔。")
    page.get_by_role("button", name="审核", exact=True).click()
    page.locator("mark.bad").first.wait_for()
    assert faults(page) == []
