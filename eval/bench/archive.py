"""`tougu bench archive`: the batch with one and two workers, its memory over many files, killed and started again."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.bench.clips import cut_clips
from eval.bench.measure import Progress, bench_result, quotient, rss_mb
from eval.bench.speech import FIXTURE, sample_recordings
from eval.case import EvalError
from eval.fresh import fresh_house
from eval.result import Figure, Result
from intent.archive import QUEUE
from intent.recordings import RecordingFile
from jobs.settings import JobSettings
from serve.batch import transcribe_batch
from serve.settings import Settings
from serve.wiring import House

SLOPE_FILES = 8  # fewer files say nothing about a slope
SOURCES = 6  # calls that clips are cut from
RESTART_FILES = 4  # of a long batch, killed and started again
CONFIGURATIONS = ((1, 1), (2, 1), (1, 2))  # workers, threads of each
DAY_S = 2_000 * 180.0  # of sound: a day's calls of three minutes


@dataclass(frozen=True, kw_only=True)
class Look:
    """A batch at one moment."""

    at_s: float  # since its start
    done: int
    audio_s: float  # of what is done
    rss_mb: float  # of this process


def bench_archive(house: House, *, files: int, clips: int, progress: Progress) -> Result:
    """Whole sample calls (`files`; more than there are are the same ones again) with one and two worker processes of
    one thread each and with one of two, start included; then killed after the first file and started again. Beside
    that, `clips` files of 3-6 s in four containers, cut from the same calls, with one worker in this process.

    `speedup_2`: time of one worker over time of two. `speedup_2_running`: the same by seconds of audio a second once
    every worker has done a file, so that loading the weights does not count. `rss_*`: resident memory over the clips; a
    slope needs eight files and is null below that. `hours_2000_calls`: of 2,000 calls of three minutes at the best
    speed on this machine. `restart_repeats`: finished files that were made again.
    """
    began = time.perf_counter()
    rows = sample_recordings("stereo", files)
    progress(0, 5, f"{clips} clips")
    memory = _over_clips(house, clips) if clips else []  # first: nothing else was in this process yet
    looks: dict[tuple[int, int], list[Look]] = {}
    for n, (workers, threads) in enumerate(CONFIGURATIONS, 1):
        progress(n, 5, f"{workers} x {threads}")
        looks[workers, threads] = _batch(house, rows, workers, threads)
    progress(4, 5, "restart")
    repeats = _restart_repeats(house, rows[:RESTART_FILES])
    progress(5, 5, "")
    seconds = {configuration: seen[-1].at_s for configuration, seen in looks.items()}
    audio_s = looks[1, 1][-1].audio_s
    best = min(seconds, key=lambda configuration: seconds[configuration])
    speed = quotient(audio_s, seconds[best])
    return bench_result(
        "archive",
        fixture=FIXTURE,
        n=len(rows),
        model={"engine": house.transcriber.name},
        parameters={"files": files, "clips": clips, "best_workers": best[0], "best_threads_a_worker": best[1]},
        metrics={
            "speedup_2": quotient(seconds[1, 1], seconds[2, 1]),
            "speedup_2_running": quotient(_running(looks[2, 1], 2), _running(looks[1, 1], 1)),
            "best_audio_s_per_s": speed,
            "baseline_audio_s_per_s": quotient(audio_s, seconds[1, 1]),
            "one_worker_two_threads_audio_s_per_s": quotient(audio_s, seconds[1, 2]),
            "hours_2000_calls": quotient(DAY_S / 3600, speed),
            **of_clips(memory),
            "restart_repeats": repeats,
        },
        began=began,
    )


def of_clips(looks: Sequence[Look]) -> dict[str, Figure]:
    """Memory over the clips, and seconds a clip: by what is done, since one look may find several done."""
    return {
        "rss_first_mb": looks[0].rss_mb if looks else None,
        "rss_mb": looks[-1].rss_mb if looks else None,
        "rss_slope_mb_per_file": slope(looks[1:]),
        "rss_slope_second_half": slope(looks[len(looks) // 2 :]),
        "clip_s": quotient(looks[-1].at_s, looks[-1].done) if looks else None,
    }


def slope(looks: Sequence[Look]) -> float | None:
    """MB a file by least squares; None for fewer than SLOPE_FILES - 1 looks. The first file loads the weights: give
    what comes after it."""
    if len(looks) < SLOPE_FILES - 1:
        return None
    return round(float(np.polyfit([look.done for look in looks], [look.rss_mb for look in looks], 1)[0]), 4)


def _running(looks: Sequence[Look], workers: int) -> float | None:
    """Seconds of audio a second from the moment when as many files are done as there are workers."""
    first = next((look for look in looks if look.done >= workers), None)
    if first is None or first is looks[-1]:
        return None
    return quotient(looks[-1].audio_s - first.audio_s, looks[-1].at_s - first.at_s)


def _batch(house: House, rows: list[RecordingFile], workers: int, threads: int) -> list[Look]:
    """One look each time a file is done; the batch runs in worker processes, whose start is part of its time."""
    with tempfile.TemporaryDirectory(prefix="tougu-bench-") as out, fresh_house(house) as fresh:
        settings = _with_threads(fresh.settings, threads)
        working = House(settings)
        looks = watched(working, settings, rows, Path(out), workers=workers, in_processes=True)
        working.close()
    return looks


def _over_clips(house: House, clips: int) -> list[Look]:
    """The same for short files, in this process, with one thread."""
    with tempfile.TemporaryDirectory(prefix="tougu-bench-") as folder, fresh_house(house) as fresh:
        rows = cut_clips(sample_recordings("stereo", min(clips, SOURCES)), Path(folder) / "clips", clips)
        settings = _with_threads(fresh.settings, 1)
        working = House(settings)
        looks = watched(working, settings, rows, Path(folder) / "out", workers=1, in_processes=False)
        working.close()
    return looks


def watched(
    house: House, settings: Settings, rows: list[RecordingFile], out: Path, *, workers: int, in_processes: bool
) -> list[Look]:
    """Transcribe a batch and look at it each time a file is done. Raises EvalError where one was not transcribed."""
    looks: list[Look] = []
    began = time.perf_counter()

    def note(report: object) -> None:
        done, audio_s = getattr(report, "done", 0), getattr(report, "audio_s", 0.0)
        if done > (looks[-1].done if looks else 0):
            looks.append(Look(at_s=time.perf_counter() - began, done=done, audio_s=audio_s, rss_mb=rss_mb()))

    outcomes = transcribe_batch(
        house, settings, rows, out=out, formats=("json",), workers=workers, retry_failed=False,
        on_progress=note, watched=in_processes,
    )  # fmt: skip
    failed = [outcome.path for outcome in outcomes if outcome.reason]
    if failed:
        raise EvalError(f"{failed[0]} was not transcribed: run `tougu transcribe {failed[0]}` to see why.")
    return looks


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
