"""docs/evaluation.md, to which error messages point: its examples are read and its tables are complete."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from eval.suites import calls, compliance, notes, rag

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evaluation.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_examples_are_json_lines(page: str) -> None:
    blocks = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    lines = [line for block in blocks[1:] for line in block.splitlines()]
    assert len(lines) >= 6
    assert all(json.loads(line)["id"] for line in lines)
    assert json.loads(blocks[0])["version"] == 2


@pytest.mark.parametrize(
    "suite", [calls.METRICS, notes.METRICS, rag.METRICS, compliance.SENTENCES, compliance.DOCUMENTS]
)
def test_every_metric_is_explained(page: str, suite: dict[str, object]) -> None:
    assert [name for name in suite if f"`{name}`" not in page] == []
