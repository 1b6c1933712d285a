"""Erasure and legal holds: a client's texts are sealed at once, and their key dies at the retention date.

The law orders the log kept (20 years by default), so that nothing is deleted when a client asks for erasure:
sealing ends all reading and use. After the retention date two persons destroy the key, never under a legal
hold; what was encrypted stays in the chain and verifies, and nobody can read it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from compliance_filters.audit.keys import ACTIVE, DESTROYED, KEY_EVENTS, SEALED
from compliance_filters.audit.log import ACCESS_EVENTS, AuditLog
from compliance_filters.audit.writer import Turn
from compliance_filters.errors import ErasureError
from compliance_filters.tables import audit_key, audit_log
from knowledge_base.access import Principal, Role

log = logging.getLogger("tougu.audit")


@dataclass(frozen=True, kw_only=True)
class KeyStatus:
    """Where a client's key stands."""

    state: str  # active | sealed | destroyed
    last_text_at: datetime | None  # of the last entry that holds a text of the client
    retain_until: datetime | None  # not before: destruction
    hold_by: str | None
    hold_at: datetime | None
    destroy_by: str | None  # the first of two persons, while the second is waited for
    destroyed_at: datetime | None


class Erasure:
    """Steps of one client's key. Each is an entry of the log in the same transaction as the change."""

    def __init__(self, audit: AuditLog, *, keep_years: int = 20) -> None:
        self._audit = audit
        self._keep_years = keep_years

    def status(self, client_id: str, *, principal: Principal) -> KeyStatus:
        """The newest key of a client. Raises ErasureError for a client without any text in the log."""
        principal.require("read the state of an erasure", Role.COMPLIANCE, Role.SYSTEM)
        owner = self._audit.keyed_hash(client_id)
        query = select(audit_key).where(audit_key.c.owner == owner)
        with self._audit.engine.connect() as connection:
            row = connection.execute(query.order_by(audit_key.c.created_at.desc())).first()
            if row is None:
                raise no_texts(client_id)
            return self._status(connection, dict(row._mapping))

    def destroyed(self, client_ids: Collection[str], *, principal: Principal) -> frozenset[str]:
        """Those of the clients whose newest key is destroyed."""
        principal.require("read the state of an erasure", Role.COMPLIANCE, Role.SYSTEM)
        query = select(audit_key.c.owner, audit_key.c.state).order_by(audit_key.c.created_at)
        with self._audit.engine.connect() as connection:
            newest: dict[str, str] = {row.owner: row.state for row in connection.execute(query)}
        gone = {owner for owner, state in newest.items() if state == DESTROYED}
        return frozenset(client for client in client_ids if gone and self._audit.keyed_hash(client) in gone)

    def seal(self, client_id: str, *, reason: str, principal: Principal) -> KeyStatus:
        """End all reading of a client's texts; what is written later is sealed too."""
        allowed("seal a client's texts", reason, principal)
        with self._audit.writer.turn() as turn:
            row = self._row(turn, client_id)
            if row["state"] == SEALED:
                raise ErasureError(f"the texts of {client_id} are sealed already: nothing was changed.")
            until = self._retain_until(turn.connection, row["owner"], row["created_at"])
            return self._change(
                turn, row, "sealed", principal, reason,
                state=SEALED, sealed_by=principal.user_id, sealed_at=turn.now, retain_until=until,
            )  # fmt: skip

    def hold(self, client_id: str, *, reason: str, principal: Principal) -> KeyStatus:
        """Forbid destruction until the hold is lifted; a destruction half confirmed is forgotten."""
        allowed("place a legal hold", reason, principal)
        with self._audit.writer.turn() as turn:
            row = self._row(turn, client_id)
            if row["hold_by"]:
                raise ErasureError(f"{client_id} is under a legal hold already: nothing was changed.")
            return self._change(
                turn, row, "held", principal, reason,
                hold_by=principal.user_id, hold_at=turn.now, destroy_by=None, destroy_at=None,
            )  # fmt: skip

    def lift(self, client_id: str, *, reason: str, principal: Principal) -> KeyStatus:
        """End a legal hold."""
        allowed("lift a legal hold", reason, principal)
        with self._audit.writer.turn() as turn:
            row = self._row(turn, client_id)
            if not row["hold_by"]:
                raise ErasureError(f"{client_id} is under no legal hold: nothing was changed.")
            return self._change(turn, row, "lifted", principal, reason, hold_by=None, hold_at=None)

    def destroy(self, client_id: str, *, principal: Principal) -> KeyStatus:
        """The first person asks, a second one confirms: then the key is gone for good.

        Raises ErasureError before the retention date, under a legal hold, unsealed, or for the same person.
        """
        allowed("destroy a client's key", "-", principal)
        with self._audit.writer.turn() as turn:
            row = self._row(turn, client_id)
            self._refuse_early(turn, client_id, row)
            if row["destroy_by"] is None:
                return self._change(
                    turn, row, "destroy_asked", principal, "",
                    destroy_by=principal.user_id, destroy_at=turn.now,
                )  # fmt: skip
            if row["destroy_by"] == principal.user_id:
                raise ErasureError("the second person must be another one than the first: let a colleague confirm.")
            if turn.connection.dialect.name == "sqlite":
                turn.connection.exec_driver_sql("PRAGMA secure_delete=ON")
            status = self._change(
                turn, row, "destroyed", principal, "",
                state=DESTROYED, wrapped=None, destroyed_by=principal.user_id, destroyed_at=turn.now,
            )  # fmt: skip
        self._scrub()
        return status

    def _refuse_early(self, turn: Turn, client_id: str, row: Mapping[str, Any]) -> None:
        if row["hold_by"]:
            raise ErasureError(
                f"{client_id} is under a legal hold since {row['hold_at']:%Y-%m-%d}: the key stays until it is lifted."
            )
        if row["state"] == ACTIVE:
            raise ErasureError(f"the texts of {client_id} are not sealed: seal them first.")
        until = max(row["retain_until"], self._retain_until(turn.connection, row["owner"], row["created_at"]))
        if turn.now < until:
            raise ErasureError(
                f"the texts of {client_id} must be kept until {until:%Y-%m-%d}: the key cannot be destroyed before."
            )

    def _row(self, turn: Turn, client_id: str) -> dict[str, Any]:
        """The living key, read while the head is held: nobody changes it meanwhile."""
        row = self._audit.writer.keys.living(turn.connection, self._audit.keyed_hash(client_id))
        if row is None:
            raise no_texts(client_id)
        return row

    def _change(
        self, turn: Turn, row: Mapping[str, Any], what: str, principal: Principal, reason: str, **values: Any
    ) -> KeyStatus:
        after, entry = self._audit.writer.keys.change(
            turn.connection, row, what, actor=principal.user_id, reason=reason, **values
        )
        turn.write([entry])
        return self._status(turn.connection, after)

    def _status(self, connection: Connection, row: Mapping[str, Any]) -> KeyStatus:
        last = _last_text_at(connection, row["owner"])
        until = self._retain_until(connection, row["owner"], row["created_at"])
        return KeyStatus(
            state=row["state"], last_text_at=last, retain_until=max(filter(None, (row["retain_until"], until))),
            hold_by=row["hold_by"], hold_at=row["hold_at"], destroy_by=row["destroy_by"],
            destroyed_at=row["destroyed_at"],
        )  # fmt: skip

    def _retain_until(self, connection: Connection, owner: str, made: datetime) -> datetime:
        return years_after(_last_text_at(connection, owner) or made, self._keep_years)

    def _scrub(self) -> None:
        """Take the dead key out of the files of the database too, where it would lie until it is written over."""
        with self._audit.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            sqlite = connection.dialect.name == "sqlite"
            try:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)" if sqlite else "VACUUM FULL audit_key")
            except SQLAlchemyError as error:  # e.g. no right to; the key is gone from the table all the same
                log.warning("the files of the database still hold the dead key: %s", type(error).__name__)


def years_after(moment: datetime, years: int) -> datetime:
    """The same day so many years later; 29 February becomes 1 March."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, month=3, day=1)


def _last_text_at(connection: Connection, owner: str) -> datetime | None:
    """When the last text of a client was written; that somebody looked, or worked on the key, keeps nothing longer."""
    events = audit_log.c.event
    query = select(func.max(audit_log.c.at)).where(
        audit_log.c.subject == owner, audit_log.c.payload.is_not(None),
        ~events.startswith(ACCESS_EVENTS), ~events.startswith(KEY_EVENTS),
    )  # fmt: skip
    found: datetime | None = connection.execute(query).scalar_one_or_none()
    return found


def allowed(act: str, reason: str, principal: Principal) -> None:
    """Raise AccessDeniedError unless an officer acts, ErasureError without a reason."""
    principal.require(act, Role.COMPLIANCE)
    if not reason.strip():
        raise ErasureError("this step needs a reason: write one sentence.")


def no_texts(client_id: str) -> ErasureError:
    """Of a client without any text in the log."""
    return ErasureError(f"the audit log holds no texts of {client_id}: check the id.")
