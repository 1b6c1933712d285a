"""Opening the database: what is promised of SQLite, and one sentence for each way it can fail."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from serve.database import DatabaseError, open_engine

metadata = MetaData()
counters = Table("counters", metadata, Column("id", Integer, primary_key=True), Column("n", Integer, nullable=False))
marks = Table("marks", metadata, Column("counter_id", ForeignKey("counters.id"), nullable=False))


@pytest.fixture
def database(any_engine: Engine) -> Engine:
    metadata.create_all(any_engine)
    with any_engine.begin() as connection:
        connection.execute(insert(counters).values(id=1, n=0))
    return any_engine


def test_sqlite_is_durable_and_holds_its_references(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/new/folder/x.db")
    with engine.connect() as connection:
        read = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in
                ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}  # fmt: skip
    assert read == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    engine.dispose()


def test_references_hold(database: Engine) -> None:
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(insert(marks).values(counter_id=99))


def test_everything_in_a_transaction_rolls_back_the_schema_too(database: Engine) -> None:
    with database.connect() as connection:
        connection.execute(update(counters).values(n=7))
        connection.execute(text("CREATE TABLE passing (id INTEGER)"))
        with connection.begin_nested():
            connection.execute(insert(counters).values(id=2, n=0))
        connection.rollback()
    with database.connect() as connection:
        assert connection.execute(select(counters.c.id, counters.c.n)).all() == [(1, 0)]
        assert not connection.dialect.has_table(connection, "passing")


def test_writers_that_read_first_wait_for_each_other(database: Engine) -> None:
    """With deferred transactions SQLite refuses at once: "database is locked"."""
    together = threading.Barrier(4)

    def count(_: int) -> None:
        together.wait()
        for _ in range(10):
            with database.begin() as connection:
                connection.execute(select(func.count()).select_from(counters)).scalar_one()
                connection.execute(update(counters).values(n=counters.c.n + 1))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(count, range(4)))
    with database.connect() as connection:
        assert connection.execute(select(counters.c.n)).scalar_one() == 40


def test_an_open_reader_does_not_stop_a_writer(database: Engine) -> None:
    with database.connect() as reader:
        reader.execute(select(counters)).all()
        with database.begin() as writer:
            writer.execute(update(counters).values(n=1))


@pytest.mark.parametrize("url", ["mysql://u:secret@h/db", "sqlite://", "sqlite:///:memory:", "not a url", ""])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(DatabaseError, match="not understood") as failure:
        open_engine(url)
    assert "secret" not in str(failure.value)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DatabaseError, match=r"pip install 'tougu\[postgres\]'"):
        open_engine("postgresql://user@127.0.0.1/db")


def test_a_server_that_is_away_is_said_without_its_password() -> None:
    with pytest.raises(DatabaseError, match="does not answer") as failure:
        open_engine("postgresql://user:secret@127.0.0.1:1/db")
    assert "secret" not in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_text("人间正道是沧桑" * 500, encoding="utf-8")
    with pytest.raises(DatabaseError, match="no SQLite database"):
        open_engine(f"sqlite:///{path}")


def test_a_parent_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(DatabaseError, match="cannot be made"):
        open_engine(f"sqlite:///{tmp_path}/home/tougu.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="expected: root may write anywhere")
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DatabaseError, match="may write in it"):
        open_engine(f"sqlite:///{tmp_path}/tougu.db")


def test_a_read_only_database(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/x.db")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        with pytest.raises(DatabaseError, match="read-only"):
            metadata.create_all(connection)
    engine.dispose()


def test_a_full_disk(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/x.db")
    metadata.create_all(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=5")
        with pytest.raises(DatabaseError, match="disk of the database is full"):
            connection.execute(insert(counters), [{"n": n} for n in range(20_000)])
    engine.dispose()
