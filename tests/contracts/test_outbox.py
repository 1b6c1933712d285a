"""The contract of the outbox, on SQLite and on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from jobs.errors import DeliveryError, UnknownJobError
from jobs.outbox import Delivered, Dispatcher, Outbox, OutboxMessage
from jobs.retry import Backoff
from jobs.tables import metadata
from tests.jobs import crew

AT_ONCE = Backoff(base_s=0.001, cap_s=0.001)


@pytest.fixture
def database(any_engine: Engine) -> Engine:
    metadata.create_all(any_engine)
    crew.metadata.create_all(any_engine)
    return any_engine


@pytest.fixture
def outbox(database: Engine) -> Outbox:
    return Outbox(database)


def add(database: Engine, *keys: str | None, topic: str = "lead.created") -> list[str]:
    with database.begin() as connection:
        return [Outbox(database).add(connection, topic, key, {"n": n}) for n, key in enumerate(keys)]


class Receiver:
    """Takes messages, or fails the first `failures` times."""

    def __init__(self, failures: int = 0, error: Exception | None = None) -> None:
        self.got: list[OutboxMessage] = []
        self._failures = failures
        self._error = error or ConnectionError("refused")

    def __call__(self, message: OutboxMessage) -> None:
        self.got.append(message)
        if len(self.got) <= self._failures:
            raise self._error


class TestOutbox:
    def test_a_message_belongs_to_the_callers_transaction(self, database: Engine, outbox: Outbox) -> None:
        with database.connect() as connection:
            outbox.add(connection, "lead.created", "client-1", {})
            connection.rollback()
        assert outbox.pending() == []

    def test_delivered_once_with_a_row_per_attempt(self, database: Engine, outbox: Outbox) -> None:
        (id_,) = add(database, "client-1")
        receiver = Receiver()
        dispatcher = Dispatcher(database, receiver)
        assert dispatcher.run_once() == Delivered(delivered=1)
        assert dispatcher.run_once().total == 0
        assert [(m.id, m.topic, m.key, m.payload, m.attempt) for m in receiver.got] == [
            (id_, "lead.created", "client-1", {"n": 0}, 1)
        ]
        (attempt,) = outbox.attempts(id_)
        assert attempt.ok
        assert attempt.finished_at is not None
        assert outbox.get(id_).delivered_at is not None

    def test_retries_keep_the_id_and_record_each_failure(self, database: Engine, outbox: Outbox) -> None:
        (id_,) = add(database, "client-1")
        receiver = Receiver(failures=2)
        dispatcher = Dispatcher(database, receiver, backoff=AT_ONCE)
        for _ in range(3):
            dispatcher.run_once()
            time.sleep(0.01)
        assert [message.id for message in receiver.got] == [id_] * 3
        assert [(a.n, a.ok, a.detail) for a in outbox.attempts(id_)] == [
            (1, False, "ConnectionError: refused"),
            (2, False, "ConnectionError: refused"),
            (3, True, ""),
        ]

    def test_a_failed_message_waits_for_its_backoff(self, database: Engine) -> None:
        add(database, "client-1")
        receiver = Receiver(failures=1, error=DeliveryError("busy", retry_in_s=3.0))
        dispatcher = Dispatcher(database, receiver)
        assert dispatcher.run_once() == Delivered(failed=1)
        assert dispatcher.run_once().total == 0
        time.sleep(3.1)
        assert dispatcher.run_once() == Delivered(delivered=1)

    def test_dead_after_the_last_attempt_and_replayed(self, database: Engine, outbox: Outbox) -> None:
        (id_,) = add(database, "client-1")
        receiver = Receiver(failures=2)
        dispatcher = Dispatcher(database, receiver, max_attempts=2, backoff=AT_ONCE)
        assert dispatcher.run_once(limit=1) == Delivered(failed=1)
        time.sleep(0.01)
        assert dispatcher.run_once(limit=1) == Delivered(dead=1)
        assert [message.id for message in outbox.dead()] == [id_]
        outbox.replay(id_)
        assert dispatcher.run_once() == Delivered(delivered=1)
        assert [attempt.n for attempt in outbox.attempts(id_)] == [1, 2, 3]
        with pytest.raises(UnknownJobError):
            outbox.replay(id_)

    def test_a_permanent_refusal_is_dead_at_once(self, database: Engine, outbox: Outbox) -> None:
        (id_,) = add(database, "client-1")
        refusal = DeliveryError("410 Gone", permanent=True)
        assert Dispatcher(database, Receiver(1, refusal)).run_once() == Delivered(dead=1)
        assert outbox.attempts(id_)[0].detail == "410 Gone"

    def test_order_is_kept_within_a_key_and_only_there(self, database: Engine) -> None:
        first, second, other, free = add(database, "client-1", "client-1", "client-2", None)
        receiver = Receiver(failures=1, error=DeliveryError("busy", retry_in_s=3.0))
        dispatcher = Dispatcher(database, receiver)
        dispatcher.run_once()
        assert [message.id for message in receiver.got] == [first, other, free]
        time.sleep(3.1)
        dispatcher.run_once()
        assert [message.id for message in receiver.got[3:]] == [first, second]

    def test_a_dead_message_lets_the_next_of_its_key_go(self, database: Engine) -> None:
        _, second = add(database, "client-1", "client-1")
        receiver = Receiver(1, DeliveryError("410 Gone", permanent=True))
        assert Dispatcher(database, receiver).run_once() == Delivered(delivered=1, dead=1)
        assert receiver.got[-1].id == second

    def test_only_the_topics_asked_for(self, database: Engine, outbox: Outbox) -> None:
        add(database, "a", topic="lead.created")
        add(database, "a", topic="kafka")
        receiver = Receiver()
        Dispatcher(database, receiver, topics=["kafka"]).run_once()
        assert [message.topic for message in receiver.got] == ["kafka"]
        assert len(outbox.pending()) == 1

    def test_a_dispatcher_that_was_too_slow_changes_nothing(self, database: Engine, outbox: Outbox) -> None:
        (id_,) = add(database, "client-1")
        second = Receiver()

        def slow(message: OutboxMessage) -> None:
            time.sleep(0.2)
            assert Dispatcher(database, second, lease_s=60).run_once() == Delivered(delivered=1)

        assert Dispatcher(database, slow, lease_s=0.1).run_once() == Delivered(failed=1)
        assert [message.id for message in second.got] == [id_]
        assert "lease lost" in outbox.attempts(id_)[0].detail
        assert outbox.get(id_).delivered_at is not None

    def test_the_sequence_of_a_key_follows_its_commits(self, database: Engine, outbox: Outbox) -> None:
        """A transaction that numbers first and commits last would be overtaken."""

        def add_slowly(n: int) -> None:
            with database.begin() as connection:
                outbox.add(connection, "lead.updated", "client-1", {"n": n})
                time.sleep(0.01)

        dispatched: list[int] = []
        dispatcher = Dispatcher(database, lambda message: dispatched.append(message.sequence))
        with ThreadPoolExecutor(4) as threads:
            writing = [threads.submit(add_slowly, n) for n in range(12)]
            while not all(future.done() for future in writing) or dispatcher.run_once().total:
                dispatcher.run_once()
        assert len(dispatched) == 12
        assert dispatched == sorted(dispatched)

    def test_dispatchers_side_by_side_deliver_each_message_once(self, database: Engine) -> None:
        ids = add(database, *[f"client-{n % 7}" for n in range(40)])
        receiver, together = Receiver(), threading.Barrier(4)

        def dispatch(_: int) -> None:
            together.wait()
            dispatcher = Dispatcher(database, receiver)
            while dispatcher.run_once().total or Outbox(database).pending(1):
                pass

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(dispatch, range(4)))
        assert sorted(message.id for message in receiver.got) == sorted(ids)


class TestKill9:
    def test_killed_dispatchers_lose_nothing(self, database: Engine, outbox: Outbox, database_url: str) -> None:
        ids = add(database, *[f"client-{n % 5}" for n in range(40)])
        command = [sys.executable, "-m", "tests.jobs.crew", "dispatch", database_url]
        for _ in range(4):
            dispatcher = subprocess.Popen(command)
            seen, deadline = len(crew.effect_keys(database)), time.monotonic() + 30
            while len(crew.effect_keys(database)) < seen + 4 and time.monotonic() < deadline:
                time.sleep(0.005)
            dispatcher.kill()
            dispatcher.wait()
        last = subprocess.Popen(command)
        deadline = time.monotonic() + 60
        while outbox.pending(1) and time.monotonic() < deadline:
            time.sleep(0.02)
        last.terminate()
        assert last.wait(20) == 0
        received = crew.effect_keys(database)
        assert set(received) == set(ids)
        assert len(received) - len(ids) <= 4, "at most the message in flight is repeated, under its id"
        unfinished = [a for id_ in ids for a in outbox.attempts(id_) if a.finished_at is None]
        assert 1 <= len(unfinished) <= 4
