"""The trace says why, and finds exactly what the filter finds."""

from __future__ import annotations

import pytest

from compliance_filters.context import context_from_meta
from compliance_filters.finding import Draft, Target
from compliance_filters.phrases import PhraseFilter
from compliance_filters.rules.pack import RulePack
from compliance_filters.rules.trace import FATES, PhraseTracer


@pytest.fixture(scope="module")
def tracer(pack: RulePack) -> PhraseTracer:
    return PhraseTracer(pack)


def fates(tracer: PhraseTracer, text: str, rule: str = "promise.return", **meta: object) -> set[str]:
    draft = Draft(text=text, target=Target.ANSWER)
    return {c.fate for c in tracer.trace(draft, context_from_meta(meta)) if c.rule == rule} - {"no match"}


@pytest.mark.parametrize(
    ("text", "fate"),
    [
        ("这只产品稳赚不赔。", "asserted"),
        ("本产品不保本。", "denied"),
        ("这个保本吗？", "asked"),
        ("客户说要保本的。", "reported"),
        ("凡是稳赚不赔的说法都是骗局。", "taught"),
        ("请看《保本指南》。", "title"),
        ("保证金为十万元，业绩承诺函保收益。", "asserted"),
    ],
)
def test_the_stance_is_named(tracer: PhraseTracer, text: str, fate: str) -> None:
    assert fate in fates(tracer, text)


def test_exceptions_are_named_with_what_saved_the_text(tracer: PhraseTracer) -> None:
    draft = Draft(text="请远离场外配资，违法的事不能做。", target=Target.ANSWER)
    (saved,) = {c for c in tracer.trace(draft, context_from_meta({})) if c.fate == "unless"}
    assert "违法" in saved.saved_by
    named = {"products": [{"code": "990009", "name": "云岭稳赚混合"}]}
    assert fates(tracer, "云岭稳赚混合是混合型基金。", **named) == {"product name"}


def test_a_cue_whose_pattern_does_not_fit_is_told(tracer: PhraseTracer) -> None:
    draft = Draft(text="请确保本人操作。", target=Target.ANSWER)
    found = tracer.trace(draft, context_from_meta({}))
    assert {c.fate for c in found if c.rule == "promise.return"} == {"no match"}
    assert all(draft.text[c.start : c.end] == c.quote for c in found)


def test_it_finds_what_the_filter_finds(pack: RulePack, tracer: PhraseTracer) -> None:
    plain = PhraseFilter(pack)
    for rule in pack.rules.values():
        for example in (*rule.violating, *rule.compliant):
            draft, context = Draft(text=example.text, target=Target(example.target)), context_from_meta(example.meta)
            traced = tracer.trace(draft, context)
            found = plain.find(draft, context)
            asserted = [c for c in traced if c.fate == "asserted"]
            assert {c.rule for c in asserted} == {f.rule for f in found}, example.text
            for each in asserted:
                inside = [f for f in found if f.rule == each.rule and f.start <= each.start and each.end <= f.end]
                assert inside, example.text
            assert {c.fate for c in traced} <= set(FATES)
