"""A bound on how long a chat model may take, and on how long a stream of one may be silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import TypeVar

from prompts.errors import ChatUnavailableError

Got = TypeVar("Got")


class _End:
    """The last thing a stream puts down; with the error it ended by."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error


def in_time(ask: Callable[[], Got], *, name: str, budget_s: float) -> Got:
    """What `ask` returns. Raises ChatUnavailableError after `budget_s`: a server that sends a byte now and then would
    keep every time limit of its connection. The request ends by itself, unheard."""
    inbox: SimpleQueue[tuple[Got, None] | tuple[None, Exception]] = SimpleQueue()

    def run() -> None:
        try:
            inbox.put((ask(), None))
        except Exception as error:  # whoever waits raises it
            inbox.put((None, error))

    threading.Thread(target=run, name="chat-reply", daemon=True).start()
    try:
        got = inbox.get(timeout=budget_s)
    except Empty:
        raise ChatUnavailableError(f"{name} took longer than {budget_s:g} s: look at its load") from None
    if got[1] is not None:
        raise got[1]
    return got[0]


def patient(
    pieces: Iterator[str],
    *,
    name: str,
    silence_s: float,
    budget_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[str]:
    """The pieces as they come. Raises ChatUnavailableError after `silence_s` without one, or after `budget_s` in all.

    They are read by a thread of their own, so that a server that stalls holds nobody who waits for an answer; it
    ends with the server's own time limit, or at the next piece after the reader has left.
    """
    inbox: SimpleQueue[str | _End] = SimpleQueue()
    left = threading.Event()
    threading.Thread(target=_read, args=(pieces, inbox, left), name="chat-stream", daemon=True).start()
    until = clock() + budget_s
    try:
        while True:
            if (left_s := until - clock()) <= 0:
                raise ChatUnavailableError(f"{name} took longer than {budget_s:g} s: look at its load")
            try:
                got = inbox.get(timeout=min(silence_s, left_s))
            except Empty:
                raise ChatUnavailableError(
                    f"{name} said nothing for {min(silence_s, left_s):g} s: look at its load"
                ) from None
            if isinstance(got, _End):
                if got.error is not None:
                    raise got.error
                return
            yield got
    finally:
        left.set()


def _read(pieces: Iterator[str], inbox: SimpleQueue[str | _End], left: threading.Event) -> None:
    end = _End()
    try:
        for piece in pieces:
            inbox.put(piece)
            if left.is_set():
                break
    except Exception as error:  # whoever reads raises it
        end = _End(error)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
        inbox.put(end)
