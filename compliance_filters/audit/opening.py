"""Lawful openings: two officers open a sealed client's texts for some hours, for reasons that they put down.

An opening is nothing but its entries in the chain: no row of a table says that texts are open, so that nobody
without the key of the log can open them. It serves what officers export; what others see, and what can still be
delivered, stays sealed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from compliance_filters.audit.entry import HOUSE, AuditEntry
from compliance_filters.audit.erasure import allowed, no_texts
from compliance_filters.audit.keys import SEALED
from compliance_filters.audit.log import AuditLog
from compliance_filters.audit.read import OPEN_ASKED, OPEN_ENDED, OPENED, last_opening
from compliance_filters.audit.writer import Turn
from compliance_filters.errors import ErasureError
from jobs.clock import database_now
from knowledge_base.access import Principal, Role

HOURS, MOST_HOURS = 24, 168
ASKED_FOR = timedelta(days=7)  # after which a request that nobody confirmed is forgotten


@dataclass(frozen=True, kw_only=True)
class Opening:
    """The last opening of a client's texts."""

    state: str  # none | asked | open | over
    asked_by: str = ""
    asked_at: datetime | None = None
    reason: str = ""  # of the first officer, and of the second once they confirmed
    hours: int = 0
    opened_by: str = ""
    until: datetime | None = None


class Openings:
    """Asks, confirms and ends openings; each step is an entry, its reason under the key of the house."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def open(self, client_id: str, *, reason: str, hours: int | None = None, principal: Principal) -> Opening:
        """The first officer asks, another one confirms: then exports of officers read the texts for `hours`.

        Raises ErasureError for texts that are not sealed, are open already, or for the same person twice.
        """
        allowed("open sealed texts", reason, principal)
        if hours is not None and not 1 <= hours <= MOST_HOURS:
            raise ErasureError(f"texts are opened for 1 to {MOST_HOURS} hours, not for {hours}: give other --hours.")
        with self._audit.writer.turn() as turn:
            row = self._sealed(turn, client_id)
            now = self._last(turn.connection, client_id, turn.now)
            if now.state == "open" and now.until:
                raise ErasureError(f"the texts of {client_id} are open until {now.until:%Y-%m-%d %H:%M} UTC already.")
            if now.state != "asked":
                self._write(turn, row, OPEN_ASKED, reason, principal, hours=hours or HOURS)
            else:
                self._refuse_alone(now, hours, principal)
                until = turn.now + timedelta(hours=now.hours)
                told = {"by": now.asked_by, "hours": now.hours, "until": until.isoformat()}
                self._write(turn, row, OPENED, f"{now.reason} / {reason}", principal, **told)
            return self._last(turn.connection, client_id, turn.now)

    def end(self, client_id: str, *, reason: str, principal: Principal) -> Opening:
        """End an opening before its time, or take back a request; one officer is enough."""
        allowed("end an opening", reason, principal)
        with self._audit.writer.turn() as turn:
            row = self._sealed(turn, client_id)
            if self._last(turn.connection, client_id, turn.now).state not in ("asked", "open"):
                raise ErasureError(
                    f"the texts of {client_id} are not open, and nobody asked for it: nothing was changed."
                )
            self._write(turn, row, OPEN_ENDED, reason, principal)
            return self._last(turn.connection, client_id, turn.now)

    def status(self, client_id: str, *, principal: Principal) -> Opening:
        """Where the opening of a client's texts stands."""
        principal.require("read the state of an erasure", Role.COMPLIANCE, Role.SYSTEM)
        with self._audit.engine.connect() as connection:
            return self._last(connection, client_id, database_now(connection))

    def _sealed(self, turn: Turn, client_id: str) -> dict[str, Any]:
        row = self._audit.writer.keys.living(turn.connection, self._audit.keyed_hash(client_id))
        if row is None:
            raise no_texts(client_id)
        if row["state"] != SEALED:
            raise ErasureError(f"the texts of {client_id} are not sealed: they need no opening.")
        return row

    def _last(self, connection: Connection, client_id: str, now: datetime) -> Opening:
        entry = last_opening(self._audit, connection, self._audit.keyed_hash(client_id))
        return Opening(state="none") if entry is None else _opening(entry, now)

    def _refuse_alone(self, asked: Opening, hours: int | None, principal: Principal) -> None:
        if asked.asked_by == principal.user_id:
            raise ErasureError("the second person must be another one than the first: let a colleague confirm.")
        if hours is not None and hours != asked.hours:
            raise ErasureError(f"{asked.asked_by} asked for {asked.hours} hours: confirm these, or end the request.")

    def _write(
        self, turn: Turn, row: dict[str, Any], event: str, reason: str, principal: Principal, **told: Any
    ) -> None:
        what = event.partition(".")[2]
        entry = self._audit.writer.keys.entry(what, row, actor=principal.user_id, payload={"reason": reason}, **told)
        turn.write([replace(entry, text_owner=HOUSE)])  # read without the client's key, which is sealed


def _opening(entry: AuditEntry, now: datetime) -> Opening:
    reason = str((entry.payload or {}).get("reason", ""))
    if entry.event == OPEN_ASKED:
        state = "asked" if now < entry.at + ASKED_FOR else "over"
        return Opening(
            state=state, asked_by=entry.actor, asked_at=entry.at, reason=reason, hours=int(entry.data["hours"])
        )
    if entry.event == OPEN_ENDED:
        return Opening(state="over", reason=reason)
    until = datetime.fromisoformat(entry.data["until"])
    return Opening(
        state="open" if now < until else "over", asked_by=str(entry.data["by"]), reason=reason,
        hours=int(entry.data["hours"]), opened_by=entry.actor, until=until,
    )  # fmt: skip
