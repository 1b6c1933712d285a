"""Tests of counts and shares against published tables, and their level over many figures."""

from __future__ import annotations

import random

import pytest

from intent.leads.chance import beyond_chance, count_p, count_range, share_p, t_two_sided


@pytest.mark.parametrize(
    ("t", "freedom"), [(12.706, 1), (4.303, 2), (3.182, 3), (2.571, 5), (2.365, 7), (2.306, 8), (2.042, 30)]
)
def test_students_t_is_that_of_the_tables(t: float, freedom: int) -> None:
    assert t_two_sided(t, freedom) == pytest.approx(0.05, abs=1e-4)


def test_a_share_of_few_is_fishers() -> None:
    assert share_p(1, 10, 11, 14) == pytest.approx(0.002759, abs=1e-6)  # Fisher's exact test of the textbook example
    assert share_p(8, 8, 1, 6) == pytest.approx(6 / 2002)
    assert share_p(0, 0, 5, 9) is None
    assert share_p(500, 1000, 500, 1000) == pytest.approx(1.0)
    assert share_p(500, 1000, 560, 1000) == pytest.approx(0.0072, abs=2e-4)


def test_weeks_that_were_alike_are_no_promise() -> None:
    assert count_p(100, [100, 101]) is None
    assert (count_p(130, [100] * 8) or 0) < 0.05 < (count_p(110, [100] * 8) or 0)
    low, high = count_range([100] * 8) or (0, 0)
    assert low == pytest.approx(100 - 2.365 * (100 * 9 / 8) ** 0.5, abs=0.01)
    assert high - 100 == pytest.approx(100 - low)


def test_among_many_that_stand_still_few_reports_name_any() -> None:
    dice = random.Random(4)
    named = 0
    for _ in range(200):
        p_values = []
        for _ in range(40):
            weeks = [sum(dice.random() < 0.5 for _ in range(200)) for _ in range(9)]
            p_values.append(count_p(weeks[0], weeks[1:]))
        named += any(beyond_chance(p_values))
    assert named <= 200 * 0.05 + 10
    assert beyond_chance([None, 0.5, 1e-6, 0.02]) == [False, False, True, True]
    assert beyond_chance([]) == []
