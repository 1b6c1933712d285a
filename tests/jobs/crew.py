"""What worker processes of the tests import: stores, handlers and the table their effects go to."""

from __future__ import annotations

import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, insert, select

from jobs.leases import JobStore
from jobs.outbox import Dispatcher, OutboxMessage
from jobs.settings import JobSettings
from jobs.stop import stop_on_signals
from jobs.worker import Handler, Task, run_worker
from serve.database import open_engine

metadata = MetaData()
effects = Table(
    "effects",
    metadata,
    Column("n", Integer, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False),
)
QUICK = JobSettings(lease_s=1.0, heartbeat_s=0.2, idle_s=0.05, grace_s=5.0, max_attempts=50)


def effect_keys(engine: Engine) -> list[str]:
    """The key of every effect, one entry for each time it happened."""
    with engine.connect() as connection:
        return list(connection.execute(select(effects.c.key).order_by(effects.c.n)).scalars())


def slow_effect(task: Task, *, seconds: float) -> None:
    """Work for a while, then write the effect and complete the job in one transaction."""
    time.sleep(seconds)
    with task.finishing({"worker": os.getpid()}) as connection:
        connection.execute(insert(effects).values(key=task.job.key))
        time.sleep(seconds / 4)


def write_pid(task: Task, *, folder: str) -> None:
    """Say who works, then work for long; killed workers leave their file."""
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(0.3)


def die_on_poison(task: Task) -> None:
    """Be killed by one input, as a decoder that runs out of memory is."""
    if task.job.payload.get("poison"):
        os.kill(os.getpid(), signal.SIGKILL)


def hang_once(task: Task, *, flag: str) -> None:
    """Hang at the first attempt only."""
    if not Path(flag).exists():
        Path(flag).touch()
        time.sleep(600)


def set_up(url: str, handler: Handler) -> tuple[JobStore, Handler]:
    """The set-up of a worker process."""
    return JobStore(open_engine(url), max_attempts=QUICK.max_attempts), handler


def broken_set_up() -> tuple[JobStore, Handler]:
    """A set-up that fails, as with missing weights."""
    raise RuntimeError("no weights")


def slow_set_up(url: str, seconds: float) -> partial[tuple[JobStore, Handler]]:
    """A set-up whose jobs take `seconds` each."""
    return partial(set_up, url, partial(slow_effect, seconds=seconds))


def record_delivery(engine: Engine, message: OutboxMessage) -> None:
    """A receiver that is slow and writes down every message it gets, repetitions too."""
    with engine.begin() as connection:
        connection.execute(insert(effects).values(key=message.id))
    time.sleep(0.03)


def main() -> None:
    """python -m tests.jobs.crew work|claim|dispatch URL"""
    kind, url = sys.argv[1:]
    engine = open_engine(url)
    if kind == "work":
        handler = partial(slow_effect, seconds=0.04)
        run_worker(JobStore(engine), "calls", handler, stop=stop_on_signals(), settings=QUICK)
    elif kind == "claim":
        store = JobStore(engine)
        while claimed := store.claim("calls", f"process {os.getpid()}", 600, limit=3):
            print(*(job.id for job in claimed), sep="\n", flush=True)
    else:
        deliver = partial(record_delivery, engine)
        Dispatcher(engine, deliver, lease_s=0.5, max_attempts=50).run(stop_on_signals(), idle_s=0.05)


if __name__ == "__main__":
    main()
