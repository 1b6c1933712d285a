"""Figures that are computed, of one known number or several: what is right passes, and each altered one is caught."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from compliance_filters.finding import Finding

DATA = Path(__file__).parents[1] / "data"


def of_messages() -> Iterator[dict[str, Any]]:
    """Messages, cited answers and report passages, each with its own metadata."""
    meta = {"today": "2025-08-06", "client_level": "C3", "client_level_expires": "2026-05-20"}
    for line in (DATA / "numbers.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        yield {**case, "meta": {**meta, **case["meta"]}}


def of_several() -> Iterator[dict[str, Any]]:
    """Figures that come of several known numbers; products lie on a shelf, facts and sources are written short."""
    for name in ("numbers_of_several", "numbers_of_rows", "numbers_of_levels"):
        texts: dict[str, Any] = yaml.safe_load((DATA / f"{name}.yaml").read_text("utf-8"))
        for case in texts["cases"]:
            meta = {
                "today": "2026-11-20",
                "client_level": "C5",
                "client_level_expires": "2027-05-20",
                "products": [texts["shelf"][name] for name in case.get("products", ())],
                "sources": [_source(n, written) for n, written in enumerate(case.get("sources", ()), 1)],
                "facts": [
                    dict(zip(("name", "value", "unit", "period"), fact, strict=True)) for fact in case.get("facts", ())
                ],
            }
            yield {**case, "meta": meta}


def _source(n: int, written: str) -> dict[str, Any]:
    publisher, title, text = written.split("｜")
    return {"n": n, "publisher": publisher, "title": title, "text": text}


CASES = [*of_messages(), *of_several()]
ALTERED = [pytest.param(case, old, new, id=f"{case['id']}: {new}") for case in CASES for old, new in case["altered"]]


@pytest.fixture
def unverified(judge: Callable[..., list[Finding]]) -> Callable[[dict[str, Any], str], list[str]]:
    """Numbers of a text that nothing known to the case binds."""

    def run(case: dict[str, Any], text: str) -> list[str]:
        found = judge(text, case.get("target", "answer"), **case["meta"])
        return [f.quote for f in found if f.rule == "number.unverified"]

    return run


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_what_is_right_passes(case: dict[str, Any], unverified: Callable[..., list[str]]) -> None:
    assert unverified(case, case["text"]) == []


@pytest.mark.parametrize(("case", "old", "new"), ALTERED)
def test_what_was_altered_goes_back(
    case: dict[str, Any], old: str, new: str, unverified: Callable[..., list[str]]
) -> None:
    assert old in case["text"]
    assert unverified(case, case["text"].replace(old, new, 1)) != []
