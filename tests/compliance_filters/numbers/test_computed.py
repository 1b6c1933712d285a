"""Messages, cited answers and report passages: what is computed right passes, and each altered number is caught."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compliance_filters.finding import Finding

DATA = Path(__file__).parents[1] / "data" / "numbers.jsonl"
CASES: list[dict[str, Any]] = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
ALTERED = [pytest.param(case, old, new, id=f"{case['id']}: {new}") for case in CASES for old, new in case["altered"]]


def unverified(judge: Callable[..., list[Finding]], case: dict[str, Any], text: str) -> list[str]:
    meta = {"today": "2025-08-06", "client_level": "C3", "client_level_expires": "2026-05-20", **case["meta"]}
    found = judge(text, case.get("target", "answer"), **meta)
    return [f.quote for f in found if f.rule == "number.unverified"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_what_is_right_passes(case: dict[str, Any], judge: Callable[..., list[Finding]]) -> None:
    assert unverified(judge, case, case["text"]) == []


@pytest.mark.parametrize(("case", "old", "new"), ALTERED)
def test_what_was_altered_goes_back(
    case: dict[str, Any], old: str, new: str, judge: Callable[..., list[Finding]]
) -> None:
    assert unverified(judge, case, case["text"].replace(old, new, 1)) != []
