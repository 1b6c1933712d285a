"""Backoff with jitter."""

from __future__ import annotations

from jobs.retry import Backoff
from jobs.settings import JobSettings


def test_delays_double_up_to_the_cap_and_spread() -> None:
    backoff = Backoff(base_s=2, factor=2, cap_s=60, jitter=0.25)
    for attempt, centre in [(1, 2), (2, 4), (3, 8), (10, 60), (10_000, 60)]:
        delays = [backoff.delay_s(attempt) for _ in range(50)]
        assert all(0.75 * centre <= delay <= 1.25 * centre for delay in delays)
        assert len(set(delays)) > 1


def test_the_defaults_of_the_outbox_reach_over_days() -> None:
    rules = JobSettings()
    total_s = sum(rules.outbox_backoff.delay_s(n) for n in range(1, rules.outbox_max_attempts))
    assert 2 * 86_400 < total_s < 4 * 86_400
