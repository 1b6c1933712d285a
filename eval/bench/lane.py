"""`tougu bench calls`: the fresh lane at the pace of a day's busiest time, beside an archive that is running."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
from sqlalchemy import select

from eval.bench.arrivals import busiest, day_of_calls, simulated
from eval.bench.measure import Progress, bench_result, percentile, quotient
from eval.bench.speech import sample_recordings
from eval.case import EvalError
from eval.fresh import fresh_house
from eval.result import Result
from intent.call_records.tables import call_records
from intent.recordings import RecordingFile
from intent.speech.audio import SAMPLE_RATE, Samples, decode
from intent.speech.transcribe import Segment, Transcription
from jobs.tables import JobState
from serve.batch import transcribe_batch
from serve.call_queue import CALLS, FRESH
from serve.sample import import_people
from serve.users import OPERATOR
from serve.wiring import House
from serve.worker import running_worker

BAR_S = 600.0
CALL_S = 180.0  # length of an ordinary call, to which measured times are scaled
SEED = 7
POLL_S = 0.1


@dataclass
class PacedEngine:
    """An engine that hears the same in every call, and takes the time that a real one takes for it."""

    seconds_per_s: float
    name: str = "paced"

    def transcribe(self, samples: Samples, *, hotwords: Sequence[str] = ()) -> Transcription:
        seconds = samples.size / SAMPLE_RATE
        time.sleep(seconds * self.seconds_per_s)
        said = Segment(text="我想申购云岭稳健增利，买二十万。", start_s=0.0, end_s=min(seconds, 5.0))
        return Transcription(segments=(said,), speech_s=min(seconds, 5.0))


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is played."""

    calls: int  # that end while it is measured
    a_day: int  # by which the pace is set
    archive: int  # recordings of the batch that runs beside
    hurry: float  # how many times faster than the clock the calls end
    paced: float | None  # seconds of work for a second of sound; None: the engine of the settings


def bench_calls(house: House, *, load: Load, progress: Progress) -> Result:
    """Calls end as in the busiest minutes of a day of `a_day`, while an archive is transcribed beside.

    `p95_s`: from the end of a call to its leads, as it was. `day_*`: the whole day, simulated with the times of service
    that were measured here beside the archive, scaled to calls of three minutes.
    """
    began = time.perf_counter()
    ends = day_of_calls(load.a_day, seed=SEED)
    with fresh_house(house) as fresh, tempfile.TemporaryDirectory(prefix="tougu-bench-") as folder:
        import_people(fresh)
        beside = House(fresh.settings)
        if load.paced is not None:
            fresh.transcriber = PacedEngine(seconds_per_s=load.paced)
            beside.transcriber = PacedEngine(seconds_per_s=load.paced, name="paced archive")
        recordings = _copies(sample_recordings("stereo", load.calls), Path(folder) / "calls", load.calls)
        archive = _copies(sample_recordings("stereo", load.archive), Path(folder) / "archive", load.archive)
        _warm(fresh, recordings[0])
        with _archive(beside, archive, Path(folder) / "out") as done, running_worker(fresh, wanted=True):
            gaps = [at / load.hurry for at in busiest(ends, load.calls)]
            arrived = _play(fresh, recordings, gaps, progress)
            waits, services = _waits(fresh, arrived)
            done_meanwhile = done()
        beside.close()
    day = simulated(ends, services, seed=SEED)
    return bench_result(
        "calls",
        fixture="serve/sample/calls",
        n=load.calls,
        model={"engine": "settings" if load.paced is None else f"paced, {load.paced} s a second"},
        parameters={"calls": load.calls, "a_day": load.a_day, "archive": load.archive, "hurry": load.hurry},
        metrics={
            "p50_s": percentile(waits, 50),
            "p95_s": percentile(waits, 95),
            "service_p50_s": percentile(services, 50),
            "archive_done_meanwhile": done_meanwhile,
            "day_p95_s": percentile(day.waits_s, 95),
            "day_max_s": percentile(day.waits_s, 100),
            "day_within_10_min": quotient(sum(wait <= BAR_S for wait in day.waits_s), len(day.waits_s)),
            "day_busy_h": round(day.busy_s / 3600, 2),
        },
        began=began,
    )


def _warm(house: House, recording: RecordingFile) -> None:
    """Load weights, rules and what is made once of the firm's data; nothing of this call is kept."""
    house.pipeline.read(house.transcribe(recording.path, advisor_channel=recording.advisor_channel))
    house.call_lane.hold_of(recording.client_id or "")
    house.tags.refresh(house.today(), principal=OPERATOR)
    house.scores.refresh(principal=OPERATOR)


def _copies(recordings: Sequence[RecordingFile], folder: Path, wanted: int) -> list[RecordingFile]:
    """As many recordings as wanted, each with a content of its own: a byte behind the sound makes another hash."""
    folder.mkdir()
    made = []
    for n in range(wanted):
        source = recordings[n % len(recordings)]
        path = folder / f"{n:05d}{source.path.suffix}"
        shutil.copyfile(source.path, path)
        with path.open("ab") as file:
            file.write(b"%05d" % n)
        made.append(RecordingFile(path=path, call_id=f"{folder.name}-{n:05d}", client_id=source.client_id,
                                  advisor_id=source.advisor_id, advisor_channel=source.advisor_channel))  # fmt: skip
    return made


@contextmanager
def _archive(house: House, recordings: list[RecordingFile], out: Path) -> Iterator[Callable[[], int]]:
    """An archive that runs until the block ends, or it is done; yields how many recordings are done."""
    done, over = [0], threading.Event()

    def note(report: object) -> None:
        done[0] = getattr(report, "done", 0)
        if over.is_set():
            raise InterruptedError

    def work() -> None:
        try:
            transcribe_batch(house, house.settings, recordings, out=out, formats=("json",), workers=1,
                             retry_failed=False, on_progress=note)  # fmt: skip
        except InterruptedError:
            return

    batch = threading.Thread(target=work, daemon=True)
    if recordings:
        batch.start()
    try:
        yield lambda: done[0]
    finally:
        over.set()
        if recordings:
            batch.join()


def _play(
    house: House, recordings: Sequence[RecordingFile], gaps: Sequence[float], progress: Progress
) -> dict[str, float]:
    """Put calls before the worker as they end; the length of each call, by its id."""
    lengths = {each.path.suffix + str(each.path.stat().st_size): 0.0 for each in recordings}
    lasted: dict[str, float] = {}
    for each in recordings:
        key = each.path.suffix + str(each.path.stat().st_size)
        lengths[key] = lengths[key] or decode(each.path).duration_s
        lasted[each.call_id] = lengths[key]
    began = time.monotonic()
    for n, (each, at) in enumerate(zip(recordings, gaps, strict=True)):
        time.sleep(max(0.0, began + at - time.monotonic()))
        started_at = datetime.now(UTC) - timedelta(seconds=lasted[each.call_id])
        payload = {"path": str(each.path), "call_id": each.call_id, "client_id": each.client_id,
                   "advisor_id": each.advisor_id, "advisor_channel": each.advisor_channel,
                   "started_at": started_at.isoformat()}  # fmt: skip
        house.call_queue.take(each.call_id, payload, priority=FRESH)
        progress(n, len(recordings), "calls end")
    while house.jobs.counts(CALLS).open:
        time.sleep(POLL_S)
    failed = house.jobs.list(CALLS, state=JobState.QUARANTINED)
    if failed:
        raise EvalError(f"The call {failed[0].payload['call_id']} was not read: {failed[0].error}")
    progress(len(recordings), len(recordings), "")
    return lasted


def _waits(house: House, lasted: dict[str, float]) -> tuple[list[float], list[float]]:
    """Seconds from end to leads of each call, and seconds of work, scaled to CALL_S of sound.

    Work on a call began when it came, or when the one before was done.
    """
    columns = (call_records.c.call_id, call_records.c.ended_at, call_records.c.read_at)
    with house.engine.connect() as connection:
        rows = connection.execute(select(*columns).where(call_records.c.state == "read")).all()
    if len(rows) < len(lasted):
        raise EvalError(f"{len(lasted) - len(rows)} calls were not read: do their clients agree to AI analysis?")
    rows = sorted(rows, key=lambda row: row.read_at)
    waits = [(row.read_at - row.ended_at).total_seconds() for row in rows]
    begins = [rows[0].ended_at, *(max(row.ended_at, before.read_at) for before, row in pairwise(rows))]
    services = [
        (row.read_at - begin).total_seconds() * CALL_S / lasted[row.call_id]
        for row, begin in zip(rows, begins, strict=True)
    ]
    return waits, [float(each) for each in np.maximum(services, 0.01)]
