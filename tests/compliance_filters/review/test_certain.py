"""An officer decides on doubts: what a rule returns or blocks is released in no way; on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compliance_filters.audit.log import AuditLog
from compliance_filters.context import context_from_meta
from compliance_filters.errors import ReviewQueueError
from compliance_filters.finding import Draft, Filter, Outcome, Target
from compliance_filters.gate import Gate
from compliance_filters.review.item import State
from compliance_filters.rules.pack import RulePack
from tests.compliance_filters.review.desk import ADVISOR, ANNA, BEN, BLOCKED, PLAIN, MakeGate, ask, queue_of

RUMOUR = "听说这家公司要重组。"


@pytest.mark.parametrize(("text", "rule"), [(RUMOUR, r"source\.rumor"), (BLOCKED, r"promise\.return")])
def test_what_waited_for_a_filter_and_is_returned_or_blocked_by_it_is_not_released(
    text: str, rule: str, make_gate: MakeGate, pack: RulePack, audit: AuditLog
) -> None:
    gate = make_gate()
    blind = Gate(pack, (), audit, queue=queue_of(gate))
    item_id = ask(blind, text)
    with pytest.raises(ReviewQueueError, match=rule):
        gate.release(item_id, reason="可以", principal=ANNA)
    assert gate.edit(item_id, text=text, reason="可以", principal=ANNA).cleared is None
    assert queue_of(gate).get(item_id, principal=ANNA).state is State.PENDING
    assert gate.edit(item_id, text="您好。", reason="改写", principal=ANNA).cleared is not None


def test_a_doubt_covers_nothing_that_a_rule_returns_beside_it(make_gate: MakeGate, audit: AuditLog) -> None:
    gate = make_gate()
    item_id = ask(gate, RUMOUR + "这句有疑。")
    with pytest.raises(ReviewQueueError, match=r"returns it cannot be approved \(source\.rumor\)"):
        gate.release(item_id, reason="可以", principal=ANNA)
    with pytest.raises(ReviewQueueError, match=r"source\.rumor"):
        gate.edit(item_id, text=RUMOUR + "这句也有疑。", reason="可以", principal=ANNA)
    item = queue_of(gate).get(item_id, principal=ANNA)
    assert (item.state, item.edited, item.history) == (State.PENDING, None, ())
    gate.reject(item_id, reason="有传闻", principal=ANNA)
    assert audit.verify().ok


def test_the_second_officer_releases_nothing_returned_either(
    make_gate: MakeGate, pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog
) -> None:
    """The first approved while the rules were others."""
    gate = make_gate(two_persons="all")
    lenient = Gate(
        replace(pack, order=("pii",)), tuple(f for f in filters if f.name == "pii"), audit, queue=queue_of(gate)
    )
    item_id = ask(gate, RUMOUR + "这句有疑。")
    assert lenient.release(item_id, reason="可以", principal=ANNA) is None
    with pytest.raises(ReviewQueueError, match=r"source\.rumor"):
        gate.release(item_id, reason="可以", principal=BEN)


@pytest.mark.parametrize("edited", [False, True])
def test_what_is_approved_beside_a_doubt_is_mended_all_the_same(make_gate: MakeGate, edited: bool) -> None:
    """A doubt takes away no label that the law asks for, and no mask."""
    gate = make_gate()
    context = context_from_meta({"today": "2026-03-01", "channel": "client", "adviser_name": "陈立",
                                 "adviser_licence": "S0990000000001"})  # fmt: skip
    text = "您的手机13800138000已登记，这句有疑。"
    verdict = gate.review(Draft(text=text, target=Target.ANSWER), context, principal=ADVISOR)
    assert (verdict.outcome, verdict.review_id is None) == (Outcome.REVIEW, False)
    item_id = str(verdict.review_id)
    if edited:
        cleared = gate.edit(item_id, text=f"再说一遍：{text}", reason="可以", principal=ANNA).cleared
    else:
        cleared = gate.release(item_id, reason="可以", principal=ANNA)
    assert cleared is not None
    assert "138****8000" in cleared.text
    assert "13800138000" not in cleared.text
    assert "人工智能" in cleared.text
    assert gate.collect(item_id, principal=ADVISOR).text == cleared.text


def test_an_edit_is_judged_as_of_today(make_gate: MakeGate) -> None:
    meta = {
        "today": "2026-03-01", "client_id": "k1", "client_level": "C4", "client_level_expires": "2026-03-02",
        "products": [{"code": "990005", "name": "云岭稳健债券", "risk_level": "R2", "on_shelf": True}],
    }  # fmt: skip
    gate = make_gate()
    item_id = ask(gate, "推荐您买入云岭稳健债券，有疑。", context_from_meta(meta))
    verdict = gate.edit(item_id, text="推荐您买入云岭稳健债券。", reason="可以", principal=ANNA)
    assert (verdict.outcome, verdict.cleared) == (Outcome.BLOCK, None)


def test_a_doubt_alone_is_an_officers(make_gate: MakeGate) -> None:
    gate = make_gate()
    cleared = gate.release(ask(gate, context=PLAIN), reason="可以", principal=ANNA)
    assert cleared is not None
    assert cleared.text == "这句有疑。"
