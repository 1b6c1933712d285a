"""The command line: light to start, one line for every mistake."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from serve.cli import app
from serve.commands.context import one_line
from serve.errors import ServeError
from tests.serve.conftest import Tougu

HEAVY = {
    "torch", "pandas", "faiss", "numpy", "scipy", "sklearn", "transformers", "sentence_transformers",
    "faster_whisper", "matplotlib", "jieba", "docx", "typst", "langchain_openai", "sqlalchemy", "alembic",
    "fastapi", "uvicorn", "rich.progress",
}  # fmt: skip
COMMANDS = (
    "demo", "serve", "worker", "transcribe", "calls", "leads", "kb", "ask", "diagnose", "check", "eval", "intent",
    "bench", "rules", "prompts", "users", "audit", "models", "doctor", "config", "import", "backup", "restore",
    "pilot",
)  # fmt: skip


def in_a_process(code: str) -> str:
    """What Python prints after running `code` away from the repository's working folder."""
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import serve.cli",
        "import sys; from serve.cli import main; sys.argv = ['tougu', '--help']\ntry: main()\nexcept SystemExit: pass",
    ],
    ids=["import", "help"],
)
def test_nothing_heavy_is_loaded_before_a_command_runs(code: str) -> None:
    loaded = in_a_process(code + "\nimport sys; print('MODULES', *sys.modules)").partition("MODULES")[2].split()
    assert HEAVY.isdisjoint(loaded), sorted(HEAVY.intersection(loaded))


def test_help_names_every_command(tougu: Tougu) -> None:
    ran = tougu("--help")
    assert ran.code == 0
    missing = [name for name in COMMANDS if f" {name} " not in ran.out]
    assert missing == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(tougu: Tougu, name: str) -> None:
    ran = tougu(name, "--help")
    assert ran.code == 0
    assert "Usage" in ran.out


def test_every_command_has_a_sentence() -> None:
    groups = [app, *(group.typer_instance for group in app.registered_groups)]
    silent = [
        c.callback.__name__ for g in groups for c in g.registered_commands if c.callback and not c.callback.__doc__
    ]
    assert silent == []


def test_version(tougu: Tougu) -> None:
    ran = tougu("--version")
    assert (ran.code, ran.out.startswith("tougu 0.")) == (0, True)


class TestMistakes:
    """One line on standard error with what to do, an exit code that is not zero, no traceback."""

    def one_line(self, ran: object, *words: str) -> None:
        assert ran.code == 1, ran  # type: ignore[attr-defined]
        lines = ran.err.strip().splitlines()  # type: ignore[attr-defined]
        assert len(lines) == 1, lines
        assert lines[0].startswith("tougu: ")
        assert all(word in lines[0] for word in words), lines[0]

    def test_a_wrong_key(self, tougu: Tougu, tmp_path: Path) -> None:
        file = tmp_path / "tougu.toml"
        file.write_text("[leads]\nwindow_day = 3\n", encoding="utf-8")
        self.one_line(tougu("--config", file, "users", "list"), "leads.window_day", "did you mean leads.window_days?")

    def test_a_missing_file_of_settings(self, tougu: Tougu, tmp_path: Path) -> None:
        self.one_line(tougu("--config", tmp_path / "none.toml", "config"), "does not exist", "--config")

    def test_an_unknown_user(self, tougu: Tougu) -> None:
        self.one_line(tougu("--as", "nobody", "users", "list"), "no user nobody", "tougu users add")

    def test_an_unknown_role(self, tougu: Tougu) -> None:
        self.one_line(tougu("users", "add", "A001", "--role", "king"), "no role king", "advisor")

    def test_an_open_door(self, tougu: Tougu) -> None:
        self.one_line(tougu("serve", "--host", "0.0.0.0"), "0.0.0.0", "SSH tunnel")

    def test_a_taken_port(self, tougu: Tougu) -> None:
        import socket

        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            self.one_line(tougu("serve", "--port", port), str(port), "--port")

    def test_a_missing_folder(self, tougu: Tougu, tmp_path: Path) -> None:
        self.one_line(tougu("kb", "sync", tmp_path / "nowhere"), "nowhere")

    def test_no_recordings(self, tougu: Tougu, tmp_path: Path) -> None:
        self.one_line(tougu("calls", tmp_path), "No recordings were found")
        self.one_line(tougu("transcribe", tmp_path / "none.wav"), "none.wav")

    def test_a_fund_without_nav(self, tougu: Tougu, tmp_path: Path) -> None:
        self.one_line(tougu("diagnose", "990099", "--nav", tmp_path), "990099.csv", "--nav")

    def test_neither_fund_nor_client(self, tougu: Tougu) -> None:
        self.one_line(tougu("diagnose"), "--client")

    def test_an_unknown_client(self, tougu: Tougu) -> None:
        self.one_line(tougu("diagnose", "--client", "C9999"), "no client C9999")
        self.one_line(tougu("ask", "费率", "--client", "C9999"), "no client C9999")

    def test_a_day_that_is_none(self, tougu: Tougu) -> None:
        self.one_line(tougu("ask", "费率", "--as-of", "gestern"), "YYYY-MM-DD")

    def test_an_unknown_kind_of_import(self, tougu: Tougu, tmp_path: Path) -> None:
        file = tmp_path / "x.csv"
        file.write_text("id\n1\n", encoding="utf-8")
        self.one_line(tougu("import", "songs", file), "songs", "clients")

    def test_an_unknown_rule_prompt_and_lead(self, tougu: Tougu) -> None:
        self.one_line(tougu("rules", "explain", "no.rule"), "no.rule")
        self.one_line(tougu("prompts", "show", "no-prompt"), "no-prompt")
        self.one_line(tougu("leads", "requeue", "none", "--why", "x"), "none")

    def test_a_database_that_is_none(self, tougu: Tougu, hash_environment: Path) -> None:
        hash_environment.mkdir()
        (hash_environment / "tougu.db").write_bytes(b"this is no database")
        self.one_line(tougu("users", "list"), "no SQLite database", "restore")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device", "/x"), "free some space"),
        (PermissionError(13, "Permission denied", "/x"), "change its permissions"),
        (FileNotFoundError(2, "No such file", "/x"), "check the path"),
        (ServeError("It broke:\n  do this."), "It broke: do this."),
        (ValueError("odd"), "tougu --traceback"),
    ],
)
def test_any_error_is_one_line(error: Exception, words: str) -> None:
    line = one_line(error)
    assert words in line
    assert "\n" not in line


def test_a_traceback_on_request(tougu: Tougu) -> None:
    with pytest.raises(ServeError):
        tougu("--traceback", "diagnose")
