"""The commands on the audit log, as an operator and as officers run them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from compliance_filters.audit.log import AuditLog
from compliance_filters.audit.read import entries_of, search
from intent.speech.transcribe import ScriptedTranscriber
from serve.rooms import Rooms
from serve.wiring import House
from tests.intent.sound import tone, write_wav
from tests.serve.conftest import FEE, Tougu, settings_of

QUESTION = ("ask", FEE, "--client", "C0003")


@pytest.fixture
def home(hash_environment: Path, furnished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The furnished house where the command line looks, with two officers; rules alone judge."""
    shutil.copytree(furnished, hash_environment)
    monkeypatch.setenv("TOUGU_COMPLIANCE__PROFILE", "rules")
    return hash_environment


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What is typed where the command line asks for the password of somebody: their own."""
    passwords = {"o1": "heron lantern gravel one", "o2": "heron lantern gravel two"}
    monkeypatch.setattr("typer.prompt", lambda asked, **_: passwords[asked.rpartition(" ")[2]])
    monkeypatch.setenv("TOUGU_AUTH__PASSWORD_MEMORY_MIB", "8")
    monkeypatch.setenv("TOUGU_AUTH__PASSWORD_PASSES", "1")
    return passwords


@pytest.fixture
def officers(home: Path, tougu: Tougu, typed: dict[str, str]) -> Tougu:
    for officer, password in typed.items():
        assert tougu("users", "add", officer, "--role", "compliance").code == 0
        House(settings_of(home)).credentials.set_password(officer, password)
    return tougu


def audit_of(home: Path) -> AuditLog:
    return House(settings_of(home)).audit


def test_verify_checkpoint_and_public_key(home: Path, tougu: Tougu, tmp_path: Path) -> None:
    assert tougu(*QUESTION).code == 0
    assert tougu("audit", "checkpoint", tmp_path / "kept.json").code == 0
    assert tougu("audit", "public-key", tmp_path / "public.key").code == 0
    assert tougu("audit", "public-key").out == (tmp_path / "public.key").read_text()
    kept = ("--checkpoint", tmp_path / "kept.json", "--public-key", tmp_path / "public.key")
    ran = tougu("audit", "verify", *kept)
    assert ran.code == 0
    assert "the chain is whole" in ran.out
    with audit_of(home).engine.begin() as connection:
        connection.exec_driver_sql("update audit_log set actor='nobody' where seq=2")
    broken = tougu("audit", "verify", "--json", *kept)
    assert broken.code == 1
    assert json.loads(broken.out)["problems"] == ["entry 2 was changed: its hash does not fit"]


def test_the_writer_needs_no_private_key_until_it_signs(home: Path, tougu: Tougu, tmp_path: Path) -> None:
    assert tougu(*QUESTION).code == 0
    assert not (home / "checkpoint.key").exists()
    tougu("audit", "checkpoint", tmp_path / "kept.json")
    assert (home / "checkpoint.key").stat().st_mode & 0o777 == 0o600


def test_export_holds_texts_and_is_logged(home: Path, tougu: Tougu, tmp_path: Path) -> None:
    tougu(*QUESTION)
    out = tmp_path / "c.jsonl"
    assert tougu("audit", "export", "C0003", "--out", out).code == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert FEE in {(line["payload"] or {}).get("original") for line in lines}
    assert FEE in out.read_text("utf-8"), "Chinese is written as it is"
    assert {"compliance.verdict", "access.search", "access.export"} <= {line["event"] for line in lines}
    assert out.stat().st_mode & 0o777 == 0o600
    assert tougu("audit", "export", "C0003", "--to", "2020-01-01", "--out", out).out.startswith("0 entries")
    assert tougu("audit", "export", "C0003", "--from", "2026-02-01", "--to", "2026-01-01", "--out", out).code == 1


def test_export_of_an_unknown_client_is_one_sentence_and_leaves_no_trace(
    home: Path, tougu: Tougu, tmp_path: Path
) -> None:
    tougu(*QUESTION)
    before = audit_of(home).verify().entries
    ran = tougu("audit", "export", "C9999", "--out", tmp_path / "c.jsonl")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "tougu: the audit log holds nothing on a client C9999: check the id.\n"
    assert not (tmp_path / "c.jsonl").exists()
    assert audit_of(home).verify().entries == before


def test_two_officers_open_a_sealed_client_for_an_export(home: Path, officers: Tougu, tmp_path: Path) -> None:
    officers(*QUESTION)
    officers("--as", "o1", "audit", "seal", "C0003", "--reason", "客户书面要求")
    export = ("audit", "export", "C0003", "--out", tmp_path / "c.jsonl")
    assert "tougu audit open" in officers("--as", "o1", *export).err
    asked = officers("--as", "o1", "audit", "open", "C0003", "--reason", "监管调取", "--hours", 3)
    assert "Nothing was opened yet" in asked.out
    assert "asked for by o1" in officers("audit", "status", "C0003").out
    assert "another one than the first" in officers("--as", "o1", "audit", "open", "C0003", "--reason", "再请").err
    assert "by o1 and o2: 监管调取 / 属实" in officers("--as", "o2", "audit", "open", "C0003", "--reason", "属实").out
    assert officers("--as", "o2", *export).code == 0
    assert FEE in (tmp_path / "c.jsonl").read_text("utf-8")
    assert officers("--as", "o1", "audit", "dossier", "C0003", "--out", tmp_path / "c.zip").code == 0
    assert "sealed on" in officers(*export).err, "the operator is no officer"
    assert "sealed again" in officers("--as", "o1", "audit", "open", "C0003", "--reason", "完毕", "--end").out
    assert "sealed on" in officers("--as", "o2", *export).err
    assert officers("audit", "verify").code == 0


def test_a_call_and_a_question_become_a_dossier(
    home: Path, tougu: Tougu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    write_wav(tmp_path / "in" / "k1.wav", tone(440.0, 2.0))
    (tmp_path / "calls.csv").write_text("id,path,client_id,advisor_id\nk1,in/k1.wav,C0003,A001\n")
    monkeypatch.setattr(Rooms, "transcriber", ScriptedTranscriber(["我要投诉你们的客户经理，太不负责任了。"]))
    assert tougu("calls", "--metadata", tmp_path / "calls.csv").code == 0
    assert tougu(*QUESTION).code == 0
    (case,) = json.loads(tougu("leads", "cases", "--json").out)
    out = tmp_path / "case.zip"
    assert tougu("audit", "dossier", case["id"], "--out", out).code == 0
    ran = tougu("audit", "dossier-verify", out)
    assert ran.code == 0
    assert f"{case['id']}, " in ran.out
    assert "proves no origin" in ran.err
    entry = next(e for e in entries_of(audit_of(home), "C0003") if e.event == "call.read")
    assert entry.payload
    assert entry.payload["turns"][0][3].startswith("我要投诉")
    damaged = out.read_bytes().replace("投诉".encode(), "投資".encode(), 1)
    out.write_bytes(damaged)
    assert tougu("audit", "dossier-verify", out, "--json").code == 1


def test_seal_hold_and_destroy_in_plain_words(home: Path, officers: Tougu, monkeypatch: pytest.MonkeyPatch) -> None:
    officers(*QUESTION)
    sealed = officers("--as", "o1", "audit", "seal", "C0003", "--reason", "客户书面要求")
    assert "sealed: kept, and nobody reads" in sealed.out
    assert "kept at least until 20" in sealed.out
    early = officers("--as", "o1", "audit", "destroy", "C0003")
    assert early.code == 1
    assert "must be kept until" in early.err
    assert "sealed on" in officers("audit", "export", "C0003", "--out", home / "x.jsonl").err
    held = officers("--as", "o2", "audit", "hold", "C0003", "--reason", "诉讼")
    assert "by o2: nothing is destroyed" in held.out
    assert "legal hold" not in officers("--as", "o1", "audit", "hold", "C0003", "--reason", "结案", "--lift").out
    assert "sealed" in officers("audit", "status", "C0003").out
    assert officers("audit", "verify").code == 0


def test_two_officers_destroy_after_the_date(home: Path, officers: Tougu, monkeypatch: pytest.MonkeyPatch) -> None:
    officers(*QUESTION)
    monkeypatch.setattr(
        "compliance_filters.audit.erasure.years_after", lambda moment, years: moment
    )  # the date is past
    officers("--as", "o1", "audit", "seal", "C0003", "--reason", "客户书面要求")
    first = officers("--as", "o1", "audit", "destroy", "C0003")
    assert "another officer has to run the same command" in first.out
    assert "another one than the first" in officers("--as", "o1", "audit", "destroy", "C0003").err
    assert "destroyed: nobody can read" in officers("--as", "o2", "audit", "destroy", "C0003").out
    assert officers("audit", "verify").code == 0
    entries = [e for e in search(audit_of(home), client_id="C0003") if e.event.startswith("key.destroy")]
    assert [(e.event, e.actor) for e in reversed(entries)] == [("key.destroy_asked", "o1"), ("key.destroyed", "o2")]
    told = [e.actor for e in search(audit_of(home), events=("login.confirmed",))]
    assert told == ["o2", "o1", "o1", "o1"], "of the seal, too"


ALONE = [("seal", "C0003"), ("hold", "C0003"), ("hold", "C0003", "--lift"), ("open", "C0003", "--end")]


@pytest.mark.parametrize("step", ALONE)
def test_a_name_behind_as_takes_no_step(
    step: tuple[str, ...], home: Path, officers: Tougu, typed: dict[str, str]
) -> None:
    """Who knows the password of o2 alone seals, holds, lifts and ends nothing in the name of o1."""
    officers(*QUESTION)
    if step[0] == "open":
        officers("--as", "o2", "audit", "seal", "C0003", "--reason", "客户书面要求")
        officers("--as", "o2", "audit", "open", "C0003", "--reason", "监管调取")
    elif "--lift" in step:
        officers("--as", "o2", "audit", "hold", "C0003", "--reason", "诉讼")
    before, entries = officers("audit", "status", "C0003").out, len(key_steps(home))
    right, typed["o1"] = typed["o1"], typed["o2"]
    ran = officers("--as", "o1", "audit", *step, "--reason", "代办")
    assert (ran.code, "password is wrong" in ran.err) == (1, True)
    officers("users", "add", "o3", "--role", "compliance")
    assert "o3 has no password" in officers("--as", "o3", "audit", *step, "--reason", "代办").err
    assert (officers("audit", "status", "C0003").out, len(key_steps(home))) == (before, entries)
    typed["o1"] = right
    assert officers("--as", "o1", "audit", *step, "--reason", "本人").code == 0
    last = key_steps(home)[0]
    assert last.actor == "o1"
    assert search(audit_of(home), events=("login.confirmed",))[0].actor == "o1"


def key_steps(home: Path) -> list[Any]:
    """Steps on the client's key, the newest first."""
    return [entry for entry in search(audit_of(home), client_id="C0003") if entry.event.startswith("key.")]


@pytest.mark.parametrize("step", [("destroy", "C0003"), ("open", "C0003", "--reason", "监管调取")])
def test_one_person_with_two_names_is_not_two(
    step: tuple[str, ...], home: Path, officers: Tougu, typed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who knows the password of o1 alone confirms nothing in the name of o2, nor does an officer without one."""
    officers(*QUESTION)
    monkeypatch.setattr("compliance_filters.audit.erasure.years_after", lambda moment, years: moment)
    officers("--as", "o1", "audit", "seal", "C0003", "--reason", "客户书面要求")
    assert officers("--as", "o1", "audit", *step).code == 0
    typed["o2"] = typed["o1"]
    ran = officers("--as", "o2", "audit", *step)
    assert (ran.code, "password is wrong" in ran.err) == (1, True)
    officers("users", "add", "o3", "--role", "compliance")
    assert "o3 has no password" in officers("--as", "o3", "audit", *step).err
    state = officers("audit", "status", "C0003").out
    assert "asked for by o1" in state
    assert "destroyed: nobody" not in state
    assert "open until" not in state


def test_nothing_is_destroyed_under_a_hold_whoever_confirms(
    home: Path, officers: Tougu, monkeypatch: pytest.MonkeyPatch
) -> None:
    officers(*QUESTION)
    monkeypatch.setattr("compliance_filters.audit.erasure.years_after", lambda moment, years: moment)
    officers("--as", "o1", "audit", "seal", "C0003", "--reason", "客户书面要求")
    officers("--as", "o1", "audit", "destroy", "C0003")
    officers("--as", "o1", "audit", "hold", "C0003", "--reason", "诉讼")
    assert "legal hold" in officers("--as", "o2", "audit", "destroy", "C0003").err
    officers("--as", "o1", "audit", "hold", "C0003", "--reason", "结案", "--lift")
    assert "Nothing was destroyed yet" in officers("--as", "o2", "audit", "destroy", "C0003").out, "it begins anew"


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "seal", "C0003", "--reason", "x"), ("audit", "hold", "C0003", "--reason", "x"),
        ("audit", "hold", "C0003", "--lift", "--reason", "x"), ("audit", "destroy", "C0003"),
        ("audit", "open", "C0003", "--end", "--reason", "x"),
    ],
)  # fmt: skip
def test_the_operator_alone_erases_nothing(home: Path, tougu: Tougu, arguments: tuple[str, ...]) -> None:
    tougu(*QUESTION)
    ran = tougu(*arguments)
    assert ran.code == 1
    assert "needs the role compliance" in ran.err


def test_an_advisor_reads_no_log(home: Path, tougu: Tougu, tmp_path: Path) -> None:
    tougu("users", "add", "A001", "--role", "advisor")
    for command in (
        ("verify",), ("checkpoint", tmp_path / "c"), ("public-key",), ("export", "C0003", "--out", tmp_path / "x"),
        ("dossier", "C0003"), ("status", "C0003"),
    ):  # fmt: skip
        assert "may not" in tougu("--as", "A001", "audit", *command).err, command


def test_the_keys_come_back_with_a_backup(home: Path, tougu: Tougu, tmp_path: Path) -> None:
    tougu(*QUESTION)
    tougu("audit", "checkpoint", tmp_path / "kept.json")
    assert tougu("backup", tmp_path / "saved").code == 0
    assert tougu("restore", tmp_path / "saved", "--force").code == 0
    assert tougu("audit", "verify", "--checkpoint", tmp_path / "kept.json").code == 0
    assert tougu("audit", "export", "C0003", "--out", tmp_path / "c.jsonl").code == 0
    database = (tmp_path / "saved" / "tougu.db").read_bytes()
    for name in ("audit.key", "checkpoint.key"):
        secret = (home / name).read_text().split()[-1]
        assert secret.encode() not in database
        assert bytes.fromhex(secret) not in database


def test_an_unknown_suite_and_a_foreign_signing_key_are_one_line(
    home: Path, tougu: Tougu, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "checkpoint.key").write_text("not a key")
    assert "holds no private key of the suite" in tougu("audit", "public-key").err
    monkeypatch.setenv("TOUGU_COMPLIANCE__AUDIT_SUITE", "rot13")
    assert "there is no cipher suite rot13" in tougu("audit", "verify").err
