"""Statements of hot paths, straight on the driver: SQLAlchemy writes a statement once and stays out of its runs.

A queue runs a few short statements hundreds of times a second. What SQLAlchemy does for each run (cache keys, contexts,
results that know their columns) then costs several times the run itself.

psycopg forgets what it prepared on a connection whenever a transaction on it is rolled back, which is how SQLAlchemy
ends one that only read. `reading` reads without a transaction, so that the plans of the hot paths stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, Insert, Select, TextClause, TextualSelect, Update
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.dml import ReturningUpdate

Statement = Select[Any] | ReturningUpdate[Any] | Insert | Update | TextualSelect | TextClause
Processor = Callable[[Any], Any]


class Direct:
    """A statement with one form whatever its values are: no list that expands. A bare text returns no rows.

    Runs in the caller's transaction. Values are those that `execute` would take and give; so are the errors. On SQLite,
    which has no network to wait for, it is executed as always.
    """

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._form: _Form | None = None

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Run it; what it returns, by the names of the columns."""
        if connection.dialect.name != "postgresql":
            result = connection.execute(self._statement, values)
            return [row._asdict() for row in result] if result.returns_rows else []
        form = self._form = self._form or _Form(self._statement, connection.dialect)
        named = form.bound(values)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(form.sql, named)
            return form.read(cursor) if form.returns else []
        except Exception as error:  # translated, and a dead connection is thrown away, as after any statement
            connection._handle_dbapi_exception(error, form.sql, named, cursor, None)
        finally:
            cursor.close()

    def each(self, connection: Connection, many: Sequence[Mapping[str, Any]]) -> None:
        """Run it for each of the values; what it returns is not read."""
        if len(many) == 1 and connection.dialect.name == "postgresql":
            self.rows(connection, many[0])
        elif many:
            connection.execute(self._statement, list(many))


class _Form:
    """A statement as one database writes it, with what turns values into the driver's and back."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._columns = [] if isinstance(statement, TextClause) else list(statement.exported_columns)
        self._dialect, self.sql, self.returns = dialect, str(compiled), bool(self._columns)
        self._constants = dict(compiled.params)
        dumps = (
            (bind.key, bind.type.dialect_impl(dialect).bind_processor(dialect)) for bind in compiled.binds.values()
        )
        self._dumps = [(name, dump) for name, dump in dumps if dump is not None]
        self._loads: list[tuple[str, Processor]] | None = None  # until the driver has said what it gives

    def bound(self, values: Mapping[str, Any]) -> dict[str, Any]:
        named = {**self._constants, **values}
        for name, dump in self._dumps:
            named[name] = dump(named[name])
        return named

    def read(self, cursor: DBAPICursor) -> list[dict[str, Any]]:
        if self._loads is None:
            self._loads = self._processors(cursor.description or ())
        names = [str(column.key) for column in self._columns]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        for name, load in self._loads:
            for row in rows:
                row[name] = load(row[name])
        return rows

    def _processors(self, described: Sequence[Any]) -> list[tuple[str, Processor]]:
        """What the driver gives otherwise than the columns' types want it."""
        kinds = [column.type.dialect_impl(self._dialect) for column in self._columns]
        loads = [kind.result_processor(self._dialect, told[1]) for kind, told in zip(kinds, described, strict=True)]
        return [(str(c.key), load) for c, load in zip(self._columns, loads, strict=True) if load is not None]


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for one statement that reads: on PostgreSQL without a transaction around it."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


@contextmanager
def at_once(engine: Engine) -> Iterator[Connection]:
    """A connection for one statement that writes all there is to write: on PostgreSQL it commits by itself, which
    spares the ways there and back for BEGIN and COMMIT. Elsewhere the block is a transaction."""
    if engine.dialect.name == "postgresql":
        with reading(engine) as connection:
            yield connection
    else:
        with engine.begin() as connection:
            yield connection
