"""Somebody who can write the database, but has no key: every change of every column of every row is found."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine

from compliance_filters.audit.erasure import Erasure
from compliance_filters.audit.log import AuditLog, AuditReport
from compliance_filters.tables import metadata
from knowledge_base.access import Principal, Role
from serve.database import open_engine
from tests.compliance_filters.conftest import KEY

OFFICER = Principal(user_id="o1", roles=frozenset({Role.COMPLIANCE}))
SECOND = Principal(user_id="o2", roles=frozenset({Role.COMPLIANCE}))
TABLES = {"audit_log": "seq", "audit_payload": "seq", "audit_key": "id", "audit_head": "id"}
VALUES: tuple[object, ...] = (None, "", "{}", 99, b"x", "2020-01-01 00:00:00.000000")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of a dozen entries with texts of three clients and of the house; one sealed, one destroyed."""
    folder = tmp_path_factory.mktemp("small")
    engine = open_engine(f"sqlite:///{folder / 'log.db'}")
    metadata.create_all(engine)
    audit = AuditLog(engine, KEY)
    for number, subject in enumerate(("C1", "C2", None, "C3", "C1")):
        audit.append(event="e", actor=f"u{number}", subject=subject, data={"n": number}, payload={"t": f"第{number}"})
    audit.append(event="plain", actor="u", data={"n": 9})
    erasure = Erasure(audit, keep_years=0)
    erasure.seal("C2", reason="客户要求", principal=OFFICER)
    erasure.hold("C1", reason="诉讼", principal=OFFICER)
    erasure.seal("C3", reason="客户要求", principal=OFFICER)
    erasure.destroy("C3", principal=OFFICER)
    erasure.destroy("C3", principal=SECOND)
    assert audit.verify().ok
    engine.dispose()
    return folder / "log.db"


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    shutil.copyfile(small, tmp_path / "log.db")
    return tmp_path / "log.db"


def verified(path: Path, *, payloads: bool = True) -> AuditReport:
    return log_at(path).verify(payloads=payloads)


@cache
def log_at(path: Path) -> AuditLog:
    """No connection is kept, since the file is replaced under it."""
    return AuditLog(create_engine(f"sqlite:///{path}", poolclass=NullPool), KEY)


def changes(path: Path, *statements: tuple[str, tuple[object, ...]]) -> bool:
    """Run statements without foreign keys; False when the database itself refused or no row was there."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        try:
            for statement, values in statements:
                connection.execute(statement, values)
        except sqlite3.Error:
            return False
        connection.commit()
        return connection.total_changes > 0


def rows_of(path: Path, table: str) -> list[dict[str, object]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"select * from {table}")]


def mutations(path: Path) -> Iterator[tuple[str, tuple[str, tuple[object, ...]]]]:
    for table, key in TABLES.items():
        for row in rows_of(path, table):
            for column, value in itertools.product(row, VALUES):
                if row[column] != value:
                    name = f"{table} {row[key]} {column}={value!r}"
                    yield name, (f"update {table} set {column}=? where {key}=?", (value, row[key]))
            yield f"{table} {row[key]} deleted", (f"delete from {table} where {key}=?", (row[key],))


@pytest.mark.slow
def test_every_change_and_every_deletion_is_found(small: Path, copy: Path) -> None:
    missed, tried = [], 0
    for name, mutation in mutations(small):
        shutil.copyfile(small, copy)
        if changes(copy, mutation):
            tried += 1
            if verified(copy).ok:
                missed.append(name)
    assert missed == []
    assert tried > 700


def test_a_bit_of_any_text_or_key_is_found(small: Path, copy: Path) -> None:
    for table, key, column in (("audit_payload", "seq", "body"), ("audit_key", "id", "wrapped")):
        for row in rows_of(small, table):
            if row[column] is None:
                continue
            stored = bytes(row[column])  # type: ignore[call-overload]
            for place in range(0, len(stored), 5):
                shutil.copyfile(small, copy)
                flipped = stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :]
                changes(copy, (f"update {table} set {column}=? where {key}=?", (flipped, row[key])))
                assert not verified(copy).ok, (table, row[key], place)


def test_a_deleted_entry_is_one_gap_and_what_follows_is_sound(small: Path, copy: Path) -> None:
    plain = [row["seq"] for row in rows_of(small, "audit_log") if not str(row["event"]).startswith("key.")]
    last = rows_of(small, "audit_log")[-1]["seq"]
    for seq in plain:
        assert isinstance(seq, int)
        shutil.copyfile(small, copy)
        assert changes(copy, ("delete from audit_log where seq=?", (seq,)))
        assert verified(copy).problems == (f"entry {seq} is missing: deleted from the database",), seq
    assert last not in plain


def test_each_gap_is_told_once_with_its_length(small: Path, copy: Path) -> None:
    gone = list(range(3, 6))
    assert changes(copy, *(("delete from audit_log where seq=?", (seq,)) for seq in (*gone, 8)))
    gaps = [problem for problem in verified(copy).problems if "missing" in problem and "entr" in problem]
    assert gaps[0] == "entries 3 to 5 are missing: deleted from the database"
    assert gaps[1] == "entry 8 is missing: deleted from the database"
    assert not any("does not follow" in problem for problem in verified(copy).problems)


@pytest.mark.parametrize("table", ["audit_log", "audit_payload", "audit_key", "audit_head"])
def test_any_two_rows_that_change_places_are_found(table: str, small: Path, copy: Path) -> None:
    key = TABLES[table]
    for one, other in itertools.combinations([row[key] for row in rows_of(small, table)], 2):
        shutil.copyfile(small, copy)
        aside: object = 1_000 if isinstance(one, int) else "aside"
        move = f"update {table} set {key}=? where {key}=?"
        changes(copy, (move, (aside, one)), (move, (one, other)), (move, (other, aside)))
        assert not verified(copy).ok, (one, other)


def test_an_inserted_row_is_found_wherever_it_stands(small: Path, copy: Path) -> None:
    entries = rows_of(small, "audit_log")
    for place in range(len(entries) + 2):
        shutil.copyfile(small, copy)
        twin = {**entries[place % len(entries)], "id": "a_forged", "seq": place}
        # make room from the end, so that no number is taken twice
        room = [("update audit_log set seq=seq+1 where seq=?", (seq,)) for seq in range(len(entries), place - 1, -1)]
        columns, marks = ", ".join(twin), ", ".join("?" * len(twin))
        assert changes(copy, *room, (f"insert into audit_log ({columns}) values ({marks})", tuple(twin.values())))
        assert not verified(copy).ok, place
    shutil.copyfile(small, copy)
    assert changes(copy, ("insert into audit_payload (seq, key_id, body) values (500, null, ?)", (b"{}",)))
    assert not verified(copy).ok
    shutil.copyfile(small, copy)
    key = {**rows_of(small, "audit_key")[0], "id": "k_forged", "owner": "f" * 64}
    marks = ", ".join("?" * len(key))
    assert changes(copy, (f"insert into audit_key ({', '.join(key)}) values ({marks})", tuple(key.values())))
    assert not verified(copy).ok


def test_a_row_of_a_key_from_before_is_found(small: Path, copy: Path) -> None:
    """A sealed key that is put back as it stood before it was sealed."""
    sealed = next(row for row in rows_of(small, "audit_key") if row["state"] == "sealed")
    back = "update audit_key set state='active', sealed_by=null, sealed_at=null, retain_until=null where id=?"
    assert changes(copy, (back, (sealed["id"],)))
    assert not verified(copy).ok


def test_every_cut_is_found_by_the_head(small: Path, copy: Path) -> None:
    for seq in range(len(rows_of(small, "audit_log"))):
        shutil.copyfile(small, copy)
        cut = [(f"delete from {table} where seq>?", (seq,)) for table in ("audit_payload", "audit_log")]
        assert changes(copy, *cut)
        assert not verified(copy).ok, seq


def test_without_payloads_the_chain_alone_is_checked(small: Path, copy: Path) -> None:
    assert changes(copy, ("update audit_payload set body=?", (b"x",)))
    assert verified(copy, payloads=False).ok
    assert not verified(copy).ok


def test_an_entry_made_without_the_key_is_found(copy: Path) -> None:
    engine = open_engine(f"sqlite:///{copy}")
    AuditLog(engine, b"another key of at least thirty-two bytes").append(event="forged", actor="u")
    assert not AuditLog(engine, KEY).verify().ok
    engine.dispose()
