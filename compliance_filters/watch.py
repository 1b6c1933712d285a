"""Filters run in threads of their own, so that one that hangs holds up no caller, and not ever more threads.

A thread cannot be ended from outside. A run that is out of time is left to itself and counted; where `most` runs of
one filter hang, the filter is called unavailable at once and no further text enters it until some of them end. So at
most `most` threads and those of the callers of one moment are lost to a filter, whatever number of texts comes.
"""

from __future__ import annotations

import contextvars
import logging
import os
import queue
import threading
from collections import Counter
from collections.abc import Callable, Mapping

MOST_STUCK = 8  # runs of one filter that hang before it is called unavailable
_IDLE_S = 30.0  # how long a thread without work stays
log = logging.getLogger(__name__)


class Run:
    """One piece of work: `at` tells where it is; once `left`, nobody waits for it and it should end."""

    def __init__(self, work: Callable[[Run], None]) -> None:
        self._work = work
        self.at = "gate"
        self.left = False
        self.failure: BaseException | None = None
        self.ready = threading.Event()  # the work proper has begun: weights are loaded
        self.ended = threading.Event()

    def __call__(self) -> None:
        try:
            self._work(self)
        except BaseException as error:  # also what is no Exception, as a panic in a library: the caller must hear of it
            self.failure = error


class Watch:
    """Threads for runs, and which filters hang."""

    def __init__(self, *, most: int = MOST_STUCK) -> None:
        self._most = most
        self._reset()

    @property
    def stuck(self) -> Mapping[str, int]:
        """Runs that are out of time and have not ended, by filter."""
        with self._lock:
            return dict(+self._stuck)

    def hangs(self, name: str) -> bool:
        """Whether so many runs of a filter hang that no text may enter it."""
        return self._stuck[name] >= self._most

    def start(self, run: Run) -> None:
        """Begin a run in a thread that is free, or a new one."""
        if self._pid != os.getpid():  # a fork has none of its parent's threads
            self._reset()
        context = contextvars.copy_context()
        with self._lock:
            inbox = self._idle.pop() if self._idle else None
        if inbox is None:
            inbox = queue.SimpleQueue()
            threading.Thread(target=self._serve, args=(inbox,), name="gate", daemon=True).start()
        inbox.put((run, context))

    def leave(self, run: Run) -> None:
        """Wait no longer for a run: it counts as stuck until it ends."""
        with self._lock:
            if run.ended.is_set() or run.left:
                return
            run.left, where = True, run.at
            self._stuck[where] += 1
            self._at[run] = where
            count = self._stuck[where]
        if count == self._most:
            log.error("the compliance filter %s hangs in %d runs: no text is judged by it until they end", where, count)

    def _serve(self, inbox: _Inbox) -> None:
        while True:
            try:
                run, context = inbox.get(timeout=_IDLE_S)
            except queue.Empty:
                with self._lock:
                    if inbox in self._idle:
                        self._idle.remove(inbox)
                        return
                continue  # somebody has just taken this thread
            context.run(run)
            with self._lock:
                self._over(run)
                self._idle.append(inbox)
            run.ready.set()
            del run, context

    def _over(self, run: Run) -> None:
        run.ended.set()
        where = self._at.pop(run, None)
        if where is None:
            return
        self._stuck[where] -= 1
        if self._stuck[where] == self._most - 1:
            log.warning("the compliance filter %s answers again", where)

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._idle: list[_Inbox] = []
        self._stuck: Counter[str] = Counter()
        self._at: dict[Run, str] = {}


_Inbox = queue.SimpleQueue[tuple[Run, contextvars.Context]]
