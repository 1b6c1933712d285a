"""What a filter does not look at is approved by nobody: on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from compliance_filters.audit.log import AuditLog
from compliance_filters.errors import AuditError, ReviewQueueError, RulePackError
from compliance_filters.finding import Cleared, Draft, Filter, Finding, ReviewContext
from compliance_filters.gate import Gate
from compliance_filters.review.item import ReviewPolicy, State
from compliance_filters.review.queue import ReviewQueue
from compliance_filters.rulebook import Rulebook
from compliance_filters.rules.pack import RulePack
from tests.compliance_filters.review.desk import (
    ADVISOR,
    ANNA,
    BEN,
    BLOCKED,
    Doubtful,
    MakeGate,
    ask,
    queue_of,
)  # fmt: skip


class Broken:
    """Fails on every text until it is repaired, or on those alone that hold a mark."""

    name = "phrases"

    def __init__(self, working: Filter, mark: str = "") -> None:
        self._working, self._mark = working, mark

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        if self._mark in draft.text:
            raise RuntimeError("cannot judge")
        return self._working.find(draft, context)


class Unsteady:
    """Cannot read a second time what was found."""

    name = "unsteady"

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        return ()

    def acquits(self, draft: Draft, finding: Finding) -> bool:
        raise RuntimeError("cannot read again")


def no_rules() -> Rulebook:
    raise RulePackError("no pack is in force")


def blind_gates(pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog) -> dict[str, Gate]:
    """Gates that do not look at a text with one of their filters, each in another way."""
    queue = ReviewQueue(audit, ReviewPolicy(sample_share=0.0))
    others = tuple(f for f in filters if f.name != "phrases")
    phrases = next(f for f in filters if f.name == "phrases")
    empty = replace(pack, rules={}, order=())
    return {
        "raises": Gate(pack, (*others, Broken(phrases)), audit, queue=queue),
        "missing": Gate(pack, others, audit, queue=queue),
        "no filters": Gate(pack, (), audit, queue=queue),
        "no rules": Gate(empty, (), audit, queue=queue),
        "no pack": Gate(pack, filters, audit, queue=queue, renewed=no_rules),
        "second reading": Gate(pack, (*filters, Doubtful(), Unsteady()), audit, queue=queue),
    }


@pytest.mark.parametrize("how", ["raises", "missing", "no filters", "no rules", "no pack", "second reading"])
def test_no_officer_approves_what_a_filter_does_not_look_at(
    how: str, make_gate: MakeGate, pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog
) -> None:
    blind, whole = blind_gates(pack, filters, audit)[how], make_gate()
    item_id = ask(blind, "疑，您好。")
    refused = "cannot be approved .*waits until all filters work again"
    for step in (
        lambda: blind.release(item_id, reason="可以", principal=ANNA),
        lambda: blind.edit(item_id, text="疑，换一句。", reason="可以", principal=ANNA),
    ):
        with pytest.raises(ReviewQueueError, match=refused):
            step()
    item = queue_of(blind).get(item_id, principal=ANNA)
    assert (item.state, item.edited, item.history) == (State.PENDING, None, ())
    with pytest.raises(ReviewQueueError, match="not approved"):
        whole.collect(item_id, principal=ADVISOR)
    assert isinstance(whole.release(item_id, reason="可以", principal=ANNA), Cleared)
    assert audit.verify().ok


@pytest.mark.parametrize("how", ["raises", "missing", "no filters", "no rules", "no pack"])
def test_a_promise_that_nobody_looked_at_is_approved_by_nobody(
    how: str, make_gate: MakeGate, pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog
) -> None:
    blind = blind_gates(pack, filters, audit)[how]
    item_id = ask(blind, BLOCKED)
    for gate, why in ((blind, "all filters work again"), (make_gate(), r"promise\.return")):
        with pytest.raises(ReviewQueueError, match=why):
            gate.release(item_id, reason="可以", principal=ANNA)
    assert queue_of(blind).get(item_id, principal=ANNA).state is State.PENDING


def test_the_second_officer_approves_nothing_unread_either(
    make_gate: MakeGate, pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog
) -> None:
    gate = make_gate(two_persons="all")
    item_id = ask(gate)
    assert gate.release(item_id, reason="可以", principal=ANNA) is None
    with pytest.raises(ReviewQueueError, match="cannot be approved"):
        blind_gates(pack, filters, audit)["raises"].release(item_id, reason="可以", principal=BEN)
    assert queue_of(gate).get(item_id, principal=BEN).state is State.SECONDED


def test_a_mended_text_that_a_filter_does_not_look_at_is_approved_by_nobody(
    pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog
) -> None:
    """The text as it came is read; masked, it is not."""
    phrases = next(f for f in filters if f.name == "phrases")
    others = tuple(f for f in filters if f.name != "phrases")
    gate = Gate(pack, (*others, Broken(phrases, mark="****")), audit, queue=ReviewQueue(audit))
    item_id = ask(gate, "您的手机13800138000已登记。")
    with pytest.raises(ReviewQueueError, match="phrases: RuntimeError"):
        gate.release(item_id, reason="可以", principal=ANNA)
    with pytest.raises(ReviewQueueError, match="phrases: RuntimeError"):
        gate.edit(item_id, text="您的手机是13800138000。", reason="可以", principal=ANNA)
    gate.reject(item_id, reason="不妥", principal=ANNA)


def test_an_edit_that_the_log_does_not_keep_approves_nothing(make_gate: MakeGate, monkeypatch: Any) -> None:
    def fail(**_: Any) -> str:
        raise AuditError("disk full")

    gate = make_gate()
    item_id = ask(gate)
    monkeypatch.setattr(queue_of(gate).audit, "append", fail)
    with pytest.raises(AuditError, match="nothing was approved"):
        gate.edit(item_id, text="您好。", reason="改写", principal=ANNA)
    assert queue_of(gate).get(item_id, principal=ANNA).state is State.PENDING
