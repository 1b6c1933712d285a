"""Segments and lists: who sees whom, who may change what, and what leaves the house."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from intent.errors import SegmentError, SegmentNotFoundError
from intent.segments.exports import ListExports
from intent.segments.pick import Pick
from intent.segments.tables import segment_exports, segments
from knowledge_base.access import AccessDeniedError, Principal, Role
from tests.intent.segments.firm import ADVISOR, OFFICER, OTHER, SUPERVISOR, SYSTEM, Firm

RICH = Pick(all_of=("assets_500k",))
CRM = Principal(user_id="crm", roles=frozenset({Role.CRM}))


@pytest.fixture
def firm(any_engine: Engine) -> Firm:
    made = Firm(any_engine, free_export=2)
    made.client("C1", assets_cny=600000)
    made.client("C2", assets_cny=600000, risk_level=None)
    made.client("C3", assets_cny=600000, advisor_id="A2", branch="west")
    made.client("C4", assets_cny=600000, opt_outs=["phone"])
    made.client("C5", assets_cny=600000, account_state="closed", name="=cmd()")
    made.client("C6")
    made.refresh()
    return made


def save(firm: Firm, name: str = "rich", principal: Principal = ADVISOR, pick: Pick = RICH, days: int = 30) -> Any:
    return firm.store.save(
        name, zh="大客户", pick=pick, expires_on=firm.today + timedelta(days=days), principal=principal
    )


@pytest.mark.parametrize(
    ("pick", "n"),
    [
        (RICH, 5),
        (Pick(all_of=("assets_500k", "never_assessed")), 1),
        (Pick(any_of=("assets_500k", "no_login_90d")), 6),
        (Pick(all_of=("no_login_90d",), none_of=("assets_500k",)), 1),
        (Pick(all_of=("assets_500k",), any_of=("never_assessed", "maturity_30d")), 1),
    ],
)
def test_counts_are_of_those_whom_one_may_see(firm: Firm, pick: Pick, n: int) -> None:
    assert firm.store.count(pick, principal=SYSTEM) == n
    mine = firm.store.count(pick, principal=ADVISOR)
    assert mine + firm.store.count(pick, principal=OTHER) == n
    assert firm.store.count(pick, principal=SUPERVISOR) == mine


def test_tag_counts_and_members_too(firm: Firm) -> None:
    assert {t.id: t.clients for t in firm.store.tags(principal=ADVISOR)}["assets_500k"] == 4
    assert {t.id: t.clients for t in firm.store.tags(principal=SYSTEM)}["assets_500k"] == 5
    save(firm)
    assert firm.store.members("rich", principal=ADVISOR) == ("C1", "C2", "C4", "C5")
    assert firm.store.members("rich", principal=OTHER) == ("C3",)
    assert firm.store.tags_of("C3", principal=ADVISOR) == {}


@pytest.mark.parametrize(
    ("pick", "why"),
    [
        (Pick(), "No tag is chosen"),
        (Pick(none_of=("assets_500k",)), "No tag is chosen"),
        (Pick(all_of=("rich",)), "no tag rich in force"),
        (Pick(all_of=("assets_500k",), none_of=("assets_500k",)), "chosen twice"),
        (Pick(any_of=("assets_500k",) * 60), "too many"),
    ],
)
def test_a_pick_that_is_none(firm: Firm, pick: Pick, why: str) -> None:
    with pytest.raises(SegmentError, match=why):
        firm.store.count(pick, principal=SYSTEM)
    with pytest.raises(SegmentError, match=why):
        save(firm, pick=pick)


def test_a_segment_has_an_owner_and_a_last_day(firm: Firm) -> None:
    made = save(firm)
    assert (made.owner, made.expires_on) == ("A1", firm.today + timedelta(days=30))
    with pytest.raises(SegmentError, match="belongs to A1"):
        save(firm, principal=OTHER)
    assert save(firm, principal=OFFICER, days=5).owner == "A1"
    for days in (-1, 400):
        with pytest.raises(SegmentError, match="cannot end on"):
            save(firm, days=days)
    for name in ("", "大客户", "a b", "../x"):
        with pytest.raises(SegmentError, match="no name of a segment"):
            save(firm, name)
    with firm.engine.begin() as connection:
        connection.execute(update(segments).values(expires_on=firm.today - timedelta(days=1)))
    with pytest.raises(SegmentError, match="ended on"):
        firm.store.members("rich", principal=ADVISOR)
    with pytest.raises(SegmentError, match="belongs to"):
        firm.store.remove("rich", principal=OTHER)
    firm.store.remove("rich", principal=ADVISOR)
    with pytest.raises(SegmentNotFoundError):
        firm.store.get("rich")


def fetch(firm: Firm, export_id: str, principal: Principal) -> list[dict[str, str]]:
    file = io.StringIO()
    seen: list[dict[str, str]] = []
    count = ListExports(firm.store).write_csv(export_id, file, principal=principal, before=seen.extend)
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert count == len(rows) == len(seen)
    return rows


def test_a_small_list_needs_nobody_and_leaves_out_whom_one_may_not_contact(firm: Firm) -> None:
    save(firm)
    exports = ListExports(firm.store)
    asked = exports.ask("rich", reason="回访", principal=ADVISOR)
    assert (asked.state, asked.clients, asked.left_out, asked.decided_by) == ("approved", 2, 2, None)
    rows = fetch(firm, asked.id, ADVISOR)
    assert [row["client_id"] for row in rows] == ["C1", "C2"]
    assert "assets_500k" in rows[0]["tags"].split(";")
    with pytest.raises(SegmentNotFoundError):
        fetch(firm, asked.id, OTHER)
    with pytest.raises(SegmentError, match="No reason"):
        exports.ask("rich", reason=" ", principal=ADVISOR)


def test_a_large_list_needs_another_person_who_may_see_all_of_it(firm: Firm) -> None:
    both = Principal(user_id="O1", roles=frozenset({Role.OPERATIONS, Role.COMPLIANCE}))
    save(firm, principal=both)
    exports = ListExports(firm.store)
    asked = exports.ask("rich", reason="活动邀约", principal=both)
    assert (asked.state, asked.clients) == ("pending", 3)
    with pytest.raises(SegmentError, match="is pending"):
        fetch(firm, asked.id, both)
    with pytest.raises(SegmentError, match="never approves"):
        exports.decide(asked.id, approve=True, reason="好", principal=both)
    with pytest.raises(SegmentError, match="may not see"):
        exports.decide(asked.id, approve=True, reason="好", principal=SUPERVISOR)
    with pytest.raises(AccessDeniedError):
        exports.decide(asked.id, approve=True, reason="好", principal=CRM)
    done = exports.decide(asked.id, approve=True, reason="活动已报备", principal=OFFICER)
    assert (done.state, done.decided_by, done.decision) == ("approved", "officer", "活动已报备")
    with pytest.raises(SegmentError, match="already"):
        exports.decide(asked.id, approve=False, reason="x", principal=OFFICER)
    firm.client("C7", assets_cny=900000)  # joins afterwards: was not approved
    firm.change("C2", opt_outs=["marketing"])  # may no longer be contacted
    firm.change("C3", assets_cny=0)  # leaves the segment
    firm.refresh()
    assert [row["client_id"] for row in fetch(firm, asked.id, both)] == ["C1"]
    with firm.engine.begin() as connection:
        connection.execute(update(segment_exports).values(fetch_until=asked.asked_at - timedelta(days=1)))
    with pytest.raises(SegmentError, match="ask anew"):
        fetch(firm, asked.id, both)


def test_a_refused_list_is_not_kept_and_others_lists_are_not_shown(firm: Firm) -> None:
    save(firm, principal=CRM)
    exports = ListExports(firm.store)
    asked = exports.ask("rich", reason="活动", principal=CRM)
    refused = exports.decide(asked.id, approve=False, reason="未报备", principal=OFFICER)
    assert refused.state == "refused"
    with pytest.raises(SegmentError, match="is refused"):
        fetch(firm, asked.id, CRM)
    assert exports.asked(principal=ADVISOR) == ()
    assert [each.id for each in exports.asked(principal=CRM)] == [asked.id]
    assert [each.id for each in exports.asked(principal=OFFICER)] == [asked.id]


def test_no_cell_is_a_formula(firm: Firm) -> None:
    firm.client("C8", assets_cny=600000, name="=HYPERLINK(1)", advisor_id="A9")
    firm.refresh()
    nine = Principal(user_id="A9", roles=frozenset({Role.ADVISOR}))
    save(firm, "mine", principal=nine)
    asked = ListExports(firm.store).ask("mine", reason="看", principal=nine)
    assert fetch(firm, asked.id, nine)[0]["name"] == "'=HYPERLINK(1)"
