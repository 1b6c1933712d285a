"""Reading the log: entries of a client and a period, each proven before it is handed on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from compliance_filters.audit.entry import AuditEntry, body_of
from compliance_filters.audit.keys import ACTIVE, DataKey, KeyRing, refuse_closed
from compliance_filters.audit.log import AuditLog
from compliance_filters.audit.verify import one_moment
from compliance_filters.errors import AuditError
from compliance_filters.tables import audit_key, audit_log, audit_payload

PAGE = 1_000


def entries_of(
    audit: AuditLog,
    client_id: str | None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    events: Sequence[str] = (),
) -> Iterator[AuditEntry]:
    """Entries about a client (None: about no client) in their order, with their texts.

    since, until: from this moment, and before that one. events: only these. Raises SealedError where the
    client's texts were sealed, and AuditError for an entry that was changed. Texts whose key died are None:
    an erasure must not hide what came after it.
    """
    subject = audit.keyed_hash(client_id) if client_id else ""
    which = [audit_log.c.subject == subject]
    which += [audit_log.c.at >= since] if since else []
    which += [audit_log.c.at < until] if until else []
    which += [audit_log.c.event.in_(events)] if events else []
    with one_moment(audit.engine) as connection:
        _refuse_sealed(connection, subject)
        yield from _Reader(audit, connection).all(which)


def entry_json(entry: AuditEntry) -> dict[str, Any]:
    """An entry as exports and dossiers hold it."""
    return {**asdict(entry), "at": entry.at.isoformat()}


def _refuse_sealed(connection: Connection, subject: str) -> None:
    sealed = select(audit_key).where(audit_key.c.owner == subject, audit_key.c.state == "sealed")
    for row in connection.execute(sealed):
        refuse_closed(row.state, row.sealed_at, row.destroyed_at)


class _Reader:
    """One reading in one transaction; keys are unwrapped once."""

    def __init__(self, audit: AuditLog, connection: Connection) -> None:
        self._secrets, self._ring = audit.secrets, KeyRing(audit.secrets)
        self._connection = connection
        self._keys: dict[str, DataKey | None] = {}

    def all(self, which: Sequence[ColumnElement[bool]]) -> Iterator[AuditEntry]:
        query = (
            select(audit_log, audit_payload.c.key_id, audit_payload.c.body)
            .outerjoin(audit_payload, audit_payload.c.seq == audit_log.c.seq)
            .where(*which)
            .order_by(audit_log.c.seq)
        )
        after = 0
        while rows := self._connection.execute(query.where(audit_log.c.seq > after).limit(PAGE)).all():
            for row in rows:
                yield self._proven(dict(row._mapping))
            after = rows[-1].seq

    def _proven(self, row: Mapping[str, Any]) -> AuditEntry:
        form = body_of(
            row["seq"], row["id"], row["at"].isoformat(), row["event"], row["actor"], row["subject"], row["data"],
            row["payload"],
        )  # fmt: skip
        stored = None if row["body"] is None else bytes(row["body"])
        held = None if stored is None else self._secrets.payload_hash(row["key_id"], stored)
        if self._secrets.link(row["prev"], form) != row["hash"] or held != row["payload"]:
            raise AuditError(f"entry {row['seq']} of the audit log was changed: run `tougu audit verify`.")
        return AuditEntry(
            seq=row["seq"], id=row["id"], at=row["at"], event=row["event"], actor=row["actor"],
            subject=row["subject"], data=json.loads(row["data"]),
            payload=None if stored is None else self._read(row["id"], row["key_id"], stored),
            payload_hash=row["payload"], prev=row["prev"], hash=row["hash"],
        )  # fmt: skip

    def _read(self, entry_id: str, key_id: str | None, stored: bytes) -> Mapping[str, Any] | None:
        if key_id is None:
            return dict(json.loads(stored))
        if key_id not in self._keys:
            self._keys[key_id] = self._living(key_id)
        key = self._keys[key_id]
        if key is None:
            return None
        return dict(json.loads(self._secrets.suite.decrypt(key.secret, stored, entry_id.encode())))

    def _living(self, key_id: str) -> DataKey | None:
        state = self._connection.execute(select(audit_key.c.state).where(audit_key.c.id == key_id)).scalar_one_or_none()
        return self._ring.open(self._connection, key_id) if state == ACTIVE else None
