"""Import clients, what they hold, did and signed, advisors, products and the restricted list from CSV or Parquet.

Columns, types and keys are data: see imports_schema.yaml.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, Engine, Table, and_, delete, insert, select, update

from knowledge_base.access import Principal, Role
from knowledge_base.errors import ImportFileError
from knowledge_base.events import add_events, event_kinds, known_kind, mark_changed
from knowledge_base.import_values import BadValueError, ColumnRule, read_value
from knowledge_base.tables import clients, import_runs, metadata, product_names

IMPORTERS = (Role.OPERATIONS, Role.SYSTEM)
PARQUET = ".parquet"
EVENTS = "events"
CLIENT_COLUMNS = {"clients": "id", "holdings": "client_id", "transactions": "client_id"}  # who changed by an import
MAX_REPORTED = 100  # bad rows told one by one; the rest is counted


@dataclass(frozen=True, kw_only=True)
class ImportSchema:
    """Columns of one kind of file, the table they go to and the key that makes a row the same row."""

    kind: str
    table: str
    key: tuple[str, ...]
    columns: tuple[ColumnRule, ...]


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A row that cannot be imported; `line` is that of the file, 1-based."""

    line: int
    column: str
    problem: str  # what and why; never the value of a client's field
    remedy: str


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did; nothing was written where `bad` is not empty, unless asked otherwise."""

    kind: str
    path: str
    added: int
    replaced: int
    bad: tuple[BadRow, ...]
    bad_count: int

    @property
    def ok(self) -> bool:
        return self.bad_count == 0


@cache
def import_schemas() -> dict[str, ImportSchema]:
    """All kinds of files that can be imported, by name."""
    raw = yaml.safe_load(files("knowledge_base").joinpath("imports_schema.yaml").read_text(encoding="utf-8"))
    return {
        kind: ImportSchema(
            kind=kind,
            table=fields["table"],
            key=tuple(fields["key"]),
            columns=tuple(_rule(name, rule) for name, rule in fields["columns"].items()),
        )
        for kind, fields in raw.items()
    }


def _rule(name: str, rule: dict[str, Any]) -> ColumnRule:
    minimum = Decimal(str(rule["minimum"])) if "minimum" in rule else None
    return ColumnRule(**{**rule, "name": name, "minimum": minimum, "one_of": tuple(rule.get("one_of", ()))})


def import_csv(
    kind: str, path: Path, *, engine: Engine, principal: Principal, skip_bad_rows: bool = False
) -> ImportReport:
    """Import a CSV or Parquet file; the same file twice changes nothing the second time.

    All or nothing, unless `skip_bad_rows`. Raises ImportFileError when the file cannot be read or its
    header is wrong, AccessDeniedError when the principal may not import.
    """
    principal.require(f"import {kind}", *IMPORTERS)
    schema = import_schemas().get(kind)
    if schema is None:
        known = ", ".join(sorted(import_schemas()))
        raise ImportFileError(f"There is no import of {kind!r}; use one of {known}.")
    with engine.begin() as connection:
        good, bad = checked_rows(schema, path, frozenset(connection.execute(select(clients.c.id)).scalars()))
        write = [row for _, row in good] if skip_bad_rows or not bad else []
        added, replaced = _write(schema, write, connection)
    return report_of(kind, path, added=added, replaced=replaced, bad=bad)


def report_of(kind: str, path: Path, *, added: int, replaced: int, bad: Sequence[BadRow]) -> ImportReport:
    """A report that names the first bad rows, in order of lines."""
    named = tuple(sorted(bad, key=lambda row: row.line)[:MAX_REPORTED])
    return ImportReport(kind=kind, path=str(path), added=added, replaced=replaced, bad=named, bad_count=len(bad))


def checked_rows(
    schema: ImportSchema, path: Path, known_clients: Set[str]
) -> tuple[list[tuple[int, dict[str, Any]]], list[BadRow]]:
    """The good rows of a file with their lines, and the bad ones. Raises ImportFileError for an unreadable file."""
    good: dict[tuple[Any, ...], tuple[int, dict[str, Any]]] = {}
    bad: list[BadRow] = []
    for line, raw in _rows(schema, path):
        row, problems = _row(schema, line, raw, known_clients)
        if not problems and schema.kind == EVENTS:
            problems = _kind_problems(line, row["kind"])
        key = tuple(row.get(name) for name in schema.key)
        if not problems and key in good:
            problems = [
                BadRow(
                    line=line,
                    column=schema.key[0],
                    problem="The same key stands in an earlier line of this file.",
                    remedy="Keep one of the two lines.",
                )
            ]
        bad += problems
        if not problems:
            good[key] = (line, row)
    return list(good.values()), bad


def _kind_problems(line: int, kind: str) -> list[BadRow]:
    if known_kind(kind):
        return []
    known = f"Use one of {', '.join(event_kinds())}, or one of your own as x_name."
    return [BadRow(line=line, column="kind", problem="There is no such kind of event.", remedy=known)]


def _rows(schema: ImportSchema, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    if path.suffix.lower() == PARQUET:
        yield from _parquet_rows(schema, path)
        return
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportFileError(f"{path.name} is not UTF-8 (byte {error.start}); save it as CSV UTF-8.") from error
    except OSError as error:
        raise ImportFileError(f"{path} cannot be read ({error.strerror}); check the path.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    _check_header(schema, path, reader.fieldnames or ())
    try:
        for raw in reader:
            yield reader.line_num, raw
    except csv.Error as error:
        raise ImportFileError(
            f"{path.name} line {reader.line_num} is no readable CSV ({error}); check its quotes."
        ) from error


def _parquet_rows(schema: ImportSchema, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows as a CSV would hold them; the first row is line 1."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ModuleNotFoundError as error:
        raise ImportFileError("Parquet files need pyarrow: pip install 'tougu[parquet]', or save as CSV.") from error
    try:
        file = ParquetFile(path)
        _check_header(schema, path, file.schema_arrow.names)
        line = 0
        for part in file.iter_batches():
            for row in part.to_pylist():
                line += 1
                yield line, {name: _as_text(value) for name, value in row.items()}
    except (ArrowException, OSError) as error:
        raise ImportFileError(
            f"{path.name} is no readable Parquet file ({type(error).__name__}); write it anew."
        ) from error


def _as_text(value: Any) -> str:
    """A typed value as a CSV writes it; `read_value` checks it like any other."""
    if value is None:
        return ""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return ";".join(map(str, value)) if isinstance(value, list) else str(value)


def _check_header(schema: ImportSchema, path: Path, header: Sequence[str]) -> None:
    names = {column.name for column in schema.columns}
    missing = [column.name for column in schema.columns if column.required and column.name not in header]
    unknown = [name for name in header if name not in names]
    if missing or unknown:
        wrong = [f"lacks {', '.join(missing)}"] if missing else []
        wrong += [f"has the unknown column {', '.join(map(repr, unknown))}"] if unknown else []
        raise ImportFileError(
            f"The header of {path.name} {' and '.join(wrong)}; {schema.kind} has the columns "
            f"{', '.join(column.name for column in schema.columns)}."
        )


def _row(
    schema: ImportSchema, line: int, raw: dict[str, str], known_clients: Set[str]
) -> tuple[dict[str, Any], list[BadRow]]:
    row: dict[str, Any] = {}
    bad = []
    if None in raw or None in raw.values():
        return row, [
            BadRow(
                line=line,
                column="",
                problem="The line has more or fewer fields than the header.",
                remedy="Quote fields that hold a comma.",
            )
        ]
    for column in schema.columns:
        try:
            row[column.name] = read_value(column, (raw.get(column.name) or "").strip(), known_clients)
        except BadValueError as error:
            bad.append(BadRow(line=line, column=column.name, problem=error.problem, remedy=error.remedy))
    return row, bad


def _write(schema: ImportSchema, rows: list[dict[str, Any]], connection: Connection) -> tuple[int, int]:
    if schema.kind == EVENTS:
        added = add_events(connection, rows).added
        _count_run(schema.kind, connection)
        return added, 0
    table = metadata.tables[schema.table]
    added = 0
    for row in rows:
        if schema.kind == "products":
            row["source"] = "import"
            _write_names(row, row.pop("aliases"), connection)
        added += _upsert(table, schema.key, row, connection)
    if rows:
        _count_run(schema.kind, connection)
    if column := CLIENT_COLUMNS.get(schema.kind):
        mark_changed(connection, (row[column] for row in rows))
    return added, len(rows) - added


def _upsert(table: Table, key: Sequence[str], row: dict[str, Any], connection: Connection) -> int:
    """1 when the row is new, 0 when it replaced one."""
    same = and_(*(table.c[name] == row[name] for name in key))
    values = {name: value for name, value in row.items() if name not in key}
    if connection.execute(update(table).where(same).values(**values)).rowcount:
        return 0
    connection.execute(insert(table).values(**row))
    return 1


def _count_run(kind: str, connection: Connection) -> None:
    """Other processes see by the count that they must read again what they keep in memory."""
    more = update(import_runs).where(import_runs.c.kind == kind).values(runs=import_runs.c.runs + 1)
    if not connection.execute(more).rowcount:
        connection.execute(insert(import_runs).values(kind=kind, runs=1))


def _write_names(row: dict[str, Any], aliases: Sequence[str], connection: Connection) -> None:
    of_product = and_(product_names.c.product_code == row["code"], product_names.c.source == "import")
    connection.execute(delete(product_names).where(of_product))
    names = dict.fromkeys(aliases, "alias") | {row["name"]: "short"}
    if row["full_name"]:
        names = {row["full_name"]: "full"} | names
    for name, kind in names.items():
        connection.execute(
            insert(product_names).values(name=name, product_code=row["code"], source="import", kind=kind)
        )
