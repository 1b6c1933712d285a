"""Rows of the review tables are bound into the chain: each change writes an entry with keyed hashes of the row.

An entry's data names every row that it changed as `[table, id, hash before, hash after]`. A change beside the
log thus shows at the next entry on that row, or at the end of the chain.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from compliance_filters.audit.entry import NewEntry, Secrets, canonical
from compliance_filters.audit.keys import new_entry_id, row_hash
from compliance_filters.audit.writer import Turn
from compliance_filters.tables import audit_log, compliance_mistake, compliance_review, compliance_review_event

Row = Mapping[str, Any]
Claim = tuple[str, str, str | None, str]  # table, id, hash before (None: a new row), hash after

NAMES: Mapping[Table, str] = {
    compliance_review: "review item",
    compliance_review_event: "review step of entry",
    compliance_mistake: "mistake",
}
WAITS_FOR = "officers"  # key of a verdict's data since rows are bound: why the text was put before officers
_KEY = "bound"
_BINDING = f'"{_KEY}":[['
_OLDER = "rows.bound"  # the entry that binds rows from before there were such entries
_FIRST_EVENTS = ("review.added", "mistake.marked", _OLDER)
_BATCH = 1_000  # rows in one entry


def claims(secrets: Secrets, *changes: tuple[Table, Row | None, Row]) -> dict[str, list[Claim]]:
    """What the data of an entry says of the rows that change with it: (table, row before, row after)."""
    return {
        _KEY: [
            (table.name, after[_key(table)], None if before is None else row_hash(secrets, before),
             row_hash(secrets, after))
            for table, before, after in changes
        ]
    }  # fmt: skip


def whole_row(table: Table, **values: Any) -> dict[str, Any]:
    """A new row with every column, as it will be read back."""
    return {**dict.fromkeys(column.name for column in table.columns), **values}


def bind_older(turn: Turn, secrets: Secrets) -> None:
    """Before the first binding of a log: bind the rows that earlier versions wrote."""
    known = select(audit_log.c.seq).where(audit_log.c.event.in_(_FIRST_EVENTS)).limit(1)
    if turn.connection.execute(known).first() is not None:
        return
    found = [(t, None, dict(row._mapping)) for t in NAMES for row in turn.connection.execute(select(t))]
    if found:
        batches = [found[start : start + _BATCH] for start in range(0, len(found), _BATCH)]
        turn.write([_entry(claims(secrets, *batch)) for batch in batches])


class Witness:
    """What a chain says of rows, noted entry by entry and then compared with the tables."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._told: dict[tuple[str, str], str] = {}

    def note(self, seq: int, data: str) -> list[str]:
        """Take in one entry; returns what was changed before it without an entry."""
        if _BINDING not in data:
            return []
        faults = []
        try:
            for table, row_id, before, after in json.loads(data)[_KEY]:
                if before != self._told.get((table, row_id)):
                    faults.append(f"{_name(table)} {row_id} was changed in the database before entry {seq}")
                self._told[table, row_id] = after
        except (ValueError, KeyError, TypeError):
            faults.append(f"entry {seq} on rows of other tables cannot be read")
        return faults

    def faults(self, connection: Connection) -> list[str]:
        """Rows that are not as the chain left them, are missing, or were never spoken of."""
        told, begun, found = dict(self._told), bool(self._told), []
        for table, name in NAMES.items():
            for row_id, row in _rows(connection, table):
                expected = told.pop((table.name, row_id), None)
                if expected is None and (begun or not _is_older(connection, row)):
                    found.append(f"{name} {row_id} was inserted: no entry speaks of it")
                elif expected is not None and (row is None or self._hash(row) != expected):
                    found.append(f"{name} {row_id} was changed: it is not what its entries say")
        return found + [f"{_name(table)} {row_id} is missing: it was deleted" for table, row_id in told]

    def _hash(self, row: Row) -> str:
        try:
            return row_hash(self._secrets, row)
        except (TypeError, ValueError):
            return ""


def _rows(connection: Connection, table: Table) -> Iterator[tuple[str, Row | None]]:
    """Every row with its id; None for one that holds what its columns cannot."""
    key = table.c[_key(table)]
    try:
        rows: Sequence[Any] = connection.execute(select(table)).all()
        yield from ((str(row._mapping[key.name]), dict(row._mapping)) for row in rows)
    except (ValueError, TypeError):
        for row_id in connection.execute(select(key)).scalars().all():
            try:
                row = connection.execute(select(table).where(key == row_id)).first()
            except (ValueError, TypeError):
                row = None
            yield str(row_id), dict(row._mapping) if row is not None else None


def _is_older(connection: Connection, row: Row | None) -> bool:
    """Whether a row stands on an entry from before rows were bound, in a log that has bound none yet."""
    if row is None:
        return False
    query = select(audit_log.c.data).where(audit_log.c.id == row["audit_id"])
    data = connection.execute(query).scalar_one_or_none()
    return data is not None and f'"{WAITS_FOR}":' not in data


def _entry(data: Mapping[str, Any]) -> NewEntry:
    return NewEntry(id=new_entry_id(), event=_OLDER, actor="audit", subject="", data=canonical(data), payload=None)


def _key(table: Table) -> str:
    return str(next(iter(table.primary_key.columns)).name)


def _name(table: str) -> str:
    return next((name for known, name in NAMES.items() if known.name == table), table)
