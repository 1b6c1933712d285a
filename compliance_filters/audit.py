"""Append-only audit log: canonical JSON, a keyed hash chain, texts apart from the chain."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from compliance_filters.errors import AuditError
from compliance_filters.tables import audit_head, audit_log, audit_payload
from jobs.clock import database_now

LEAST_KEY_BYTES = 32
GENESIS = "0" * 64
_BATCH = 1_000
_MOST_PROBLEMS = 100


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """What verifying the log found; `ok` means no change, deletion, insertion, reordering or truncation."""

    entries: int
    head: str
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces, ASCII only: the same data always gives the same bytes."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)


class AuditLog:
    """Writers on any number of processes append one after another; nobody changes or deletes.

    Every hash is keyed, since a plain hash of a short identifier can be guessed, and since who can
    write the tables alone must not be able to forge the chain.
    """

    def __init__(self, engine: Engine, key: bytes) -> None:
        if len(key) < LEAST_KEY_BYTES:
            raise AuditError(
                f"the audit key has {len(key)} bytes and needs at least {LEAST_KEY_BYTES}: set a longer audit_key."
            )
        self._engine = engine
        self._chain_key = hmac.digest(key, b"tougu audit chain", "sha256")
        self._text_key = hmac.digest(key, b"tougu audit text", "sha256")

    def keyed_hash(self, text: str) -> str:
        """HMAC-SHA256 of a text, hex; lone surrogates are hashed as they are."""
        return hmac.digest(self._text_key, text.encode("utf-8", "surrogatepass"), "sha256").hex()

    def append(
        self,
        *,
        event: str,
        actor: str,
        subject: str | None = None,
        data: Mapping[str, Any] | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> str:
        """Write one entry and return its id. `data` must hold no client text; texts go into `payload`.

        Raises AuditError when the entry could not be written: then nothing may be cleared.
        """
        for attempt in range(2):
            try:
                with self._engine.begin() as connection:
                    return self._append(connection, event, actor, subject, data or {}, payload)
            except IntegrityError as error:  # two writers made the very first entry at once
                if attempt:
                    raise AuditError(f"the audit log could not be written ({type(error).__name__}).") from error
            except (SQLAlchemyError, TypeError, ValueError) as error:
                raise AuditError(
                    f"the audit log could not be written ({type(error).__name__}): "
                    "check the database; nothing is cleared until it works."
                ) from error
        raise AuditError("the audit log could not be written: check the database.")

    def _append(
        self,
        connection: Connection,
        event: str,
        actor: str,
        subject: str | None,
        data: Mapping[str, Any],
        payload: Mapping[str, Any] | None,
    ) -> str:
        seq, prev = self._take_head(connection)
        moment = database_now(connection)
        entry_id = f"a_{uuid.uuid4().hex}"
        texts = None if payload is None else canonical(payload)
        hidden = self.keyed_hash(subject) if subject else ""
        body = canonical(
            {
                "seq": seq, "id": entry_id, "at": moment.isoformat(), "event": event, "actor": actor,
                "subject": hidden, "data": data, "payload": None if texts is None else self.keyed_hash(texts),
            }
        )  # fmt: skip
        digest = self._link(prev, body)
        connection.execute(
            insert(audit_log).values(
                seq=seq, id=entry_id, at=moment, event=event, actor=actor, subject=hidden,
                body=body, prev=prev, hash=digest,
            )
        )  # fmt: skip
        if texts is not None:
            connection.execute(insert(audit_payload).values(audit_id=entry_id, body=texts))
        connection.execute(update(audit_head).where(audit_head.c.id == 1).values(hash=digest))
        return entry_id

    def _take_head(self, connection: Connection) -> tuple[int, str]:
        """Number of the new entry and hash of the last; the update takes the lock that orders writers."""
        taken = connection.execute(update(audit_head).where(audit_head.c.id == 1).values(seq=audit_head.c.seq + 1))
        if taken.rowcount == 0:
            connection.execute(insert(audit_head).values(id=1, seq=1, hash=GENESIS))
        row = connection.execute(select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1)).one()
        return int(row.seq), str(row.hash)

    def _link(self, prev: str, body: str) -> str:
        return hmac.digest(self._chain_key, f"{prev}\n{body}".encode(), "sha256").hex()

    def verify(self, checkpoint: Path | None = None) -> AuditReport:
        """Read the whole chain. Truncation at the end shows only against a checkpoint kept elsewhere."""
        problems: list[str] = []
        prev, count = GENESIS, 0
        kept = _read_checkpoint(checkpoint, self._checkpoint_mac, problems)
        seen_kept = kept is None
        with self._engine.connect() as connection:
            for row, texts in _rows(connection):
                count += 1
                problems += self._faults(row, texts, count, prev)
                prev = row.hash
                if kept and row.seq == kept["seq"]:
                    seen_kept = row.hash == kept["hash"]
                if len(problems) > _MOST_PROBLEMS:
                    break
            else:
                problems += _head_faults(connection, count, prev)
        if not seen_kept and kept:
            problems.append(f"the entry {kept['seq']} of the checkpoint is missing or changed: the log was cut")
        return AuditReport(entries=count, head=prev, problems=tuple(problems[:_MOST_PROBLEMS]))

    def _faults(self, row: Any, texts: str | None, count: int, prev: str) -> list[str]:
        """What is wrong with one entry, given its place and the hash before it."""
        faults = []
        if row.seq != count:
            faults.append(f"entry {count} is missing (found {row.seq}): deleted, inserted or reordered")
        if row.prev != prev:
            faults.append(f"entry {row.seq} does not follow the one before it")
        if not hmac.compare_digest(self._link(row.prev, row.body), row.hash):
            faults.append(f"entry {row.seq} was changed: its hash does not fit")
        return faults + self._column_faults(row, texts)

    def _column_faults(self, row: Any, texts: str | None) -> list[str]:
        """The columns beside the hashed body must say what the body says; the payload must fit its hash."""
        try:
            body = json.loads(row.body)
            at = datetime.fromisoformat(body["at"])
        except (ValueError, KeyError, TypeError):
            return [f"entry {row.seq} was changed: its body cannot be read"]
        same = all(body.get(name) == getattr(row, name) for name in ("seq", "id", "event", "actor", "subject"))
        faults = [] if same and at == row.at else [f"entry {row.seq} was changed: a column differs from its body"]
        if (body.get("payload") is None) != (texts is None):
            faults.append(f"entry {row.seq}: its payload is missing or was added")
        elif texts is not None and not hmac.compare_digest(self.keyed_hash(texts), str(body["payload"])):
            faults.append(f"entry {row.seq}: its payload was changed")
        return faults

    def checkpoint(self, path: Path) -> None:
        """Write the head of the chain to a file (beside, then renamed), best kept on another disk."""
        with self._engine.connect() as connection:
            row = connection.execute(select(audit_head.c.seq, audit_head.c.hash)).first()
            moment = database_now(connection)
        state = {
            "seq": int(row.seq) if row else 0,
            "hash": row.hash if row else GENESIS,
            "at": moment.isoformat(),
        }
        text = canonical({**state, "mac": self._checkpoint_mac(state)})
        beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        try:
            with beside.open("w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise AuditError(f"the checkpoint {path} could not be written ({error}): check disk and rights.") from error

    def _checkpoint_mac(self, state: Mapping[str, Any]) -> str:
        return hmac.digest(self._chain_key, canonical(state).encode(), hashlib.sha256).hex()

    def payload(self, audit_id: str) -> Mapping[str, Any] | None:
        """The texts of one entry, None where it has none."""
        with self._engine.connect() as connection:
            body = connection.execute(
                select(audit_payload.c.body).where(audit_payload.c.audit_id == audit_id)
            ).scalar_one_or_none()
        return None if body is None else dict(json.loads(body))


def _rows(connection: Connection) -> Iterator[tuple[Any, str | None]]:
    query = (
        select(audit_log, audit_payload.c.body.label("texts"))
        .outerjoin(audit_payload, audit_payload.c.audit_id == audit_log.c.id)
        .order_by(audit_log.c.seq)
    )
    result = connection.execution_options(yield_per=_BATCH).execute(query)
    for row in result:
        yield row, row.texts


def _head_faults(connection: Connection, count: int, last: str) -> list[str]:
    row = connection.execute(select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1)).first()
    if row is None:
        return ["the head of the log is missing"] if count else []
    if row.seq != count or row.hash != last:
        return [f"the log ends at entry {count}, its head says {row.seq}: entries were cut, added or changed"]
    return []


def _read_checkpoint(path: Path | None, mac: Any, problems: list[str]) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        state = json.loads(path.read_text("utf-8"))
        given = state.pop("mac")
        if not hmac.compare_digest(given, mac(state)):
            raise ValueError("its seal does not fit")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        problems.append(f"the checkpoint {path.name} cannot be used ({error})")
        return None
    return dict(state) if state["seq"] else None
