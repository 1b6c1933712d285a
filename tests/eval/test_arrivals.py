"""The pattern of a broker's day, and the queue that is simulated over it."""

from __future__ import annotations

import pytest

from eval.bench.arrivals import BY_HOUR, busiest, day_of_calls, simulated


def test_a_day_has_its_calls_in_office_hours_and_more_of_them_at_the_opening() -> None:
    ends = day_of_calls(2000, seed=7)
    assert (len(ends), ends == sorted(ends)) == (2000, True)
    hours = [int(end // 3600) for end in ends]
    assert set(hours) <= set(BY_HOUR) | {18}
    assert hours.count(9) > 2 * hours.count(12)
    assert ends == day_of_calls(2000, seed=7)
    assert sum(BY_HOUR.values()) == pytest.approx(1)


def test_the_busiest_minutes_are_those_that_lie_closest() -> None:
    assert busiest([0.0, 100.0, 101.0, 103.0, 300.0], 3) == [0.0, 1.0, 3.0]


def test_a_queue_makes_those_wait_who_come_together() -> None:
    day = simulated([0.0, 0.0, 100.0], [10.0], seed=1)
    assert (list(day.waits_s), day.busy_s) == ([10.0, 20.0, 10.0], 30.0)
