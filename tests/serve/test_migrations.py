"""The migrations lead to the tables that the code declares, on both databases."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, MetaData, inspect, text

from serve.database import DatabaseError, all_metadata, migrate, schema_state


def together(parts: tuple[MetaData, ...]) -> MetaData:
    whole = MetaData()
    for part in parts:
        for table in part.tables.values():
            table.to_metadata(whole)
    return whole


def test_no_two_packages_own_a_table_of_one_name() -> None:
    names = [name for part in all_metadata() for name in part.tables]
    assert len(names) == len(set(names))


def test_head_is_what_the_code_declares(any_engine: Engine) -> None:
    state = migrate(any_engine)
    assert state.status == "current", "no migration yet: python -m serve.migrations.make 'first schema'"
    with any_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences: list[Any] = compare_metadata(context, together(all_metadata()))
    assert differences == [], "the tables changed: python -m serve.migrations.make 'what changes'"


def test_migrating_again_changes_nothing(any_engine: Engine) -> None:
    assert migrate(any_engine) == migrate(any_engine) == schema_state(any_engine)


def test_processes_that_start_together_take_turns(database_url: str, any_engine: Engine) -> None:
    program = f"from serve.database import *; print(migrate(open_engine({database_url!r})).status)"
    starting = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    ended = [process.communicate(timeout=120) for process in starting]
    assert [out.decode().strip() for out, _ in ended] == ["current"] * 3, ended
    assert "jobs" in inspect(any_engine).get_table_names()


def test_a_database_of_a_newer_version_is_refused(any_engine: Engine) -> None:
    migrate(any_engine)
    with any_engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('fffffffffffe')"))
    assert schema_state(any_engine).status == "newer"
    with pytest.raises(DatabaseError, match="newer version"):
        migrate(any_engine)


def test_a_migration_that_fails_changes_nothing(any_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of the firm's own that is in the way."""
    with any_engine.begin() as connection:
        connection.execute(text("CREATE TABLE outbox (n INTEGER)"))
    with pytest.raises(DatabaseError, match="nothing was changed"):
        migrate(any_engine)
    assert inspect(any_engine).get_table_names() == ["outbox"]
