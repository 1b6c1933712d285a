"""Batch transcription: every recording is a leased row; killed at any moment, nothing is lost or doubled."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from intent.call import Call
from intent.errors import AudioError, CallFileError
from intent.pipeline import transcribe_call
from intent.recordings import RecordingFile, content_hash
from intent.settings import SpeechSettings
from intent.speech.annotate import Masker, Originals, shown_transcript
from intent.speech.decoder import RawFormat
from intent.speech.formats import writers
from intent.speech.repair import Repairer
from intent.speech.transcribe import Transcriber
from jobs.errors import PoisonJobError, UnknownJobError
from jobs.leases import ROWS_A_QUERY, Counts, Job, JobStore
from jobs.progress import reporting
from jobs.settings import JobSettings
from jobs.stop import Stop
from jobs.tables import JobState
from jobs.worker import Handler, Task, run_worker

QUEUE = "transcribe"
MANIFEST = "manifest.jsonl"
CHANNELS = {"left": 0, "right": 1}
POLL_S = 0.2
OVER = frozenset({JobState.DONE, JobState.QUARANTINED})
TOLD = {"client": "client_id", "advisor": "advisor_id", "started_at": "started_at", "direction": "direction"}


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a batch is."""

    total: int
    done: int
    quarantined: int
    audio_s: float  # of finished recordings


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one recording."""

    path: str
    call_id: str
    state: JobState
    outputs: tuple[str, ...]
    audio_s: float
    turns: int
    warnings: tuple[str, ...]
    reason: str | None  # why it is quarantined, or failed last
    told: Mapping[str, str | None] = field(default_factory=dict)  # by metadata: client, advisor, started_at, direction


class Archive:
    """One output folder of transcripts. Any number of processes may work on its rows."""

    def __init__(self, store: JobStore, out: Path, *, engine: str, formats: Sequence[str] = ("json", "txt")) -> None:
        """`engine`: the transcriber's name; with content and formats it makes the key of a row.

        Raises CallFileError for an unknown format.
        """
        writers(formats)
        self._store, self._out = store, out.absolute()
        self._engine, self._formats = engine, tuple(sorted(formats))
        self._keys: list[str] = []
        self._over: dict[str, tuple[JobState, float]] = {}  # by key: rows that are finished, and their seconds of audio
        self._counting = threading.Lock()

    def enqueue(self, recordings: Iterable[RecordingFile], *, retry_failed: bool = False) -> int:
        """Add a row a recording; returns how many are still to be done.

        A recording that is done already stays done unless its output is gone; one in quarantine stays
        there unless `retry_failed`. What cannot be read gets a row too, which ends there with its reason.
        """
        for recording in recordings:
            key = self._key(recording)
            self._keys.append(key)
            job = self._find(key)
            if job is None:
                self._store.enqueue(QUEUE, key, self._payload(recording))
            elif self._must_repeat(job, retry_failed):
                self._store.requeue(job.id)
                self._over.pop(key, None)
        found = self.progress()
        return found.total - found.done - found.quarantined

    def run(
        self,
        handler: Handler,
        *,
        stop: Stop,
        settings: JobSettings | None = None,
        on_progress: Callable[[Progress], None] = lambda progress: None,
    ) -> Progress:
        """Work in this process until the queue is empty or `stop` is set; then write the manifest."""
        with reporting(self, on_progress, every_s=POLL_S):
            run_worker(self._store, QUEUE, handler, stop=stop, settings=settings, until_empty=True)
        self.write_manifest()
        final = self.progress()
        on_progress(final)
        return final

    def progress(self) -> Progress:
        """Counts over the recordings of this batch. What is finished is not looked up again: an archive is long."""
        with self._counting:
            keys = dict.fromkeys(self._keys)
            for job in self._store.find_many(QUEUE, [key for key in keys if key not in self._over]):
                if job.state in OVER:
                    self._over[job.key] = job.state, _outcome(job).audio_s
            states = [state for state, _ in self._over.values()]
            return Progress(
                total=len(keys),
                done=states.count(JobState.DONE),
                quarantined=states.count(JobState.QUARANTINED),
                audio_s=sum(audio_s for _, audio_s in self._over.values()),
            )

    def outcomes(self) -> Iterator[Outcome]:
        """What became of each recording, in the order they were given."""
        keys = list(dict.fromkeys(self._keys))
        for start in range(0, len(keys), ROWS_A_QUERY):
            some = keys[start : start + ROWS_A_QUERY]
            found = {job.key: job for job in self._store.find_many(QUEUE, some)}
            yield from (_outcome(found.get(key) or self._store.find(QUEUE, key)) for key in some)

    def write_manifest(self) -> Path:
        """`manifest.jsonl` in the output folder: a line a recording, written beside and renamed."""
        self._out.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(_manifest_line(o), ensure_ascii=False) + "\n" for o in self.outcomes())
        path = self._out / MANIFEST
        write_beside(path, "".join(lines))
        return path

    def counts(self) -> Counts:
        """Rows of the whole queue, other batches included."""
        return self._store.counts(QUEUE)

    def _key(self, recording: RecordingFile) -> str:
        """Content, engine, configuration and target, so that equal files in two places give two outputs."""
        configuration = "|".join((self._engine, *self._formats, str(self._out), recording.call_id))
        return f"{_content(recording.path)}:{hashlib.sha256(configuration.encode()).hexdigest()[:24]}"

    def _payload(self, recording: RecordingFile) -> dict[str, Any]:
        return {
            "path": str(recording.path.absolute()),
            "out": str(self._out),
            "formats": list(self._formats),
            "call_id": recording.call_id,
            "client_id": recording.client_id,
            "advisor_id": recording.advisor_id,
            "started_at": recording.started_at,
            "advisor_channel": recording.advisor_channel,
            "direction": recording.direction,
        }

    def _find(self, key: str) -> Job | None:
        try:
            return self._store.find(QUEUE, key)
        except UnknownJobError:
            return None

    def _must_repeat(self, job: Job, retry_failed: bool) -> bool:
        if job.state is JobState.DONE:
            return not all(Path(path).is_file() for path in _targets(job.payload).values())
        return retry_failed and job.state is JobState.QUARANTINED


class TranscribeHandler:
    """The work of one row: transcribe, write every format beside and rename, report."""

    def __init__(
        self,
        transcriber: Transcriber,
        settings: SpeechSettings,
        repairer: Repairer | None = None,
        *,
        hotwords: Callable[[str | None], Sequence[str]] = lambda client_id: (),
        masker: Masker | None = None,
        originals: Originals | None = None,
    ) -> None:
        """`hotwords`: names that a client's call may speak of. With `masker` files show masks, and `originals` keeps
        the words behind them."""
        self._transcriber, self._settings, self._repairer = transcriber, settings, repairer
        self._hotwords, self._masker, self._originals = hotwords, masker, originals

    def __call__(self, task: Task) -> dict[str, Any]:
        """The row's result: duration, turns and warnings. Without sound it is quarantined at once."""
        payload = task.job.payload
        try:
            call = self._call(task)
        except AudioError as error:
            raise PoisonJobError(str(error)) from error
        task.check()  # a lease lost meanwhile must not overwrite what its new holder wrote
        transcript = shown_transcript(call, self._masker, self._originals)
        for name, write in writers(payload["formats"]).items():
            write_beside(Path(_targets(payload)[name]), write(transcript))
        return {
            "audio_s": transcript.duration_s,
            "turns": len(transcript.turns),
            "warnings": list(transcript.warnings),
        }

    def _call(self, task: Task) -> Call:
        payload = task.job.payload
        channel, known_from = advisor_channel(payload["advisor_channel"], self._settings)
        started_at = payload["started_at"]
        return transcribe_call(
            Path(payload["path"]),
            transcriber=self._transcriber,
            call_id=payload["call_id"],
            client_id=payload["client_id"],
            advisor_id=payload["advisor_id"],
            started_at=datetime.fromisoformat(started_at) if started_at else None,
            advisor_channel=channel,
            roles_from=known_from,
            turn_pause_s=self._settings.turn_pause_s,
            max_duration_s=self._settings.max_duration_s,
            min_confidence=self._settings.min_confidence,
            raw=RawFormat.named(self._settings.raw),
            hotwords=self._hotwords(payload["client_id"]),
            repairer=self._repairer,
            on_window=lambda done_s: task.alive(),
        )


def advisor_channel(named: str | None, settings: SpeechSettings) -> tuple[int | None, str]:
    """The advisor's channel (0, 1, or None: tell from the words) and where that is known from."""
    if named in CHANNELS:
        return CHANNELS[named], "metadata"
    return CHANNELS.get(settings.advisor_channel), "settings"


def _content(path: Path) -> str:
    """The hash of a recording; of its path where it cannot be read, so that one such file ends no batch."""
    try:
        return content_hash(path)
    except CallFileError:
        return hashlib.sha256(f"unreadable {path.absolute()}".encode()).hexdigest()


def write_beside(path: Path, text: str) -> None:
    """Write a text file whole or not at all: beside, flushed to disk, renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.new")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _targets(payload: Mapping[str, Any]) -> dict[str, str]:
    return {name: f"{payload['out']}/{payload['call_id']}.{name}" for name in payload["formats"]}


def _outcome(job: Job) -> Outcome:
    result = job.result or {}
    done = job.state is JobState.DONE
    return Outcome(
        path=job.payload["path"],
        call_id=job.payload["call_id"],
        state=job.state,
        outputs=tuple(_targets(job.payload).values()) if done else (),
        audio_s=float(result.get("audio_s", 0.0)),
        turns=int(result.get("turns", 0)),
        warnings=tuple(result.get("warnings", ())),
        reason=None if done else job.error,
        told={name: job.payload.get(column) for name, column in TOLD.items()},
    )


def _manifest_line(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.call_id,
        "path": outcome.path,
        **outcome.told,
        "state": outcome.state.value,
        "outputs": list(outcome.outputs),
        "audio_s": outcome.audio_s,
        "turns": outcome.turns,
        "warnings": list(outcome.warnings),
        "reason": outcome.reason,
    }
