"""The review queue: who sees what, who decides, two persons, edits, deadlines; on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from compliance_filters.audit.erasure import Erasure
from compliance_filters.audit.log import AuditLog, SealedError
from compliance_filters.context import context_from_meta, to_meta
from compliance_filters.errors import ReviewNotFoundError, ReviewQueueError
from compliance_filters.finding import Cleared, Draft, Filter, Outcome, ReviewContext, Target
from compliance_filters.gate import Gate
from compliance_filters.review.decisions import TOPIC, Decisions
from compliance_filters.review.item import State, View
from compliance_filters.rules.pack import RulePack
from compliance_filters.tables import audit_log, compliance_review
from jobs.outbox import Outbox
from knowledge_base.access import AccessDeniedError, Principal
from tests.compliance_filters.review.desk import (
    ADVISOR,
    ANNA,
    BEN,
    BLOCKED,
    INSIDER,
    PLAIN,
    SUPERVISOR,
    SYSTEM,
    MakeGate,
    ask,
    queue_of,
)  # fmt: skip


def test_an_approval_clears_and_the_writer_collects_it(make_gate: MakeGate, audit: AuditLog) -> None:
    gate = make_gate()
    item_id = ask(gate)
    queue = queue_of(gate)
    (mine,) = queue.mine(principal=ADVISOR)
    assert (mine.id, mine.state, mine.text) == (item_id, State.PENDING, None)
    with pytest.raises(ReviewQueueError, match="not approved"):
        gate.collect(item_id, principal=ADVISOR)
    cleared = gate.release(item_id, reason="内容无误", principal=ANNA)
    assert isinstance(cleared, Cleared)
    assert cleared.text == "这句有疑。"
    (mine,) = queue.mine(principal=ADVISOR)
    assert (mine.state, mine.text, mine.reason) == (State.APPROVED, "这句有疑。", "内容无误")
    assert gate.collect(item_id, principal=ADVISOR).sha256 == cleared.sha256
    with pytest.raises(ReviewNotFoundError):
        gate.collect(item_id, principal=SUPERVISOR)
    assert audit.verify().ok


@pytest.mark.parametrize("other", [ADVISOR, SUPERVISOR, SYSTEM])
def test_only_officers_decide(make_gate: MakeGate, other: Principal) -> None:
    gate = make_gate()
    item_id = ask(gate)
    for step in (gate.release, gate.reject):
        with pytest.raises(AccessDeniedError):
            step(item_id, reason="可以", principal=other)
    with pytest.raises(AccessDeniedError):
        gate.edit(item_id, text="您好。", reason="可以", principal=other)
    if other is not SYSTEM:
        with pytest.raises(AccessDeniedError):
            queue_of(gate).page(principal=other)


def test_a_decision_needs_a_reason_and_is_made_once(make_gate: MakeGate) -> None:
    gate = make_gate()
    item_id = ask(gate)
    with pytest.raises(ReviewQueueError, match="reason"):
        gate.release(item_id, reason="  ", principal=ANNA)
    gate.reject(item_id, reason="不妥", principal=ANNA)
    with pytest.raises(ReviewQueueError, match="already"):
        gate.release(item_id, reason="改主意", principal=BEN)
    with pytest.raises(ReviewNotFoundError):
        gate.release("rv_x", reason="无", principal=BEN)
    queue = queue_of(gate)
    assert queue.page(principal=ANNA).items == ()
    assert [i.state for i in queue.page(View.DECIDED, principal=ANNA).items] == [State.REJECTED]
    assert [s.act for s in queue.get(item_id, principal=ANNA).history] == ["rejected"]


def test_nobody_decides_on_their_own_text(make_gate: MakeGate) -> None:
    gate = make_gate()
    item_id = ask(gate, by=ANNA)
    for step in (gate.release, gate.reject):
        with pytest.raises(ReviewQueueError, match="own"):
            step(item_id, reason="可以", principal=ANNA)
    assert gate.release(item_id, reason="可以", principal=BEN) is not None


@pytest.mark.parametrize(("setting", "text", "seconds"), [
    ("off", "这句有疑，稳健。", False), ("grave", "这句有疑。", False), ("grave", "乙词有疑。", True),
    ("all", "这句有疑。", True),
])  # fmt: skip
def test_two_persons_by_setting(make_gate: MakeGate, setting: str, text: str, seconds: bool) -> None:
    gate = make_gate(two_persons=setting)
    item_id = ask(gate, text)
    first = gate.release(item_id, reason="可以", principal=ANNA)
    assert (first is None) is seconds
    if not seconds:
        return
    queue = queue_of(gate)
    assert queue.get(item_id, principal=BEN).state is State.SECONDED
    assert queue.mine(principal=ADVISOR)[0].state is State.PENDING, "a first approval is not told"
    with pytest.raises(ReviewQueueError, match="another officer"):
        gate.release(item_id, reason="再可以", principal=ANNA)
    assert gate.release(item_id, reason="同意", principal=BEN) is not None
    assert [(s.by, s.act) for s in queue.get(item_id, principal=BEN).history] == [
        ("anna", "seconded"), ("ben", "approved"),
    ]  # fmt: skip


def test_an_edited_text_passes_the_gate_again(make_gate: MakeGate, audit: AuditLog) -> None:
    gate = make_gate()
    item_id = ask(gate)
    for bad, outcome in ((BLOCKED, Outcome.BLOCK), ("听说要重组。", Outcome.RETURN)):
        verdict = gate.edit(item_id, text=bad, reason="改写", principal=ANNA)
        assert (verdict.outcome, verdict.cleared) == (outcome, None)
    assert queue_of(gate).get(item_id, principal=ANNA).state is State.PENDING
    verdict = gate.edit(item_id, text="您的手机13800138000已登记。", reason="改写", principal=ANNA)
    assert verdict.cleared is not None
    assert verdict.cleared.text == "您的手机138****8000已登记。"
    item = queue_of(gate).get(item_id, principal=BEN)
    assert (item.text, item.edited, item.state) == ("这句有疑。", "您的手机138****8000已登记。", State.APPROVED)
    assert gate.collect(item_id, principal=ADVISOR).text == item.edited
    (mine,) = queue_of(gate).mine(principal=ADVISOR)
    assert mine.edited
    assert len(queue_of(gate).page(View.DECIDED, principal=BEN).items) == 1, "an edit makes no item of its own"
    assert audit.verify().ok


def test_who_edits_is_the_first_of_two(make_gate: MakeGate) -> None:
    gate = make_gate(two_persons="all")
    item_id = ask(gate)
    assert gate.release(item_id, reason="可以", principal=ANNA) is None
    assert gate.edit(item_id, text="另一句。", reason="更好", principal=BEN).cleared is None
    with pytest.raises(ReviewQueueError, match="another officer"):
        gate.release(item_id, reason="可以", principal=BEN)
    cleared = gate.release(item_id, reason="可以", principal=ANNA)
    assert cleared is not None
    assert cleared.text == "另一句。"


def test_an_approval_is_of_the_text_that_was_read(make_gate: MakeGate) -> None:
    gate = make_gate(two_persons="all")
    item_id = ask(gate)
    read = queue_of(gate).get(item_id, principal=ANNA)
    gate.edit(item_id, text="另一句。", reason="更好", principal=BEN)
    with pytest.raises(ReviewQueueError, match="meanwhile"):
        Decisions(queue_of(gate)).approve(read, text=read.text, reason="可以", principal=ANNA)


def test_no_officer_waves_a_block_through(
    make_gate: MakeGate, pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog
) -> None:
    """A text that waited because filters were missing blocks as soon as they look at it."""
    meta = {"today": "2026-03-01", "client_id": "k1", "products": [{"code": "990005", "name": "云岭稳健债券"}]}
    blind = Gate(pack, (), audit, queue=queue_of(make_gate()))
    context = context_from_meta(meta)
    item_id = ask(blind, "推荐您买入云岭稳健债券。", context)
    with pytest.raises(ReviewQueueError, match=r"suitability\.unknown"):
        make_gate().release(item_id, reason="老客户", principal=ANNA)
    verdict = make_gate().edit(item_id, text="建议您买入云岭稳健债券。", reason="改", principal=ANNA)
    assert verdict.cleared is None


def test_what_expired_since_blocks_an_approval(make_gate: MakeGate) -> None:
    meta = {
        "today": "2026-03-01", "client_id": "k1", "client_level": "C4", "client_level_expires": "2026-03-02",
        "products": [{"code": "990005", "name": "云岭稳健债券", "risk_level": "R2", "on_shelf": True}],
    }  # fmt: skip
    gate = make_gate()
    item_id = ask(gate, "推荐您买入云岭稳健债券，有疑。", context_from_meta(meta))
    with pytest.raises(ReviewQueueError, match=r"suitability\.unknown"):
        gate.release(item_id, reason="可以", principal=ANNA)


def test_two_officers_at_once_decide_once(make_gate: MakeGate, audit: AuditLog) -> None:
    gate = make_gate()
    item_id = ask(gate)
    ended: list[str] = []
    together = threading.Barrier(2)

    def decide(officer: Principal) -> None:
        together.wait()
        try:
            gate.release(item_id, reason="可以", principal=officer)
            ended.append("approved")
        except ReviewQueueError as error:
            ended.append(str(error))

    threads = [threading.Thread(target=decide, args=(officer,)) for officer in (ANNA, BEN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    refused = [end for end in ended if end != "approved"]
    assert len(ended) == 2
    assert len(refused) == 1
    assert "decided already" in refused[0]
    with audit.engine.connect() as connection:
        query = select(audit_log.c.event).where(audit_log.c.event.startswith("review."))
        events = connection.execute(query).scalars().all()
    assert events == ["review.added", "review.approved"], "one decision, one entry"
    assert audit.verify().ok


def test_an_escalation_is_for_compliance_alone(make_gate: MakeGate) -> None:
    gate = make_gate()
    verdict = gate.review(Draft(text=INSIDER, target=Target.ADVISOR_MESSAGE), PLAIN, principal=ADVISOR)
    assert (verdict.outcome, verdict.errors) == (Outcome.BLOCK, ())
    assert all(f.suggestion is None for f in verdict.findings if f.rule == "insider.information")
    queue = queue_of(gate)
    (item,) = queue.page(View.CONFIDENTIAL, principal=ANNA).items
    assert (item.rules, item.confidential) == (("insider.information",), True)
    assert queue.get(item.id, principal=ANNA).text == INSIDER
    assert queue.mine(principal=ADVISOR) == ()
    for other in (ADVISOR, SUPERVISOR, SYSTEM):
        with pytest.raises(AccessDeniedError):
            queue.page(View.CONFIDENTIAL, principal=other)
    with pytest.raises(ReviewNotFoundError):
        queue.get(item.id, principal=SYSTEM)
    assert queue.counts(principal=SYSTEM)["confidential"] == 0
    assert queue.counts(principal=ANNA)["confidential"] == 1
    with pytest.raises(ReviewQueueError, match="escalation"):
        gate.release(item.id, reason="可以", principal=ANNA)
    assert Decisions(queue).close(item.id, reason="已立案", principal=ANNA).state is State.CLOSED


def test_an_officer_never_sees_an_escalation_about_themselves(make_gate: MakeGate) -> None:
    gate = make_gate()
    gate.review(Draft(text=INSIDER, target=Target.ADVISOR_MESSAGE), PLAIN, principal=ANNA)
    queue = queue_of(gate)
    assert queue.page(View.CONFIDENTIAL, principal=ANNA).items == ()
    (item,) = queue.page(View.CONFIDENTIAL, principal=BEN).items
    with pytest.raises(ReviewNotFoundError):
        Decisions(queue).close(item.id, reason="无事", principal=ANNA)


def test_a_deadline_is_told_once_and_nothing_is_approved_by_it(make_gate: MakeGate, audit: AuditLog) -> None:
    gate = make_gate(due_h=24, expire_h=72)
    late, stale, fresh = ask(gate, "一疑。"), ask(gate, "二疑。"), ask(gate, "三疑。")
    back(audit, late, hours=30)
    back(audit, stale, hours=80)
    queue = queue_of(gate)
    assert [i.id for i in queue.page(principal=ANNA).items] == [stale, late, fresh], "what is overdue comes first"
    assert [i.id for i in queue.page(View.OVERDUE, principal=ANNA).items] == [stale, late]
    decisions = Decisions(queue)
    assert decisions.chase() == 2
    assert decisions.chase() == 0
    assert queue.get(stale, principal=ANNA).state is State.EXPIRED
    assert queue.get(late, principal=ANNA).state is State.PENDING
    with pytest.raises(ReviewQueueError, match="already"):
        gate.release(stale, reason="晚了", principal=ANNA)
    told = {m.payload["id"]: m.payload["type"] for m in Outbox(audit.engine).pending() if m.topic == TOPIC}
    assert told == {late: "review.overdue", stale: "review.expired"}
    assert len(audit.verify().problems) == 2, "nothing but what the test changed itself"


def back(audit: AuditLog, item_id: str, *, hours: float) -> None:
    """Let an item have been asked some hours ago."""
    made = datetime.now(UTC) - timedelta(hours=hours)
    changed = update(compliance_review).where(compliance_review.c.id == item_id)
    with audit.engine.begin() as connection:
        connection.execute(changed.values(created_at=made, due_at=made + timedelta(hours=24)))


def test_rows_hold_no_words_and_sealing_reaches_the_queue(make_gate: MakeGate, audit: AuditLog) -> None:
    gate = make_gate()
    context = context_from_meta({"today": "2026-03-01", "client_id": "k1", "client_names": ["秦可欣"]})
    item_id = ask(gate, "秦可欣女士，这句有疑。", context)
    with audit.engine.connect() as connection:
        rows = str(connection.execute(select(compliance_review)).all())
    assert "秦可欣" not in rows
    assert "疑" not in rows
    assert queue_of(gate).get(item_id, principal=ANNA).judged_in == context
    Erasure(audit).seal("k1", reason="客户要求", principal=ANNA)
    with pytest.raises(SealedError):
        queue_of(gate).get(item_id, principal=ANNA)
    with pytest.raises(SealedError):
        gate.release(item_id, reason="可以", principal=ANNA)
    gate.reject(item_id, reason="客户已要求删除", principal=ANNA)
    assert queue_of(gate).mine(principal=ADVISOR)[0].state is State.REJECTED


def test_a_context_survives_the_log() -> None:
    meta = {
        "today": "2026-03-01", "client_id": "k1", "client_level": "C2", "client_level_expires": "2026-09-01",
        "client_names": ["秦可欣"], "channel": "client", "recommends": ["990001"], "check_numbers": True,
        "adviser_name": "陈立", "adviser_licence": "S0990000000001",
        "products": [{"code": "990001", "name": "甲", "risk_level": "R2", "inception": "2020-01-02", "on_shelf": None}],
        "sources": [{"n": 1, "text": "费率1.2%", "title": "甲", "publisher": "乙", "date": "2026-01-01"}],
        "facts": [{"name": "费率", "value": "1.20", "unit": "%", "period": "2025年"}],
        "restricted": [{"code": "600000", "name": "甲股份"}],
        "insistence": [{
            "document_id": "d1", "sha256": "0" * 64, "signed_at": "2026-01-02T03:04:05+00:00", "product": "990001",
            "recording_id": "k1", "client_level": "C2", "risk_level": "R3",
        }],
    }  # fmt: skip
    context = context_from_meta(meta)
    same = [f.name for f in fields(ReviewContext) if f.default is not MISSING and getattr(context, f.name) == f.default]
    assert same == [], "a field was added to the context: put it into to_meta and into this test"
    assert context_from_meta(to_meta(context)) == context


def test_a_long_text_is_read_and_approved(make_gate: MakeGate) -> None:
    gate = make_gate()
    text = "这一段很长。" * 170_000
    item_id = ask(gate, text)
    assert gate.release(item_id, reason="已通读", principal=ANNA) is not None
    assert queue_of(gate).get(item_id, principal=ANNA).text == text


def test_what_was_too_long_to_judge_is_judged_before_it_is_approved(make_gate: MakeGate) -> None:
    gate = make_gate()
    item_id = ask(gate, "这一段很长。" * 35_000 + "您放心，稳赚不赔。")
    with pytest.raises(ReviewQueueError, match=r"promise\.return"):
        gate.release(item_id, reason="已通读", principal=ANNA)
    with pytest.raises(ReviewQueueError, match="in parts"):
        gate.edit(item_id, text="这一段很长。" * 40_000, reason="改写", principal=ANNA)


def test_ten_thousand_items_are_paged_by_an_index(make_gate: MakeGate, audit: AuditLog) -> None:
    gate = make_gate()
    copied(audit, ask(gate), 10_000)
    queue = queue_of(gate)
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = queue.page(principal=ANNA, after=cursor, limit=200)
        seen += [item.id for item in page.items]
        cursor = page.cursor or ""
    assert (len(seen), len(set(seen))) == (600, 600)
    assert queue.counts(principal=ANNA)["open"] == 10_001
    if audit.engine.dialect.name == "sqlite":
        with audit.engine.connect() as connection:
            plan = connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN SELECT * FROM compliance_review WHERE kind='doubt' AND state IN "
                "('pending','seconded') ORDER BY due_at, id LIMIT 51"
            ).all()
        assert "ix_compliance_review_queue" in str(plan)
    with pytest.raises(ReviewQueueError, match="cursor"):
        queue.page(principal=ANNA, after="yesterday x")


def copied(audit: AuditLog, item_id: str, count: int) -> None:
    """Many rows like one; each needs an entry of the log to belong to."""
    with audit.engine.begin() as connection:
        row = dict(
            connection.execute(select(compliance_review).where(compliance_review.c.id == item_id)).one()._mapping
        )
        entry = dict(connection.execute(select(audit_log).where(audit_log.c.id == row["audit_id"])).one()._mapping)
        many = range(count)
        connection.execute(insert(audit_log), [{**entry, "seq": 10 + n, "id": f"a_{n}"} for n in many])
        connection.execute(
            insert(compliance_review),
            [{**row, "id": f"rv_{n:05}", "audit_id": f"a_{n}", "due_at": row["due_at"] + timedelta(seconds=n // 7)}
             for n in many],
        )  # fmt: skip
