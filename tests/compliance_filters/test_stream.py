"""Sentences on the screen: shown when clear, held or retracted when not, and never a way to send."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Engine

from compliance_filters.audit.log import AuditLog
from compliance_filters.finding import Draft, Filter, Outcome, ReviewContext, Target
from compliance_filters.gate import Gate
from compliance_filters.rules.pack import RulePack
from compliance_filters.stream import Event, Finished, Held, Retracted, Shown, release_sentences
from knowledge_base.access import Principal, Role

ADVISOR = Principal(user_id="u1", roles=frozenset({Role.ADVISOR}))
CONTEXT = ReviewContext(today=date(2026, 3, 1), client_id="k1", client_names=("张三",))
DRAFT = Draft(text="", target=Target.ANSWER)


def events(gate: Gate, sentences: Iterable[str]) -> list[Event]:
    return list(release_sentences(gate, sentences, DRAFT, CONTEXT, principal=ADVISOR))


def test_clear_sentences_are_shown_and_the_whole_is_cleared(gate: Gate) -> None:
    first, second, last = events(gate, ["该基金为中低风险（R2）产品。", "管理费以公告为准。"])
    assert first == Shown(n=0, text="该基金为中低风险（R2）产品。")
    assert second == Shown(n=1, text="管理费以公告为准。")
    assert isinstance(last, Finished)
    assert last.verdict.cleared is not None
    assert last.verdict.cleared.text == "该基金为中低风险（R2）产品。管理费以公告为准。"


def test_a_violation_is_held_and_takes_back_what_was_shown(gate: Gate) -> None:
    found = events(gate, ["该基金为中低风险（R2）产品。", "放心，稳赚不赔。"])
    reasons = ("“……”是在向客户承诺收益或保本，任何形式都不可以。",)
    assert found[1] == Held(n=1, rules=("promise.return",), reasons=reasons)
    assert found[2] == Retracted(n=0, rules=("promise.return",), reasons=reasons)
    assert isinstance(found[3], Finished)
    assert (found[3].verdict.outcome, found[3].verdict.cleared) == (Outcome.BLOCK, None)


def test_a_later_sentence_can_make_an_earlier_one_a_violation(gate: Gate) -> None:
    found = events(gate, ["您问这个保本吗？", "当然，没有任何问题。"])
    assert found[0] == Shown(n=0, text="您问这个保本吗？")
    assert any(isinstance(each, Retracted) and (each.n, each.rules) == (0, ("promise.return",)) for each in found)


def test_an_identifier_is_masked_before_it_is_shown(gate: Gate) -> None:
    (shown, *_) = events(gate, ["您的手机13800138000已登记。"])
    assert shown == Shown(n=0, text="您的手机138****8000已登记。")


def test_who_leaves_early_leaves_a_trace(gate: Gate, engine: Engine) -> None:
    stream = release_sentences(gate, iter(["您好。", "稳赚不赔。"]), DRAFT, CONTEXT, principal=ADVISOR)
    assert next(stream) == Shown(n=0, text="您好。")
    stream.close()
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("select event from audit_log").scalars().all()
    assert "compliance.verdict" in rows


def test_without_one_of_the_filters_nothing_is_shown(
    pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog
) -> None:
    found = events(Gate(pack, filters[1:], audit), ["您好。"])
    assert found[0] == Held(n=0, rules=("error",))
    assert isinstance(found[-1], Finished)
    assert found[-1].verdict.outcome is Outcome.REVIEW
