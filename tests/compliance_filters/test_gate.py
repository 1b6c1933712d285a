"""The gate: worst finding wins, fails closed, mends only what may be mended, alone makes Cleared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from compliance_filters.audit.log import AuditLog
from compliance_filters.context import context_from_meta
from compliance_filters.errors import AuditError, ComplianceError
from compliance_filters.explain import explain
from compliance_filters.finding import Cleared, Draft, Filter, Finding, Outcome, ReviewContext, Target
from compliance_filters.gate import Gate
from compliance_filters.mend import mend
from compliance_filters.review.queue import ReviewQueue
from compliance_filters.rules.pack import RulePack
from knowledge_base.access import Principal, Role

ADVISOR = Principal(user_id="u1", roles=frozenset({Role.ADVISOR}))
OFFICER = Principal(user_id="c1", roles=frozenset({Role.COMPLIANCE}))
PLAIN = ReviewContext(today=date(2026, 3, 1))


def answer(text: str) -> Draft:
    return Draft(text=text, target=Target.ANSWER)


class Always:
    """A filter that finds what it is told to, or fails."""

    def __init__(self, name: str, outcome: Outcome | None = None, error: Exception | None = None) -> None:
        self.name, self._outcome, self._error = name, outcome, error

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        if self._error:
            raise self._error
        if self._outcome is None or "✓" in draft.text:
            return ()
        mark = "✓" if self._outcome is Outcome.REVISE else None
        return (
            Finding(
                rule="promise.return",
                start=0,
                end=1,
                quote="x",
                outcome=self._outcome,
                reason="试",
                append=mark,
            ),
        )


def test_pass_is_cleared_and_recorded(gate: Gate, audit: AuditLog) -> None:
    verdict = gate.review(answer("该基金属于中低风险（R2）产品。"), PLAIN, principal=ADVISOR)
    assert verdict.outcome is Outcome.PASS
    assert verdict.cleared is not None
    assert verdict.cleared.text == "该基金属于中低风险（R2）产品。"
    assert verdict.audit_id == verdict.cleared.audit_id
    assert audit.verify().ok


def test_block_is_never_cleared_and_is_explained(gate: Gate) -> None:
    verdict = gate.review(answer("放心，稳赚不赔。"), PLAIN, principal=ADVISOR)
    assert (verdict.outcome, verdict.cleared) == (Outcome.BLOCK, None)
    assert verdict.findings[0].quote == "稳赚不赔"
    told = explain(verdict)
    assert "不得发送" in told
    assert "证券法第135条" in told
    assert "建议" in told


def test_revise_keeps_both_texts_and_clears_the_mended_one(gate: Gate, audit: AuditLog) -> None:
    context = context_from_meta({"channel": "client", "today": "2026-03-01", "client_id": "k1"})
    text = "您的手机13800138000已登记。该基金2024年净值增长率为5.1%，同期基准4.0%。"
    verdict = gate.review(answer(text), context, principal=ADVISOR)
    assert verdict.outcome is Outcome.REVISE
    assert verdict.original == text
    assert "138****8000" in verdict.text
    assert "不预示其未来表现" in verdict.text
    assert "人工智能" in verdict.text
    assert verdict.cleared is not None
    assert verdict.cleared.text == verdict.text
    assert verdict.audit_id is not None
    kept = audit.payload(verdict.audit_id)
    assert kept is not None
    assert (kept["original"], kept["text"]) == (text, verdict.text)


def test_nothing_is_mended_beside_a_worse_finding(gate: Gate) -> None:
    verdict = gate.review(answer("您的手机13800138000。听说要重组。"), PLAIN, principal=ADVISOR)
    assert verdict.outcome is Outcome.RETURN
    assert verdict.text == verdict.original
    assert verdict.cleared is None


def test_what_cannot_be_mended_goes_to_an_officer(gate: Gate) -> None:
    meta = {
        "channel": "client", "today": "2026-03-01",
        "client_level": "C4", "client_level_expires": "2027-01-01",
        "products": [{"code": "990005", "name": "云岭稳健债券", "risk_level": "R2", "on_shelf": True}],
    }  # fmt: skip
    verdict = gate.review(answer("推荐云岭稳健债券。"), context_from_meta(meta), principal=ADVISOR)
    assert verdict.outcome is Outcome.REVIEW
    assert any("missing.adviser_identity" in e for e in verdict.errors)
    named = context_from_meta({**meta, "adviser_name": "陈立", "adviser_licence": "S0990000000001"})
    assert gate.review(answer("推荐云岭稳健债券。"), named, principal=ADVISOR).outcome is Outcome.REVISE


@pytest.mark.parametrize("target", [Target.ADVISOR_SPEECH, Target.CLIENT_INPUT])
def test_what_is_not_delivered_is_not_cleared(target: Target, gate: Gate) -> None:
    verdict = gate.review(Draft(text="您好，请讲。", target=target), PLAIN, principal=ADVISOR)
    assert (verdict.outcome, verdict.cleared) == (Outcome.PASS, None)


def test_speech_gets_severity_and_disposition(gate: Gate) -> None:
    (found, none) = gate.judge_speech(["这个保本的，您放心", "您好"], PLAIN)
    assert not none
    assert [(f.rule, f.severity, f.disposition) for f in found] == [("promise.return", "high", "call_back")]


def test_a_missing_or_failing_filter_is_a_review(
    pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog, queue: ReviewQueue
) -> None:
    for broken in (filters[1:], (*filters[1:], Always(filters[0].name, error=RuntimeError("x"))), ()):
        gate = Gate(pack, broken, audit, queue=queue)
        verdict = gate.review(answer("您好。"), PLAIN, principal=ADVISOR)
        assert (verdict.outcome, verdict.cleared) == (Outcome.REVIEW, None)
        assert verdict.errors
        with pytest.raises(ComplianceError):
            gate.judge_speech(["您好"], PLAIN)
    assert len(queue.page(principal=OFFICER).items) == 3


class Unsteady(Always):
    """Finds, and fails when it is asked to read again."""

    def acquits(self, draft: Draft, finding: Finding) -> bool:
        raise RuntimeError("x")


@pytest.mark.parametrize("outcome", [Outcome.REVISE, Outcome.BLOCK])
def test_a_second_reading_that_fails_acquits_nothing_and_clears_nothing(
    outcome: Outcome, pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog, queue: ReviewQueue
) -> None:
    gate = Gate(pack, (*filters[1:], Unsteady(filters[0].name, outcome)), audit, queue=queue)
    verdict = gate.review(answer("您好。"), PLAIN, principal=ADVISOR)
    assert (verdict.outcome, verdict.cleared) == (max(outcome, Outcome.REVIEW), None)
    assert [error for error in verdict.errors if error.startswith("second reading")]


def test_an_empty_pack_a_late_verdict_and_a_long_text_are_reviews(
    pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog
) -> None:
    empty = Gate(replace(pack, rules={}, order=()), (), audit)
    late = Gate(pack, filters, audit, time_budget_ms=0)
    short = Gate(pack, filters, audit, max_chars=3)
    for gate in (empty, late, short):
        verdict = gate.review(answer("您好您好"), PLAIN, principal=ADVISOR)
        assert (verdict.outcome, verdict.cleared) == (Outcome.REVIEW, None)
        assert verdict.errors


def test_without_an_audit_entry_nothing_is_cleared(gate: Gate, audit: AuditLog, monkeypatch: Any) -> None:
    def fail(**_: Any) -> str:
        raise AuditError("disk full")

    monkeypatch.setattr(audit, "append", fail)
    verdict = gate.review(answer("您好。"), PLAIN, principal=ADVISOR)
    assert (verdict.outcome, verdict.cleared, verdict.audit_id) == (Outcome.REVIEW, None, None)
    assert gate.review(answer("稳赚不赔"), PLAIN, principal=ADVISOR).outcome is Outcome.BLOCK


def test_only_the_gate_makes_cleared() -> None:
    with pytest.raises(TypeError, match="gate"):
        Cleared(text="x", target=Target.ANSWER, sha256="", audit_id="a", key=object())


OUTCOMES = st.one_of(st.none(), st.sampled_from(list(Outcome)), st.just("error"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=st.lists(OUTCOMES, min_size=1, max_size=6),
    data=st.data(),
    swallow=st.booleans(),
    over=st.booleans(),
)
def test_no_order_and_no_exception_lets_a_block_pass(
    kinds: list[Any], data: Any, swallow: bool, over: bool, pack: RulePack, audit: AuditLog
) -> None:
    filters = [
        Always(f"f{i}", error=RuntimeError("x")) if kind == "error" else Always(f"f{i}", kind)
        for i, kind in enumerate(kinds)
    ]
    order = data.draw(st.permutations([f.name for f in filters]))
    judged = replace(pack, order=tuple(order[1:] if swallow else order))
    gate = Gate(judged, filters, audit, time_budget_ms=1 if over else 10_000)
    verdict = gate.review(answer("x"), PLAIN, principal=ADVISOR)
    real = [k for k in kinds if isinstance(k, Outcome)]
    if "error" in kinds or max(real, default=Outcome.PASS) > Outcome.REVISE:
        assert verdict.cleared is None
        assert verdict.outcome >= (Outcome.REVIEW if "error" in kinds else Outcome.RETURN)
    if Outcome.BLOCK in real and not over:
        assert verdict.outcome is Outcome.BLOCK


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(max_size=80) | st.text(alphabet="保本不承诺收益，。？我\u202e\ud800“”0123456789%[]（）", max_size=80)
)
def test_any_text_gets_a_verdict(text: str, gate: Gate) -> None:
    verdict = gate.review(answer(text), PLAIN, principal=ADVISOR)
    assert verdict.audit_id is not None
    assert not verdict.errors
    for finding in verdict.findings:
        assert text[finding.start : finding.end] == finding.quote


def test_mend_is_pure_and_appends_once() -> None:
    def finding(**k: Any) -> Finding:
        return Finding(rule="r", quote="", outcome=Outcome.REVISE, reason="", **k)

    found = [
        finding(start=0, end=2, replacement="**"),
        finding(start=0, end=0, append="末"),
        finding(start=1, end=1, append="末"),
    ]
    assert mend("12345\n", found) == "**345\n末"


def test_logs_hold_no_client_text(gate: Gate, engine: Engine, caplog: Any, judge: Callable[..., Any]) -> None:
    gate.review(answer("张三的秘密稳赚不赔"), PLAIN, principal=ADVISOR)
    assert "张三" not in caplog.text
    with engine.connect() as connection:
        bodies = connection.exec_driver_sql("select data from audit_log").scalars().all()
    assert all("张三" not in b and "\\u5f20" not in b for b in bodies)
