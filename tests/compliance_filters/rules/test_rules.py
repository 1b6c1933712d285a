"""Rule packs: the form is checked, faults are named, the hash follows the data, examples are tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from compliance_filters.errors import RulePackError
from compliance_filters.finding import Filter, Outcome
from compliance_filters.rules.pack import RulePack, compile_pattern, make_pack
from compliance_filters.rules.shelf import builtin_pack, load_pack
from compliance_filters.rules.trials import try_examples

RULE_IDS = {
    "promise.return", "promise.loss_share", "prediction.performance", "certainty.market",
    "exaggeration.superlative", "inducement.wording", "inducement.urgency", "insider.information",
    "source.rumor", "disparagement", "endorsement", "suitability.mismatch", "suitability.unknown",
    "solicit.private", "conduct.proxy_trading", "conduct.offsite_leverage", "inducement.gift",
    "performance.display", "missing.past_performance", "missing.risk_disclosure", "missing.source",
    "missing.ai_label", "number.unverified", "pii.leak", "product.off_shelf", "product.restricted",
    "conduct.obstruct_exit", "missing.adviser_identity", "input.injection",
}  # fmt: skip
ENTRY: dict[str, Any] = {
    "id": "house.words", "zh": "自定用语", "outcome": "return", "law": "内控", "reason": "“{quote}”不合规。",
    "phrases": ["一夜成名"], "examples": {"violating": ["让您一夜成名"], "compliant": ["稳步前行"]},
}  # fmt: skip


def pack_of(*entries: dict[str, Any]) -> RulePack:
    data = {"name": "t", "version": "1", "effective_from": "2026-01-01", "order": [], "rules": list(entries)}
    return make_pack(data, builtin_pack().lexicon, sources=[str(entries)])


def test_the_built_in_pack_has_every_rule_and_both_kinds_of_examples(pack: RulePack) -> None:
    assert set(pack.rules) == RULE_IDS
    assert all(len(r.violating) >= 4 and len(r.compliant) >= 4 for r in pack.rules.values())


@pytest.mark.parametrize("rule_id", sorted(RULE_IDS))
def test_examples_do_what_they_say(rule_id: str, pack: RulePack, filters: tuple[Filter, ...]) -> None:
    one = replace(pack, rules={rule_id: pack.rules[rule_id]})
    (trial,) = try_examples(one, filters)
    assert trial.faults == ()
    assert (trial.violating, trial.compliant) == (
        len(pack.rules[rule_id].violating),
        len(pack.rules[rule_id].compliant),
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"outcome": "maybe"}, "unknown outcome"),
        ({"phrases": []}, "needs `phrases`"),
        ({"kind": "other"}, "kind is"),
        ({"examples": {"violating": ["x"]}}, "compliant examples"),
        ({"escalate": True, "suggestion": "换个说法"}, "no suggestion"),
        ({"patterns": [{"anchors": [], "regex": "a"}]}, "needs anchors"),
        ({"patterns": [{"anchors": ["a"], "regex": "(a+)+b"}]}, "without a bound"),
        ({"patterns": [{"anchors": ["a"], "regex": "a("}]}, "house.words"),
        ({"effective_from": "soon"}, "write it as YYYY-MM-DD"),
        ({"effective_from": "2026-02-01", "effective_to": "2026-01-01"}, "lies before"),
        ({"kind": "structure", "effective_from": "2026-02-01"}, "no days of its own"),
    ],
)
def test_a_wrong_rule_is_refused_and_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(RulePackError, match=words.replace("(", r"\(")):
        pack_of({**ENTRY, **change})


def test_empty_and_doubled_packs_are_refused() -> None:
    with pytest.raises(RulePackError, match="no rules"):
        pack_of()
    with pytest.raises(RulePackError, match="twice"):
        pack_of(ENTRY, ENTRY)


def test_a_firm_lays_its_pack_over_and_the_hash_changes(tmp_path: Path, pack: RulePack) -> None:
    path = tmp_path / "firm.yaml"
    path.write_text(yaml.safe_dump({"name": "远山", "version": "3", "rules": [ENTRY]}, allow_unicode=True), "utf-8")
    firm = load_pack([path])
    assert set(firm.rules) == RULE_IDS | {"house.words"}
    assert firm.hash != pack.hash
    assert "远山" in firm.label


@pytest.mark.parametrize("content", [None, "", "- a", "rules: [", "rules:\n- {id: a}\n- {id: a}", "rules: [a]"])
def test_a_broken_overlay_is_one_clear_error(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "firm.yaml"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(RulePackError):
        load_pack([path])


def test_pending_law_is_said_and_macros_stop_at_clauses(pack: RulePack) -> None:
    assert pack.rule("solicit.private").finding("x", 0, 1).law.endswith("（条文待核）")
    assert compile_pattern("涨{g6}停").search("涨一点就停")
    assert not compile_pattern("涨{g6}停").search("涨,停")
    assert compile_pattern("涨{c6}停").search("涨,停")
    assert compile_pattern("{pct}").findall("8%、三成、百分之三点五") == ["8%", "三成", "百分之三点五"]
    assert pack.rule("promise.return").outcome is Outcome.BLOCK
