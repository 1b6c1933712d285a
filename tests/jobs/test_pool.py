"""Worker processes and their watchdog, on a SQLite file."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from jobs.errors import PoolError
from jobs.leases import JobState, JobStore
from jobs.pool import run_pool
from jobs.settings import JobSettings
from jobs.tables import metadata
from serve.database import open_engine
from tests.jobs import crew

pytestmark = pytest.mark.slow


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'jobs.db'}"


@pytest.fixture
def store(url: str) -> Iterator[JobStore]:
    engine = open_engine(url)
    metadata.create_all(engine)
    crew.metadata.create_all(engine)
    yield JobStore(engine)
    engine.dispose()


def test_the_pool_empties_the_queue_and_replaces_worn_workers(store: JobStore, url: str) -> None:
    keys = [str(n) for n in range(12)]
    for key in keys:
        store.enqueue("calls", key, {})
    run_pool(
        2, "calls", crew.slow_set_up(url, 0.02),
        stop=threading.Event(), settings=crew.QUICK, until_empty=True, max_jobs_per_worker=4,
    )  # fmt: skip
    assert sorted(crew.effect_keys(store.engine)) == sorted(keys)
    assert len({job.result["worker"] for job in store.list("calls")}) >= 3


def test_a_killed_worker_is_replaced_and_its_job_done(store: JobStore, url: str, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    for n in range(6):
        store.enqueue("calls", str(n), {})
    set_up = partial(crew.set_up, url, partial(crew.write_pid, folder=str(pids)))

    def kill_first() -> None:
        while not list(pids.iterdir()):
            time.sleep(0.01)
        os.kill(int(next(pids.iterdir()).name), signal.SIGKILL)

    killer = threading.Thread(target=kill_first)
    killer.start()
    run_pool(1, "calls", set_up, stop=threading.Event(), settings=crew.QUICK, until_empty=True)
    killer.join()
    assert store.counts("calls").done == 6
    assert len(list(pids.iterdir())) == 2


def test_a_job_that_kills_its_workers_is_quarantined(store: JobStore, url: str) -> None:
    store.enqueue("calls", "poison", {"poison": True}, priority=1, max_attempts=2)
    store.enqueue("calls", "good", {})
    rules = crew.QUICK.model_copy(update={"lease_s": 0.3, "heartbeat_s": 0.1})
    set_up = partial(crew.set_up, url, crew.die_on_poison)
    run_pool(1, "calls", set_up, stop=threading.Event(), settings=rules, until_empty=True)
    assert store.find("calls", "poison").state is JobState.QUARANTINED
    assert store.find("calls", "good").state is JobState.DONE


def test_a_hung_worker_is_killed_and_replaced(store: JobStore, url: str, tmp_path: Path) -> None:
    store.enqueue("calls", "a", {})
    rules = JobSettings(lease_s=0.6, heartbeat_s=0.1, idle_s=0.05, job_timeout_s=0.5)
    set_up = partial(crew.set_up, url, partial(crew.hang_once, flag=str(tmp_path / "hung")))
    run_pool(1, "calls", set_up, stop=threading.Event(), settings=rules, until_empty=True)
    seen = store.find("calls", "a")
    assert (seen.state, seen.attempts) == (JobState.DONE, 2)


def test_stopping_lets_the_job_in_progress_finish(store: JobStore, url: str) -> None:
    for n in range(3):
        store.enqueue("calls", str(n), {})
    stop = threading.Event()

    def stop_when_working() -> None:
        while not store.counts("calls").leased:
            time.sleep(0.01)
        stop.set()

    watcher = threading.Thread(target=stop_when_working)
    watcher.start()
    run_pool(1, "calls", crew.slow_set_up(url, 0.5), stop=stop, settings=crew.QUICK)
    watcher.join()
    counts = store.counts("calls")
    assert (counts.done, counts.leased, counts.ready) == (1, 0, 2)


def test_a_set_up_that_always_fails_ends_the_pool(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PoolError, match="before they were ready"):
        run_pool(1, "calls", crew.broken_set_up, stop=threading.Event(), settings=crew.QUICK)
    assert "no weights" in capfd.readouterr().err
