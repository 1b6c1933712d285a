"""`tougu transcribe` end to end: masks and what lies behind them, raw files, and the engines with real workers."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from compliance_filters.audit.entry import AuditEntry
from compliance_filters.audit.read import entries_of
from intent.archive import Progress
from intent.leads.views import LeadViews
from intent.speech.transcribe import ScriptedTranscriber
from knowledge_base.access import AccessDeniedError, Principal, Role
from serve.commands.transcribe import Pace
from serve.errors import NotFoundError
from serve.settings import Settings
from serve.transcripts import ProductsOfClients
from serve.users import OPERATOR
from serve.wiring import House
from tests.contracts.test_transcriber import Server
from tests.intent.sound import claim_data_bytes, silence, tone, write_wav
from tests.serve.conftest import Tougu, settings_of

PHONE = "我的手机号是13812345678，你帮我记一下，我想转二十万过来"


class TestMasks:
    @pytest.fixture(autouse=True)
    def scripted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(House, "transcriber", ScriptedTranscriber([PHONE] * 3))

    def test_files_show_no_telephone_and_opening_it_is_logged(self, tougu: Tougu, tmp_path: Path) -> None:
        path = write_wav(tmp_path / "a.wav", tone(180, 5.0))
        ran = tougu("transcribe", path, "--out", tmp_path / "out", "--format", "json,txt,srt,vtt")
        assert ran.code == 0, ran.err
        for written in (tmp_path / "out").iterdir():
            assert "13812345678" not in written.read_text("utf-8"), written
        shown = json.loads((tmp_path / "out" / "a.json").read_text("utf-8"))
        assert "138****5678" in shown["turns"][0]["text"]
        opened = tougu("calls", "original", shown["originals"])
        assert "13812345678" in opened.out
        with_json = json.loads(tougu("calls", "original", shown["originals"], "--json").out)
        assert with_json["id"] == "a"
        assert tougu("calls", "original", "a_none").code == 1
        house = House(Settings())
        views = [e for e in _entries(house) if e.event == "access.view" and e.data["what"] == "transcript.original"]
        house.close()
        assert len(views) == 2

    def test_a_call_on_the_terminal_shows_none_either(
        self, tougu: Tougu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = "我要投诉，你们打我手机13812345678打个不停"
        monkeypatch.setattr(House, "transcriber", ScriptedTranscriber(["您好，请问您有什么需要？", said] * 2))
        path = write_wav(tmp_path / "a.wav", tone(180, 5.0), tone(240, 5.0) * 0.5)
        told = tougu("calls", path, "--json")
        assert told.code == 0, told.err
        assert "13812345678" not in told.out
        assert "138****5678" in json.loads(told.out)[0]["transcript"]["turns"][1]["text"]

    def test_what_may_not_be_analysed_is_not_transcribed(self, tougu: Tougu, home: Path, tmp_path: Path) -> None:
        house = House(settings_of(home))
        house.close()
        for n, name in enumerate("ab"):
            write_wav(tmp_path / f"{name}.wav", tone(180 + n, 3.0))
        (tmp_path / "calls.csv").write_text("id,path,client\na,a.wav,C0017\nb,b.wav,C0003\n", "utf-8")
        ran = tougu("transcribe", "--metadata", tmp_path / "calls.csv", "--out", tmp_path / "out")
        assert (ran.code, "a: not transcribed, the client refuses AI analysis." in ran.err) == (0, True), ran.err
        assert "1 transcribed" in ran.out
        assert {path.name for path in (tmp_path / "out").iterdir()} == {"b.json", "b.txt", "manifest.jsonl"}

    def test_the_summary_counts_what_a_person_must_look_at(self, tougu: Tougu, tmp_path: Path) -> None:
        (calls := tmp_path / "calls").mkdir()
        write_wav(calls / "a.wav", silence(3.0))
        claim_data_bytes(write_wav(calls / "b.wav", tone(180, 3.0)), 10 * 3 * 16_000 * 2)
        ran = tougu("transcribe", calls, "--out", tmp_path / "out")
        assert ran.code == 0, ran.err
        assert "1 without speech, 1 salvaged" in ran.out

    def test_who_has_no_right_opens_nothing(self, tmp_path: Path) -> None:
        house = House(settings_of(tmp_path / "home"))
        kept = house.originals.keep("a", "C1", {0: PHONE})
        before = len(_entries(house))
        with pytest.raises(AccessDeniedError, match="words behind masks"):
            house.originals.open(kept, principal=Principal(user_id="u1", roles=frozenset({Role.ADVISOR})))
        assert len(_entries(house)) == before
        officer = Principal(user_id="o1", roles=frozenset({Role.COMPLIANCE}))
        assert house.originals.open(kept, principal=officer).texts == {0: PHONE}
        with pytest.raises(NotFoundError):
            house.originals.open("a_none", principal=officer)
        house.close()


def _entries(house: House) -> list[AuditEntry]:
    return list(entries_of(house.audit, None))


def test_the_engine_is_told_what_a_client_holds(house: House) -> None:
    known = ProductsOfClients(house.clients, house.products, LeadViews(house.engine))
    names = {each.code: each.name for each in house.products.all(principal=OPERATOR)}
    holdings = sorted(house.clients.holdings("C0001", principal=OPERATOR), key=lambda each: -each.cost_cny)
    assert list(known.held("C0001")) == [names[each.product_code] for each in holdings]
    assert (known.held("nobody"), known.spoken_of("nobody")) == ((), [])
    assert house.hotwords("C0001") == (), "off until a firm asks for them"


class TestRaw:
    @pytest.fixture(autouse=True)
    def scripted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(House, "transcriber", ScriptedTranscriber(["您好，我想买基金。"] * 3))

    def test_a_folder_of_headerless_files(self, tougu: Tougu, tmp_path: Path) -> None:
        (tmp_path / "calls").mkdir()
        (tmp_path / "calls" / "a.alaw").write_bytes(b"\x15\x95\x25\xa5" * 4000)
        out = tmp_path / "out"
        refused = tougu("transcribe", tmp_path / "calls", "--out", out)
        assert (refused.code, "--raw alaw:8000" in refused.err) == (1, True)
        assert "no raw format" in tougu("transcribe", tmp_path / "calls", "--out", out, "--raw", "mp3:1").err
        ran = tougu("transcribe", tmp_path / "calls", "--out", out, "--raw", "alaw:8000")
        assert ran.code == 0, ran.err
        assert json.loads((out / "a.json").read_text("utf-8"))["duration_s"] == pytest.approx(2.0, abs=0.05)


def test_the_pace_counts_this_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 60.0])
    monkeypatch.setattr("serve.commands.transcribe.time.monotonic", lambda: next(now))
    pace = Pace()
    pace.told(Progress(total=10, done=4, quarantined=0, audio_s=7200.0))
    told = pace.told(Progress(total=10, done=6, quarantined=1, audio_s=9000.0))
    assert told == "2.50 h of audio, 30x, 1 min left"
    assert pace.summed() == ", this run 0.50 h of audio in 1.0 min (30x)"
    assert Pace().summed() == ""


@pytest.fixture
def speech_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A speech engine that worker processes reach too: settings travel by the environment."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        monkeypatch.setenv("TOUGU_SPEECH__ENGINE", "remote")
        monkeypatch.setenv("TOUGU_SPEECH__REMOTE__BASE_URL", f"http://127.0.0.1:{made.server_port}/v1")
        yield "remote"
        made.shutdown()


@pytest.mark.parametrize(
    "engine",
    [
        pytest.param("local", marks=pytest.mark.slow),
        pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.slow]),
    ],
)
def test_real_workers_do_every_recording_once_and_again_nothing(
    tougu: Tougu, speech_server: str, tmp_path: Path, engine: str
) -> None:
    calls, out = tmp_path / "calls", tmp_path / "out"
    calls.mkdir()
    for n in range(3):
        write_wav(calls / f"k{n}.wav", tone(150 + 20 * n, 2.0), silence(2.0))
    (calls / "torn.mp3").write_bytes(b"this is no sound" * 50)
    command = ("transcribe", calls, "--out", out, "--engine", engine, "--jobs", 2, "--format", "json,srt,vtt,txt")

    ran = tougu(*command)

    assert ran.code == 1
    assert re.search("3 transcribed .* 1 failed", ran.out)
    manifest = {line["id"]: line for line in map(json.loads, (out / "manifest.jsonl").read_text("utf-8").splitlines())}
    assert {name: line["state"] for name, line in manifest.items()} == {
        "k0": "done", "k1": "done", "k2": "done", "torn": "quarantined",
    }  # fmt: skip
    assert "decoded" in manifest["torn"]["reason"]
    for n in range(3):
        assert {path.suffix for path in out.glob(f"k{n}.*")} == {".json", ".srt", ".vtt", ".txt"}
        assert "我想买基金" in (out / f"k{n}.txt").read_text("utf-8")
    written = {path: path.stat().st_mtime_ns for path in out.glob("k*")}
    assert tougu(*command).code == 1
    assert {path: path.stat().st_mtime_ns for path in written} == written
    (out / "k1.srt").unlink()
    tougu(*command)
    assert (out / "k1.srt").is_file()
