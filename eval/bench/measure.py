"""What every benchmark shares: clocks, percentiles, memory, load that keeps to a schedule, and the result."""

from __future__ import annotations

import os
import platform
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from eval.result import Figure, Result

Progress = Callable[[int, int, str], None]
POOL = 32  # threads of a load at most


def p95(ms: Sequence[float]) -> float | None:
    """95th percentile; None without any value."""
    return percentile(ms, 95)


def percentile(values: Sequence[float], q: float) -> float | None:
    """Linearly interpolated percentile; None without any value."""
    return round(float(np.percentile(values, q)), 3) if len(values) else None


def timed_ms(work: Callable[[], object]) -> float:
    """Milliseconds that one call took."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def rss_mb() -> float:
    """Resident memory of this process now, in MB of 10^6 bytes."""
    import psutil

    return round(psutil.Process().memory_info().rss / 1e6, 1)


def peak_mb() -> float:
    """The most memory that this process ever held, in MB of 10^6 bytes.

    Linux counts in `ru_maxrss` of a spawned process what its parent held as it was spawned; its own peak is told apart.
    """
    own = re.search(r"^VmHWM:\s+(\d+) kB$", _status(), re.MULTILINE)
    if own:
        return round(int(own[1]) * 1024 / 1e6, 1)
    import resource

    unit = 1 if platform.system() == "Darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1)


def _status() -> str:
    try:
        return Path("/proc/self/status").read_text("ascii", errors="replace")
    except OSError:
        return ""


def quotient(above: float | None, below: float | None) -> float | None:
    """A ratio; None where either side was not measured or the lower one is 0."""
    return round(above / below, 4) if above is not None and below else None


def bench_result(
    name: str,
    *,
    fixture: str,
    n: int,
    parameters: dict[str, Any],
    metrics: dict[str, Figure],
    model: dict[str, Any] | None = None,
    began: float,
) -> Result:
    """The JSON object of a benchmark; `fixture` names what was worked on, `began` is a perf_counter."""
    machine = {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    return Result(
        suite=f"bench {name}",
        data={"path": fixture, "sha256": None, "n": n},
        model=model or {},
        parameters={**parameters, "machine": machine},
        metrics=metrics,
        seconds=time.perf_counter() - began,
    )


def open_loop(
    arrivals_s: Sequence[float], work: Callable[[int], object], *, threads: int = POOL
) -> tuple[list[float], int]:
    """Do `work(i)` at the scheduled second of each arrival; returns milliseconds from the schedule, and errors.

    Latency counts from the scheduled time, so that a stalled server is charged for everybody it kept
    waiting (no coordinated omission). What fails is counted and has no latency.
    """
    ms: SimpleQueue[float] = SimpleQueue()
    failed = threading.Semaphore(0)
    errors = 0
    start = time.perf_counter() + 0.05

    def arrive(i: int, due: float) -> None:
        time.sleep(max(0.0, due - time.perf_counter()))
        try:
            work(i)
        except Exception:  # a benchmark counts failures of whatever kind
            failed.release()
        else:
            ms.put((time.perf_counter() - due) * 1e3)

    with ThreadPoolExecutor(max_workers=threads) as pool:
        for i, at_s in enumerate(arrivals_s):
            time.sleep(max(0.0, start + at_s - time.perf_counter() - 0.01))
            pool.submit(arrive, i, start + at_s)
    while failed.acquire(blocking=False):
        errors += 1
    return [ms.get() for _ in range(ms.qsize())], errors


def poisson_arrivals(rate_per_s: float, seconds: float, *, seed: int = 7) -> list[float]:
    """Seconds of independent arrivals at a mean rate, the same for the same seed."""
    random = np.random.default_rng(seed)
    gaps = random.exponential(1 / rate_per_s, size=max(1, int(rate_per_s * seconds * 2)))
    return [float(at) for at in np.cumsum(gaps) if at < seconds]
