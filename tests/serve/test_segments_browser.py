"""The pages of segments and of the weekly report in a real browser: pick, count, keep, ask, approve, fetch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete

from intent.leads.drift import week_of
from knowledge_base.access import Role
from knowledge_base.clients import BehaviourEvent
from knowledge_base.events import SHANGHAI
from knowledge_base.tables import event_days
from serve.users import OPERATOR
from tests.intent.drift.test_drift import fill as fill_weeks
from tests.serve.test_browser import Open, Site, browser, fonts, overflow, site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser", "fonts", "site"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def open_at(browser: Browser, site: Site) -> Iterator[Open]:
    """Opens a page as the operator; whatever it says on its console fails the test."""
    contexts = []
    complaints: list[str] = []

    def open_(path: str, width: int = 1280, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{site.url}{path}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [line for line in complaints if "status of 4" not in line] == []


@pytest.fixture
def tagged(site: Site) -> None:
    house = site.house
    for name, role in (("boss", Role.COMPLIANCE), ("ops", Role.OPERATIONS), ("A001", Role.ADVISOR)):
        house.users.add(name, roles=[role], branches=[], labels=[], principal=OPERATOR)
    with house.engine.begin() as connection:
        connection.execute(delete(event_days))  # those of the sample are of a day that passes
    now = datetime.now(UTC)
    rich = [c.id for c in house.clients.all(principal=OPERATOR) if (c.assets_cny or 0) >= 500_000][:3]
    logins = [BehaviourEvent(id=f"L{each}", client_id=each, kind="login", at=now) for each in rich]
    house.client_events.add(logins, principal=OPERATOR)
    house.tags.refresh(house.today(), principal=OPERATOR)


def last_monday() -> date:
    today = datetime.now(SHANGHAI).date()
    return today - timedelta(days=today.weekday() + 7)


def choose(page: Page, tag: str, how: str) -> None:
    page.get_by_role("group", name=f"{tag}的选法").get_by_text(how, exact=True).click()


def wait_total(page: Page, n: str) -> None:
    page.locator(".side").get_by_text(n, exact=True).first.wait_for()


@pytest.mark.usefixtures("tagged")
def test_a_segment_is_picked_counted_kept_approved_and_fetched(open_at: Open, site: Site, tmp_path: Path) -> None:
    vars(site.house)["segments"] = site.house.segments.__class__(
        site.house.engine, site.house.tag_rules, site.house.settings.segments.model_copy(update={"free_export": 2})
    )
    page = open_at("/segments")
    page.get_by_label("人员").select_option("ops")
    choose(page, "资产50万以上", "必须")
    wait_total(page, "11")
    choose(page, "90天未登录", "排除")
    wait_total(page, "3")
    assert "不能有：90天未登录" in page.locator(".chosen").inner_text()
    page.get_by_role("button", name="保存客群").click()
    assert page.get_by_role("alert").inner_text() == "请填写名称和标题。"
    page.get_by_label("名称").fill("大客户")
    page.get_by_label("标题").fill("活跃大客户")
    page.get_by_role("button", name="保存客群").click()
    page.get_by_text("名称只能用小写英文字母").wait_for()
    page.get_by_label("名称").fill("active-rich")
    page.screenshot(path=tmp_path / "pick.png", full_page=True)
    page.get_by_role("button", name="保存客群").click()
    page.get_by_text("已保存“活跃大客户”。").wait_for()
    page.get_by_role("button", name="申请名单").click()
    page.get_by_role("button", name="提交申请").click()
    page.get_by_text("请填写名单用途。").wait_for()
    page.get_by_label("名单用途").fill("年终回访")
    page.get_by_role("button", name="提交申请").click()
    page.get_by_text("等待另一人审批").wait_for()
    assert page.get_by_role("button", name="批准", exact=True).count() == 0, "never the person who asked"
    page.get_by_label("人员").select_option("boss")
    page.get_by_label("审批意见").fill("已报备")
    page.screenshot(path=tmp_path / "lists.png", full_page=True)
    page.get_by_role("button", name="批准", exact=True).click()
    page.get_by_text("已批准").wait_for()
    assert page.get_by_role("button", name="下载 CSV").count() == 0, "only the person who asked"
    page.get_by_label("人员").select_option("ops")
    with page.expect_download() as download:
        page.get_by_role("button", name="下载 CSV").click()
    rows = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    assert (rows[0].split(",")[0], len(rows)) == ("client_id", 4)
    page.get_by_text("最近下载").wait_for()


@pytest.mark.usefixtures("tagged")
def test_an_advisor_counts_the_own_clients_and_a_segment_is_opened_again(open_at: Open) -> None:
    page = open_at("/segments")
    page.get_by_label("人员").select_option("A001")
    choose(page, "资产50万以上", "任一")
    page.locator(".side").get_by_text(re.compile(r"^[1-5]$")).wait_for()
    page.get_by_label("名称").fill("mine")
    page.get_by_label("标题").fill("我的")
    page.get_by_role("button", name="保存客群").click()
    page.get_by_role("button", name="查看与修改").click()
    assert page.get_by_label("标题").input_value() == "我的"
    page.locator(".chosen").get_by_text("至少有一个：资产50万以上").wait_for()
    page.get_by_role("button", name="客群", exact=True).click()
    page.get_by_role("button", name="删除").click()
    page.get_by_text("还没有客群").wait_for()


@pytest.mark.usefixtures("tagged")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_a_narrow_window(open_at: Open, tmp_path: Path, scheme: str, site: Site) -> None:
    fill_weeks(site.house.engine, last_monday())
    for path, ready in (("/segments", ".tags li"), ("/drift", "table")):
        page = open_at(path, width=390, scheme=scheme)
        page.locator(ready).first.wait_for()
        page.screenshot(path=tmp_path / f"{path[1:]}-{scheme}.png", full_page=True)
        assert overflow(page) == 0, path


def test_the_weekly_report_shows_what_moved_first(open_at: Open, site: Site, tmp_path: Path) -> None:
    fill_weeks(site.house.engine, last_monday())
    page = open_at("/drift")
    assert page.get_by_label("周").input_value() == week_of(last_monday())
    first = page.locator("table").first.locator("tbody tr")
    first.first.wait_for()
    page.screenshot(path=tmp_path / "drift.png", full_page=True)
    moved = [row.inner_text() for row in first.all() if "moved" in (row.get_attribute("class") or "")]
    assert any("申购基金" in row and "下降" in row for row in moved)
    assert any("融资融券" in row and "增多" in row for row in moved)
    assert "moved" in (first.first.get_attribute("class") or "")
    assert "港股通" not in "".join(moved)


def test_an_empty_house_says_so(open_at: Open) -> None:
    page = open_at("/drift")
    page.get_by_text("这一周及此前都没有线索。").wait_for()
    page = open_at("/segments")
    page.get_by_text("标签还没有计算").wait_for()
