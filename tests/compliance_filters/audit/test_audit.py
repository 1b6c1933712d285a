"""The audit log: entries, texts, access, group commit, checkpoints; what was returned is on the disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from compliance_filters.audit.checkpoint import PublicKey, Signer
from compliance_filters.audit.entry import body_of, moment_text
from compliance_filters.audit.log import Access, AuditEvent, AuditLog, CheckpointPlan, canonical
from compliance_filters.audit.read import entries_of
from compliance_filters.audit.suite import StandardSuite
from compliance_filters.errors import AuditError
from compliance_filters.tables import metadata
from serve.database import open_engine
from tests.compliance_filters.conftest import KEY

SUITE = StandardSuite()
SIGNER = Signer(suite=SUITE, private=b"s" * 32)


def filled(audit: AuditLog, entries: int = 5) -> AuditLog:
    for number in range(entries):
        audit.append(
            event="compliance.verdict", actor="u1", subject=f"k{number}", data={"n": number},
            payload={"text": f"第{number}条"},
        )  # fmt: skip
    return audit


@pytest.fixture
def signed(engine: Engine) -> AuditLog:
    metadata.create_all(engine)
    return AuditLog(engine, KEY, signer=lambda: SIGNER)


def test_a_clean_log_verifies(audit: AuditLog) -> None:
    assert audit.verify().ok
    report = filled(audit).verify()
    assert (report.ok, report.entries) == (True, 10)  # each of five clients got a key


def test_texts_come_back_and_lie_encrypted(audit: AuditLog, engine: Engine) -> None:
    entry = audit.append(event="e", actor="u", subject="13800138000", payload={"t": "\ud800\x00", "s": "张三的秘密"})
    plain = audit.append(event="e", actor="u", payload={"t": "没有客户的话"})
    assert audit.payload(entry) == {"t": "\ud800\x00", "s": "张三的秘密"}
    assert audit.payload(plain) == {"t": "没有客户的话"}
    assert audit.payload(audit.append(event="e", actor="u")) is None
    with engine.connect() as connection:
        stored = b"".join(connection.exec_driver_sql("select body from audit_payload").scalars())
        subject = connection.exec_driver_sql("select subject from audit_log where event='e'").scalars().first()
    assert "张三".encode() not in stored
    assert "没有".encode() not in stored
    assert subject == audit.keyed_hash("13800138000")
    assert subject != AuditLog(engine, KEY[::-1]).keyed_hash("13800138000")
    assert audit.verify().ok


def test_texts_are_bound_to_their_entry(audit: AuditLog, engine: Engine) -> None:
    """Two texts of one client, exchanged by somebody who has the database: none is read."""
    first, second = (audit.append(event="e", actor="u", subject="C1", payload={"n": n}) for n in (1, 2))
    with engine.begin() as connection:
        bodies = dict(connection.exec_driver_sql("select seq, body from audit_payload").all())
        (a, b) = bodies
        for seq, body in ((a, bodies[b]), (b, bodies[a])):
            connection.execute(text("update audit_payload set body=:b where seq=:s"), {"b": body, "s": seq})
    for entry in (first, second):
        with pytest.raises(AuditError, match="changed"):
            audit.payload(entry)


def test_another_audit_key_reads_nothing(audit: AuditLog, engine: Engine) -> None:
    entry = audit.append(event="e", actor="u", subject="C1", payload={"n": 1})
    other = AuditLog(engine, KEY[::-1])
    with pytest.raises(AuditError, match="the audit key is another one"):
        other.payload(entry)
    assert not other.verify().ok


def test_many_are_written_all_or_none(audit: AuditLog) -> None:
    ids = audit.append_many([AuditEvent(event="e", actor="u", data={"n": n}) for n in range(3)])
    assert [entry.data["n"] for entry in entries_of(audit, None)] == [0, 1, 2]
    assert [entry.id for entry in entries_of(audit, None)] == ids
    with pytest.raises(AuditError, match="printable"):
        audit.append_many([AuditEvent(event="e", actor="u"), AuditEvent(event="e", actor="u\x00")])
    assert audit.verify().entries == 3


@pytest.mark.parametrize(
    ("event", "actor", "data"), [("e" * 41, "u", {}), ("e", "u" * 121, {}), ("e", "\ud800", {}), ("e", "u", {"f": {1}})]
)
def test_what_is_no_entry_is_refused(event: str, actor: str, data: object, audit: AuditLog) -> None:
    with pytest.raises(AuditError, match="no entry"):
        audit.append(event=event, actor=actor, data=data)  # type: ignore[arg-type]
    assert audit.verify().entries == 0


def test_access_leaves_an_entry_for_each_client(audit: AuditLog) -> None:
    items = [("C1", "k1"), ("C2", "k2"), ("C1", "k3"), (None, "k4")]
    audit.access(Access.PLAYBACK, actor="A001", what="call", items=items)
    (entry,) = (e for e in entries_of(audit, "C1") if e.event == "access.playback")
    assert (entry.actor, entry.data, entry.payload) == ("A001", {"what": "call", "count": 2}, {"ids": ["k1", "k3"]})
    assert [e.payload for e in entries_of(audit, "C2", events=("access.playback",))] == [{"ids": ["k2"]}]
    assert audit.access(Access.VIEW, actor="A001", what="call", items=[]) == []


def test_racing_threads_make_one_chain_and_share_transactions(any_engine: Engine) -> None:
    metadata.create_all(any_engine)
    audit = AuditLog(any_engine, KEY)

    def write() -> None:
        for number in range(10):
            audit.append(event="e", actor="u", subject=f"C{number % 3}", payload={"n": number})

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = audit.verify()
    assert (report.ok, report.entries) == (True, 83)
    with any_engine.connect() as connection:  # one time a transaction
        moments = connection.exec_driver_sql("select count(distinct at) from audit_log").scalar_one()
    assert moments < 80


def test_racing_processes_make_one_chain(any_engine: Engine, database_url: str) -> None:
    metadata.create_all(any_engine)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, database_url, "25"]) for _ in range(3)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    report = AuditLog(any_engine, KEY).verify()
    assert (report.ok, report.entries) == (True, 3 * 4 * 25 + 3)


WRITER = f"""
import sys, threading
from compliance_filters.audit.log import AuditLog
from serve.database import open_engine
audit = AuditLog(open_engine(sys.argv[1]), {KEY!r})
def write(name):
    for n in range(int(sys.argv[2])):
        entry = audit.append(event="e", actor=name, subject=f"C{{n % 3}}", payload={{"n": n}})
        sys.stdout.write(entry + "\\n"); sys.stdout.flush()
threads = [threading.Thread(target=write, args=(f"t{{i}}",)) for i in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
"""


def test_kill_9_loses_nothing_that_was_returned(any_engine: Engine, database_url: str) -> None:
    metadata.create_all(any_engine)
    returned: list[str] = []
    for _ in range(2):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, database_url, "100000"], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout
        returned += [writer.stdout.readline().strip() for _ in range(60)]
        os.kill(writer.pid, signal.SIGKILL)
        returned += [line.strip() for line in writer.stdout.read().split("\n") if len(line.strip()) == 34]
        writer.wait()
    audit = AuditLog(any_engine, KEY)
    assert audit.verify().ok
    assert all(audit.payload(entry) is not None for entry in returned)


def test_a_failed_write_is_told_to_everybody_who_waited(audit: AuditLog, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("drop table audit_payload")
    told: list[str] = []

    def write() -> None:
        try:
            audit.append(event="e", actor="u", payload={"n": 1})
        except AuditError as error:
            told.append(str(error))

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 6
    assert all("nothing is cleared" in each for each in told)


def test_a_checkpoint_is_signed_and_needs_the_public_key_alone(
    signed: AuditLog, engine: Engine, tmp_path: Path
) -> None:
    kept, public = tmp_path / "checkpoint.json", tmp_path / "public.key"
    filled(signed).checkpoint(kept)
    public.write_text(str(SIGNER.public))
    without_private = AuditLog(engine, KEY)
    assert without_private.verify(kept, public_key=PublicKey.read(public)).ok
    other = Signer(suite=SUITE, private=b"t" * 32).public
    assert not without_private.verify(kept, public_key=other).ok
    with pytest.raises(AuditError, match="no signing key"):
        without_private.checkpoint(kept)


def test_any_changed_character_of_a_checkpoint_shows(signed: AuditLog, tmp_path: Path) -> None:
    kept = signed.checkpoint(tmp_path / "checkpoint.json")
    whole = kept.read_text()
    for place in range(0, len(whole), 7):
        kept.write_text(f"{whole[:place]}{'x' if whole[place] != 'x' else 'y'}{whole[place + 1 :]}")
        assert not signed.verify(kept).ok, place
    kept.write_text(whole + " ")
    assert not signed.verify(kept).ok


@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"seq":1,"hash":"x","at":"y","signature":"zz"}'])
def test_a_bad_checkpoint_is_a_problem(content: str | None, signed: AuditLog, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    if content is not None:
        path.write_text(content)
    assert not filled(signed, 1).verify(path).ok


def test_the_writer_keeps_checkpoints_by_itself(engine: Engine, tmp_path: Path) -> None:
    """In a folder every one stays; each is a point from which a cut is seen."""
    metadata.create_all(engine)
    audit = AuditLog(engine, KEY, signer=lambda: SIGNER, plan=CheckpointPlan(path=tmp_path, every=3))
    for number in range(10):
        audit.append(event="e", actor="u", data={"n": number})
    kept = sorted(path.name for path in tmp_path.glob("checkpoint-*.json"))
    assert kept == [f"checkpoint-{seq:012d}.json" for seq in (1, 3, 6, 9)]
    assert audit.verify(tmp_path).ok


def test_a_checkpoint_never_hides_a_cut(signed: AuditLog, engine: Engine, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoint.json"
    filled(signed).checkpoint(kept)
    cut_to(engine, 3)
    assert signed.verify().ok  # a chain cut together with its head is whole in itself
    assert not signed.verify(kept).ok
    with pytest.raises(AuditError, match="keep that file"):
        signed.checkpoint(kept)
    assert not signed.verify(kept).ok


def cut_to(engine: Engine, seq: int) -> None:
    """Cut the log as a forger with the database would: rows, keys and head together."""
    with engine.begin() as connection:
        last = connection.execute(text("select hash from audit_log where seq=:s"), {"s": seq}).scalar_one()
        gone = "select data from audit_log where seq>:s and event='key.created'"
        made_later = [json.loads(data)["key"] for data in connection.execute(text(gone), {"s": seq}).scalars()]
        for table in ("audit_payload", "audit_log"):
            connection.execute(text(f"delete from {table} where seq>:s"), {"s": seq})
        for key in made_later:
            connection.execute(text("delete from audit_key where id=:k"), {"k": key})
        connection.execute(text("update audit_head set seq=:s, hash=:h"), {"s": seq, "h": last})


def test_a_disk_that_is_full_of_checkpoints_stops_no_writer(engine: Engine, tmp_path: Path) -> None:
    metadata.create_all(engine)
    plan = CheckpointPlan(path=tmp_path / "absent" / "checkpoint.json", every=1)
    audit = AuditLog(engine, KEY, signer=lambda: SIGNER, plan=plan)
    audit.append(event="e", actor="u")
    assert audit.verify().entries == 1


def test_a_short_key_and_an_absent_table_are_clear_errors(tmp_path: Path) -> None:
    bare = create_engine(f"sqlite:///{tmp_path / 'bare.db'}")
    with pytest.raises(AuditError, match="at least 32"):
        AuditLog(bare, b"short")
    with pytest.raises(AuditError, match="nothing is cleared"):
        AuditLog(bare, KEY).append(event="e", actor="u")
    with pytest.raises(AuditError, match="check the database"):
        AuditLog(bare, KEY).head()
    bare.dispose()


def test_verifying_sees_one_moment_while_writers_go_on(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'busy.db'}")
    metadata.create_all(engine)
    audit, over = AuditLog(engine, KEY), threading.Event()

    def write() -> None:
        while not over.is_set():
            audit.append(event="e", actor="u", subject="C1", payload={"n": 1})

    writer = threading.Thread(target=write)
    writer.start()
    reports = [audit.verify() for _ in range(20)]
    over.set()
    writer.join()
    engine.dispose()
    assert all(report.ok for report in reports), reports


def test_canonical_json_is_stable() -> None:
    assert canonical({"b": 1, "a": "中"}) == '{"a":"\\u4e2d","b":1}'
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": float("nan")})


@pytest.mark.parametrize("actor", ["u1", '引号"\\反斜', "\U0001f600"])
def test_the_form_built_from_columns_is_canonical(actor: str) -> None:
    entry = {"seq": 3, "id": "a", "at": "2026-01-01T00:00:00+00:00", "event": "e", "actor": actor, "subject": "",
             "data": {"z": [1, None], "a": "中"}, "payload": None}  # fmt: skip
    data = canonical(entry["data"])
    assert body_of(3, "a", str(entry["at"]), "e", actor, "", data, None) == canonical(entry)
    held = body_of(3, "a", str(entry["at"]), "e", actor, "", data, "ff")
    assert held == canonical({**entry, "payload": "ff"})


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("2026-01-01 00:00:00.000000", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01 00:00:00.120000", "2026-01-01T00:00:00.120000+00:00"),
    ],
)
def test_times_of_sqlite_read_as_they_were_hashed(stored: str, said: str) -> None:
    assert moment_text(stored) == said
