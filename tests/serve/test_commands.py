"""Each command at work, without weights: the hash encoder, the intent rules, a scripted transcriber."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from intent.speech.transcribe import ScriptedTranscriber
from serve.sample import sample_folder
from serve.wiring import House
from tests.intent.sound import silence, tone, write_wav
from tests.serve.conftest import FEE, Tougu

PROMISE = "这只产品稳赚不赔，亏了我给您补上。"
CLIENTS = "id,name,advisor_id,branch,risk_level,risk_level_expires,consents,opt_outs,account_state,assets_cny\n"


@pytest.fixture
def at_home(hash_environment: Path, furnished: Path) -> Path:
    """The furnished house stands where the command line looks for it."""
    shutil.copytree(furnished, hash_environment)
    return hash_environment


def spoken(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))


class TestCheck:
    @pytest.mark.parametrize(("text", "code"), [("您好，明天上午方便通话吗？", 0), (PROMISE, 2)])
    def test_exit_codes(self, tougu: Tougu, monkeypatch: pytest.MonkeyPatch, text: str, code: int) -> None:
        spoken(monkeypatch, text)
        ran = tougu("check", "-")
        assert ran.code == code
        assert ran.out.startswith("结论：")

    def test_a_file_and_json(self, tougu: Tougu, tmp_path: Path) -> None:
        (tmp_path / "text.txt").write_text(PROMISE, encoding="utf-8")
        ran = tougu("check", tmp_path / "text.txt", "--json")
        answer = json.loads(ran.out)
        assert (ran.code, answer["outcome"], answer["text"]) == (2, "block", None)

    def test_a_person_needs_no_ai_label(self, tougu: Tougu, monkeypatch: pytest.MonkeyPatch) -> None:
        spoken(monkeypatch, "您好，明天上午方便通话吗？")
        ran = tougu("check", "-", "--by-hand", "--channel", "client", "--json")
        assert json.loads(ran.out)["text"] == "您好，明天上午方便通话吗？"

    @pytest.mark.parametrize(("content", "words"), [(b"", "is empty"), (b"\xff\xfe\x00", "is not UTF-8")])
    def test_what_is_no_text(self, tougu: Tougu, tmp_path: Path, content: bytes, words: str) -> None:
        (tmp_path / "text.txt").write_bytes(content)
        ran = tougu("check", tmp_path / "text.txt")
        assert (ran.code, ran.out) == (1, "")
        assert words in ran.err


class TestKnowledge:
    def test_sync_search_ask_conflicts(self, tougu: Tougu, documents: Path) -> None:
        first, second = tougu("kb", "sync", documents), tougu("kb", "sync", documents)
        assert (first.code, first.out.strip()) == (0, "8 added")
        assert second.out.strip() == "8 unchanged"
        found = json.loads(tougu("kb", "search", "云岭稳健增利 管理费", "--json").out)
        assert found[0]["title"].startswith("云岭稳健增利")
        asked = tougu("ask", FEE)
        assert asked.code == 0
        assert "0.60%" in asked.out
        assert "[1] 《云岭稳健增利" in asked.out
        conflicts = tougu("kb", "conflicts")
        assert conflicts.code == 0
        assert "风险测评" in conflicts.out

    def test_ask_as_json_is_one_document(self, tougu: Tougu, at_home: Path) -> None:
        reply = json.loads(tougu("ask", FEE, "--client", "C0003", "--as-of", "2026-11-20", "--json").out)
        assert reply["citations"][0]["quote"] == "管理费 | 0.60%"

    def test_an_advisor_does_not_ask_for_another_ones_client(self, tougu: Tougu, at_home: Path) -> None:
        assert tougu("users", "add", "A002", "--role", "advisor").code == 0
        ran = tougu("--as", "A002", "ask", FEE, "--client", "C0003")
        assert ran.code == 1
        assert "no client C0003" in ran.err

    def test_add_keeps_a_copy(self, tougu: Tougu, tmp_path: Path, hash_environment: Path) -> None:
        note = tmp_path / "note.md"
        note.write_text("---\ntitle: 定投说明\ntype: rule\n---\n# 定投说明\n\n定投每期最低100元。\n", encoding="utf-8")
        ran = tougu("kb", "add", note)
        assert (ran.code, ran.out.strip()) == (0, "1 added")
        assert (hash_environment / "documents" / "added" / "note.md").read_bytes() == note.read_bytes()

    def test_a_deleted_file_goes_only_when_asked(self, tougu: Tougu, documents: Path, tmp_path: Path) -> None:
        folder = tmp_path / "folder"
        shutil.copytree(documents, folder)
        tougu("kb", "sync", folder)
        (folder / "markup.md").unlink()
        assert "removed" not in tougu("kb", "sync", folder).out
        assert "1 removed" in tougu("kb", "sync", folder, "--delete").out


class TestImport:
    def test_a_good_file_twice(self, tougu: Tougu) -> None:
        file = sample_folder() / "clients" / "advisors.csv"
        first, second = tougu("import", "advisors", file), tougu("import", "advisors", file, "--json")
        assert (first.code, second.code) == (0, 0)
        assert " 0 replaced" in first.out
        assert json.loads(second.out)["added"] == 0

    def test_a_bad_row_is_named_without_its_content_and_nothing_is_written(
        self, tougu: Tougu, tmp_path: Path, hash_environment: Path
    ) -> None:
        good = "C1,甲某某,A1,北岸,C3,2027-01-01,,,open,1.00\n"
        bad = "C2,乙某某,A1,北岸,C9,2027-01-01,,,open,1.00\n"
        file = tmp_path / "clients.csv"
        file.write_text(CLIENTS + good + bad, encoding="utf-8")
        ran = tougu("import", "clients", file)
        assert ran.code == 1
        assert "line 3, risk_level" in ran.err
        assert "乙某某" not in ran.err
        assert len(ran.err.strip().splitlines()) == 1
        file.write_text(CLIENTS + good, encoding="utf-8")
        assert "1 added, 0 replaced" in tougu("import", "clients", file).out

    def test_who_may_not_import(self, tougu: Tougu) -> None:
        tougu("users", "add", "A001", "--role", "advisor")
        ran = tougu("--as", "A001", "import", "advisors", sample_folder() / "clients" / "advisors.csv")
        assert ran.code == 1
        assert "may not import" in ran.err


class TestBackup:
    def test_there_and_back(self, tougu: Tougu, at_home: Path, tmp_path: Path) -> None:
        before = tougu("ask", FEE).out
        saved = tougu("backup", tmp_path / "saved")
        assert saved.code == 0, saved.err
        full = tougu("restore", tmp_path / "saved")
        assert (full.code, "--force" in full.err) == (1, True)
        shutil.rmtree(at_home)
        back = tougu("restore", tmp_path / "saved")
        assert back.code == 0, back.err
        assert tougu("ask", FEE).out == before
        assert tougu("audit", "verify").code == 0, "the key of the audit log came back too"

    def test_a_damaged_copy_changes_nothing(self, tougu: Tougu, at_home: Path, tmp_path: Path) -> None:
        tougu("backup", tmp_path / "saved")
        (tmp_path / "saved" / "audit.key").write_bytes(b"another")
        ran = tougu("restore", tmp_path / "saved", "--force")
        assert (ran.code, "damaged" in ran.err) == (1, True)
        assert "0.60%" in tougu("ask", FEE).out


class TestCalls:
    @pytest.fixture
    def recording(self, tmp_path: Path) -> Path:
        left = np.concatenate([tone(180, 1.5), silence(3.5)])
        right = np.concatenate([silence(3.0), tone(240, 2.0)])
        (tmp_path / "calls").mkdir()
        write_wav(tmp_path / "calls" / "a.wav", left, right)
        file = tmp_path / "calls" / "calls.csv"
        file.write_text("id,path,client_id,advisor_id,advisor_channel\nk1,a.wav,C0003,A001,left\n", encoding="utf-8")
        return file

    @pytest.fixture(autouse=True)
    def scripted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        texts = ["您好，这里是远山证券。", "你好，我想开通港股通，怎么办？"] * 4
        monkeypatch.setattr(House, "transcriber", ScriptedTranscriber(texts))

    def test_a_call_leads_to_a_lead_that_is_worked_on(
        self, tougu: Tougu, at_home: Path, recording: Path, tmp_path: Path
    ) -> None:
        ran = tougu("calls", "--metadata", recording)
        assert ran.code == 0, ran.err
        assert "permission.hk" in ran.out
        assert "开通港股通，怎么办？」" in ran.out
        assert "already recorded" in tougu("calls", "--metadata", recording).out
        (lead,) = json.loads(tougu("leads", "list", "--json").out)
        assert "There is no state lovely: use one of new, offered" in tougu("leads", "list", "--state", "lovely").err
        assert "No such lead." in tougu("leads", "list", "--escalated").err
        assert json.loads(tougu("leads", "claim", "--json").out)[0]["id"] == lead["id"]
        assert "is won" in tougu("leads", "done", lead["id"], "won").out
        assert tougu("leads", "export", tmp_path / "leads.csv").code == 0
        assert lead["id"] in (tmp_path / "leads.csv").read_text(encoding="utf-8-sig")
        assert tougu("leads", "cases").code == 0

    def test_json_is_one_document(self, tougu: Tougu, at_home: Path, recording: Path) -> None:
        answer = json.loads(tougu("calls", "--metadata", recording, "--json").out)
        assert [call["id"] for call in answer] == ["k1"]

    def test_transcripts_are_written_once(self, tougu: Tougu, recording: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        first = tougu("transcribe", recording.parent, "--out", out, "--format", "json,srt,vtt,txt")
        assert first.code == 0, first.err
        assert {path.suffix for path in out.iterdir()} >= {".json", ".srt", ".vtt", ".txt"}
        written = {path: path.stat().st_mtime_ns for path in out.iterdir() if path.stem == "a"}
        again = tougu("transcribe", recording.parent, "--out", out, "--format", "json,srt,vtt,txt", "--json")
        assert json.loads(again.out)[0]["state"] == "done"
        assert {path: path.stat().st_mtime_ns for path in written} == written

    def test_a_corrupt_recording_is_named_and_the_others_are_done(
        self, tougu: Tougu, recording: Path, tmp_path: Path
    ) -> None:
        (recording.parent / "b.mp3").write_bytes(b"this is no sound" * 50)
        ran = tougu("transcribe", recording.parent, "--out", tmp_path / "out")
        assert ran.code == 1
        assert "1 transcribed" in ran.out
        assert "1 failed" in ran.out
        assert "b: " in ran.err
        assert not list((tmp_path / "out").glob("b.*"))

    def test_an_unknown_format_is_told_before_any_work(self, tougu: Tougu, recording: Path, tmp_path: Path) -> None:
        ran = tougu("transcribe", recording.parent, "--out", tmp_path / "out", "--format", "song")
        assert (ran.code, "song" in ran.err) == (1, True)
        assert not (tmp_path / "out").exists()


class TestReports:
    def test_a_fund_as_text_json_and_file(self, tougu: Tougu, at_home: Path, tmp_path: Path) -> None:
        text = tougu("diagnose", "990002")
        assert (text.code, "云岭价值精选" in text.out) == (0, True)
        answer = json.loads(tougu("diagnose", "990002", "--json").out)
        assert answer["verdict"]["outcome"] in {"pass", "revise"}
        assert {"name", "value", "unit", "period"} == set(answer["facts"][0])
        ran = tougu("diagnose", "990002", "--out", tmp_path / "r.html")
        assert (ran.code, (tmp_path / "r.html").is_file()) == (0, True)

    def test_a_client(self, tougu: Tougu, at_home: Path, tmp_path: Path) -> None:
        ran = tougu("diagnose", "--client", "C0012", "--out", tmp_path / "r.docx")
        assert ran.code == 0, ran.err
        assert (tmp_path / "r.docx").read_bytes()[:2] == b"PK"

    def test_a_client_of_whose_funds_no_nav_is_here(self, tougu: Tougu, at_home: Path) -> None:
        ran = tougu("diagnose", "--client", "C0003")
        assert (ran.code, ran.out) == (1, "")
        assert "CODE.csv" in ran.err

    def test_an_unknown_kind_of_file(self, tougu: Tougu, at_home: Path, tmp_path: Path) -> None:
        ran = tougu("diagnose", "990002", "--out", tmp_path / "r.song")
        assert (ran.code, list(tmp_path.glob("r.*"))) == (1, [])


class TestOperators:
    def test_users_come_and_go(self, tougu: Tougu) -> None:
        assert "No users yet" in tougu("users", "list").err
        tougu("users", "add", "A001", "--role", "advisor", "--role", "editor", "--label", "research")
        (user,) = json.loads(tougu("users", "list", "--json").out)
        assert (user["id"], user["roles"], user["labels"]) == ("A001", ["advisor", "editor"], ["research"])
        assert tougu("--as", "A001", "users", "list").code == 1
        assert tougu("users", "remove", "A001").code == 0
        assert json.loads(tougu("users", "list", "--json").out) == []

    def test_config_shows_what_is_in_force_and_no_secret(self, tougu: Tougu, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TOUGU_CHAT__API_KEY", "hidden-word")
        monkeypatch.setenv("TOUGU_LEADS__WINDOW_DAYS", "9")
        shown, as_json = tougu("config"), tougu("config", "--json")
        assert "window_days = 9" in shown.out
        assert json.loads(as_json.out)["leads.window_days"] == "9"
        assert "hidden-word" not in shown.out + as_json.out

    def test_what_config_prints_can_be_read_again(self, tougu: Tougu, tmp_path: Path) -> None:
        printed = tougu("config").out
        (tmp_path / "again.toml").write_text(printed, encoding="utf-8")
        assert tougu("--config", tmp_path / "again.toml", "config").out == printed

    def test_further_chat_models_are_shown_without_their_keys(self, tougu: Tougu, tmp_path: Path) -> None:
        file = tmp_path / "models.toml"
        file.write_text(
            '[chat]\nothers = [{base_url = "http://127.0.0.1:9/v1", model = "spare", api_key = "hidden-word"}]\n',
            "utf-8",
        )
        printed = tougu("--config", file, "config").out
        assert "spare" in printed
        assert "hidden-word" not in printed + tougu("--config", file, "config", "--json").out
        (tmp_path / "again.toml").write_text(printed, encoding="utf-8")
        assert tougu("--config", tmp_path / "again.toml", "config").out == printed

    def test_prompts(self, tougu: Tougu) -> None:
        listed = json.loads(tougu("prompts", "list", "--json").out)
        assert listed
        assert tougu("prompts", "show", listed[0]["name"]).out.strip()
        assert tougu("prompts", "test").code == 0
        assert "unchanged" in tougu("prompts", "diff", listed[0]["name"]).out

    def test_models_are_listed_without_being_loaded(self, tougu: Tougu) -> None:
        listed = json.loads(tougu("models", "list", "--json").out)
        assert {"name", "licence", "filing", "ok"} <= set(listed[0])

    def test_the_audit_log(self, tougu: Tougu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        spoken(monkeypatch, PROMISE)
        tougu("check", "-")
        # the key of the house, the verdict, and that it was told to compliance
        assert "3 entries: the chain is whole" in tougu("audit", "verify").out
        assert tougu("audit", "checkpoint", tmp_path / "head").code == 0
        assert tougu("audit", "verify", "--checkpoint", tmp_path / "head").code == 0

    def test_intents(self, tougu: Tougu, monkeypatch: pytest.MonkeyPatch) -> None:
        spoken(monkeypatch, "我想开通港股通，怎么办？\n")
        (row,) = json.loads(tougu("intent", "predict", "-", "--json").out)
        assert [found["id"] for found in row["intents"]] == ["permission.hk"]
