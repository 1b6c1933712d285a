"""The same rows worked by Ray actors."""

from __future__ import annotations

import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from jobs.errors import EngineMissingError
from jobs.leases import JobState, JobStore
from jobs.ray_engine import cpus_per_actor, load_ray, run_ray
from jobs.tables import metadata
from serve.database import open_engine
from tests.jobs import crew


@pytest.mark.parametrize(("workers", "cpus"), [(1, 2), (2, 2), (4, 2), (3, 16), (1, 1)])
def test_the_actors_never_claim_every_cpu(workers: int, cpus: int) -> None:
    assert 0 < workers * cpus_per_actor(workers, cpus) < cpus


def test_without_ray_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineMissingError, match=r"tougu\[ray\]"):
        load_ray()


@pytest.mark.ray
def test_actors_do_every_job_once_and_dead_ones_are_replaced(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    engine = open_engine(url)
    metadata.create_all(engine)
    store = JobStore(engine)
    for n in range(10):
        store.enqueue("calls", str(n), {})
    store.enqueue("calls", "poison", {"poison": True}, max_attempts=2)
    rules = crew.QUICK.model_copy(update={"lease_s": 2.0})

    def set_up() -> tuple[JobStore, object]:
        return crew.set_up(url, crew.die_on_poison)

    run_ray(2, "calls", set_up, stop=threading.Event(), settings=rules, until_empty=True)  # type: ignore[arg-type]
    assert store.counts("calls").done == 10
    assert store.find("calls", "poison").state is JobState.QUARANTINED
    engine.dispose()


@pytest.mark.ray
def test_an_actor_that_hangs_is_killed_and_its_job_done_by_another(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    engine = open_engine(url)
    metadata.create_all(engine)
    store = JobStore(engine)
    store.enqueue("calls", "a", {})
    rules = crew.QUICK.model_copy(update={"job_timeout_s": 1.0, "lease_s": 1.0})
    flag = str(tmp_path / "hung")

    def set_up() -> tuple[JobStore, object]:
        return crew.set_up(url, partial(crew.hang_once, flag=flag))

    run_ray(1, "calls", set_up, stop=threading.Event(), settings=rules, until_empty=True)  # type: ignore[arg-type]
    assert Path(flag).exists()
    assert store.counts("calls").done == 1
    engine.dispose()
