"""The board and the desk in a real browser: two clicks to an outcome, sound from its second, who sees a complaint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from knowledge_base.access import Principal, Role
from knowledge_base.consents import Purpose, refusals
from serve.users import OPERATOR
from tests.serve.staff_cases import BUY, COMPLAINT, furnish, record, wish
from tests.serve.test_browser import Open, Site, browser, fonts, overflow, site
from tests.serve.test_seen import seen_of
from tests.serve.test_worker import sound

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser", "fonts", "site", "sound"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
A001 = Principal(user_id="A001", roles=frozenset({Role.ADVISOR}))


@pytest.fixture
def open_staff(browser: Browser, site: Site, sound: Path) -> Iterator[Open]:
    """Opens a page as somebody; what it says on its console, and any dialog, fails the test."""
    furnish(site.house, sound)
    contexts = []
    complaints: list[str] = []

    def open_(path: str = "/board", who: str = "A001", width: int = 1280, scheme: str = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
        page.goto(f"{site.url}{path}")
        page.get_by_label("当前人员").select_option(who)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [line for line in complaints if "status of 4" not in line] == []


def row(page: Page, words: str) -> object:
    return page.locator("li.lead", has_text=words)


class TestBoard:
    def test_the_overdue_lead_comes_first_and_is_done_in_two_clicks(self, open_staff: Open, site: Site) -> None:
        page = open_staff()
        first = page.locator("li.lead").first
        first.get_by_text("申购基金").wait_for()
        assert "逾期" in first.inner_text()
        assert "谷雨生" in first.inner_text()
        first.get_by_role("button", name="认领").click()
        first.get_by_role("button", name="成交").click()
        page.get_by_text("已记为“成交”。").wait_for()
        (lead,) = site.house.leads.list(principal=A001, client_id="C0003")
        assert (lead.state.value, lead.owner) == ("won", "A001")
        assert page.locator("li.lead", has_text="申购基金").count() == 0

    def test_wrong_asks_for_a_reason_and_keeps_it(self, open_staff: Open, site: Site) -> None:
        page = open_staff()
        first = page.locator("li.lead").first
        first.get_by_role("button", name="认领").click()
        first.get_by_role("button", name="误报").click()
        first.get_by_role("button", name="客户当场已拒绝").click()
        page.get_by_text("已记为“误报”。").wait_for()
        (lead,) = site.house.leads.list(principal=A001, client_id="C0003")
        assert (lead.state.value, lead.reason) == ("wrong", "客户当场已拒绝")

    def test_the_proof_is_heard_from_its_second_as_the_one_who_acts(self, open_staff: Open, site: Site) -> None:
        page = open_staff()
        detail = page.locator("article.item")
        detail.get_by_text(BUY).wait_for()
        detail.get_by_role("button", name="从 0:03 播放").click()
        page.wait_for_function("() => document.querySelector('audio')?.currentTime > 2.6", timeout=10_000)
        page.wait_for_function("() => document.querySelector('audio').paused", timeout=10_000)
        assert 4.0 < page.evaluate("document.querySelector('audio').currentTime") < 5.0
        assert ("playback", "call", ["k1"]) in seen_of(site.house)

    def test_the_card_tells_what_one_wants_to_know_before_calling(self, open_staff: Open) -> None:
        card = open_staff().get_by_label("客户卡片")
        card.wait_for()
        told = card.inner_text()
        for words in ("谷雨生", "C3", "1,264,000 元", "营销信息：同意"):
            assert words in told

    def test_somebody_faster_is_a_sentence_and_the_list_is_right_again(self, open_staff: Open, site: Site) -> None:
        page = open_staff()
        first = page.locator("li.lead").first
        first.get_by_role("button", name="认领").wait_for()
        (lead,) = site.house.leads.list(principal=A001, client_id="C0003")
        site.house.board.claim(lead.id, principal=OPERATOR)
        first.get_by_role("button", name="认领").click()
        alert = page.get_by_role("alert")
        alert.wait_for()
        assert alert.inner_text() == "这条线索已被他人领走。"
        first.get_by_text("operator 跟进中").wait_for()

    def test_who_refuses_calls_meanwhile_is_kept_back(self, open_staff: Open, site: Site) -> None:
        page = open_staff()
        page.locator("li.lead").first.get_by_role("button", name="认领").wait_for()
        record(site.house, "k9", "C0003", wish("consent.optout", "consent", "别再给我打电话了"))
        page.locator("li.lead").first.get_by_role("button", name="认领").click()
        page.get_by_text("客户现在不允许联系，这条线索已收回。").wait_for()
        page.locator("li.lead", has_text="申购基金").wait_for(state="detached")

    def test_the_keyboard_is_enough(self, open_staff: Open, site: Site) -> None:
        page = open_staff()
        page.locator("li.lead").first.wait_for()
        page.locator("h1").click()
        page.keyboard.press("j")
        page.keyboard.press("k")
        page.keyboard.press("c")
        page.get_by_text("已认领").wait_for()
        page.keyboard.press("4")
        page.wait_for_function("() => document.activeElement.innerText.startsWith('听写有误')")
        page.keyboard.press("Enter")
        page.get_by_text("已记为“误报”。").wait_for()
        (lead,) = site.house.leads.list(principal=A001, client_id="C0003")
        assert lead.reason == "听写有误，客户没这么说"

    def test_a_supervisor_sees_the_team_and_moves_leads(self, open_staff: Open, site: Site) -> None:
        page = open_staff(who="boss")
        table = page.get_by_label("团队表")
        table.wait_for()
        assert "卫青禾" in table.inner_text()
        assert "苗竹溪" not in table.inner_text(), "another branch"
        table.get_by_role("button", name="卫青禾").click()
        page.locator("li.lead").first.wait_for()
        page.get_by_label("移交给").select_option("A002")
        page.get_by_role("button", name="移交", exact=True).click()
        page.get_by_text("给 A002。").wait_for()
        moved = site.house.leads.list(principal=OPERATOR, client_id="C0003")
        assert {lead.advisor_id for lead in moved} == {"A002"}

    def test_another_advisor_has_another_board(self, open_staff: Open) -> None:
        page = open_staff(who="A002")
        page.locator("li.lead").first.wait_for()
        assert "赎回基金" in page.locator(".queue").inner_text()
        assert "C0003" not in page.content()


class TestDesk:
    def test_a_complaint_reaches_compliance_and_not_its_advisor(self, open_staff: Open, site: Site) -> None:
        page = open_staff("/cases", who="anna")
        page.locator(".entry", has_text="投诉").click()
        page.get_by_role("heading", name="投诉").wait_for()
        assert COMPLAINT in page.locator("article.item").inner_text()
        assert "TS-20" in page.locator("article.item h2").inner_text()
        page.get_by_label("处理人").select_option("boss")
        assert page.get_by_label("处理人").locator("option", has_text="A001").count() == 0
        page.get_by_role("button", name="分派").click()
        page.get_by_text("已分派。").wait_for()
        page.get_by_label("说明").fill("已电话致歉并说明处理办法")
        page.get_by_role("button", name="登记答复").click()
        page.get_by_text("已登记答复。").wait_for()
        (case,) = site.house.follow_ups.list("case", principal=OPERATOR).items
        assert (case.state, case.handler_id) == ("answered", "boss")

        page.get_by_label("当前人员").select_option("A001")
        page.get_by_role("button", name="工单").wait_for()
        page.wait_for_timeout(300)
        assert page.get_by_role("button", name="案件").count() == 0
        assert "投诉" not in page.locator("main").inner_text()
        for path in ("/board", "/tickets", "/incidents", "/consents"):
            page.goto(f"{site.url}{path}")
            page.wait_for_timeout(400)
            shown = page.locator("main").inner_text()
            assert "投诉" not in shown
            assert "TS-20" not in shown

    def test_an_incident_shows_its_clients_and_their_wishes_and_is_closed(self, open_staff: Open, site: Site) -> None:
        page = open_staff("/incidents", who="kefu")
        page.locator(".entry", has_text="2 位客户").click()
        detail = page.locator("article.item")
        detail.get_by_text("请求代为下单，20,000 元").wait_for()
        detail.get_by_text("赎回基金").wait_for()
        page.get_by_role("button", name="关闭故障").click()
        assert page.get_by_role("alert").inner_text() == "请写明故障原因。"
        page.get_by_label("故障原因").fill("行情主机宕机，已恢复")
        page.get_by_role("button", name="关闭故障").click()
        page.get_by_text("关闭 2 张工单").wait_for()
        assert site.house.incidents.list(principal=OPERATOR).items == ()

    def test_a_doubtful_withdrawal_is_decided_by_a_person(self, open_staff: Open, site: Site) -> None:
        page = open_staff("/consents", who="kefu")
        page.locator(".entry", has_text="C0008").click()
        page.get_by_text("台账没有改动").wait_for()
        page.get_by_role("button", name="确认撤回").click()
        assert "客户编号" in page.get_by_role("alert").inner_text()
        page.locator(".checks").get_by_label("营销信息").check()
        page.get_by_role("button", name="确认撤回").click()
        page.get_by_text("已确认。").wait_for()
        assert refusals(site.house.consent_ledger.standing("C0008", principal=OPERATOR)) == {Purpose.MARKETING}

    def test_the_ledger_of_a_client_is_read_and_written(self, open_staff: Open, site: Site) -> None:
        page = open_staff("/desk#consents=C0006", who="kefu")
        ledger = page.get_by_label("客户台账")
        ledger.get_by_text("电话联系：已拒绝", exact=False).first.wait_for()
        assert "通话 k6 的 0:03 处" in ledger.inner_text()
        ledger.get_by_label("用途").select_option("recording")
        ledger.get_by_label("决定").select_option("granted")
        ledger.get_by_role("button", name="登记").click()
        assert "要有凭证" in ledger.get_by_role("alert").inner_text()
        ledger.get_by_label("凭证").fill("协议 XY-2026-7")
        ledger.get_by_role("button", name="登记").click()
        ledger.get_by_text("协议 XY-2026-7").wait_for()

    def test_a_ticket_is_worked_on(self, open_staff: Open, site: Site) -> None:
        page = open_staff("/tickets", who="kefu")
        page.locator(".entry", has_text="账户服务").click()
        page.get_by_text("已逾期").first.wait_for()
        page.get_by_role("button", name="办结关闭").click()
        assert "请写一句" in page.get_by_role("alert").inner_text()
        page.get_by_label("说明").fill("已重置密码")
        page.get_by_role("button", name="办结关闭").click()
        page.get_by_text("已关闭。").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_fits(open_staff: Open, site: Site, tmp_path: Path, width: int, scheme: str) -> None:
    page = open_staff(width=width, scheme=scheme)
    page.locator("li.lead").first.wait_for()
    page.locator("li.lead").first.locator(".entry").click()
    page.get_by_label("客户卡片").wait_for()
    page.screenshot(path=tmp_path / "board.png", full_page=True)
    assert overflow(page) == 0
    page.get_by_label("当前人员").select_option("boss")
    page.get_by_label("团队表").wait_for()
    page.screenshot(path=tmp_path / "team.png", full_page=True)
    assert overflow(page) == 0
    for tab in ("cases", "tickets", "incidents", "consents"):
        page.goto(f"{site.url}/desk#{tab}")
        page.locator(".entry").first.click()
        page.locator("article.item").wait_for()
        page.wait_for_timeout(200)
        page.screenshot(path=tmp_path / f"{tab}.png", full_page=True)
        assert overflow(page) == 0, tab
