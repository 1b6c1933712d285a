"""Reading the log: entries of a client and a period, each proven before it is handed on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from compliance_filters.audit.entry import AuditEntry, body_of
from compliance_filters.audit.keys import ACTIVE, SEALED, DataKey, KeyRing, refuse_closed
from compliance_filters.audit.log import AuditLog
from compliance_filters.audit.verify import one_moment
from compliance_filters.errors import AuditError
from compliance_filters.tables import audit_key, audit_log, audit_payload
from jobs.clock import database_now
from knowledge_base.access import Principal, Role

PAGE = 1_000
OPEN_ASKED, OPENED, OPEN_ENDED = "key.open_asked", "key.opened", "key.open_ended"  # of a lawful opening


def entries_of(
    audit: AuditLog,
    client_id: str | None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    events: Sequence[str] = (),
    principal: Principal | None = None,
) -> Iterator[AuditEntry]:
    """Entries about a client (None: about no client) in their order, with their texts.

    since, until: from this moment, and before that one. events: only these. principal: an officer also reads sealed
    texts during a lawful opening. Raises SealedError where the client's texts were sealed, and AuditError for an
    entry that was changed. Texts whose key died are None: an erasure must not hide what came after it.
    """
    subject = audit.keyed_hash(client_id) if client_id else ""
    which = [audit_log.c.subject == subject]
    which += [audit_log.c.at >= since] if since else []
    which += [audit_log.c.at < until] if until else []
    which += [audit_log.c.event.in_(events)] if events else []
    with one_moment(audit.engine) as connection:
        opened = _refuse_sealed(audit, connection, subject, principal)
        yield from _Reader(audit, connection, sealed_too=opened).all(which)


def check_readable(audit: AuditLog, client_id: str, *, principal: Principal | None = None) -> None:
    """Raise what `entries_of` would raise, and AuditError for a client of whom the log holds nothing."""
    subject = audit.keyed_hash(client_id)
    with one_moment(audit.engine) as connection:
        known = select(audit_log.c.seq).where(audit_log.c.subject == subject).limit(1)
        if connection.execute(known).first() is None:
            raise AuditError(f"the audit log holds nothing on a client {client_id}: check the id.")
        _refuse_sealed(audit, connection, subject, principal)


def last_opening(audit: AuditLog, connection: Connection, owner: str) -> AuditEntry | None:
    """The last entry, proven, on a lawful opening of an owner's texts; their reasons are under the house's key."""
    steps = audit_log.c.event.in_((OPEN_ASKED, OPENED, OPEN_ENDED))
    last = select(func.max(audit_log.c.seq)).where(audit_log.c.subject == owner, steps)
    seq = connection.execute(last).scalar_one_or_none()
    return None if seq is None else next(_Reader(audit, connection).all([audit_log.c.seq == seq]))


def proven_entry(audit: AuditLog, entry_id: str) -> AuditEntry:
    """One entry by its id; its text is None where the client's are sealed or erased.

    Raises AuditError for an entry that does not exist or was changed.
    """
    with one_moment(audit.engine) as connection:
        found = next(_Reader(audit, connection).all([audit_log.c.id == entry_id]), None)
    if found is None:
        raise AuditError(f"there is no entry {entry_id} in the audit log: check the id.")
    return found


def search(
    audit: AuditLog,
    *,
    client_id: str | None = None,
    actor: str = "",
    events: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
) -> tuple[AuditEntry, ...]:
    """Entries that fit everything given, the newest first, each proven; texts that are closed are None.

    events: kinds, or their beginning with a dot at the end (`review.`). before: only entries with a smaller number, for
    the next page. Raises AuditError for an entry that was changed.
    """
    which = [audit_log.c.subject == audit.keyed_hash(client_id)] if client_id else []
    which += [audit_log.c.actor == actor] if actor else []
    which += [or_(*(_of_kind(event) for event in events))] if events else []
    which += [audit_log.c.at >= since] if since else []
    which += [audit_log.c.at < until] if until else []
    which += [audit_log.c.seq < before] if before else []
    with one_moment(audit.engine) as connection:
        newest = select(audit_log.c.seq).where(*which).order_by(audit_log.c.seq.desc()).limit(limit)
        found = list(connection.execute(newest).scalars())
        entries = list(_Reader(audit, connection).all([audit_log.c.seq.in_(found)])) if found else []
    return tuple(reversed(entries))


def _of_kind(event: str) -> ColumnElement[bool]:
    return audit_log.c.event.startswith(event, autoescape=True) if event.endswith(".") else audit_log.c.event == event


def entry_json(entry: AuditEntry) -> dict[str, Any]:
    """An entry as exports and dossiers hold it."""
    return {**asdict(entry), "at": entry.at.isoformat()}


def _refuse_sealed(audit: AuditLog, connection: Connection, subject: str, principal: Principal | None) -> bool:
    """Raises SealedError where texts are sealed; True where an opening lets this principal read them."""
    sealed = select(audit_key).where(audit_key.c.owner == subject, audit_key.c.state == SEALED)
    for row in connection.execute(sealed).all():
        if principal is None or not principal.has(Role.COMPLIANCE) or not _is_open(audit, connection, subject):
            refuse_closed(row.state, row.sealed_at, row.destroyed_at)
        return True
    return False


def _is_open(audit: AuditLog, connection: Connection, owner: str) -> bool:
    last = last_opening(audit, connection, owner)
    if last is None or last.event != OPENED:
        return False
    return database_now(connection) < datetime.fromisoformat(last.data["until"])


class _Reader:
    """One reading in one transaction; keys are unwrapped once."""

    def __init__(self, audit: AuditLog, connection: Connection, *, sealed_too: bool = False) -> None:
        self._secrets, self._ring = audit.secrets, KeyRing(audit.secrets)
        self._connection, self._sealed_too = connection, sealed_too
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
        readable = state == ACTIVE or (self._sealed_too and state == SEALED)
        return self._ring.open(self._connection, key_id, sealed_too=self._sealed_too) if readable else None
