"""Figures that come of several known numbers: what is right passes, and each altered one is caught."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from compliance_filters.finding import Finding

DATA = Path(__file__).parents[1] / "data" / "numbers_of_several.yaml"
TEXTS: dict[str, Any] = yaml.safe_load(DATA.read_text("utf-8"))
CASES: list[dict[str, Any]] = TEXTS["cases"]
ALTERED = [pytest.param(case, old, new, id=f"{case['id']}: {new}") for case in CASES for old, new in case["altered"]]


def unverified(judge: Callable[..., list[Finding]], case: dict[str, Any], text: str) -> list[str]:
    found = judge(
        text,
        case.get("target", "answer"),
        today="2026-11-20",
        client_level="C5",
        client_level_expires="2027-05-20",
        products=[TEXTS["shelf"][name] for name in case.get("products", ())],
        sources=[_source(n, written) for n, written in enumerate(case.get("sources", ()), 1)],
        facts=[dict(zip(("name", "value", "unit", "period"), fact, strict=True)) for fact in case.get("facts", ())],
    )
    return [f.quote for f in found if f.rule == "number.unverified"]


def _source(n: int, written: str) -> dict[str, Any]:
    publisher, title, text = written.split("｜")
    return {"n": n, "publisher": publisher, "title": title, "text": text}


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_what_is_right_passes(case: dict[str, Any], judge: Callable[..., list[Finding]]) -> None:
    assert unverified(judge, case, case["text"]) == []


@pytest.mark.parametrize(("case", "old", "new"), ALTERED)
def test_what_was_altered_goes_back(
    case: dict[str, Any], old: str, new: str, judge: Callable[..., list[Finding]]
) -> None:
    assert old in case["text"]
    assert unverified(judge, case, case["text"].replace(old, new, 1)) != []
