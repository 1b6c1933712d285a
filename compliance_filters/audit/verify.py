"""Verifying the log: every entry is rebuilt from its columns and hashed again, page by page.

Rows are read raw and the canonical form is put together from them, so nothing is parsed and no column can
say what the chain does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, false, func, or_, select, text

from compliance_filters.audit.bound import Witness
from compliance_filters.audit.checkpoint import Checkpoint
from compliance_filters.audit.entry import GENESIS, Secrets, body_of, moment_text
from compliance_filters.audit.keys import KEY_EVENTS, row_hash
from compliance_filters.tables import audit_head, audit_key, audit_payload

PAGE = 5_000
MOST_PROBLEMS = 100
_COLUMNS = "l.seq, l.id, l.at, l.event, l.actor, l.subject, l.data, l.payload, l.prev, l.hash"
_WITH_PAYLOADS = text(
    f"SELECT {_COLUMNS}, p.seq, p.key_id, p.body FROM audit_log l LEFT JOIN audit_payload p ON p.seq = l.seq "
    "WHERE l.seq > :after ORDER BY l.seq LIMIT :page"
)
_ALONE = text(f"SELECT {_COLUMNS}, NULL, NULL, NULL FROM audit_log l WHERE l.seq > :after ORDER BY l.seq LIMIT :page")


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """What verifying the log found; `ok` means no change, deletion, insertion, reordering or truncation."""

    entries: int
    head: str
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


class Verifier:
    """One walk along the chain."""

    def __init__(self, secrets: Secrets, kept: Sequence[Checkpoint], *, payloads: bool) -> None:
        self._secrets, self._payloads = secrets, payloads
        self._kept = {checkpoint.seq: checkpoint.hash for checkpoint in kept if checkpoint.seq}
        self._passed: dict[int, str] = {}
        self._key_rows: dict[str, str] = {}  # what the chain says of each key
        self._witness = Witness(secrets)  # and of rows of the review tables
        self._gaps: list[range] = []  # numbers of entries that are gone
        self._with_payload = 0
        self._count, self._seq, self._last = 0, 0, GENESIS
        self.problems: list[str] = []

    def run(self, engine: Engine) -> AuditReport:
        """Everything as of one moment; writers go on beside it."""
        with one_moment(engine) as connection:
            for page in _pages(connection, _WITH_PAYLOADS if self._payloads else _ALONE):
                self._check(page)
                if len(self.problems) > MOST_PROBLEMS:
                    break
            else:
                self._check_rest(connection)
        missing = [seq for seq, digest in self._kept.items() if self._passed.get(seq) != digest]
        self.problems += [
            f"the entry {seq} of the checkpoint is missing or changed: the log was cut" for seq in sorted(missing)
        ]
        return AuditReport(entries=self._count, head=self._last, problems=tuple(self.problems[:MOST_PROBLEMS]))

    def _check(self, page: Sequence[Any]) -> None:
        chain, texts, kept = self._secrets.chain, self._secrets.payload_hash, self._kept
        before, last, held = self._seq, self._last, 0
        for row in page:
            seq, id_, at, event, actor, subject, data, payload, prev, digest, stored, key_id, body = row
            try:
                form = body_of(seq, id_, moment_text(at), event, actor, subject, data, payload)
                sound = (
                    seq == before + 1
                    and prev == last
                    and chain(f"{prev}\n{form}".encode()).hex() == digest
                    and (
                        not self._payloads
                        or (payload is None and stored is None)
                        or (texts(key_id, bytes(body)) == payload and _is_form(key_id, body))
                    )
                )
            except (TypeError, ValueError, AttributeError):
                sound = False
            if not sound:
                self.problems += self._faults(row, before, last)
            before, last = seq, digest
            held += payload is not None
            if seq in kept:
                self._passed[seq] = digest
            if isinstance(event, str) and event.startswith(KEY_EVENTS):
                self._note_key(data)
            if isinstance(data, str):
                self.problems += self._witness.note(seq, data)
        self._count, self._seq, self._last = self._count + len(page), before, last
        self._with_payload += held

    def _faults(self, row: Any, before: int, last: str) -> list[str]:
        """What is wrong with one entry, given number and hash of the one before it.

        A gap is told once: what comes after it is measured from where it ends.
        """
        seq, id_, at, event, actor, subject, data, payload, prev, digest, stored, key_id, body = row
        faults = []
        if seq > before + 1:
            self._gaps.append(range(before + 1, seq))
            faults.append(_gap(before + 1, seq - 1))
        elif seq <= before:
            faults.append(f"entry {seq} was inserted")
        elif prev != last:
            faults.append(f"entry {seq} does not follow the one before it")
        try:
            form = body_of(seq, id_, moment_text(at), event, actor, subject, data, payload)
            if self._secrets.link(prev, form) != digest:
                faults.append(f"entry {seq} was changed: its hash does not fit")
        except (TypeError, ValueError, AttributeError):
            faults.append(f"entry {seq} was changed: a column cannot be read")
        if self._payloads and (payload is None) != (stored is None):
            faults.append(f"entry {seq}: its payload is missing or was added")
        elif self._payloads and payload is not None and not self._payload_fits(payload, key_id, body):
            faults.append(f"entry {seq}: its payload was changed")
        return faults

    def _payload_fits(self, payload: str, key_id: str | None, body: Any) -> bool:
        try:
            return self._secrets.payload_hash(key_id, bytes(body)) == payload and _is_form(key_id, body)
        except (TypeError, ValueError, AttributeError):
            return False

    def _note_key(self, data: str) -> None:
        try:
            told = json.loads(data)
            self._key_rows[told["key"]] = told["row"]
        except (ValueError, KeyError, TypeError):
            self.problems.append("an entry on a key cannot be read")

    def _check_rest(self, connection: Connection) -> None:
        """Head, keys, rows of the review tables, and payloads that belong to no entry."""
        self.problems += _head_faults(connection, self._seq, self._last, self._secrets.suite.name)
        self.problems += self._key_faults(connection)
        self.problems += self._witness.faults(connection)
        if self._payloads:
            lost = or_(*(audit_payload.c.seq.between(gap.start, gap.stop - 1) for gap in self._gaps), false())
            stored = connection.execute(select(func.count()).where(~lost).select_from(audit_payload)).scalar_one()
            if stored != self._with_payload:
                self.problems.append(f"{stored} payloads are stored and the chain speaks of {self._with_payload}")

    def _key_faults(self, connection: Connection) -> list[str]:
        """Rows of keys that are not as the chain left them."""
        told = dict(self._key_rows)
        try:
            found = connection.execute(select(audit_key)).all()
            wrong = [row.id for row in found if told.pop(row.id, None) != row_hash(self._secrets, dict(row._mapping))]
        except (TypeError, ValueError):
            return ["the keys cannot be read: one was changed"]
        return [f"the key {key_id} was changed or added" for key_id in wrong] + [
            f"the key {key_id} is missing" for key_id in told
        ]


@contextmanager
def one_moment(engine: Engine) -> Iterator[Connection]:
    """A connection that sees the database as of its first statement."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


def _pages(connection: Connection, query: Any) -> Iterator[Sequence[Any]]:
    after = -(2**31)  # below every number, so that an entry put before the first is seen
    while page := connection.execute(query, {"after": after, "page": PAGE}).all():
        yield page
        after = page[-1][0]


def _is_form(key_id: str | None, body: Any) -> bool:
    """Without a key the payload is plain JSON; it cannot be an encrypted one that was robbed of its key."""
    return key_id is not None or bytes(body[:1]) == b"{"


def _gap(first: int, last: int) -> str:
    which = f"entry {first} is" if first == last else f"entries {first} to {last} are"
    return f"{which} missing: deleted from the database"


def _head_faults(connection: Connection, seq: int, last: str, suite: str) -> list[str]:
    rows = connection.execute(select(audit_head)).all()
    if not rows:
        return ["the head of the log is missing"] if seq else []
    (row, *more) = rows
    if row.id != 1 or more or row.suite != suite:
        return ["the head of the log was changed"]
    if row.seq != seq or row.hash != last:
        return [f"the log ends at entry {seq}, its head says {row.seq}: entries were cut, added or changed"]
    return []
