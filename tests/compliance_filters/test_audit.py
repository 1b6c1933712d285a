"""The audit log: every change, deletion, insertion, reordering and truncation is found; writers may race."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from compliance_filters.audit import AuditLog, canonical
from compliance_filters.errors import AuditError
from compliance_filters.tables import metadata
from tests.compliance_filters.conftest import KEY


def filled(audit: AuditLog, entries: int = 5) -> AuditLog:
    for number in range(entries):
        audit.append(
            event="compliance.verdict", actor="u1", subject=f"k{number}", data={"n": number},
            payload={"text": f"第{number}条"},
        )  # fmt: skip
    return audit


def test_a_clean_log_verifies(audit: AuditLog) -> None:
    assert audit.verify().ok
    report = filled(audit).verify()
    assert (report.ok, report.entries) == (True, 5)


def test_subjects_and_texts_are_hashed_with_a_key(audit: AuditLog, engine: Engine) -> None:
    entry = filled(audit, 1).append(event="e", actor="u", subject="13800138000", payload={"t": "\ud800\x00"})
    assert audit.payload(entry) == {"t": "\ud800\x00"}
    assert audit.keyed_hash("13800138000") != AuditLog(engine, KEY[::-1]).keyed_hash("13800138000")
    assert audit.verify().ok


@pytest.mark.parametrize("seq", [1, 3, 5])
@pytest.mark.parametrize(
    "statement",
    [
        "update audit_log set event='x' where seq={s}",
        "update audit_log set actor='x' where seq={s}",
        "update audit_log set subject='x' where seq={s}",
        "update audit_log set at='2020-01-01 00:00:00.000000' where seq={s}",
        "update audit_log set body=replace(body, '\"n\":', '\"m\":') where seq={s}",
        "update audit_log set body='x' where seq={s}",
        "update audit_log set hash='{z}' where seq={s}",
        "update audit_log set prev='f' where seq={s}",
        "update audit_log set id='a_x' where seq={s}",
        "update audit_payload set body='{{}}' where audit_id=(select id from audit_log where seq={s})",
        "delete from audit_payload where audit_id=(select id from audit_log where seq={s})",
        "delete from audit_log where seq={s}",
        "update audit_log set seq=99 where seq={s}",
    ],
)
def test_tampering_is_found(seq: int, statement: str, audit: AuditLog, engine: Engine) -> None:
    filled(audit)
    with engine.connect() as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        connection.exec_driver_sql(statement.format(s=seq, z="0" * 64))
        connection.commit()
    assert not audit.verify().ok


def test_insertion_and_reordering_are_found(audit: AuditLog, engine: Engine) -> None:
    filled(audit)
    with engine.begin() as connection:
        connection.exec_driver_sql("update audit_log set seq=100 where seq=2")
        connection.exec_driver_sql("update audit_log set seq=2 where seq=3")
        connection.exec_driver_sql("update audit_log set seq=3 where seq=100")
    assert not audit.verify().ok


def test_an_entry_made_without_the_key_is_found(audit: AuditLog, engine: Engine) -> None:
    filled(audit)
    AuditLog(engine, b"another key of at least thirty-two bytes").append(event="forged", actor="u")
    assert not audit.verify().ok


def test_truncation_shows_against_a_checkpoint(audit: AuditLog, engine: Engine, tmp_path: Path) -> None:
    filled(audit)
    kept = tmp_path / "checkpoint.json"
    audit.checkpoint(kept)
    filled(audit, 2)
    assert audit.verify(kept).ok
    with engine.begin() as connection:
        third = connection.exec_driver_sql("select hash from audit_log where seq=3").scalar_one()
        connection.exec_driver_sql("delete from audit_payload where audit_id in (select id from audit_log where seq>3)")
        connection.exec_driver_sql("delete from audit_log where seq>3")
        connection.execute(text("update audit_head set seq=3, hash=:h"), {"h": third})
    assert audit.verify().ok  # a chain cut together with its head is whole in itself
    assert not audit.verify(kept).ok


@pytest.mark.parametrize("content", [None, "", "{}", '{"seq":1,"hash":"x","at":"y","mac":"z"}'])
def test_a_bad_checkpoint_is_a_problem(content: str | None, audit: AuditLog, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    if content is not None:
        path.write_text(content)
    assert not filled(audit, 1).verify(path).ok


def test_racing_writers_make_one_chain(any_engine: Engine) -> None:
    metadata.create_all(any_engine)
    audit = AuditLog(any_engine, KEY)

    def write() -> None:
        for number in range(10):
            audit.append(event="e", actor="u", data={"n": number})

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = audit.verify()
    assert (report.ok, report.entries) == (True, 40)


def test_a_short_key_and_an_absent_table_are_clear_errors(tmp_path: Path) -> None:
    bare = create_engine(f"sqlite:///{tmp_path / 'bare.db'}")
    with pytest.raises(AuditError, match="at least 32"):
        AuditLog(bare, b"short")
    with pytest.raises(AuditError, match="nothing is cleared"):
        AuditLog(bare, KEY).append(event="e", actor="u")
    metadata.create_all(bare)
    with pytest.raises(AuditError):
        AuditLog(bare, KEY).checkpoint(tmp_path / "absent" / "c.json")
    bare.dispose()


def test_canonical_json_is_stable() -> None:
    assert canonical({"b": 1, "a": "中"}) == '{"a":"\\u4e2d","b":1}'
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": float("nan")})
