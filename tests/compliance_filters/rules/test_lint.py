"""Lint names what is wrong with a pack beyond its form; a clean one has nothing to say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from compliance_filters.filters import standard_filters
from compliance_filters.phrases import PhraseFilter
from compliance_filters.rules.coverage import gaps
from compliance_filters.rules.lint import Fault, lint, of_files
from compliance_filters.rules.pack import RulePack
from compliance_filters.rules.shelf import parse_pack
from tests.compliance_filters.rules.test_rules import ENTRY, pack_of


def linted(*entries: dict[str, Any], order: tuple[str, ...] = ("phrases",)) -> list[str]:
    pack = replace(pack_of(*entries), order=order)
    return [str(fault) for fault in lint(pack, [PhraseFilter(pack)]) if fault.rule or "order" in fault.message]


def test_a_clean_pack_has_no_fault() -> None:
    assert linted(ENTRY) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"law": "-"}, "warning  house.words: names no law"),
        ({"law": " "}, "warning  house.words: names no law"),
        ({"patterns": [{"anchors": ["成名"], "regex": "成名+"}]}, "repeats without a bound"),
        ({"benign": ["成名(?:很|快){1,9}[^。]{0,300}[^。]{0,300}[^。]{0,300}x"]}, "ways from one place"),
        ({"patterns": [{"anchors": ["暴富"], "regex": "成名(?:了|啊)?"}]}, "the anchor 暴富 can stand in no match"),
        ({"patterns": [{"anchors": ["致富"], "regex": "致富{g3}"}]}, "no violating example exercises the pattern 致富"),
        ({"benign": ["成名作"]}, "no compliant example needs the benign pattern 成名作"),
        ({"unless": ["历史"]}, "no compliant example needs the unless pattern 历史"),
        ({"phrases": ["一夜成名", "勿失"], "benign": ["勿失"]}, "the phrase 勿失 is not found where it stands alone"),
        ({"examples": {"violating": ["平平无奇"], "compliant": ["稳"]}}, "a violating example is not found: 平平无奇"),
        (
            {"examples": {"violating": ["让您一夜成名"], "compliant": ["您一夜成名"]}},
            "error  house.words: a compliant example is found: 您一夜成名",
        ),
    ],
)
def test_each_fault_is_named(change: dict[str, Any], fault: str) -> None:
    assert any(fault in line for line in linted({**ENTRY, **change}))


def test_a_structure_rule_without_a_filter_is_an_error() -> None:
    lines = linted(ENTRY, {**ENTRY, "id": "house.size", "kind": "structure", "phrases": []})
    assert any("error  house.size: no filter finds any of its violating examples" in line for line in lines)


def test_an_exception_that_an_example_needs_is_no_fault() -> None:
    examples = {"violating": ["让您一夜成名"], "compliant": ["这是他的一夜成名作。"]}
    assert linted({**ENTRY, "benign": ["成名作"], "examples": examples}) == []


def test_the_order_names_filters_that_exist_and_apply_the_rules() -> None:
    assert any("order names the filter magic" in line for line in linted(ENTRY, order=("phrases", "magic")))
    assert any("order leaves out the filter phrases" in line for line in linted(ENTRY, order=()))
    assert any("twice" in line for line in linted(ENTRY, order=("phrases", "phrases")))


def test_errors_come_before_warnings() -> None:
    lines = linted({**ENTRY, "law": "-", "examples": {"violating": ["平平无奇"], "compliant": ["稳"]}})
    assert [line.split()[0] for line in lines] == sorted(line.split()[0] for line in lines)


def test_the_shipped_pack_has_nothing_to_mend(pack: RulePack) -> None:
    """Each of its patterns and exceptions is needed by an example, so that `--strict` means something for a firm."""
    assert [str(fault) for fault in lint(pack, standard_filters(pack))] == []


def test_faults_of_ones_own_files_alone(pack: RulePack) -> None:
    faults = (
        Fault(rule="house.words", message="names no law"), Fault(rule="promise.return", message="names no law"),
        Fault(rule=None, message="injection: the pattern x repeats"), Fault(rule=None, message="order names y twice"),
        Fault(rule="input.injection", message="no violating example"),
    )  # fmt: skip
    mine = parse_pack("name: a\nrules: [{id: house.words}]", "a.yaml")
    assert of_files(faults, [mine]) == faults[:1]
    injections = parse_pack("name: b\nsettings: {injection: []}", "b.yaml")
    assert of_files(faults, [injections]) == (faults[2], faults[4])


def test_gaps_speak_of_rules_of_the_pack(pack: RulePack) -> None:
    found = list(gaps(pack))
    assert {gap.rule for gap in found} <= set(pack.rules)
    assert {gap.part for gap in found} <= {"phrase", "pattern", "benign", "unless", "injection"}
