"""Bad input and a failing machine: one clear line with the remedy, nothing half-written."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from intent.speech.transcribe import ScriptedTranscriber
from serve.wiring import House
from tests.intent.sound import tone, write_wav
from tests.serve.conftest import FEE, Ran, Tougu

NOTE = "---\ntitle: 定投说明\ntype: rule\n---\n# 定投说明\n\n定投每期最低100元。\n"
as_root = pytest.mark.skipif(os.geteuid() == 0, reason="expected: root may read and write anywhere")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def last_line(ran: Ran) -> str:
    assert ran.code == 1, ran
    assert "Traceback" not in ran.err
    return ran.err.strip().splitlines()[-1]


class TestDocuments:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("empty.md", b""),
            ("empty.pdf", b""),
            ("broken.pdf", b"%PDF-1.7 and then nothing"),
            ("broken.docx", b"PK\x03\x04nothing"),
            ("broken.xlsx", b"no sheet"),
        ],
    )
    def test_one_bad_file_is_named_and_the_others_come_in(
        self, tougu: Tougu, tmp_path: Path, name: str, content: bytes
    ) -> None:
        folder = tmp_path / "documents"
        folder.mkdir()
        (folder / "good.md").write_text(NOTE, encoding="utf-8")
        (folder / name).write_bytes(content)
        ran = tougu("kb", "sync", folder)
        assert "1 added" in ran.out
        assert ran.code == 1
        named = [line for line in ran.err.splitlines() if name in line]
        assert len(named) == 1
        assert "failed" in named[0]

    @as_root
    def test_a_folder_without_permission(self, tougu: Tougu, tmp_path: Path) -> None:
        folder = tmp_path / "closed"
        folder.mkdir(mode=0o000)
        ran = tougu("kb", "sync", folder)
        folder.chmod(0o700)
        assert "ermission" in last_line(ran)

    @as_root
    def test_a_home_without_permission(self, tougu: Tougu, hash_environment: Path) -> None:
        hash_environment.mkdir(mode=0o500)
        line = last_line(tougu("users", "list"))
        assert "permission" in line or "write" in line

    def test_a_file_where_the_home_should_be(self, tougu: Tougu, hash_environment: Path) -> None:
        hash_environment.write_text("a file", encoding="utf-8")
        assert str(hash_environment) in last_line(tougu("users", "list"))

    def test_a_full_disk_while_documents_come_in(
        self, tougu: Tougu, tmp_path: Path, hash_environment: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "note.md").write_text(NOTE, encoding="utf-8")
        with monkeypatch.context() as full:
            full.setattr(shutil, "copyfile", no_space)
            assert "free some space" in last_line(tougu("kb", "add", tmp_path / "note.md"))
        assert not files(hash_environment / "documents")
        assert tougu("kb", "add", tmp_path / "note.md").code == 0, "and it goes on when there is space again"


class TestRecordings:
    @pytest.fixture(autouse=True)
    def scripted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(House, "transcriber", ScriptedTranscriber(["你好"] * 9))

    @pytest.mark.parametrize(
        ("name", "content"),
        [("empty.wav", b""), ("text.mp3", b"hello" * 200), ("cut.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ")],
    )
    @pytest.mark.parametrize("command", [("transcribe", "--out"), ("calls",)])
    def test_a_corrupt_recording(
        self, tougu: Tougu, tmp_path: Path, command: tuple[str, ...], name: str, content: bytes
    ) -> None:
        (tmp_path / name).write_bytes(content)
        out = tmp_path / "out"
        ran = tougu(command[0], tmp_path / name, *([command[1], out] if len(command) > 1 else []))
        line = last_line(ran)
        assert Path(name).stem in line
        assert not out.exists() or not [path for path in files(out) if path != "manifest.jsonl"]

    def test_a_full_disk_leaves_no_half_transcript(
        self, tougu: Tougu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TOUGU_JOBS__BACKOFF_BASE_S", "0.01")
        monkeypatch.setenv("TOUGU_JOBS__BACKOFF_CAP_S", "0.02")
        monkeypatch.setenv("TOUGU_JOBS__IDLE_S", "0.02")
        sound = write_wav(tmp_path / "a.wav", tone(180, 1.0))
        with monkeypatch.context() as full:
            full.setattr("intent.archive.os.fsync", no_space)
            ran = tougu("transcribe", sound, "--out", tmp_path / "out")
        assert ran.code == 1
        assert "pace" in ran.err
        assert not files(tmp_path / "out")
        again = tougu("transcribe", sound, "--out", tmp_path / "out", "--retry-failed")
        assert again.code == 0, again.err
        assert "a.json" in files(tmp_path / "out")


class TestReports:
    @pytest.fixture
    def at_home(self, hash_environment: Path, furnished: Path) -> Path:
        shutil.copytree(furnished, hash_environment)
        return hash_environment

    @pytest.mark.parametrize("kind", ["pdf", "html", "docx"])
    def test_a_full_disk_leaves_the_old_report(
        self, tougu: Tougu, at_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        report = tmp_path / f"r.{kind}"
        report.write_bytes(b"the old one")
        with monkeypatch.context() as full:
            full.setattr(os, "fsync", no_space)
            full.setattr("copilot.diagnosis.render.os.replace", no_space, raising=False)
            full.setattr(Path, "replace", no_space)
            ran = tougu("diagnose", "990002", "--out", report)
        assert "pace" in last_line(ran)
        assert report.read_bytes() == b"the old one"
        assert [path.name for path in tmp_path.iterdir() if path.name not in {"home", report.name}] == []

    @pytest.mark.parametrize(
        "content", ["", "净值日期,单位净值,日增长率\n", "a,b\n1,2\n", "净值日期,单位净值,日增长率\n2026-99-99,x,y\n"]
    )
    def test_nav_that_is_none(self, tougu: Tougu, at_home: Path, tmp_path: Path, content: str) -> None:
        (tmp_path / "nav").mkdir()
        (tmp_path / "nav" / "990001.csv").write_text(content, encoding="utf-8")
        ran = tougu("diagnose", "990001", "--nav", tmp_path / "nav", "--out", tmp_path / "r.pdf")
        assert "990001" in last_line(ran)
        assert not (tmp_path / "r.pdf").exists()


@pytest.mark.weights  # asks for weights, of which there are none
class TestWeights:
    def test_a_missing_encoder_is_named(
        self, tougu: Tougu, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TOUGU_MODELS__ENCODER_KIND", "sentence-transformers")
        monkeypatch.setenv("TOUGU_MODELS__ENCODER", str(tmp_path / "nowhere"))
        assert "nowhere" in last_line(tougu("kb", "sync", documents))

    @pytest.mark.parametrize("broken", [False, True], ids=["missing", "broken"])
    def test_missing_or_broken_speech_weights_are_named(
        self, tougu: Tougu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bool
    ) -> None:
        weights = tmp_path / "whisper"
        if broken:
            weights.mkdir()
            (weights / "model.bin").write_bytes(b"no weights")
            (weights / "config.json").write_text("{}", encoding="utf-8")
        monkeypatch.setenv("TOUGU_MODELS__WHISPER", str(weights))
        sound = write_wav(tmp_path / "a.wav", tone(180, 1.0))
        ran = tougu("calls", sound)
        assert "whisper" in last_line(ran)
        assert not (tmp_path / "transcripts").exists()


class TestBackup:
    def test_a_full_disk_leaves_no_half_backup(
        self, tougu: Tougu, tmp_path: Path, hash_environment: Path, furnished: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shutil.copytree(furnished, hash_environment)
        with monkeypatch.context() as full:
            full.setattr("serve.backup.os.fsync", no_space)
            assert "free some space" in last_line(tougu("backup", tmp_path / "saved"))
        assert not (tmp_path / "saved").exists()
        assert not list(tmp_path.glob(".saved*"))
        assert tougu("ask", FEE).code == 0


class TestTexts:
    @pytest.mark.parametrize("content", ["", " \n\t", "\u3000\u3000", "\ufeff\u200b\u2060\n"])
    def test_a_text_that_shows_nothing_is_never_passed(self, tougu: Tougu, tmp_path: Path, content: str) -> None:
        (tmp_path / "text.txt").write_text(content, encoding="utf-8")
        ran = tougu("check", tmp_path / "text.txt")
        assert last_line(ran) == f"tougu: {tmp_path / 'text.txt'} is empty: there is nothing to read."
        assert ran.out == ""

    def test_a_folder_is_no_text(self, tougu: Tougu, tmp_path: Path) -> None:
        assert last_line(tougu("check", tmp_path)) == f"tougu: {tmp_path} is a folder: name a text file in it."
        assert last_line(tougu("rules", "diff", tmp_path)).count("tougu:") == 1

    def test_an_unknown_product_is_named(self, tougu: Tougu, tmp_path: Path) -> None:
        (tmp_path / "text.txt").write_text("您好。", encoding="utf-8")
        ran = tougu("check", tmp_path / "text.txt", "--product", "999999")
        assert last_line(ran).startswith("tougu: No product 999999 is known: import it")
