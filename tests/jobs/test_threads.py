"""A process whose threads answer people: what the interpreter is told."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from jobs.threads import answer_in_threads


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)
    gc.unfreeze()


def test_a_thread_is_not_kept_waiting_by_one_that_computes_nor_by_the_collector() -> None:
    before = len(gc.get_objects())
    answer_in_threads()
    assert sys.getswitchinterval() < 0.001
    assert len(gc.get_objects()) < before / 10, "what was loaded is looked at no more"


def test_cycles_made_afterwards_are_still_collected() -> None:
    answer_in_threads()
    for _ in range(100_000):
        cycle: list[object] = []
        cycle.append(cycle)
    assert sum(isinstance(each, list) and len(each) == 1 and each[0] is each for each in gc.get_objects()) < 50_000
