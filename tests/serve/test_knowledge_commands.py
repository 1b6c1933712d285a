"""Commands of editors and officers: contradictions, approved wording, the queue, what was not found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.serve.conftest import Tougu

WORDING = "- {id: opening, question: 营业部几点开门, text: 营业部交易日九点开门。, effective_from: 2026-01-01}\n"


@pytest.fixture
def at_home(hash_environment: Path, furnished: Path) -> Path:
    shutil.copytree(furnished, hash_environment, dirs_exist_ok=True)
    return hash_environment


def test_the_commands_of_editors_and_officers(tougu: Tougu, at_home: Path, tmp_path: Path) -> None:
    for name, role in (("ed", "editor"), ("of", "compliance")):
        assert tougu("users", "add", name, "--role", role).code == 0
    listed = tougu("kb", "conflicts").out
    conflict = next(word for word in listed.split() if word.startswith("x_"))
    assert "genuine" in listed
    assert "left: 《" in listed
    assert tougu("kb", "settle", conflict, "--holds", "up", "--why", "x").code == 1
    assert "settled: both" in tougu("--as", "ed", "kb", "settle", conflict, "--holds", "both", "--why", "对象不同").out
    assert "No conflicts" in tougu("kb", "conflicts").out
    assert "by ed: 对象不同" in tougu("kb", "conflicts", "--settled").out

    file = tmp_path / "w.yaml"
    file.write_text(WORDING, encoding="utf-8")
    assert "opening 1  draft" in tougu("--as", "ed", "kb", "wording", "propose", file).out
    refused = tougu("--as", "ed", "kb", "wording", "approve", "opening", 1, "--reason", "属实")
    assert (refused.code, "role compliance" in refused.err) == (1, True)
    assert "approved" in tougu("--as", "of", "kb", "wording", "approve", "opening", 1, "--reason", "属实").out
    assert "营业部交易日九点开门" in tougu("kb", "wording", "list").out
    assert "第1版（of批准" in tougu("ask", "请问营业部几点开门？").out

    tougu("ask", "火星基金的管理费率是多少")
    assert "火星基金" in tougu("kb", "unanswered").out

    folder = tmp_path / "queue"
    folder.mkdir()
    (folder / "a.md").write_text("# 甲\n\n文。\n", encoding="utf-8")
    assert "1 documents wait" in tougu("kb", "sync", folder, "--queue").out
