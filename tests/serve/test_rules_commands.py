"""`tougu rules`: what an officer does with rule packs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from serve.settings import Settings
from serve.wiring import House
from tests.serve.conftest import Tougu, settings_of

RULE: dict[str, Any] = {
    "id": "firm.guess", "zh": "不得报预计收益", "outcome": "return", "law": "远山证券内部规范第3条",
    "reason": "“{quote}”是预计收益的说法。", "patterns": [{"anchors": ["预计"], "regex": "预计{g6}(?:收益|回报)"}],
    "examples": {"violating": ["这只产品预计年回报不错。"], "compliant": ["合同没有写预计收益。"]},
}  # fmt: skip
CASE = {"id": "m1", "target": "advisor_message", "text": "您放心，稳赚不赔。", "verdict": "block", "tags": [],
        "findings": [{"rule": "promise.return", "quote": "稳赚不赔"}]}  # fmt: skip


@pytest.fixture
def firm(tmp_path: Path) -> Path:
    return packed(tmp_path / "firm.yaml")


def packed(path: Path, **changes: Any) -> Path:
    data = {"name": "yuanshan", "version": "2026.1", "rules": [RULE], **changes}
    path.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    return path


def in_use(monkeypatch: pytest.MonkeyPatch, *packs: Path) -> None:
    monkeypatch.setenv("TOUGU_COMPLIANCE__RULE_PACKS", json.dumps([str(path) for path in packs]))


def test_list_names_every_rule_with_its_source_and_pack(
    tougu: Tougu, monkeypatch: pytest.MonkeyPatch, firm: Path
) -> None:
    in_use(monkeypatch, firm)
    listed = json.loads(tougu("rules", "list", "--json").out)
    rules = {rule["id"]: rule for rule in listed["rules"]}
    assert len(rules) == 30
    assert (rules["firm.guess"]["pack"], rules["promise.return"]["pack"]) == ("yuanshan", "tougu-base")
    assert (rules["promise.return"]["verdict"], rules["promise.return"]["pending"]) == ("block", False)
    assert rules["solicit.private"]["pending"] is True
    shown = tougu("rules", "list").out.splitlines()
    assert len(shown) == 30
    (line,) = [line for line in shown if line.startswith("solicit.private ")]
    assert "block" in line
    assert "（条文待核）  [tougu-base]" in line


def test_packs_shows_what_is_in_force_and_what_comes(
    tougu: Tougu, monkeypatch: pytest.MonkeyPatch, firm: Path, tmp_path: Path
) -> None:
    in_use(monkeypatch, firm, packed(tmp_path / "next.yaml", version="2099.1", effective_from="2099-01-01"))
    shown = tougu("rules", "packs").out
    assert "* yuanshan 2026.1" in shown
    assert "  yuanshan 2099.1  2099-01-01 – …" in shown
    assert "from 2099-01-01: tougu-base+yuanshan" in shown
    listed = json.loads(tougu("rules", "packs", "--json").out)
    assert [p["applied"] for p in listed["packs"]] == [True, True, True, False]


def test_lint_names_faults_and_strict_ends_with_one(
    tougu: Tougu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_use(monkeypatch, packed(tmp_path / "firm.yaml", rules=[{**RULE, "unless": ["历史"]}]))
    ran = tougu("rules", "lint")
    assert ran.code == 0
    assert "well formed; 0 errors" in ran.out
    assert "firm.guess: no compliant example needs the unless pattern 历史" in ran.err
    assert tougu("rules", "lint", "--strict").code == 1
    faults = json.loads(tougu("rules", "lint", "--json").out)["faults"]
    assert {"rule", "message", "error"} == set(faults[0])


def test_strict_lint_passes_on_what_is_shipped_and_fails_on_a_bad_pack_of_ones_own(
    tougu: Tougu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert tougu("rules", "lint", "--strict").code == 0
    assert "no pack of your own" in tougu("rules", "lint", "--own").err
    in_use(monkeypatch, packed(tmp_path / "firm.yaml", rules=[{**RULE, "unless": ["历史"]}]))
    faults = json.loads(tougu("rules", "lint", "--own", "--json").out)["faults"]
    assert [fault["rule"] for fault in faults] == ["firm.guess"]
    assert tougu("rules", "lint", "--own", "--strict").code == 1


def test_lint_ends_with_one_on_an_error(tougu: Tougu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    examples = {"violating": ["这只产品不错。"], "compliant": ["您好。"]}
    in_use(monkeypatch, packed(tmp_path / "firm.yaml", rules=[{**RULE, "examples": examples}]))
    ran = tougu("rules", "lint")
    assert ran.code == 1
    assert "error  firm.guess: a violating example is not found" in ran.err


def test_examples_and_cases(tougu: Tougu, tmp_path: Path) -> None:
    assert tougu("rules", "test").code == 0
    file = tmp_path / "mistakes.jsonl"
    file.write_text(json.dumps(CASE, ensure_ascii=False), "utf-8")
    ran = tougu("rules", "test", "--cases", file)
    assert ran.code == 0
    assert "1 cases tried, 0 faults" in ran.out
    file.write_text(json.dumps({**CASE, "verdict": "pass", "findings": []}, ensure_ascii=False), "utf-8")
    wrong = tougu("rules", "test", "--cases", file)
    assert wrong.code == 1
    assert "m1: the verdict is block, not pass" in wrong.err
    as_json = json.loads(tougu("rules", "test", "--cases", file, "--json").out)
    assert set(as_json["failed_cases"]) == {"m1"}
    assert {"rule", "violating", "compliant", "faults"} == set(as_json["rules"][0])


def test_a_rule_is_explained_with_its_pending_law(tougu: Tougu) -> None:
    explained = tougu("rules", "explain", "solicit.private").out
    assert "（条文待核）" in explained
    assert "违规示例" in explained
    assert json.loads(tougu("rules", "explain", "promise.return", "--json").out)["law_confirmed"] is True


def test_a_text_is_explained_place_by_place(tougu: Tougu) -> None:
    shown = tougu("rules", "explain", "--text", "本产品不保本。您问稳赚不赔吗？").out
    assert "promise.return 「保本」 被否定" in shown
    assert "promise.return 「稳赚不赔」 是提问" in shown
    found = json.loads(tougu("rules", "explain", "promise.return", "--text", "这只保本。", "--json").out)
    assert [f["rule"] for f in found["findings"]] == ["promise.return"]
    assert "asserted" in {c["fate"] for c in found["candidates"]}
    assert "没有规则的线索词" in tougu("rules", "explain", "--text", "您好。").out
    assert tougu("rules", "explain").code == 1
    assert "no target" in tougu("rules", "explain", "--text", "x", "--target", "wall").err


def test_a_text_is_explained_with_what_the_model_finds(tougu: Tougu, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the full profile; a double stands for the model."""
    from compliance_filters.semantic.filter import SemanticFilter
    from serve.rooms import Rooms
    from tests.compliance_filters.conftest import CALIBRATION, SCORER

    monkeypatch.setattr(Rooms, "semantic_filter", lambda _, pack: SemanticFilter(pack, SCORER, CALIBRATION))
    without = tougu("rules", "explain", "--text", "这句有甲词。").out
    assert "语义模型" not in without, "the profile of the tests is rules"
    monkeypatch.setenv("TOUGU_COMPLIANCE__PROFILE", "full")
    for text, word in (("这句有甲词。", "违规"), ("这句有乙词。", "存疑")):
        shown = tougu("rules", "explain", "--text", text).out
        assert f"{word}  promise.return 「{text.rstrip('。')}" in shown
        assert "由语义模型判断" in shown
    found = json.loads(tougu("rules", "explain", "--text", "这句有乙词。", "--json").out)["findings"]
    assert [(f["by"], f["verdict"]) for f in found] == [("semantic", "review")]
    assert "由语义模型" not in tougu("rules", "explain", "--text", "这句有甲词。", "--without-model").out


def test_diff_shows_rules_words_and_texts(tougu: Tougu, firm: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts.jsonl"
    texts.write_text('{"id": "t1", "text": "这只产品预计年回报不错。"}\n{"text": "您好。"}\n', "utf-8")
    shown = tougu("rules", "diff", firm, "--on", texts).out
    assert "added: firm.guess: 不得报预计收益, return" in shown
    assert "t1: pass -> return  +firm.guess" in shown
    assert "1 texts judged otherwise" in shown
    (tmp_path / "mine.yaml").write_text("rules: [", encoding="utf-8")
    assert tougu("rules", "diff", tmp_path / "mine.yaml").code == 1


def test_diff_of_a_coming_pack_is_of_the_day_it_comes(tougu: Tougu, tmp_path: Path) -> None:
    coming = packed(tmp_path / "firm.yaml", effective_from="2099-01-01")
    compared = json.loads(tougu("rules", "diff", coming, "--json").out)
    assert compared["day"] == "2099-01-01"
    assert [change["rule"] for change in compared["changes"]] == ["firm.guess"]


def test_an_officer_adopts_packs_and_the_service_demands_it(
    tougu: Tougu, monkeypatch: pytest.MonkeyPatch, firm: Path, tmp_path: Path
) -> None:
    assert tougu("rules", "keygen", tmp_path / "officer").code == 0
    private, public = tmp_path / "officer" / "pack-key.pem", tmp_path / "officer" / "pack-key.pub"
    in_use(monkeypatch, firm)
    monkeypatch.setenv("TOUGU_COMPLIANCE__PACK_KEYS", json.dumps([str(public)]))
    refused = tougu("rules", "packs")
    assert refused.code == 1
    assert "carries no signature" in refused.err
    monkeypatch.setenv("TOUGU_COMPLIANCE__PACK_SIGNATURES", str(tmp_path / "signatures"))
    signed = tougu("rules", "sign", firm, "--shipped", "--key", private, "--signer", "黎合规")
    assert signed.code == 0
    assert "signed by 黎合规" in tougu("rules", "packs").out
    firm.write_text(firm.read_text("utf-8") + "\n", "utf-8")
    assert "was changed after it was signed" in tougu("rules", "packs").err


def test_signing_says_what_is_missing(tougu: Tougu, firm: Path, tmp_path: Path) -> None:
    tougu("rules", "keygen", tmp_path)
    key = ("--key", tmp_path / "pack-key.pem", "--signer", "x")
    assert "nothing to sign" in tougu("rules", "sign", *key).err
    assert "needs a folder" in tougu("rules", "sign", "--shipped", *key).err
    assert "cannot be read" in tougu("rules", "sign", tmp_path / "none.yaml", *key).err
    assert "not overwritten" in tougu("rules", "keygen", tmp_path).err


def test_a_service_without_the_signature_does_not_start(home: Path, tmp_path: Path) -> None:
    from compliance_filters.errors import RulePackError
    from compliance_filters.rules.signatures import write_key_pair

    _, public = write_key_pair(tmp_path / "officer")
    rules = settings_of(home).compliance.model_copy(update={"pack_keys": (public,)})
    house = House(Settings.model_copy(settings_of(home), update={"compliance": rules}))
    try:
        with pytest.raises(RulePackError, match="carries no signature"):
            _ = house.gate
        assert "carries no signature" in house.readiness()["rules"]
    finally:
        house.close()
