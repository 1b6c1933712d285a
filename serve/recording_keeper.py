"""How long recordings are kept: removed after their time or with their client's key, never under a legal hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, update

from compliance_filters.errors import ErasureError, SealedError
from intent.call_records.row import PARKED, CallState
from intent.call_records.tables import call_records
from intent.leads.tables import calls
from jobs.tables import JobState, jobs
from serve.peaks import FOLDER, forget

if TYPE_CHECKING:
    from serve.rooms import Rooms

REMOVED = "recording.removed"
HEARD = timedelta(days=7)  # transcripts of calls that were given up; tried again later, they are transcribed again
SEALED, ACTIVE = "sealed", "active"
UPLOADING = timedelta(days=1)  # an upload or copy that is not whole after this was broken off
# Calls that nobody will read by themselves: parked, or given up. What waits or is being read is let be.
_STAYS = or_(
    call_records.c.state.in_([state.value for state in PARKED]),
    and_(
        call_records.c.state == CallState.ARRIVED.value,
        call_records.c.job_id.in_(select(jobs.c.id).where(jobs.c.state == JobState.QUARANTINED.value)),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What one look at the recordings came to."""

    removed: int
    held: int  # their time is over, and a legal hold keeps them


class RecordingKeeper:
    """Keeps the recordings that were sent to the service; files that lie elsewhere are somebody else's."""

    def __init__(self, house: Rooms) -> None:
        self._house = house
        self._folder = (house.settings.home / "recordings").resolve()

    def check_open(self, client_id: str | None) -> None:
        """Raise SealedError where the client's words may not be heard: sealed and not opened by two, or destroyed."""
        from serve.users import OPERATOR

        state, _ = self._standing(client_id)
        opened = state == SEALED and self._house.openings.status(client_id or "", principal=OPERATOR).state == "open"
        if state != ACTIVE and not opened:
            raise SealedError(
                f"The recordings of this client are {state}: they are kept where the law orders it, and nobody listens."
            )

    def is_sealed(self, client_id: str) -> bool:
        """Whether the client's key is sealed or destroyed: nothing new is made of their words, opened or not."""
        return self._standing(client_id)[0] != ACTIVE

    def sweep(self, now: datetime) -> Swept:
        """Remove what is due: each removal stands in the audit log before the file goes. Raises AuditError.

        Due are recordings older than `speech.keep_recordings_days` (0: none), and those of clients whose key was
        destroyed. What is under a legal hold stays. Transcripts of calls that nobody tried again go after HEARD, and
        uploads and copies that broke off after UPLOADING.
        """
        self._house.kept_transcripts.forget(now - HEARD)
        self._forget_uploads(now - UPLOADING)
        removed = held = 0
        for row, why in list(self._due(now)):
            if self._standing(row.client_id)[1]:
                held += 1
                continue
            self._remove(row, why)
            removed += 1
        return Swept(removed=removed, held=held)

    def _forget_uploads(self, before: datetime) -> None:
        for path in self._folder.glob(".*-*"):
            with suppress(FileNotFoundError):  # it became whole meanwhile
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()

    def _due(self, now: datetime) -> Iterator[tuple[Any, str]]:
        from serve.users import OPERATOR

        days = self._house.settings.speech.keep_recordings_days
        until = now - timedelta(days=days) if days else None
        columns = (calls.c.id, calls.c.client_id, calls.c.ended_at, calls.c.recording_path)
        unread = (
            call_records.c.call_id.label("id"),
            call_records.c.client_id,
            func.coalesce(call_records.c.ended_at, call_records.c.arrived_at).label("ended_at"),
            call_records.c.recording_path,
        )
        with self._house.engine.connect() as connection:
            rows = [
                *connection.execute(select(*columns).where(calls.c.recording_path.is_not(None))).all(),
                *connection.execute(select(*unread).where(_STAYS, call_records.c.recording_path.is_not(None))).all(),
            ]
        own = [row for row in rows if Path(row.recording_path).resolve().is_relative_to(self._folder)]
        gone = self._house.erasure.destroyed({row.client_id for row in own if row.client_id}, principal=OPERATOR)
        for row in own:
            if until is not None and row.ended_at < until:
                yield row, "time"
            elif row.client_id in gone:
                yield row, "erasure"

    def _remove(self, row: Any, why: str) -> None:
        self._house.audit.append(
            event=REMOVED,
            actor="system",
            subject=row.client_id,
            data={"call": self._house.audit.keyed_hash(row.id), "why": why},
        )
        forget(Path(row.recording_path), self._house.settings.home / FOLDER)
        Path(row.recording_path).unlink(missing_ok=True)
        with self._house.engine.begin() as connection:
            connection.execute(update(calls).where(calls.c.id == row.id).values(recording_path=None))
            same = call_records.c.call_id == row.id
            connection.execute(update(call_records).where(same).values(recording_path=None))

    def _standing(self, client_id: str | None) -> tuple[str, bool]:
        """State of the client's key (active where there is none yet), and whether a legal hold forbids removal."""
        from serve.users import OPERATOR

        if client_id is None:
            return ACTIVE, False
        try:
            status = self._house.erasure.status(client_id, principal=OPERATOR)
        except ErasureError:  # no text of the client stands in the log
            return ACTIVE, False
        return status.state, status.hold_by is not None
