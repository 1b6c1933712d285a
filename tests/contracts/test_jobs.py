"""The contract of leased rows, on SQLite and on PostgreSQL."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert

from jobs.clock import database_now
from jobs.errors import JobInterruptedError, JobStateError, LeaseLostError, PoisonJobError, UnknownJobError
from jobs.leases import Job, JobState, JobStore
from jobs.locks import hold
from jobs.retry import Backoff
from jobs.settings import JobSettings
from jobs.tables import metadata
from jobs.worker import Task, Watch, run_worker
from tests.jobs import crew

SHORT_S = 0.15


@pytest.fixture
def store(any_engine: Engine) -> Iterator[JobStore]:
    metadata.create_all(any_engine)
    crew.metadata.create_all(any_engine)
    return JobStore(any_engine, backoff=Backoff(base_s=0.01, cap_s=0.02))


def claim_one(store: JobStore, lease_s: float = 60) -> Job:
    (job,) = store.claim("calls", "worker-1", lease_s)
    return job


def work(store: JobStore, handler: object, **options: object) -> int:
    return run_worker(store, "calls", handler, stop=threading.Event(), settings=crew.QUICK, until_empty=True)  # type: ignore[arg-type]


class TestRows:
    def test_the_same_key_is_the_same_row(self, store: JobStore) -> None:
        first = store.enqueue("calls", "a", {"path": "a.wav"})
        assert store.enqueue("calls", "a", {"path": "other.wav"}) == first
        assert store.get(first).payload == {"path": "a.wav"}
        assert store.enqueue("kb", "a", {}) != first
        assert store.find("calls", "a").id == first

    def test_enqueue_is_part_of_the_callers_transaction(self, store: JobStore) -> None:
        with store.engine.connect() as connection:
            store.enqueue("calls", "a", {}, connection=connection)
            connection.rollback()
        assert store.counts("calls").total == 0

    def test_higher_priority_first_then_older(self, store: JobStore) -> None:
        for key, priority in (("archive-1", 0), ("archive-2", 0), ("fresh", 10)):
            store.enqueue("calls", key, {}, priority=priority)
        order = [store.claim("calls", "w", 60)[0].key for _ in range(3)]
        assert order == ["fresh", "archive-1", "archive-2"]

    def test_a_later_row_waits(self, store: JobStore) -> None:
        with store.engine.connect() as connection:
            later = database_now(connection) + timedelta(seconds=SHORT_S)
        store.enqueue("calls", "a", {}, run_after=later)
        assert store.claim("calls", "w", 60) == ()
        time.sleep(SHORT_S * 1.5)
        assert claim_one(store).key == "a"

    def test_progress_and_result_are_kept(self, store: JobStore) -> None:
        store.enqueue("calls", "a", {})
        job = claim_one(store)
        store.progress(job, 30, 180, "decoding")
        seen = store.get(job.id)
        assert (seen.progress_done, seen.progress_total, seen.progress_note) == (30, 180, "decoding")
        store.complete(job, {"turns": 12})
        seen = store.get(job.id)
        assert (seen.state, seen.result, seen.lease_owner) == (JobState.DONE, {"turns": 12}, None)
        assert seen.updated_at.tzinfo is not None

    def test_list_pages_by_id(self, store: JobStore) -> None:
        ids = [store.enqueue("calls", str(n), {}) for n in range(5)]
        store.complete(claim_one(store))
        assert [job.id for job in store.list("calls", limit=2, after_id=ids[1])] == ids[2:4]
        assert [job.id for job in store.list("calls", state=JobState.DONE)] == ids[:1]

    def test_every_row_comes_once_whatever_happens_to_it(
        self, store: JobStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("jobs.leases.ROWS_A_QUERY", 2)
        ids = [store.enqueue("calls", str(n), {}) for n in range(5)]
        assert [job.id for job in store.every("calls")] == ids
        done = []
        for job in store.every("calls", state=JobState.READY):
            done.append(job.id)
            store.complete(claim_one(store))
        assert done == ids

    def test_a_payload_is_amended_while_nobody_works_on_it(self, store: JobStore) -> None:
        first = store.enqueue("calls", "a", {"client": None})
        assert store.amend(first, {"client": "C1"}).payload == {"client": "C1"}
        job = claim_one(store)
        assert job.payload == {"client": "C1"}
        with pytest.raises(JobStateError, match="leased"):
            store.amend(first, {"client": "C2"})
        store.quarantine(job, "broken")
        assert store.amend(first, {"client": "C2"}).state is JobState.QUARANTINED
        with pytest.raises(UnknownJobError):
            store.amend("nothing", {})

    def test_unknown_job(self, store: JobStore) -> None:
        with pytest.raises(UnknownJobError):
            store.get("nothing")


class TestLeases:
    def test_a_leased_row_is_not_claimed_again(self, store: JobStore) -> None:
        store.enqueue("calls", "a", {})
        claim_one(store)
        assert store.claim("calls", "worker-2", 60) == ()
        assert store.counts("calls").leased == 1

    def test_an_expired_lease_is_claimable_and_the_first_owner_has_lost_it(self, store: JobStore) -> None:
        store.enqueue("calls", "a", {})
        first = claim_one(store, SHORT_S)
        time.sleep(SHORT_S * 1.5)
        (second,) = store.claim("calls", "worker-2", 60)
        assert (second.id, second.attempts) == (first.id, 2)
        for act in (
            lambda: store.complete(first, {"by": 1}),
            lambda: store.extend(first, 60),
            lambda: store.progress(first, 1),
            lambda: store.fail(first, "broken"),
            lambda: store.quarantine(first, "broken"),
            lambda: store.release(first),
        ):
            with pytest.raises(LeaseLostError):
                act()
        assert store.get(first.id) == second

    def test_an_expired_lease_is_lost_even_when_nobody_took_it(self, store: JobStore) -> None:
        store.enqueue("calls", "a", {})
        job = claim_one(store, SHORT_S)
        time.sleep(SHORT_S * 1.5)
        with pytest.raises(LeaseLostError):
            store.complete(job)

    def test_the_same_owner_claiming_again_does_not_revive_its_old_lease(self, store: JobStore) -> None:
        store.enqueue("calls", "a", {})
        old = claim_one(store, SHORT_S)
        time.sleep(SHORT_S * 1.5)
        claim_one(store)
        with pytest.raises(LeaseLostError):
            store.complete(old)

    def test_extending_keeps_the_lease(self, store: JobStore) -> None:
        store.enqueue("calls", "a", {})
        job = claim_one(store, SHORT_S)
        store.extend(job, 60)
        time.sleep(SHORT_S * 1.5)
        assert store.claim("calls", "worker-2", 60) == ()
        store.complete(job)

    def test_effects_of_a_lost_lease_roll_back(self, store: JobStore) -> None:
        store.enqueue("calls", "a", {})
        job = claim_one(store, SHORT_S)
        time.sleep(SHORT_S * 1.5)
        task = Task(store, job, threading.Event(), Watch(60.0))
        with pytest.raises(LeaseLostError), task.finishing() as connection:
            connection.execute(insert(crew.effects).values(key="a"))
        assert crew.effect_keys(store.engine) == []
        assert not task.finished

    def test_released_rows_do_not_count_the_attempt(self, store: JobStore) -> None:
        store.enqueue("calls", "a", {})
        store.release(claim_one(store))
        assert claim_one(store).attempts == 1


class TestFailures:
    def test_failures_are_retried_later_then_quarantined(self, store: JobStore) -> None:
        id_ = store.enqueue("calls", "a", {}, max_attempts=2)
        assert store.fail(claim_one(store), "first", retry_in_s=SHORT_S) is JobState.READY
        assert store.claim("calls", "w", 60) == ()
        time.sleep(SHORT_S * 1.5)
        assert store.fail(claim_one(store), "second") is JobState.QUARANTINED
        seen = store.get(id_)
        assert (seen.state, seen.error, seen.attempts) == (JobState.QUARANTINED, "second", 2)

    def test_a_row_that_kills_its_workers_is_quarantined_with_a_reason(self, store: JobStore) -> None:
        id_ = store.enqueue("calls", "a", {}, max_attempts=2)
        for _ in range(2):
            claim_one(store, SHORT_S)
            time.sleep(SHORT_S * 1.5)
        assert store.claim("calls", "w", 60) == ()
        seen = store.get(id_)
        assert seen.state is JobState.QUARANTINED
        assert seen.error is not None
        assert seen.error.endswith("attempts: 2")

    def test_requeue(self, store: JobStore) -> None:
        id_ = store.enqueue("calls", "a", {})
        with pytest.raises(JobStateError, match="is ready"):
            store.requeue(id_)
        with pytest.raises(UnknownJobError):
            store.requeue("nothing")
        store.quarantine(claim_one(store), "bad header")
        again = store.requeue(id_)
        assert (again.state, again.attempts, again.error) == (JobState.READY, 0, None)
        store.complete(claim_one(store), {"done": True})
        assert store.requeue(id_).result is None
        store.quarantine(claim_one(store), "bad header")
        assert store.requeue_quarantined("calls") == 1


class TestWorker:
    def test_an_error_of_one_job_does_not_stop_the_others(self, store: JobStore) -> None:
        for key in ("good", "bad", "poison"):
            store.enqueue("calls", key, {}, max_attempts=2)

        def handle(task: Task) -> dict[str, int]:
            if task.job.key == "poison":
                raise PoisonJobError("This recording has no sound in it.")
            if task.job.key == "bad":
                raise ValueError("boom")
            return {"n": task.job.attempts}

        assert work(store, handle) == 4  # bad twice
        assert store.find("calls", "good").result == {"n": 1}
        assert store.find("calls", "bad").error == "ValueError: boom"
        poison = store.find("calls", "poison")
        assert (poison.state, poison.attempts) == (JobState.QUARANTINED, 1)
        assert poison.error == "This recording has no sound in it."

    def test_the_heartbeat_keeps_a_long_job(self, store: JobStore) -> None:
        store.enqueue("calls", "long", {})
        rules = JobSettings(lease_s=2.0, heartbeat_s=0.2, idle_s=0.05)  # a busy machine may beat late
        stolen: list[Job] = []

        def handle(task: Task) -> None:
            for _ in range(6):
                time.sleep(0.5)
                stolen.extend(store.claim("calls", "thief", 60))

        run_worker(store, "calls", handle, stop=threading.Event(), settings=rules, until_empty=True)
        assert stolen == []
        assert store.find("calls", "long").state is JobState.DONE

    def test_a_job_over_its_time_loses_its_lease(self, store: JobStore) -> None:
        store.enqueue("calls", "hung", {})
        rules = JobSettings(lease_s=0.3, heartbeat_s=0.05, idle_s=0.05, job_timeout_s=0.1)

        def handle(task: Task) -> None:
            if task.job.attempts == 1:
                time.sleep(0.8)
                with pytest.raises(LeaseLostError):
                    task.check()

        assert run_worker(store, "calls", handle, stop=threading.Event(), settings=rules, until_empty=True) == 2
        assert store.find("calls", "hung").attempts == 2

    def test_a_stopping_worker_gives_its_job_back(self, store: JobStore) -> None:
        stop = threading.Event()
        store.enqueue("calls", "long", {})

        def handle(task: Task) -> None:
            stop.set()
            assert task.stopping
            raise JobInterruptedError

        assert run_worker(store, "calls", handle, stop=stop, settings=crew.QUICK) == 1
        seen = store.find("calls", "long")
        assert (seen.state, seen.attempts) == (JobState.READY, 0)


class TestManyAtOnce:
    def test_threads_never_get_the_same_row(self, store: JobStore) -> None:
        ids = {store.enqueue("calls", str(n), {}) for n in range(60)}
        together = threading.Barrier(6)

        def claim_all(name: str) -> list[str]:
            together.wait()
            got: list[str] = []
            while jobs := store.claim("calls", name, 600, limit=2):
                got += [job.id for job in jobs]
            return got

        with ThreadPoolExecutor(6) as threads:
            got = [id_ for part in threads.map(claim_all, map(str, range(6))) for id_ in part]
        assert sorted(got) == sorted(ids)

    def test_processes_never_get_the_same_row(self, store: JobStore, database_url: str) -> None:
        ids = {store.enqueue("calls", str(n), {}) for n in range(90)}
        command = [sys.executable, "-m", "tests.jobs.crew", "claim", database_url]
        claimers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
        got = " ".join(claimer.communicate(timeout=60)[0] for claimer in claimers).split()
        assert all(claimer.returncode == 0 for claimer in claimers)
        assert sorted(got) == sorted(ids)

    def test_the_same_key_enqueued_at_once_is_one_row(self, store: JobStore) -> None:
        together = threading.Barrier(8)

        def add(_: int) -> str:
            together.wait()
            return store.enqueue("calls", "same", {})

        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(add, range(8)))) == 1

    def test_hold_makes_read_then_write_safe(self, store: JobStore) -> None:
        def next_number(_: int) -> None:
            with store.engine.begin() as connection:
                hold(connection, "numbers")
                count = connection.execute(crew.effects.select()).all()
                time.sleep(0.005)
                connection.execute(insert(crew.effects).values(key=str(len(count))))

        with ThreadPoolExecutor(5) as threads:
            list(threads.map(next_number, range(15)))
        assert crew.effect_keys(store.engine) == [str(n) for n in range(15)]


class TestKill9:
    def test_killed_workers_lose_nothing_and_double_nothing(self, store: JobStore, database_url: str) -> None:
        keys = [f"call-{n}" for n in range(40)]
        for key in keys:
            store.enqueue("calls", key, {}, max_attempts=50)
        command = [sys.executable, "-m", "tests.jobs.crew", "work", database_url]
        chance, kills = random.Random(7), 0
        worker = subprocess.Popen(command)
        deadline = time.monotonic() + 120
        while store.counts("calls").open and time.monotonic() < deadline:
            before = store.counts("calls").done
            while kills < 5 and worker.poll() is None and store.counts("calls").done < before + 3:
                time.sleep(0.01)  # let it work first: a worker killed while it starts shows nothing
            time.sleep(chance.uniform(0, 0.06))
            if kills < 5:
                worker.kill()
                worker.wait()
                kills += 1
                worker = subprocess.Popen(command)
        worker.terminate()
        assert worker.wait(20) == 0
        assert kills == 5
        assert sorted(crew.effect_keys(store.engine)) == sorted(keys)
        assert store.counts("calls").done == len(keys)
        assert sum(job.attempts for job in store.list("calls", limit=100)) > len(keys), "no kill hit a job"
