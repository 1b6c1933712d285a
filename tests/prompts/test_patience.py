"""Streams of chat models have an end, whatever the server does."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from prompts.errors import ChatUnavailableError
from prompts.patience import patient


def test_pieces_come_as_they_are() -> None:
    assert list(patient(iter("甲乙丙"), name="m", silence_s=5, budget_s=5)) == ["甲", "乙", "丙"]


def test_a_server_that_stalls_holds_nobody() -> None:
    release = threading.Event()

    def stalls() -> Iterator[str]:
        yield "甲"
        release.wait(20)
        yield "乙"

    got = patient(stalls(), name="m", silence_s=0.05, budget_s=5)
    assert next(got) == "甲"
    with pytest.raises(ChatUnavailableError, match="said nothing"):
        next(got)
    release.set()


def test_a_server_that_drips_is_bounded_too() -> None:
    moments = iter(range(100))

    def drips() -> Iterator[str]:
        while True:
            yield "甲"

    got = patient(drips(), name="m", silence_s=50, budget_s=5, clock=lambda: float(next(moments)))
    with pytest.raises(ChatUnavailableError, match="longer than 5 s"):
        list(got)


def test_its_error_reaches_the_reader() -> None:
    def breaks() -> Iterator[str]:
        yield "甲"
        raise ChatUnavailableError("broke off")

    got = patient(breaks(), name="m", silence_s=5, budget_s=5)
    assert next(got) == "甲"
    with pytest.raises(ChatUnavailableError, match="broke off"):
        next(got)


def test_a_reader_who_leaves_ends_the_stream() -> None:
    closed = threading.Event()
    more = threading.Event()

    def pieces() -> Iterator[str]:
        try:
            yield "甲"
            more.wait(20)
            yield "乙"
        finally:
            closed.set()

    got = patient(pieces(), name="m", silence_s=5, budget_s=5)
    assert next(got) == "甲"
    got.close()  # type: ignore[attr-defined]
    more.set()
    assert closed.wait(20)
