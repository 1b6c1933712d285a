"""Append-only audit log: canonical JSON, a keyed hash chain, texts apart from it, encrypted for each client."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from compliance_filters.audit.bound import bind_older
from compliance_filters.audit.checkpoint import (
    Checkpoint,
    PublicKey,
    Signer,
    read_checkpoints,
    write_checkpoint,
)
from compliance_filters.audit.entry import GENESIS, LEAST_KEY_BYTES, NewEntry, Secrets, canonical, payload_bytes
from compliance_filters.audit.keys import ACTIVE, new_entry_id, refuse_closed
from compliance_filters.audit.suite import StandardSuite, Suite
from compliance_filters.audit.verify import AuditReport, Verifier
from compliance_filters.audit.writer import AuditWriter, Turn
from compliance_filters.errors import AuditError, SealedError
from compliance_filters.tables import audit_head, audit_key, audit_log, audit_payload
from jobs.clock import database_now

__all__ = [
    "GENESIS", "LEAST_KEY_BYTES", "Access", "AuditEvent", "AuditLog", "AuditReport", "CheckpointPlan", "SealedError",
    "canonical",
]  # fmt: skip

log = logging.getLogger("tougu.audit")
ACCESS_EVENTS = "access."
_LONGEST = {"event": audit_log.c.event.type.length, "actor": audit_log.c.actor.type.length}  # type: ignore[attr-defined]


class Access(StrEnum):
    """How client data was reached."""

    VIEW = "view"
    PLAYBACK = "playback"
    SEARCH = "search"
    EXPORT = "export"


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """Something that happened. `data` must hold no client text and no id of a client; those go into `payload`."""

    event: str
    actor: str
    subject: str | None = None  # id of the client whom it is about
    data: Mapping[str, Any] | None = None
    payload: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class CheckpointPlan:
    """Where the writer puts checkpoints by itself; a folder keeps every one."""

    path: Path
    every: int  # entries


class AuditLog:
    """Writers on any number of threads and processes append one after another; nobody changes or deletes.

    Every hash is keyed, since a plain hash of a short identifier can be guessed, and since who can
    write the tables alone must not be able to forge the chain.
    """

    def __init__(
        self,
        engine: Engine,
        key: bytes,
        *,
        suite: Suite | None = None,
        signer: Callable[[], Signer] | None = None,
        plan: CheckpointPlan | None = None,
    ) -> None:
        """signer: asked for when something has to be signed; who only appends needs no private key."""
        self.engine = engine
        self.secrets = Secrets(key, suite or StandardSuite())
        self.writer = AuditWriter(engine, self.secrets, self._after)
        self._signer = signer
        self._plan = plan

    def keyed_hash(self, text: str) -> str:
        """HMAC of a text, hex; lone surrogates are hashed as they are."""
        return self.secrets.keyed_hash(text)

    def append(
        self,
        *,
        event: str,
        actor: str,
        subject: str | None = None,
        data: Mapping[str, Any] | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> str:
        """Write one entry durably and return its id; threads that append at once share a transaction.

        Raises AuditError when the entry could not be written: then nothing may be cleared.
        """
        told = AuditEvent(event=event, actor=actor, subject=subject, data=data, payload=payload)
        return self.append_many([told])[0]

    def append_many(self, events: Sequence[AuditEvent]) -> list[str]:
        """Write entries in their order, all or none, and return their ids. Raises AuditError."""
        try:
            entries = [self.entry(told) for told in events]
        except (TypeError, ValueError) as error:
            raise AuditError(f"the audit log could not be written ({error}): this is no entry.") from error
        if entries:
            self.writer.append(entries)
        return [entry.id for entry in entries]

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """The head of the log for a step on rows that `bound.py` binds into it. Raises AuditError."""
        with self.writer.turn() as turn:
            bind_older(turn, self.secrets)
            yield turn

    def access(self, kind: Access, *, actor: str, what: str, items: Iterable[tuple[str | None, str]]) -> list[str]:
        """Log that `actor` saw things of clients, one entry a client.

        what: the kind of thing, e.g. "call". items: client id, and id of the thing; none leave no entry.
        Raises AuditError: then nothing may be shown.
        """
        seen: dict[str | None, list[str]] = {}
        for client_id, item in items:
            seen.setdefault(client_id, []).append(item)
        return self.append_many(
            [
                AuditEvent(
                    event=f"{ACCESS_EVENTS}{kind.value}", actor=actor, subject=client_id,
                    data={"what": what, "count": len(ids)}, payload={"ids": ids},
                )
                for client_id, ids in seen.items()
            ]
        )  # fmt: skip

    def payload(self, audit_id: str) -> Mapping[str, Any] | None:
        """The texts of one entry, None where it has none.

        Raises SealedError where the client's texts were sealed or erased.
        """
        query = (
            select(audit_payload.c.key_id, audit_payload.c.body, audit_log.c.subject)
            .join(audit_log, audit_log.c.seq == audit_payload.c.seq)
            .where(audit_log.c.id == audit_id)
        )
        with self.engine.connect() as connection:
            row = connection.execute(query).first()
            if row is None:
                return None
            if row.key_id is not None:
                key = self.writer.keys.open(connection, row.key_id)
                return dict(json.loads(self.secrets.suite.decrypt(key.secret, bytes(row.body), audit_id.encode())))
            closed = select(audit_key).where(audit_key.c.owner == row.subject, audit_key.c.state != ACTIVE)
            for each in connection.execute(closed):
                refuse_closed(each.state, each.sealed_at, each.destroyed_at)
        return dict(json.loads(row.body))

    def verify(
        self, checkpoint: Path | None = None, *, public_key: PublicKey | None = None, payloads: bool = True
    ) -> AuditReport:
        """Read the whole chain. Truncation at the end shows only against a checkpoint kept elsewhere.

        checkpoint: a file or a folder of them. public_key: whose signature is asked for, by default the
        log's own signer. payloads: also hash what is stored beside the chain.
        """
        kept, problems = read_checkpoints(checkpoint, public_key or self.signer.public) if checkpoint else ([], [])
        verifier = Verifier(self.secrets, kept, payloads=payloads)
        verifier.problems += problems
        return verifier.run(self.engine)

    def checkpoint(self, path: Path) -> Path:
        """Sign the head of the chain into a file, or into a new file of a folder, best on another disk.

        Raises AuditError, also where the checkpoint that is there speaks of entries the log no longer has:
        it is the proof that the log was cut, and stays.
        """
        signer = self.signer
        if path.is_file():
            self._refuse_to_lose(path, signer.public)
        return write_checkpoint(self.head(), path, signer)

    def head(self) -> Checkpoint:
        """The last entry, as a checkpoint holds it."""
        try:
            with self.engine.connect() as connection:
                row = connection.execute(select(audit_head.c.seq, audit_head.c.hash)).first()
                moment = database_now(connection)
        except SQLAlchemyError as error:
            raise AuditError(
                f"the audit log could not be read ({type(error).__name__}): check the database."
            ) from error
        seq, digest = (int(row.seq), str(row.hash)) if row else (0, GENESIS)
        return Checkpoint(seq=seq, hash=digest, at=moment.isoformat())

    @property
    def signer(self) -> Signer:
        """Who signs checkpoints and dossiers. Raises AuditError for a log that was given no signer."""
        if self._signer is None:
            raise AuditError("this audit log has no signing key: give it one to sign or to check a signature.")
        return self._signer()

    def _refuse_to_lose(self, path: Path, public: PublicKey) -> None:
        kept, _problems = read_checkpoints(path, public)
        for before in kept:
            query = select(audit_log.c.hash).where(audit_log.c.seq == before.seq)
            with self.engine.connect() as connection:
                found = connection.execute(query).scalar_one_or_none()
            if before.seq and found != before.hash:
                raise AuditError(
                    f"the entry {before.seq} of the checkpoint {path} is missing or changed, so the log was cut or "
                    "rewritten: keep that file, and run `tougu audit verify`."
                )

    def _after(self, first: int, last: int) -> None:
        """Write a checkpoint by the plan, and after the very first entry; what was appended stands in any case."""
        if self._plan is None or (first > 1 and last // self._plan.every == (first - 1) // self._plan.every):
            return
        try:
            self.checkpoint(self._plan.path)
        except Exception as error:
            log.error("no checkpoint was written: %s", error)

    def entry(self, told: AuditEvent, *, entry_id: str | None = None) -> NewEntry:
        """The canonical form. Raises ValueError or TypeError for what no column can hold.

        entry_id: where a row that the entry speaks of has to name it; a new one by default.
        """
        for name, longest in _LONGEST.items():
            value = getattr(told, name)
            if not value.isprintable() or len(value) > longest:
                raise ValueError(f"{name} must be printable text of at most {longest} characters")
        return NewEntry(
            id=entry_id or new_entry_id(),
            event=told.event,
            actor=told.actor,
            subject=self.keyed_hash(told.subject) if told.subject else "",
            data=canonical(dict(told.data or {})),
            payload=payload_bytes(told.payload),
        )
