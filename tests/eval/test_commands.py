"""The command line of eval and bench: where output goes, what wrong options say, what importing costs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.case import EvalError
from eval.commands import bench_app, eval_app

Lines = Callable[..., Path]


@pytest.fixture(autouse=True)
def plain_house(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings by environment: no weights, a home that goes away."""
    for name, value in {
        "TOUGU_HOME": str(tmp_path / "home"),
        "TOUGU_MODELS__ENCODER_KIND": "hash",
        "TOUGU_COMPLIANCE__PROFILE": "rules",
        "TOUGU_INTENT__METHOD": "rules",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TOUGU_CONFIG", raising=False)


@pytest.fixture
def data(lines: Lines) -> Path:
    return lines({"id": "a", "text": "我想申购基金", "intents": [{"id": "fund.buy", "polarity": "interest"}]})


def test_json_to_standard_output_stands_alone(data: Path) -> None:
    result = CliRunner().invoke(eval_app, ["intent", "--data", str(data), "--json", "-"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["suite"] == "intent"


def test_json_and_predictions_go_to_files(data: Path, tmp_path: Path) -> None:
    out, said = tmp_path / "out.json", tmp_path / "said.jsonl"
    arguments = ["intent", "--data", str(data), "--json", str(out), "--predictions", str(said)]
    result = CliRunner().invoke(eval_app, arguments)
    assert result.exit_code == 0, result.output
    assert json.loads(out.read_text(encoding="utf-8"))["data"]["n"] == 1
    assert json.loads(said.read_text(encoding="utf-8"))["id"] == "a"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_without_json_a_table_is_printed(data: Path) -> None:
    result = CliRunner().invoke(eval_app, ["intent", "--data", str(data)])
    assert "lead_recall" in result.stdout


def test_the_last_result_stays_in_a_home_that_is_there(data: Path, tmp_path: Path) -> None:
    kept = tmp_path / "home" / "evaluations" / "intent.json"
    (tmp_path / "home").mkdir()
    for _ in range(2):
        assert CliRunner().invoke(eval_app, ["intent", "--data", str(data)]).exit_code == 0
    told = json.loads(kept.read_text(encoding="utf-8"))
    assert (told["suite"], told["data"]["n"]) == ("intent", 1)
    assert told["at"]
    assert [path.name for path in kept.parent.iterdir()] == ["intent.json"]


def test_corpus_and_questions_belong_together(data: Path) -> None:
    result = CliRunner().invoke(eval_app, ["rag", "--data", str(data)])
    assert result.exit_code == 2


@pytest.mark.parametrize("sizes", ["ten", "10"])
def test_sizes_are_checked_before_anything_runs(sizes: str) -> None:
    result = CliRunner().invoke(bench_app, ["retrieval", "--sizes", sizes])
    assert isinstance(result.exception, EvalError)


def test_all_names_of_the_contract_are_commands() -> None:
    from typer.main import get_command

    suites = set(get_command(eval_app).commands)  # type: ignore[attr-defined]
    benches = set(get_command(bench_app).commands)  # type: ignore[attr-defined]
    assert suites == {"intent", "calls", "notes", "asr", "rag", "compliance", "funds", "public", "repair", "wordings"}
    assert benches == {
        "asr", "archive", "calls", "intent", "retrieval", "sync", "shares", "conflicts", "compliance", "leads", "board",
        "chat", "report",
    }  # fmt: skip


def test_importing_the_commands_loads_nothing_heavy() -> None:
    code = (
        "import sys, eval.commands; print([m for m in ('torch', 'numpy', 'sqlalchemy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
