"""Whole texts with facts and sources: compliant ones stay free of number findings, altered ones are caught."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compliance_filters.context import context_from_meta
from compliance_filters.finding import Draft, Target
from compliance_filters.numbers.filter import NumberFilter
from compliance_filters.rules.pack import RulePack

CASES = Path(__file__).parents[2] / "eval" / "cases" / "compliance_documents.jsonl"
DOCUMENTS: list[dict[str, Any]] = [json.loads(line) for line in CASES.read_text("utf-8").splitlines()]


def faults(case: dict[str, Any], pack: RulePack) -> list[tuple[int, int]]:
    draft = Draft(text=case["text"], target=Target(case["target"]))
    found = NumberFilter(pack).find(draft, context_from_meta(case["meta"]))
    return [(f.start, f.end) for f in found]


def tagged(tag: str) -> list[Any]:
    return [pytest.param(case, id=case["id"]) for case in DOCUMENTS if tag in case["tags"]]


@pytest.mark.parametrize("case", tagged("compliant"))
def test_every_number_of_a_compliant_text_is_bound(case: dict[str, Any], pack: RulePack) -> None:
    assert [case["text"][start:end] for start, end in faults(case, pack)] == []


@pytest.mark.parametrize("case", tagged("altered"))
def test_an_altered_number_is_caught_where_it_stands(case: dict[str, Any], pack: RulePack) -> None:
    quote = next(f["quote"] for f in case["findings"] if f["rule"] == "number.unverified")
    start = case["text"].index(quote)
    assert any(begin < start + len(quote) and start < end for begin, end in faults(case, pack))
