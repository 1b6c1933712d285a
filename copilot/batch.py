"""Diagnoses in batches: every client is a leased row; killed at any moment, nothing is lost or made twice.

A row's key holds the client, a hash of all data that the report rests on, and the configuration: the same call again
does nothing, and a client whose data changed gets a new report.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Row, select

from copilot.batch_data import DataHash, file_hash
from copilot.diagnosis.errors import DiagnosisError
from copilot.reports import JudgedReport
from intent.archive import write_beside
from jobs.errors import PoisonJobError
from jobs.leases import JobStore
from jobs.locks import begin_writing
from jobs.tables import JobState, jobs
from jobs.worker import Task
from knowledge_base.access import Principal
from knowledge_base.clients import Clients
from knowledge_base.errors import UnknownClientError
from knowledge_base.products import Products

QUEUE = "diagnose"
MANIFEST = "manifest.jsonl"
FORMATS = ("pdf", "html", "docx")
CHUNK = 500  # rows a query


@dataclass(frozen=True, kw_only=True)
class BatchSettings:
    """What a batch makes, for all of its clients alike."""

    out: Path
    format: str
    version: str  # of the program and its rules: another one makes reports anew
    nav_dir: str  # absolute; empty = the settings'
    benchmark: str
    benchmark_name: str
    user_id: str | None  # whose rights it runs under; None is the operator


@dataclass(frozen=True, kw_only=True)
class BatchProgress:
    """How far a batch is."""

    total: int
    done: int
    held: int  # of the done: what the gate did not clear
    quarantined: int

    @property
    def finished(self) -> int:
        return self.done + self.quarantined


@dataclass(frozen=True, kw_only=True)
class BatchOutcome:
    """What became of one client."""

    client_id: str
    state: JobState
    outcome: str | None  # of the gate
    file: str | None  # in the output folder; None: held, or not made
    sha256: str | None  # of the file
    audit_id: str | None
    review_id: str | None
    findings: int | None
    held_because: tuple[str, ...]  # rules that spoke, and checks that failed; no words of the report
    seconds: float | None
    reason: str | None  # why it is quarantined, or failed last


class DiagnosisBatch:
    """One output folder of reports. Any number of processes may work on its rows."""

    def __init__(
        self, store: JobStore, clients: Clients, products: Products, settings: BatchSettings, *, navs: Path, shared: str
    ) -> None:
        """navs: the folder of NAV files in use. shared: says in which state documents and restricted list are.

        Raises DiagnosisError for an unknown format.
        """
        if settings.format not in FORMATS:
            raise DiagnosisError(f"There is no report format {settings.format}: use {', '.join(FORMATS)}.")
        self._store, self._clients, self._settings = store, clients, settings
        benchmark = Path(settings.benchmark) if settings.benchmark else None
        self._data = DataHash(clients, products, navs, benchmark, shared)
        self._keys: list[str] = []

    def enqueue(
        self, client_ids: Iterable[str], *, principal: Principal, today: date, retry_failed: bool = False
    ) -> int:
        """Add a row a client, each once; returns how many are still to be done.

        What is done stays done unless its file is gone or changed; what is in quarantine stays there unless
        `retry_failed`. A client whom the principal may not see is a row too, and fails with that reason.
        """
        wanted = {self._key(client_id, principal, today): client_id for client_id in dict.fromkeys(client_ids)}
        self._keys = list(wanted)
        known = {row.key: row for row in self._rows()}
        for some in _chunks([key for key in wanted if key not in known]):
            with self._store.engine.begin() as connection:
                begin_writing(connection)
                for key in some:
                    payload = {"client_id": wanted[key], **self._payload()}
                    self._store.enqueue(QUEUE, key, payload, connection=connection)
        for row in known.values():
            if self._must_repeat(row, retry_failed):
                self._store.requeue(row.id)
        progress = self.progress()
        return progress.total - progress.finished

    def progress(self) -> BatchProgress:
        """Counts over the clients of this batch."""
        found = list(self.outcomes())
        done = [each for each in found if each.state is JobState.DONE]
        return BatchProgress(
            total=len(found),
            done=len(done),
            held=sum(each.file is None for each in done),
            quarantined=sum(each.state is JobState.QUARANTINED for each in found),
        )

    def outcomes(self) -> Iterator[BatchOutcome]:
        """What became of each client, in the order they were given."""
        known = {row.key: row for row in self._rows()}
        for key in self._keys:
            yield _outcome(known[key])

    def write_manifest(self) -> Path:
        """`manifest.jsonl` in the output folder: a line a client, written beside and renamed."""
        lines = (json.dumps(_line(each), ensure_ascii=False) + "\n" for each in self.outcomes())
        path = self._settings.out / MANIFEST
        write_beside(path, "".join(lines))
        return path

    def _key(self, client_id: str, principal: Principal, today: date) -> str:
        """Client, data and configuration, hashed each by itself: at most 255 characters, and no client's id."""
        rights = sorted({*principal.roles, *principal.branches, principal.user_id})
        configuration = json.dumps([*map(str, asdict(self._settings).values()), rights], ensure_ascii=False)
        parts = (client_id, self._data.of(client_id, principal=principal, today=today), configuration)
        return ":".join(hashlib.sha256(part.encode("utf-8", "surrogatepass")).hexdigest()[:32] for part in parts)

    def _payload(self) -> dict[str, Any]:
        return {
            name: str(value) if isinstance(value, Path) else value for name, value in asdict(self._settings).items()
        }

    def _rows(self) -> Iterator[Row[Any]]:
        """The rows of this batch, some hundred a query: a batch may have very many."""
        with self._store.engine.connect() as connection:
            for some in _chunks(self._keys):
                yield from connection.execute(select(jobs).where(jobs.c.queue == QUEUE, jobs.c.key.in_(some)))

    def _must_repeat(self, row: Row[Any], retry_failed: bool) -> bool:
        if row.state == JobState.DONE:
            file, digest = (row.result or {}).get("file"), (row.result or {}).get("sha256")
            return file is not None and file_hash(self._settings.out / file) != digest
        return retry_failed and row.state == JobState.QUARANTINED


class BatchHandler:
    """The work of one row: diagnose, judge, write beside and rename."""

    def __init__(
        self,
        diagnose: Callable[[Mapping[str, Any]], JudgedReport],
        exported: Callable[[str, str | None, str], None],
        *,
        clock: Callable[[], float],
    ) -> None:
        """diagnose: by a row's payload. exported(client, user, report): logs it before a file is written."""
        self._diagnose, self._exported, self._clock = diagnose, exported, clock

    def __call__(self, task: Task) -> dict[str, Any]:
        """The row's result; a client without judgeable holdings is quarantined at once, with the reason."""
        payload, began = task.job.payload, self._clock()
        try:
            judged = self._diagnose(payload)
        except (DiagnosisError, UnknownClientError, PermissionError) as error:
            raise PoisonJobError(str(error) or "this client may not be seen") from error
        verdict, path = judged.verdict, target(payload)
        result: dict[str, Any] = {
            "outcome": verdict.outcome.word, "audit_id": verdict.audit_id, "review_id": verdict.review_id,
            "findings": len(judged.report.observations), "file": None, "sha256": None,
            "held_because": [] if verdict.cleared else [*sorted({f.rule for f in verdict.findings}), *verdict.errors],
        }  # fmt: skip
        task.check()  # a lease lost meanwhile must not overwrite what its new holder wrote
        if verdict.cleared is not None:
            self._exported(payload["client_id"], payload["user_id"], verdict.audit_id or "")
            judged.write(path)
            result |= {"file": path.name, "sha256": file_hash(path)}
        elif path.exists():
            path.unlink()  # of older data: what is held now must not look cleared
        return {**result, "seconds": round(self._clock() - began, 3)}


def target(payload: Mapping[str, Any]) -> Path:
    """Where a client's report goes; an id with letters that no file may have is percent-encoded."""
    name = quote(payload["client_id"], safe=" ", encoding="utf-8", errors="surrogatepass").replace(".", "%2E")
    return Path(payload["out"]) / f"{name[:200]}.{payload['format']}"


def summary(outcomes: Sequence[BatchOutcome], wall_s: float) -> str:
    """One line for people."""
    made = sum(each.file is not None for each in outcomes)
    held = sum(each.state is JobState.DONE and each.file is None for each in outcomes)
    failed = sum(each.state is JobState.QUARANTINED for each in outcomes)
    return f"{made} reports, {held} held by the gate, {failed} failed, of {len(outcomes)} clients in {wall_s:.1f} s"


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def _outcome(job: Row[Any]) -> BatchOutcome:
    result, state = job.result or {}, JobState(job.state)
    names = ("outcome", "file", "sha256", "audit_id", "review_id", "findings", "seconds")
    return BatchOutcome(
        client_id=job.payload["client_id"], state=state, reason=None if state is JobState.DONE else job.error,
        held_because=tuple(result.get("held_because", ())), **{name: result.get(name) for name in names},
    )  # fmt: skip


def _line(outcome: BatchOutcome) -> dict[str, Any]:
    return {**asdict(outcome), "state": outcome.state.value}
