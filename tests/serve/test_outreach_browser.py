"""One text to a segment in a real browser: counted, judged for each client, held with its reason, fetched as a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from intent.segments.pick import Pick
from knowledge_base.consents import ConsentState, Proof, Purpose
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.test_accessibility import faults
from tests.serve.test_browser import Open, Site, browser, fonts, overflow, site
from tests.serve.test_pages_browser import open_at, shot
from tests.serve.test_worker import sound

__all__ = ["browser", "fonts", "open_at", "site", "sound"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
TEXT = "${client}，您好。${adviser}提醒您，季度策略会将于本周举行，欢迎到营业部参加。"


def rich(house: House) -> tuple[str, ...]:
    """A segment of clients with much money; those of it whom boss sees."""
    house.tags.refresh(house.today(), principal=OPERATOR)
    until, pick = house.today() + timedelta(days=30), Pick(all_of=("assets_500k",))
    house.segments.save("rich", zh="大客户", pick=pick, expires_on=until, owner="", principal=OPERATOR)
    return house.segments.members("rich", principal=house.users.principal("boss"))


def refuse(house: House, client_id: str) -> None:
    with house.engine.begin() as connection:
        house.consent_ledger.write(
            connection, client_id, Purpose.MARKETING, ConsentState.WITHDRAWN, Proof(source="staff"), by="x",
            at=datetime.now(UTC),
        )  # fmt: skip


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (360, "light"), (1280, "light")])
def test_a_text_goes_out_to_those_who_may_have_it(
    open_at: Open, site: Site, tmp_path: Path, width: int, scheme: str
) -> None:
    page = open_at("/outreach", "boss", width, scheme)
    page.get_by_text("还没有客群").wait_for()
    clients = rich(site.house)
    refuse(site.house, clients[0])
    page.reload()
    page.get_by_text(f"您可见的客户 {len(clients)} 位").wait_for()
    page.get_by_role("button", name="逐位审核").click()
    assert "用途" in page.get_by_role("alert").inner_text()
    page.get_by_label("用途").fill("策略会邀请")
    page.get_by_label("文字").fill("${client}，这只产品稳赚不赔，快来买。")
    shot(page, tmp_path, f"outreach_form_{width}_{scheme}")
    assert (overflow(page), faults(page)) == (0, [])
    page.get_by_role("button", name="逐位审核").click()
    result = page.get_by_label("审核结果")
    result.locator("li.card").get_by_text("未放行").first.wait_for()
    assert result.get_by_role("button", name="取走可外发的文字").count() == 0
    shot(page, tmp_path, f"outreach_held_{width}_{scheme}")
    page.get_by_role("button", name="返回").click()
    page.get_by_text("您可见的客户").wait_for()
    page.get_by_label("用途").fill("策略会邀请")
    page.get_by_label("文字").fill(TEXT)
    page.get_by_role("button", name="逐位审核").click()
    result.locator("li.card", has_text=clients[0]).get_by_text("不外发").wait_for()
    shot(page, tmp_path, f"outreach_result_{width}_{scheme}")
    assert (overflow(page), faults(page)) == (0, [])
    with page.expect_download() as download:
        result.get_by_role("button", name="取走可外发的文字").click()
    told = [json.loads(line) for line in Path(download.value.path()).read_text("utf-8").splitlines()]
    assert {each["client_id"] for each in told} <= set(clients[1:])
    assert told
    page.get_by_text("已取走").wait_for()
    page.get_by_role("button", name="返回").click()
    page.get_by_text("已于").wait_for()
    assert page.get_by_label("新的外发").count() == 1


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_a_service_task_is_given_and_done(open_at: Open, site: Site, tmp_path: Path, width: int, scheme: str) -> None:
    rich(site.house)
    page = open_at("/segments", "boss", width, scheme)
    page.get_by_role("button", name="客群", exact=True).click()
    page.get_by_role("button", name="派任务").click()
    form = page.get_by_role("form", name="派发服务任务")
    form.get_by_role("button", name="派给各位顾问").click()
    assert "请填写" in form.get_by_role("alert").inner_text()
    form.get_by_label("要做的事").fill("提醒更新风险测评")
    shot(page, tmp_path, f"service_form_{width}_{scheme}")
    assert (overflow(page), faults(page)) == (0, [])
    form.get_by_role("button", name="派给各位顾问").click()
    page.get_by_role("status").get_by_text("已为“大客户”派发").wait_for()
    given = site.house.service_tasks.list(principal=OPERATOR)
    day = open_at("/day", given[0].advisor_id or "", width, scheme)
    task = day.locator("li.lead", has_text="提醒更新风险测评").first
    task.wait_for()
    shot(day, tmp_path, f"service_day_{width}_{scheme}")
    assert (overflow(day), faults(day)) == (0, [])
    task.get_by_role("button", name="完成").click()
    day.get_by_text("已记为完成。").wait_for()
    assert len(site.house.service_tasks.list(principal=OPERATOR)) == len(given) - 1
