"""Progress is told while others work, and not after."""

from __future__ import annotations

import time

import pytest

from jobs.progress import reporting


class Batch:
    def __init__(self) -> None:
        self.asked = 0

    def progress(self) -> int:
        self.asked += 1
        return self.asked


def test_it_tells_while_the_block_runs_and_not_after() -> None:
    batch, told = Batch(), []
    with reporting(batch, told.append, every_s=0.01):
        while len(told) < 2:
            time.sleep(0.005)
    count = len(told)
    time.sleep(0.05)
    assert told == list(range(1, count + 1))


def test_a_block_that_fails_ends_it_too() -> None:
    batch, told = Batch(), []
    with pytest.raises(RuntimeError), reporting(batch, told.append, every_s=0.01):
        raise RuntimeError("stopped")
    count = len(told)
    time.sleep(0.03)
    assert len(told) == count
