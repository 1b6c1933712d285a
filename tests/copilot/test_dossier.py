"""A dossier: everything of a client or a complaint, signed; any changed byte is found without a database."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from compliance_filters.audit.checkpoint import Signer
from compliance_filters.audit.erasure import Erasure
from compliance_filters.audit.log import AuditEvent, AuditLog
from compliance_filters.audit.read import entries_of
from compliance_filters.audit.suite import SHANGMI, suite_of
from compliance_filters.errors import SealedError
from compliance_filters.tables import metadata as audit_tables
from copilot.dossier import CALL_READ, Dossier, DossierError, call_payload, collect
from copilot.dossier_file import verify_dossier, write_dossier
from copilot.tables import deliveries
from copilot.tables import metadata as copilot_tables
from intent.call import Call, CallReading, Speaker, SpeechFinding, Transcript, Turn
from intent.follow_ups.tables import follow_ups
from intent.leads.tables import calls
from intent.leads.tables import metadata as intent_tables
from knowledge_base.access import AccessDeniedError, Principal, Role
from tests.copilot.firm import make_firm

OFFICER = Principal(user_id="o1", roles=frozenset({Role.COMPLIANCE}))
STARTED = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
QUESTION = "稳健增利的风险等级是多少"
ANSWER = "稳健增利的风险等级为R3。"
SENT = "您好，资料已发给您。\n市场有风险，投资需谨慎。"
CONTEXT = {
    "today": "2026-03-02", "client_level": "C3", "client_level_expires": "2027-01-01",
    "products": [
        {"code": "990001", "name": "云岭样本1号混合A", "risk_level": "R3", "on_shelf": True, "restricted": False}
    ],
    "sources": [{"n": 1, "title": "产品资料概要", "publisher": None, "date": "2026-01-15"}],
    "insistence": [{"product": "990001", "document_id": "doc-7", "recording_id": "rec-9", "sha256": "a" * 64,
                    "signed_at": "2026-01-02T03:04:05+00:00", "client_level": "C3", "risk_level": "R4"}],
    "restricted_list": {"count": 12, "sha256": "b" * 64}, "facts_list": {"count": 0, "sha256": "c" * 64},
}  # fmt: skip


@pytest.fixture
def signer() -> Signer:
    suite = suite_of("ed25519-sha256-aesgcm")
    return Signer(suite=suite, private=b"s" * 32)


@pytest.fixture
def log(engine: Engine, tmp_path: Path, signer: Signer) -> AuditLog:
    """A firm whose client C1 called, complained, was answered and was sent a message."""
    for tables in (audit_tables, copilot_tables, intent_tables):
        tables.create_all(engine)
    make_firm(engine, tmp_path)
    audit = AuditLog(engine, b"k" * 32, signer=lambda: signer)
    say(audit, call(), subject="C1")
    audit.append(event="compliance.verdict", actor="A001", subject="C1", data=verdict("client_input"),
                 payload={"original": QUESTION, "text": QUESTION})  # fmt: skip
    audit.append(event="compliance.verdict", actor="A001", subject="C1", data=verdict("answer"),
                 payload={"original": ANSWER, "text": ANSWER, "context": CONTEXT})  # fmt: skip
    told = verdict("advisor_message", outcome="revise") | {
        "findings": [["missing.risk_disclosure", 0, 2, "revise", "d"]]
    }
    sent = audit.append(event="compliance.verdict", actor="A001", subject="C1", data=told,
                        payload={"original": "您好，资料已发给您。", "text": SENT})  # fmt: skip
    deliver(engine, sent)
    open_case(engine, "case1", client="C1")
    return audit


def verdict(target: str, *, outcome: str = "pass") -> dict[str, Any]:
    return {"outcome": outcome, "target": target, "rule_pack": "tougu-base 1.0.0", "program": "0.0.7",
            "models": {"semantic": "abc+def"}, "findings": [], "errors": []}  # fmt: skip


def call(call_id: str = "k1", client: str | None = "C1") -> Call:
    turns = (
        Turn(index=0, speaker=Speaker.ADVISOR, text="这只产品稳赚不赔。", start_s=0.0, end_s=3.5),
        Turn(index=1, speaker=Speaker.CLIENT, text="我要投诉你们。\n# 不是标题", start_s=4.0, end_s=6.25),
    )
    return Call(id=call_id, transcript=Transcript(turns=turns, duration_s=7.0, engine="whisper-base"), client_id=client,
                advisor_id="A001", started_at=STARTED)  # fmt: skip


def say(audit: AuditLog, heard: Call, *, subject: str | None) -> None:
    found = SpeechFinding(turn=0, rule="promise.return", quote="稳赚不赔", disposition="register")
    reading = CallReading(call_id=heard.id, wishes=(), findings=(found,), model_version="m1")
    audit.append(event=CALL_READ, actor="worker", subject=subject, data={"call": audit.keyed_hash(heard.id)},
                 payload=call_payload(heard, reading))  # fmt: skip
    with audit.engine.begin() as connection:
        connection.execute(
            insert(calls).values(
                id=heard.id, client_id=subject, advisor_id="A001", started_at=STARTED, ended_at=STARTED, duration_s=7.0,
                note="客户要投诉", findings=[], warnings=[], model_version="m1", recorded_at=datetime.now(UTC),
            )
        )  # fmt: skip


def deliver(engine: Engine, audit_id: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            insert(deliveries).values(
                id="dl_1", client_id="C1", user_id="A001", channel="wecom", target="advisor_message", sha256="0" * 64,
                audit_id=audit_id, text=SENT, created_at=datetime.now(UTC),
            )
        )  # fmt: skip


def open_case(engine: Engine, case_id: str, *, client: str | None, call_id: str = "k1") -> None:
    proof = [{"call": call_id, "turn": 1, "quote": "我要投诉你们", "start_s": 4.0, "end_s": 6.25}]
    with engine.begin() as connection:
        connection.execute(
            insert(follow_ups).values(
                id=case_id, kind="case", call_id=call_id, client_id=client, advisor_id="A001", intent="complaint",
                state="open", evidence=proof, wishes=[], purposes=[], confidence=0.9, heard_at=STARTED, due_at=STARTED,
                escalation=0, created_at=STARTED, outcome="",
            )
        )  # fmt: skip


def made(log: AuditLog, about: str = "C1", *, principal: Principal = OFFICER, **period: Any) -> Dossier:
    return collect(
        log, about, since=period.get("since"), until=period.get("until"), made_at=datetime.now(UTC), version="0.1.0",
        principal=principal,
    )  # fmt: skip


def written(log: AuditLog, path: Path, about: str = "C1") -> Path:
    return write_dossier(made(log, about), path, signer=log.signer, checkpoint=log.head())


@pytest.mark.parametrize("about", ["C1", "case1"])
def test_it_holds_what_was_said_asked_answered_cleared_and_sent(about: str, log: AuditLog, tmp_path: Path) -> None:
    with zipfile.ZipFile(written(log, tmp_path / "d.zip", about)) as archive:
        page = archive.read("dossier.md").decode()
        told = json.loads(archive.read("dossier.json"))
        entries = [json.loads(line) for line in archive.read("entries.jsonl").splitlines()]
    for words in (
        "- 0.0–3.5 秒 投顾：这只产品稳赚不赔。", "- 4.0–6.2 秒 客户：我要投诉你们。 # 不是标题", "promise.return",
        f"> {QUESTION}", f"> {ANSWER}", "当时客户风险等级：C3，有效期至 2027-01-01",
        "当时产品：990001 云岭样本1号混合A，R3，在售",
        "当时依据：[1] 《产品资料概要》 2026-01-15", "规则包 tougu-base 1.0.0", "放行文本", "渠道 wecom",
        "> 市场有风险，投资需谨慎。", "程序 tougu 0.0.7；模型 semantic abc+def", "tougu 0.1.0",
        "当时客户坚持购买的证据：产品 990001，文件 doc-7，录音 rec-9", f"当时限制名单：12 项，SHA-256 {'b' * 64}",
        "导出 dossier", "录音 k1 4.0–6.2 秒：「我要投诉你们」", "2026-03-02 09:30:00",
    ):  # fmt: skip
        assert words in page, words
    assert "当时核对的数据" not in page, "there were none"
    kinds = [moment["kind"] for moment in told["moments"]]
    assert {"said", "asked", "answered", "checked", "sent", "accessed", "call", "case", "key"} == set(kinds)
    assert kinds.index("said") < kinds.index("asked") < kinds.index("answered") < kinds.index("sent")
    assert {entry["seq"] for entry in entries} == {entry.seq for entry in entries_of(log, "C1")}
    assert all({"prev", "hash", "data", "payload"} <= entry.keys() for entry in entries)


def test_a_period_leaves_out_the_rest(log: AuditLog) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert made(log, since=tomorrow).moments == ()
    before = made(log, until=STARTED + timedelta(days=1))
    assert {moment.kind for moment in before.moments} == {"call", "case"}


def test_a_case_of_a_caller_nobody_knows(log: AuditLog, engine: Engine) -> None:
    say(log, call("k2", client=None), subject=None)
    say(log, call("k3", client=None), subject=None)
    open_case(engine, "case2", client=None, call_id="k2")
    dossier = made(log, "case2")
    assert [entry.payload and entry.payload["call_id"] for entry in dossier.entries] == ["k2"]


def test_only_officers_and_never_the_advisor_concerned(log: AuditLog) -> None:
    with pytest.raises(AccessDeniedError, match="make a dossier"):
        made(log, principal=Principal(user_id="A002", roles=frozenset({Role.ADVISOR})))
    concerned = Principal(user_id="A001", roles=frozenset({Role.COMPLIANCE}))
    with pytest.raises(AccessDeniedError, match="whom a case concerns"):
        made(log, "case1", principal=concerned)


def test_unknown_ids_and_sealed_clients_are_clear_errors(log: AuditLog) -> None:
    with pytest.raises(DossierError, match="no client, case or lead nobody"):
        made(log, "nobody")
    Erasure(log).seal("C1", reason="客户要求", principal=OFFICER)
    with pytest.raises(SealedError):
        made(log)


def test_a_dossier_verifies_and_any_changed_byte_is_found(log: AuditLog, signer: Signer, tmp_path: Path) -> None:
    path = written(log, tmp_path / "d.zip")
    report = verify_dossier(path, public_key=signer.public)
    assert (report.ok, report.about) == (True, "C1")
    whole, bad = path.read_bytes(), tmp_path / "bad.zip"
    for place in [*range(0, len(whole), 41), *range(len(whole) - 600, len(whole))]:
        bad.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert refused(bad, signer), place
    for changed in (whole + b"\0", whole[:-1], b"\0" + whole, b""):
        bad.write_bytes(changed)
        assert refused(bad, signer)


def refused(path: Path, signer: Signer) -> bool:
    try:
        return not verify_dossier(path, public_key=signer.public).ok
    except DossierError:
        return True


@pytest.mark.parametrize("name", ["dossier.md", "entries.jsonl", "manifest.json", "public.key", "more.txt"])
def test_an_archive_put_together_again_is_found(name: str, log: AuditLog, signer: Signer, tmp_path: Path) -> None:
    with zipfile.ZipFile(written(log, tmp_path / "d.zip")) as archive:
        files = {each: archive.read(each) for each in archive.namelist()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as forged:
        for each, content in {name: b"", **files}.items():
            forged.writestr(each, content + b" " if each == name else content)
    (tmp_path / "forged.zip").write_bytes(buffer.getvalue())
    assert refused(tmp_path / "forged.zip", signer)


def test_a_dossier_of_somebody_elses_key_is_found_by_the_key_from_elsewhere(log: AuditLog, tmp_path: Path) -> None:
    forger = Signer(suite=suite_of("ed25519-sha256-aesgcm"), private=b"f" * 32)
    path = write_dossier(made(log), tmp_path / "d.zip", signer=forger, checkpoint=log.head())
    assert verify_dossier(path).ok
    report = verify_dossier(path, public_key=log.signer.public)
    assert any("another key" in problem for problem in report.problems)


def test_it_can_be_signed_with_sm2(log: AuditLog, tmp_path: Path) -> None:
    suite = suite_of(SHANGMI)
    signer = Signer(suite=suite, private=suite.new_private_key())
    path = write_dossier(made(log), tmp_path / "d.zip", signer=signer, checkpoint=log.head())
    assert verify_dossier(path, public_key=signer.public).ok


def test_verifying_needs_no_database_no_home_and_no_key_but_the_public_one(log: AuditLog, tmp_path: Path) -> None:
    path = written(log, tmp_path / "d.zip")
    (tmp_path / "public.key").write_text(str(log.signer.public))
    command = [sys.executable, "-m", "serve.cli", "audit", "dossier-verify", str(path), "--public-key",
               str(tmp_path / "public.key")]  # fmt: skip
    ran = subprocess.run(
        command, capture_output=True, text=True, env={"TOUGU_HOME": str(tmp_path / "none")}, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "whole" in ran.stdout
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_there_stays(log: AuditLog, tmp_path: Path) -> None:
    (tmp_path / "d.zip").write_bytes(b"mine")
    with pytest.raises(DossierError, match="exists already"):
        written(log, tmp_path / "d.zip")


def test_a_client_with_a_thousand_entries_takes_far_less_than_a_minute(log: AuditLog, tmp_path: Path) -> None:
    event = AuditEvent(event="compliance.verdict", actor="A001", subject="C1", data=verdict("answer"),
                       payload={"original": ANSWER * 20, "text": ANSWER * 20, "context": CONTEXT})  # fmt: skip
    log.append_many([event] * 1_000)
    began = time.monotonic()
    path = written(log, tmp_path / "d.zip")
    assert verify_dossier(path).entries > 1_000
    assert time.monotonic() - began < 20
