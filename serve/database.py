"""The database: how it is opened, and how its schema is brought up to date.

Every SQLite transaction that writes begins IMMEDIATE, at its first writing statement: two writers wait
for each other instead of failing with "database is locked", and reading takes no lock at all. What was
read before the first write may have changed by then, as on PostgreSQL (read committed): code that must
not have that calls `jobs.locks.begin_writing` or `hold` first.
"""

from __future__ import annotations

import errno
import re
import sqlite3
import time
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic_core import from_json
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    MetaData,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError, DisconnectionError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from jobs.locks import begin_writing
from serve.errors import ServeError

if TYPE_CHECKING:
    from alembic.config import Config

BUSY_TIMEOUT_MS = 30_000
REST_S = 5.0  # a connection that lay in the pool longer is asked whether it still lives
RETURNED_AT = "returned_at"
MIGRATION_LOCK = 7_086_471_926  # an arbitrary number, the same in every version
# Statements before which SQLite needs no write lock.
_READING = frozenset({"SELECT", "PRAGMA", "EXPLAIN", "VALUES", "BEGIN", "COMMIT", "ROLLBACK", "ATTACH", "VACUUM"})
_WRITING = re.compile(r"\b(INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)

_DISK_FULL = "The disk of the database is full: free some space, then start again."
_REMEDIES = {
    "database or disk is full": _DISK_FULL,
    "No space left on device": _DISK_FULL,
    "readonly database": "The database or its folder is read-only: give this user the right to write there.",
    "unable to open database file": "The database file cannot be opened: check that its folder exists "
    "and that this user may write in it.",
    "file is not a database": "The database file is no SQLite database: correct its path or restore it.",
    "disk image is malformed": "The database file is damaged: stop the service and restore a backup.",
}


class DatabaseError(ServeError, SQLAlchemyError):
    """The database cannot be opened, written or brought up to date; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class SchemaState:
    """Which revision the database is at, and which one this program needs."""

    current: str | None  # None: no table was made yet
    head: str | None  # None: this program carries no migration
    status: Literal["empty", "current", "behind", "newer"]

    def __str__(self) -> str:
        if self.status == "behind":
            return f"schema {self.current}, upgraded to {self.head} at the next start"
        return f"schema {self.current or 'not made yet'} ({self.status})"


def open_engine(url: str, *, pool_size: int = 10) -> Engine:
    """Open `sqlite:///FILE` or `postgresql://...` (psycopg 3) and see that it answers.

    SQLite: WAL, foreign keys, synchronous FULL (leases and the audit log survive a power cut).
    Raises DatabaseError.
    """
    try:
        engine = create_engine(_with_driver(url), pool_size=pool_size, **_options(url))
    except ModuleNotFoundError as error:
        raise DatabaseError(f"The driver {error.name} is not installed: pip install 'tougu[postgres]'.") from error
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise DatabaseError(
            "The database URL is not understood: use sqlite:////folder/file.db "
            "or postgresql://user:password@host/database."
        ) from error
    event.listen(engine, "handle_error", _translate, retval=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "before_cursor_execute", _lock_before_writing)
    else:
        event.listen(engine, "checkin", _note_return)
        event.listen(engine, "checkout", _ping_after_rest)
    _probe(engine)
    return engine


def all_metadata() -> tuple[MetaData, ...]:
    """The tables of every package, as the code declares them."""
    from compliance_filters.tables import metadata as compliance
    from copilot.talks.tables import metadata as copilot
    from intent.tables import metadata as intent
    from jobs.tables import metadata as jobs
    from knowledge_base.editor_tables import metadata as knowledge
    from serve.tables import metadata as serve

    return jobs, knowledge, compliance, intent, copilot, serve


def migrate(engine: Engine) -> SchemaState:
    """Bring the schema up to date and return its state; two processes starting together take turns.

    Raises DatabaseError when the database was written by a newer version, or a migration fails, in
    which case nothing was changed.
    """
    from alembic import command
    from alembic.util import CommandError

    state = schema_state(engine)
    if state.status == "newer":
        raise DatabaseError(
            f"The database is at revision {state.current}, which this version of tougu does not know: "
            "install the newer version again, or restore a backup made before the upgrade."
        )
    if state.status == "current":
        return state
    with engine.connect() as connection:
        _begin_migration(connection)
        try:
            command.upgrade(alembic_config(connection), "head")
            _check_references(connection)
            connection.commit()
        except (SQLAlchemyError, CommandError) as error:
            raise DatabaseError(_failed_upgrade(error)) from error
        finally:
            connection.rollback()
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA foreign_keys=ON")
    return schema_state(engine)


def schema_state(engine: Engine) -> SchemaState:
    """Compare the database's revision with the program's. Raises DatabaseError."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        script = ScriptDirectory.from_config(alembic_config(connection))
    head = script.get_current_head()
    known = {revision.revision for revision in script.walk_revisions()}
    status: Literal["empty", "current", "behind", "newer"]
    if current == head:
        status = "current" if current else "empty"
    elif current is None:
        status = "empty"
    else:
        status = "behind" if current in known else "newer"
    return SchemaState(current=current, head=head, status=status)


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration without a file: the scripts of this package, on this connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("serve.migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _with_driver(url: str) -> URL:
    parsed = make_url(url)
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


def _options(url: str) -> dict[str, Any]:
    """Arguments of create_engine for this kind of database."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return {"max_overflow": 10, "connect_args": {"connect_timeout": 10}, "json_deserializer": from_json}
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise ArgumentError("neither a SQLite file nor PostgreSQL")
    try:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(_explain_os(error, Path(parsed.database).parent)) from error
    # isolation_level None: the driver begins no transaction of its own, _lock_before_writing does.
    return {"connect_args": {"isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000}}


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _lock_before_writing(
    connection: Connection, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool
) -> None:
    first = statement.split(None, 1)[0].upper()
    if first in _READING or (first == "WITH" and not _WRITING.search(statement)):
        return
    begin_writing(connection)


def _note_return(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[RETURNED_AT] = time.monotonic()


def _ping_after_rest(connection: Any, record: ConnectionPoolEntry, _fairy: object) -> None:
    """See that a connection still lives before it is used, unless it was used a moment ago: under load one round trip
    in five would be such a question. A dead one is replaced by a fresh one."""
    if time.monotonic() - record.info.get(RETURNED_AT, time.monotonic()) < REST_S:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise DisconnectionError("the database was away") from error


def _translate(context: ExceptionContext) -> DatabaseError | None:
    """Full disk, read-only folder and missing file become one sentence; the rest stays as it is."""
    sentence = _explain(str(context.original_exception))
    return DatabaseError(sentence) if sentence else None


def _explain(error: str) -> str | None:
    return next((line for sign, line in _REMEDIES.items() if sign in error), None)


def _explain_os(error: OSError, folder: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"The disk that holds {folder} is full: free some space, then start again."
    return f"The folder {folder} of the database cannot be made ({error.strerror}): check its permissions."


def _probe(engine: Engine) -> None:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except DatabaseError:
        engine.dispose()
        raise
    except SQLAlchemyError as error:
        engine.dispose()
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise DatabaseError(
            f"The database {engine.url.render_as_string(hide_password=True)} does not answer ({reason}): "
            "start it, or correct database_url."
        ) from error


def _begin_migration(connection: Connection) -> None:
    """Take the turn. SQLite rebuilds tables to alter them, which must not cascade to their children."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        begin_writing(connection)
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})


def _failed_upgrade(error: Exception) -> str:
    if isinstance(error, DatabaseError):
        return str(error)
    reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
    return f"The database could not be brought up to date ({reason}): nothing was changed; report this."


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        tables = ", ".join(sorted({str(row[0]) for row in broken}))
        raise DatabaseError(
            f"The upgrade would leave rows of {tables} without what they refer to: nothing was changed; "
            "report this with the version you came from."
        )
