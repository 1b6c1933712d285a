"""The watched folder: recordings and what is told of them are taken as they are put there, each once.

A file is taken when it is complete: it did not change for `calls.settle_s`, which one renamed into place shows at the
second look. What it is, is told by its content hash, which is the key of its job: looked at again after a crash, by
another process or under another name, the same recording is the same job.

Beside recordings lie side files (`call01.json` for `call01.wav`, see `intent.call_records.record`) and files of
call-detail records (`.csv`). Names that begin with a dot, and those of programs that are still copying, are let be.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from intent.call_records.record import load_call_records
from intent.call_records.tables import watched_files
from intent.errors import CallFileError
from intent.recordings import RECORDINGS, content_hash
from jobs.clock import database_now
from jobs.locks import begin_writing
from serve.users import OPERATOR

if TYPE_CHECKING:
    from intent.settings import CallSettings
    from serve.wiring import House

log = logging.getLogger("tougu.watch")
TOLD = frozenset({".json", ".csv"})
COPYING = frozenset({".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".download"})
BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Signature:
    """By which a change of a file is seen."""

    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What became of a file of the folder."""

    path: str  # relative to it
    outcome: str  # taken | known: the recording was taken before | records | refused
    reason: str
    call_id: str | None
    seen_at: datetime


@dataclass(kw_only=True)
class Looked:
    """What one look at the folder came to."""

    taken: int = 0
    told: int = 0  # files of records and side files
    refused: int = 0
    waiting: list[str] = field(default_factory=list)  # not complete yet


class Watcher:
    """Looks into one folder, again and again. Any number of processes may look into the same one."""

    def __init__(self, house: House, folder: Path, settings: CallSettings) -> None:
        self._house, self._settings = house, settings
        self._folder = folder.expanduser().absolute()
        self._known: dict[str, tuple[Signature, str]] | None = None  # with the outcome, as the table has them
        self._staying: set[str] = set()  # taken, and not to be removed
        self._growing: dict[str, tuple[Signature, float]] = {}  # since when a file looks as it does

    def run(self, stop: threading.Event) -> None:
        """Look until `stop` is set; what goes wrong is tried again the next time."""
        while not stop.is_set():
            try:
                self.look(stop)
            except Exception as error:
                self._known = None
                log.error("the watched folder was not looked through", extra={"error": type(error).__name__})
            stop.wait(self._settings.watch_every_s)

    def look(self, stop: threading.Event | None = None) -> Looked:
        """Take what is complete. Raises CallFileError where the folder cannot be read."""
        if self._known is None:
            self._known = self._read_known()
        found, there = Looked(), set()
        # Records first: a recording that lies beside its side file is read at once, and by the right client.
        for path, name in sorted(self._files(), key=lambda each: each[0].suffix.lower() not in TOLD):
            there.add(name)
            if stop is not None and stop.is_set():
                break
            try:
                self._one(path, name, found)
            except FileNotFoundError:
                continue  # somebody else took it, or took it away
        self._growing = {name: since for name, since in self._growing.items() if name in there}
        return found

    def _one(self, path: Path, name: str, found: Looked) -> None:
        signature = _signature(path)
        known = self._known_as(name, signature)
        if known is not None and not (known == "refused" and path.suffix.lower() in RECORDINGS):
            self._move_away(path, name, known)  # where it was killed between taking and moving
            return
        if known is None and not self._complete(name, signature):
            found.waiting.append(name)
            return
        try:
            if path.suffix.lower() in TOLD:
                self._tell(path, name)
                outcome, call_id, reason = "records", None, ""
                found.told += 1
            else:
                (outcome, call_id), reason = self._take(path, name, signature), ""
                found.taken += outcome == "taken"
        except _ChangedError:
            found.waiting.append(name)
            return
        except CallFileError as error:
            outcome, call_id, reason = "refused", None, str(error)
            found.refused += 1
        if outcome != known:
            self._write(name, signature, outcome=outcome, reason=reason, call_id=call_id)
        self._move_away(path, name, outcome)

    def _complete(self, name: str, signature: Signature) -> bool:
        """Whether a file stayed as it is for long enough, by the clock of this process or by its own."""
        now = time.monotonic()
        known, since = self._growing.get(name, (None, now))
        if known != signature:
            self._growing[name] = (signature, now)
            if self._settings.settle_s > 0:
                return False
        aged = time.time() - signature.mtime_ns / 1e9 >= self._settings.settle_s
        return aged or now - since >= self._settings.settle_s

    def _take(self, path: Path, name: str, signature: Signature) -> tuple[str, str]:
        """Put a recording before the worker: (taken or known, id of the call). Raises CallFileError, _ChangedError."""
        digest = content_hash(path)
        queue = self._house.call_queue
        if (job := queue.knows(digest)) is not None:
            return "known", job.payload["call_id"]
        kept = self._keep(path, digest) if self._settings.taken == "move" else path
        if _signature(path) != signature:
            raise _ChangedError
        now = self._now()
        told = self._house.call_records.told_of(name)
        started_at = told.started_at if told is not None else None
        taken = queue.take(
            digest,
            {"path": str(kept), "call_id": told.call_id if told else None, "file": name},
            priority=self._house.call_lane.priority_of(started_at, now),
        )
        return "taken", taken.job.payload["call_id"]

    def _keep(self, path: Path, digest: str) -> Path:
        """A copy in home, written beside, flushed and renamed; the original stays until its job is written."""
        folder = self._house.settings.home / "recordings"
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{digest}{path.suffix.lower()}"
        beside = folder / f".watch-{os.getpid()}-{threading.get_ident()}"
        try:
            with path.open("rb") as source, beside.open("wb") as copy:
                while block := source.read(BLOCK):
                    copy.write(block)
                copy.flush()
                os.fsync(copy.fileno())
            if content_hash(beside) != digest:
                raise _ChangedError
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        return target

    def _tell(self, path: Path, name: str) -> None:
        """Hand on what a side file or a file of records tells. Raises CallFileError."""
        records = load_call_records(path, name=name)
        self._house.call_records.tell(records, principal=OPERATOR)

    def _move_away(self, path: Path, name: str, outcome: str) -> None:
        """Remove a recording that was taken, where settings say so and its job has a copy; all else stays."""
        if self._settings.taken != "move" or outcome not in ("taken", "known") or name in self._staying:
            return
        job = self._house.call_queue.knows(content_hash(path))
        kept = Path(job.payload["path"]) if job is not None else path
        if kept.is_file() and kept.resolve() != path.resolve():
            path.unlink(missing_ok=True)
        else:
            self._staying.add(name)

    def seen(self, outcome: str, *, limit: int = 200) -> list[Seen]:
        """Files of the folder that came to this, the latest first."""
        query = select(watched_files).where(watched_files.c.outcome == outcome)
        columns = ("path", "outcome", "reason", "call_id", "seen_at")
        with self._house.engine.connect() as connection:
            rows = connection.execute(query.order_by(watched_files.c.seen_at.desc()).limit(limit)).all()
        return [Seen(**{name: getattr(row, name) for name in columns}) for row in rows]

    def not_taken(self) -> list[str]:
        """Files that lie in the folder and were neither taken nor refused. Raises CallFileError."""
        known = self._read_known()
        found = []
        for path, name in self._files():
            with suppress(FileNotFoundError):
                if name not in known or known[name][0] != _signature(path):
                    found.append(name)
        return found

    def _files(self) -> Iterator[tuple[Path, str]]:
        def refuse(error: OSError) -> None:
            raise CallFileError(f"{error.filename} cannot be read ({error.strerror}): check its rights.")

        for place, folders, names in os.walk(self._folder, onerror=refuse):
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            for name in sorted(names):
                path = Path(place) / name
                kind = path.suffix.lower()
                if not name.startswith(".") and kind not in COPYING and (kind in RECORDINGS or kind in TOLD):
                    yield path, path.relative_to(self._folder).as_posix()

    def _known_as(self, name: str, signature: Signature) -> str | None:
        """What became of the file as it is now; None where nobody has looked at it yet."""
        before, outcome = (self._known or {}).get(name, (None, None))
        return outcome if before == signature else None

    def _read_known(self) -> dict[str, tuple[Signature, str]]:
        columns = (watched_files.c[name] for name in ("path", "size_bytes", "mtime_ns", "outcome"))
        with self._house.engine.connect() as connection:
            return {row.path: (Signature(size_bytes=row.size_bytes, mtime_ns=row.mtime_ns), row.outcome)
                    for row in connection.execute(select(*columns))}  # fmt: skip

    def _write(
        self, name: str, signature: Signature, *, outcome: str, reason: str = "", call_id: str | None = None
    ) -> None:
        with self._house.engine.begin() as connection:
            begin_writing(connection)
            connection.execute(delete(watched_files).where(watched_files.c.path == name))
            values = {
                "path": name, "size_bytes": signature.size_bytes, "mtime_ns": signature.mtime_ns, "outcome": outcome,
                "reason": reason, "call_id": call_id, "seen_at": database_now(connection),
            }  # fmt: skip
            connection.execute(insert(watched_files).values(values))
        assert self._known is not None
        self._known[name] = (signature, outcome)
        self._growing.pop(name, None)

    def _now(self) -> datetime:
        with self._house.engine.connect() as connection:
            return database_now(connection)


class _ChangedError(Exception):
    """A file changed while it was taken: it was not complete."""


def _signature(path: Path) -> Signature:
    stat = path.stat()
    return Signature(size_bytes=stat.st_size, mtime_ns=stat.st_mtime_ns)
