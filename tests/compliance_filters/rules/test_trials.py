"""Files of cases, and what differs between two packs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compliance_filters.errors import RulePackError
from compliance_filters.filters import standard_filters
from compliance_filters.finding import SEMANTIC
from compliance_filters.rulebook import Rulebook
from compliance_filters.rules.changes import changes, read_texts, turned
from compliance_filters.rules.pack import RulePack
from compliance_filters.rules.shelf import load_pack
from compliance_filters.rules.trials import read_cases, try_case
from tests.compliance_filters.rules.test_rules import ENTRY
from tests.compliance_filters.rules.test_shelf import written

CASE = {
    "id": "s1", "target": "advisor_message", "text": "您放心，稳赚不赔。", "verdict": "block", "tags": [],
    "findings": [{"rule": "promise.return", "quote": "稳赚不赔"}],
}  # fmt: skip


def book_of(pack: RulePack) -> Rulebook:
    return Rulebook.of(pack, standard_filters(pack), left_out=frozenset({SEMANTIC}))


@pytest.fixture(scope="module")
def book(pack: RulePack) -> Rulebook:
    return book_of(pack)


def lines(path: Path, *items: Any) -> Path:
    path.write_text("\n".join(json.dumps(item, ensure_ascii=False) for item in items), "utf-8")
    return path


def faults_of(tmp_path: Path, book: Rulebook, **changed: Any) -> tuple[str, ...]:
    (case,) = read_cases(lines(tmp_path / "cases.jsonl", {**CASE, **changed}))
    return try_case(case, book)


def test_a_case_that_is_judged_as_it_says_has_no_fault(tmp_path: Path, book: Rulebook) -> None:
    assert faults_of(tmp_path, book) == ()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"verdict": "pass"}, "the verdict is block, not pass"),
        ({"findings": []}, "promise.return is found in “稳赚不赔”"),
        ({"findings": [*CASE["findings"], {"rule": "endorsement"}]}, "endorsement is not found"),
        ({"findings": [{"rule": "promise.return", "quote": "您放心"}]}, "is not found in “您放心”"),
    ],
)
def test_a_case_that_is_not_is_told(tmp_path: Path, book: Rulebook, changed: dict[str, Any], words: str) -> None:
    assert any(words in fault for fault in faults_of(tmp_path, book, **changed))


def test_a_defensible_second_finding_is_no_false_alarm(tmp_path: Path, book: Rulebook) -> None:
    assert faults_of(tmp_path, book, findings=[], tags=["alt:promise.return"]) == ()


def test_what_cannot_be_mended_is_in_doubt(tmp_path: Path, book: Rulebook) -> None:
    product = {"code": "990005", "name": "云岭稳健债券", "risk_level": "R2", "on_shelf": True}
    text = "建议您考虑云岭稳健债券。投资有风险。本内容由人工智能辅助生成。"
    meta = {"channel": "client", "client_level": "C4", "client_level_expires": "2030-01-01", "products": [product]}
    findings = [{"rule": "missing.adviser_identity"}]
    changed = {"text": text, "target": "answer", "findings": findings, "verdict": "review", "meta": meta}
    assert faults_of(tmp_path, book, **changed) == ()


@pytest.mark.parametrize(
    "content",
    ["", "{", '{"text": "x"}', '{"text": "x", "target": "wall", "verdict": "pass"}',
     '{"text": "x", "target": "answer", "verdict": "maybe"}', "[]",
     '{"text": "x", "target": "answer", "verdict": "pass", "meta": {"today": "soon"}}'],
)  # fmt: skip
def test_a_broken_file_of_cases_is_one_clear_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(RulePackError, match=r"cases\.jsonl"):
        read_cases(path)


def test_no_difference_between_a_pack_and_itself(pack: RulePack) -> None:
    assert list(changes(pack, pack)) == []


def test_changes_name_rules_fields_words_and_settings(tmp_path: Path, pack: RulePack) -> None:
    firm = load_pack([written(tmp_path)])
    milder = {**ENTRY, "outcome": "review", "phrases": ["一夜成名", "一步登天"], "law_status": "confirmed"}
    other = load_pack([written(tmp_path, "next.yaml", rules=[milder], settings={"product_names": []})])
    added = list(changes(pack, firm))
    assert [(c.rule, c.field, c.before) for c in added] == [("house.words", "rule", None)]
    found = {(c.rule, c.field): (c.before, c.after) for c in changes(firm, other)}
    assert found["house.words", "outcome"] == ("return", "review")
    assert found["house.words", "source"] == ("内控（条文待核）", "内控")
    assert found["house.words", "cues"] == (None, "一步登天  [一步登天]")
    assert ("settings.product_names", "value") in found
    assert [c.after for c in changes(firm, pack)] == [None]


def test_texts_that_turn_are_named(tmp_path: Path, pack: RulePack, book: Rulebook) -> None:
    firm = book_of(load_pack([written(tmp_path)]))
    texts = lines(tmp_path / "texts.jsonl", {"text": "让您一夜成名。"}, {"text": "您好。"}, {"text": "稳赚不赔。"})
    (found,) = turned(read_texts(texts), book, firm)
    assert (found.id, found.before, found.after, found.new, found.gone) == ("1", "pass", "return", ("house.words",), ())
    with pytest.raises(RulePackError, match="line 1"):
        list(read_texts(lines(tmp_path / "texts.jsonl", {"words": "x"})))
