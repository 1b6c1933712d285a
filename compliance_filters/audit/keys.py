"""Keys of the payloads: one for each client and one for the house, each wrapped by the master key.

A row of a key is bound into the chain: whatever changes it writes an entry that carries the row's keyed hash.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from compliance_filters.audit.entry import HOUSE, NewEntry, Secrets, canonical, payload_bytes
from compliance_filters.errors import AuditError, SealedError
from compliance_filters.tables import audit_key

ACTIVE, SEALED, DESTROYED = "active", "sealed", "destroyed"
KEY_EVENTS = "key."  # key.created, .sealed, .held, .lifted, .open_asked, .opened, .open_ended, .destroy_asked, ...
_FIND_BATCH = 500
_LIVING = select(audit_key.c.id, audit_key.c.owner, audit_key.c.wrapped).where(
    audit_key.c.owner.in_(bindparam("owners", expanding=True)), audit_key.c.state != DESTROYED
)


@dataclass(frozen=True, kw_only=True)
class DataKey:
    """A key in memory, as long as one transaction."""

    id: str
    secret: bytes


class KeyRing:
    """Finds, makes and changes rows of `audit_key` in the caller's transaction, which holds the log's head."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def for_writing(
        self, connection: Connection, owners: Iterable[str], now: datetime
    ) -> tuple[dict[str, DataKey], list[NewEntry]]:
        """The living key of each owner, and the entries of those that had to be made.

        A sealed key still encrypts: what is written after the sealing is sealed too.
        """
        wanted = sorted(set(owners))
        keys: dict[str, DataKey] = {}
        for start in range(0, len(wanted), _FIND_BATCH):
            some = {"owners": wanted[start : start + _FIND_BATCH]}
            keys |= {row.owner: self._unwrap(row.id, row.wrapped) for row in connection.execute(_LIVING, some)}
        missing = [owner for owner in wanted if owner not in keys]
        rows = [self._new_row(owner, now) for owner in missing]
        if rows:
            connection.execute(insert(audit_key), rows)
        keys |= {row["owner"]: self._unwrap(row["id"], row["wrapped"]) for row in rows}
        return keys, [self.entry("created", row, actor="audit") for row in rows]

    def living(self, connection: Connection, owner: str) -> dict[str, Any] | None:
        """The row of an owner's key that is not destroyed."""
        query = select(audit_key).where(audit_key.c.owner == owner, audit_key.c.state != DESTROYED)
        row = connection.execute(query).first()
        return dict(row._mapping) if row else None

    def change(
        self, connection: Connection, row: Mapping[str, Any], what: str, *, actor: str, reason: str, **values: Any
    ) -> tuple[dict[str, Any], NewEntry]:
        """Write changed columns; returns the row as it is now and the entry that has to be appended."""
        connection.execute(update(audit_key).where(audit_key.c.id == row["id"]).values(**values))
        after = {**row, **values}
        return after, self.entry(what, after, actor=actor, payload={"reason": reason} if reason else None)

    def entry(
        self, what: str, row: Mapping[str, Any], *, actor: str, payload: Mapping[str, Any] | None = None, **told: Any
    ) -> NewEntry:
        """The entry that binds a row into the chain; `told` is what else its data says."""
        return NewEntry(
            id=new_entry_id(),
            event=f"{KEY_EVENTS}{what}",
            actor=actor,
            subject="" if row["owner"] == HOUSE else row["owner"],
            data=canonical({"key": row["id"], "row": row_hash(self._secrets, row), **told}),
            payload=payload_bytes(payload),
        )

    def open(self, connection: Connection, key_id: str, *, sealed_too: bool = False) -> DataKey:
        """The key for reading. Raises SealedError where it was sealed or destroyed.

        sealed_too: under a lawful opening, which the caller has proven.
        """
        row = connection.execute(select(audit_key).where(audit_key.c.id == key_id)).first()
        if row is None:
            raise AuditError(f"the key {key_id} of the audit log is missing: run `tougu audit verify`.")
        if not (sealed_too and row.state == SEALED):
            refuse_closed(row.state, row.sealed_at, row.destroyed_at)
        return self._unwrap(row.id, row.wrapped)

    def _new_row(self, owner: str, now: datetime) -> dict[str, Any]:
        key_id, suite = f"k_{uuid.uuid4().hex}", self._secrets.suite
        wrapped = suite.encrypt(self._secrets.master, os.urandom(suite.key_bytes), key_id.encode())
        empty = dict.fromkeys(column.name for column in audit_key.columns)
        return {**empty, "id": key_id, "owner": owner, "state": ACTIVE, "wrapped": wrapped, "created_at": now}

    def _unwrap(self, key_id: str, wrapped: bytes) -> DataKey:
        secret = self._secrets.suite.decrypt(self._secrets.master, bytes(wrapped), key_id.encode())
        return DataKey(id=key_id, secret=secret)


def refuse_closed(state: str, sealed_at: datetime | None, destroyed_at: datetime | None) -> None:
    """Raise SealedError for a key that nobody may read with."""
    if state == DESTROYED:
        raise SealedError(f"the texts of this client were erased on {destroyed_at:%Y-%m-%d}: nobody can read them.")
    if state == SEALED:
        raise SealedError(
            f"the texts of this client were sealed on {sealed_at:%Y-%m-%d} at their request and nobody may read or "
            "use them: where the law asks for it, two officers open them for a time with `tougu audit open`."
        )


def row_hash(secrets: Secrets, row: Mapping[str, Any]) -> str:
    """Keyed hash over every column of a key's row."""
    return secrets.text(canonical({name: _plain(value) for name, value in row.items()}).encode()).hex()


def new_entry_id() -> str:
    return f"a_{uuid.uuid4().hex}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value
