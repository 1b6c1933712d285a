"""`tougu bench asr` and `tougu bench archive`: sample calls through the speech way, beside the bare engine."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eval.bare import BareEngine
from eval.bench.measure import Progress, bench_result, quotient, rss_mb
from eval.case import EvalError
from eval.fresh import fresh_house
from eval.result import Result
from intent.archive import QUEUE
from intent.recordings import RecordingFile, load_call_metadata
from intent.speech.audio import Samples, decode
from intent.speech.transcribe import Transcriber, Transcription
from jobs.settings import JobSettings
from serve.batch import transcribe_batch
from serve.sample import sample_folder
from serve.settings import Settings
from serve.wiring import House

FIXTURE = "serve/sample/calls"
SLOPE_FILES = 8  # fewer files say nothing about a slope
RESTART_FILES = 4  # of a long batch, killed and started again
CONFIGURATIONS = ((1, 1), (2, 1), (1, 2))  # workers, threads of each
DAY_S = 2_000 * 180.0  # of sound: a day's calls of three minutes


def sample_recordings(kind: str, limit: int) -> list[RecordingFile]:
    """`limit` sample calls of a kind (stereo or mono), each anew under another id once all were taken."""
    rows = load_call_metadata(sample_folder() / "calls" / "calls.csv")
    found = [row for row in rows if (decode(row.path).channels > 1) == (kind == "stereo")]
    rounds = -(-limit // len(found))
    return [replace(row, call_id=f"{row.call_id}-{n}" if n else row.call_id) for n in range(rounds) for row in found][
        :limit
    ]


@dataclass(frozen=True, kw_only=True)
class Ran:
    """Seconds of audio, of the whole way, of the engine inside it, and of the bare engine on the same channels."""

    audio_s: float
    way_s: float
    engine_s: float
    bare_s: float


class Timed:
    """The product's own engine, and how long it worked."""

    def __init__(self, engine: Transcriber) -> None:
        self._engine, self.name, self.seconds = engine, engine.name, 0.0

    def transcribe(self, samples: Samples, *, hotwords: Sequence[str] = ()) -> Transcription:
        began = time.perf_counter()
        heard = self._engine.transcribe(samples, hotwords=hotwords)
        self.seconds += time.perf_counter() - began
        return heard


def bench_asr(house: House, *, stereo: int, mono: int, progress: Progress) -> Result:
    """The whole way (decode, channels, engine, roles, turns) against the bare engine with voice activity
    and word times on the same channels. `overhead_*`: time of the way over time of the bare engine. `steps_*`: time of
    the way over the time that the product's own engine took in it: what the other steps cost."""
    if house.settings.speech.engine != "local":
        raise EvalError("The bare engine is local: set speech.engine = local to compare with it.")
    began = time.perf_counter()
    bare = BareEngine(house)
    groups = {"stereo": sample_recordings("stereo", stereo), "mono": sample_recordings("mono", mono)}
    every = [row for rows in groups.values() for row in rows]
    warm = every[0]
    house.transcribe(warm.path, advisor_channel=warm.advisor_channel)  # weights load outside the measured time
    house.transcriber = timed = Timed(house.transcriber)
    ran: dict[str, Ran] = {}
    for kind, rows in groups.items():
        ran[kind] = _sum([_one(house, timed, bare, row) for row in rows])
        progress(len(ran), len(groups), kind)
    total = _sum(list(ran.values()))
    return bench_result(
        "asr",
        fixture=FIXTURE,
        n=len(every),
        model={"engine": house.transcriber.name},
        parameters={"stereo": stereo, "mono": mono, "threads": house.settings.speech.threads},
        metrics={
            "audio_s_per_s": quotient(total.audio_s, total.way_s),
            "baseline_audio_s_per_s": quotient(total.audio_s, total.bare_s),
            "overhead_stereo": quotient(ran["stereo"].way_s, ran["stereo"].bare_s),
            "overhead_mono": quotient(ran["mono"].way_s, ran["mono"].bare_s),
            "steps_stereo": quotient(ran["stereo"].way_s, ran["stereo"].engine_s),
            "steps_mono": quotient(ran["mono"].way_s, ran["mono"].engine_s),
            "rss_mb": rss_mb(),
        },
        began=began,
    )


def _one(house: House, timed: Timed, bare: BareEngine, row: RecordingFile) -> Ran:
    engine_s, began = timed.seconds, time.perf_counter()
    call = house.transcribe(row.path, advisor_channel=row.advisor_channel)
    between = time.perf_counter()
    bare.text(decode(row.path))
    return Ran(
        audio_s=call.transcript.duration_s,
        way_s=between - began,
        engine_s=timed.seconds - engine_s,
        bare_s=time.perf_counter() - between,
    )


def _sum(ran: Sequence[Ran]) -> Ran:
    return Ran(
        audio_s=sum(r.audio_s for r in ran),
        way_s=sum(r.way_s for r in ran),
        engine_s=sum(r.engine_s for r in ran),
        bare_s=sum(r.bare_s for r in ran),
    )


def bench_archive(house: House, *, files: int, progress: Progress) -> Result:
    """The batch with one and two workers of one thread each and with one of two, then killed after its first file and
    started again; more files than sample calls are the same ones again.

    `speedup_2`: time of one worker over time of two. `restart_repeats`: finished files that were made again.
    `rss_mb`: resident memory of the single worker at its end; its slope needs eight files and is null below that.
    `hours_2000_calls`: of 2,000 calls of three minutes at the best speed on this machine.
    """
    began = time.perf_counter()
    rows = sample_recordings("stereo", files)
    seconds: dict[tuple[int, int], float] = {}
    audio_s = 0.0
    memory: list[float] = []
    for n, (workers, threads) in enumerate(CONFIGURATIONS):
        progress(n, 4, f"{workers} x {threads}")
        measured = memory if (workers, threads) == (1, 1) else []
        seconds[workers, threads], audio_s = _batch(house, rows, workers, threads, measured)
    progress(3, 4, "restart")
    repeats = _restart_repeats(house, rows[:RESTART_FILES])
    progress(4, 4, "")
    best = min(seconds, key=lambda configuration: seconds[configuration])
    speed = quotient(audio_s, seconds[best])
    return bench_result(
        "archive",
        fixture=FIXTURE,
        n=len(rows),
        model={"engine": house.transcriber.name},
        parameters={"files": files, "best_workers": best[0], "best_threads_a_worker": best[1]},
        metrics={
            "speedup_2": quotient(seconds[1, 1], seconds[2, 1]),
            "best_audio_s_per_s": speed,
            "baseline_audio_s_per_s": quotient(audio_s, seconds[1, 1]),
            "one_worker_two_threads_audio_s_per_s": quotient(audio_s, seconds[1, 2]),
            "hours_2000_calls": quotient(DAY_S / 3600, speed),
            "rss_mb": memory[-1] if memory else None,
            "restart_repeats": repeats,
            "rss_slope_mb_per_file": _slope(memory) if len(rows) >= SLOPE_FILES else None,
        },
        began=began,
    )


def _batch(
    house: House, rows: list[RecordingFile], workers: int, threads: int, memory: list[float]
) -> tuple[float, float]:
    """Seconds of the whole batch, start of the workers included, and seconds of audio."""
    with tempfile.TemporaryDirectory(prefix="tougu-bench-") as out, fresh_house(house) as fresh:
        settings = _with_threads(fresh.settings, threads)
        working = House(settings)
        done = 0

        def note(report: object) -> None:
            nonlocal done
            if getattr(report, "done", 0) > done:
                done += 1
                memory.append(rss_mb())

        started = time.perf_counter()
        outcomes = transcribe_batch(
            working, settings, rows, out=Path(out), formats=("json",), workers=workers,
            retry_failed=False, on_progress=note,
        )  # fmt: skip
        spent = time.perf_counter() - started
        working.close()
    failed = [outcome.path for outcome in outcomes if outcome.reason]
    if failed:
        raise EvalError(f"{failed[0]} was not transcribed: run `tougu transcribe {failed[0]}` to see why.")
    return spent, sum(outcome.audio_s for outcome in outcomes)


def _with_threads(settings: Settings, threads: int) -> Settings:
    speech = settings.speech.model_copy(update={"threads": threads})
    jobs = JobSettings(lease_s=6.0, heartbeat_s=1.5)  # so that a killed worker's file comes back soon
    return settings.model_copy(update={"speech": speech, "jobs": jobs})


def _restart_repeats(house: House, rows: list[RecordingFile]) -> int:
    """Kill the batch (SIGKILL) once its first row is done, run it again, count finished files written twice."""
    with tempfile.TemporaryDirectory(prefix="tougu-bench-") as out, fresh_house(house) as fresh:
        settings = _with_threads(fresh.settings, 1)
        store = fresh.jobs  # makes the tables before the process that is killed
        child = multiprocessing.get_context("spawn").Process(target=_work, args=(settings, rows, Path(out)))
        child.start()
        while child.is_alive() and not store.counts(QUEUE).done:
            time.sleep(0.05)
        child.kill()
        child.join()
        first = {path: path.stat().st_mtime_ns for path in Path(out).glob("*.json")}
        _work(settings, rows, Path(out))
        return sum(path.stat().st_mtime_ns != made for path, made in first.items())


def _work(settings: Settings, rows: list[RecordingFile], out: Path) -> None:
    """The life of the process that is killed, and of the run that follows it."""
    house = House(settings)
    transcribe_batch(
        house, settings, rows, out=out, formats=("json",), workers=1, retry_failed=False, on_progress=lambda _: None
    )
    house.close()


def _slope(memory: list[float]) -> float | None:
    """MB a file by least squares, the first file left out: it loads the weights."""
    if len(memory) < 3:
        return None
    return round(float(np.polyfit(range(len(memory) - 1), memory[1:], 1)[0]), 3)
