"""Writing the chain: one writer at a time, and concurrent appends share one transaction (group commit)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from compliance_filters.audit.entry import GENESIS, NewEntry, Secrets, body_of
from compliance_filters.audit.keys import KeyRing
from compliance_filters.errors import AuditError
from compliance_filters.tables import audit_head, audit_log, audit_payload
from jobs.clock import database_now
from jobs.direct import Direct
from jobs.locks import begin_writing

# Every answer that shows something of a client waits for these.
_HEAD = Direct(
    select(audit_head.c.seq, audit_head.c.hash, audit_head.c.suite).where(audit_head.c.id == 1).with_for_update()
)
_NEW_ENTRY, _NEW_PAYLOAD = Direct(insert(audit_log)), Direct(insert(audit_payload))
_MOVE_HEAD = Direct(
    update(audit_head).where(audit_head.c.id == 1).values(seq=bindparam("last"), hash=bindparam("digest"))
)


class Turn:
    """The head of the log, held by one transaction; what is written is linked to what was there."""

    def __init__(self, connection: Connection, secrets: Secrets, keys: KeyRing) -> None:
        self.connection = connection
        self._secrets, self._keys = secrets, keys
        self.seq, self.hash = _take_head(connection, secrets.suite.name)
        self.first = self.seq + 1
        self.now: datetime = database_now(connection)

    def write(self, entries: Sequence[NewEntry]) -> None:
        """Append entries in their order, after the entries of keys that had to be made for them."""
        owners = [entry.owner for entry in entries if entry.payload is not None]
        data_keys, made = self._keys.for_writing(self.connection, owners, self.now) if owners else ({}, [])
        rows: list[dict[str, Any]] = []
        payloads: list[dict[str, Any]] = []
        at = self.now.isoformat()
        for entry in [*made, *entries]:
            self.seq += 1
            held = None
            if entry.payload is not None:
                key = data_keys[entry.owner]
                body = self._secrets.suite.encrypt(key.secret, entry.payload, entry.id.encode())
                held = self._secrets.payload_hash(key.id, body)
                payloads.append({"seq": self.seq, "key_id": key.id, "body": body})
            prev = self.hash
            text = body_of(self.seq, entry.id, at, entry.event, entry.actor, entry.subject, entry.data, held)
            self.hash = self._secrets.link(prev, text)
            rows.append(
                {
                    "seq": self.seq, "id": entry.id, "at": self.now, "event": entry.event, "actor": entry.actor,
                    "subject": entry.subject, "data": entry.data, "payload": held, "prev": prev, "hash": self.hash,
                }
            )  # fmt: skip
        _NEW_ENTRY.each(self.connection, rows)
        _NEW_PAYLOAD.each(self.connection, payloads)
        _MOVE_HEAD.rows(self.connection, {"last": self.seq, "digest": self.hash})


class AuditWriter:
    """Takes turns at the head of the log."""

    def __init__(self, engine: Engine, secrets: Secrets, written: Callable[[int, int], None]) -> None:
        """`written(first, last)` is called after entries with these numbers were committed."""
        self._engine, self._secrets = engine, secrets
        self.keys = KeyRing(secrets)
        self._written = written
        self._group: list[_Waiting] = []
        self._writing = False
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """One transaction that holds the head; committed when the block ends well.

        Raises AuditError when the database refuses.
        """
        try:
            with self._engine.begin() as connection:
                turn = Turn(connection, self._secrets, self.keys)
                yield turn
        except (SQLAlchemyError, TypeError, ValueError) as error:
            raise AuditError(
                f"the audit log could not be written ({type(error).__name__}): "
                "check the database; nothing is cleared until it works."
            ) from error
        if turn.seq >= turn.first:
            self._written(turn.first, turn.seq)

    def append(self, entries: Sequence[NewEntry]) -> None:
        """Write entries durably before returning, together with those of other threads that came meanwhile.

        While one thread writes, those that come wait; then one of them writes for all.
        """
        mine = _Waiting(entries)
        with self._changed:
            self._group.append(mine)
            while self._writing and not mine.done:
                self._changed.wait()
            group = [] if mine.done else self._group
            if group:
                self._group, self._writing = [], True
        if group:
            self._write(group)
        if mine.error is not None:
            raise AuditError(str(mine.error)) from mine.error

    def _write(self, group: Sequence[_Waiting]) -> None:
        error: AuditError | None = AuditError("the audit log was not written: the writer was stopped.")
        try:
            with self.turn() as turn:
                turn.write([entry for waiting in group for entry in waiting.entries])
            error = None
        except AuditError as refused:
            error = refused
        finally:
            with self._changed:
                for waiting in group:
                    waiting.error, waiting.done = error, True
                self._writing = False
                self._changed.notify_all()


class _Waiting:
    """Entries of one append, and what became of them."""

    __slots__ = ("done", "entries", "error")

    def __init__(self, entries: Sequence[NewEntry]) -> None:
        self.entries = entries
        self.done = False
        self.error: AuditError | None = None


def _take_head(connection: Connection, suite: str) -> tuple[int, str]:
    """Number and hash of the last entry; the head stays locked until the transaction ends.

    Raises AuditError where the log was begun with another cipher suite.
    """
    begin_writing(connection)
    found = _HEAD.rows(connection, {})
    if not found:
        insert_head = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        first = insert_head(audit_head).values(id=1, seq=0, hash=GENESIS, suite=suite)
        connection.execute(first.on_conflict_do_nothing())
        found = _HEAD.rows(connection, {})
    row = found[0]
    if row["suite"] != suite:
        raise AuditError(
            f"the audit log was begun with the cipher suite {row['suite']}, and compliance.audit_suite is {suite}: "
            "set it back, or begin a new database."
        )
    return int(row["seq"]), str(row["hash"])
