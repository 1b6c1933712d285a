"""Diagnoses in batches: every client is a leased row; killed at any moment, nothing is lost or made twice.

A row's key holds the client, a hash of all data that the report rests on, and the configuration: the same call again
does nothing, and a client whose data changed gets a new report.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Row, select

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
COLUMNS = ("client_id", "id")  # of a list of clients
MOST_CLIENTS = 1_000_000
BLOCK = 1 << 20
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
            return file is not None and _file_hash(self._settings.out / file) != digest
        return retry_failed and row.state == JobState.QUARANTINED


class DataHash:
    """One hash over all that a client's report is made of.

    Of the client: row, positions, trades, behaviour. Of the firm: every product, since another one may be the better
    choice, and every file of the NAV folder, documents and the restricted list.
    """

    def __init__(self, clients: Clients, products: Products, navs: Path, benchmark: Path | None, shared: str) -> None:
        self._clients, self._products, self._navs, self._benchmark = clients, products, navs, benchmark
        self._shared, self._firm = shared, ""

    def of(self, client_id: str, *, principal: Principal, today: date) -> str:
        """Hex; of a client not to be seen the hash of nothing, so that the row fails once and not every time."""
        try:
            client = self._clients.get(client_id, principal=principal)
        except UnknownClientError:
            return "unknown"
        adviser = self._clients.advisor(client.advisor_id, principal=principal) if client.advisor_id else None
        parts = (
            client,
            client.risk_level_on(today),
            adviser,
            self._clients.holdings(client_id, principal=principal),
            self._clients.transactions(client_id, principal=principal),
            self._clients.events(client_id, principal=principal),
            self._of_firm(principal),
        )
        return _digest("\n".join(map(repr, parts)))

    def _of_firm(self, principal: Principal) -> str:
        """The same for all clients of a run; files are hashed by content, once."""
        if not self._firm:
            named = [self._benchmark] if self._benchmark else []
            files = {path for path in self._navs.rglob("*") if path.is_file()}.union(named)
            found = [f"{path} {_file_hash(path)}" for path in sorted(files)]
            shelf = [repr(each) for each in self._products.all(principal=principal)]
            self._firm = _digest("\n".join([*found, *shelf, self._shared]))
        return self._firm


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
            result |= {"file": path.name, "sha256": _file_hash(path)}
        elif path.exists():
            path.unlink()  # of older data: what is held now must not look cleared
        return {**result, "seconds": round(self._clock() - began, 3)}


def target(payload: Mapping[str, Any]) -> Path:
    """Where a client's report goes; an id with letters that no file may have is percent-encoded."""
    name = quote(payload["client_id"], safe=" ", encoding="utf-8", errors="surrogatepass").replace(".", "%2E")
    return Path(payload["out"]) / f"{name[:200]}.{payload['format']}"


def read_clients(path: Path) -> list[str]:
    """Ids of a list of clients: CSV in UTF-8 with a column `client_id` or `id`, or one id a line.

    Raises DiagnosisError for a file that is no such list or names nobody.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DiagnosisError(f"{path} is no list of clients ({type(error).__name__}): give a CSV in UTF-8.") from error
    heads = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = next((heads.index(name) for name in COLUMNS if name in heads), None)
    if column is None and any(len(row) > 1 for row in rows):
        raise DiagnosisError(f"{path} has no column client_id: name the column of the ids client_id or id.")
    body, place = (rows, 0) if column is None else (rows[1:], column)
    found = [row[place].strip() for row in body if len(row) > place and row[place].strip()]
    if not found or len(found) > MOST_CLIENTS:
        raise DiagnosisError(f"{path} names {len(found)} clients: give a list of 1 to {MOST_CLIENTS:,}.")
    return found


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


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _file_hash(path: Path) -> str | None:
    """SHA-256 of a file's content, None where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()
