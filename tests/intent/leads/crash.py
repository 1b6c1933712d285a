"""A process that is killed before its n-th statement, or at its n-th commit: whatever it did not commit is gone."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from serve.database import open_engine

Work = Callable[[Engine], Any]


def killed_at(n: int, url: str, work: Work) -> bool:
    """Do the work in a process of its own that dies by kill -9 before statement or commit number n; whether it died."""
    process = multiprocessing.get_context("fork").Process(target=_run, args=(n, url, work))
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL), f"the process ended with {process.exitcode}"
    return process.exitcode != 0


def kill_everywhere(url: str, work: Work, after: Callable[[int], None]) -> int:
    """Kill the work before each of its statements and commits, one after the other, and call `after` each time; at last
    let it end. Returns how many places there were."""
    n = 1
    while killed_at(n, url, work):
        after(n)
        n += 1
        assert n < 80, "the work never ends"
    after(n)
    return n - 1


def _run(n: int, url: str, work: Work) -> None:
    engine = open_engine(url)
    left = n

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if engine.dialect.name == "postgresql":
        _count_on_the_driver(count)
    else:
        event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)
    work(engine)
    os._exit(0)


def _count_on_the_driver(count: Callable[[], None]) -> None:
    """Before every statement, SQLAlchemy's own and those that `jobs.direct` runs past it; and after those that need no
    commit: their work is done, and nobody has heard of it yet."""
    for name in ("execute", "executemany"):
        setattr(psycopg.Cursor, name, _counted(getattr(psycopg.Cursor, name), count))


def _counted(plain: Callable[..., Any], count: Callable[[], None]) -> Callable[..., Any]:
    def run(cursor: psycopg.Cursor[Any], *args: Any, **options: Any) -> Any:
        count()
        done = plain(cursor, *args, **options)
        if cursor.connection.autocommit:
            count()
        return done

    return run
