"""Where calls stand and how fast they are read, for the Prometheus collector; no client's data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from serve.wiring import House


class CallsOnTheirWay(Collector):
    """Read when the collector asks."""

    def __init__(self, house: House) -> None:
        self._house = house

    def describe(self) -> Iterator[Metric]:
        """Nothing is asked of the database when the collector is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Calls by state, and the seconds from the end of a call to its leads over a day; no value without a call."""
        calls = GaugeMetricFamily("tougu_calls", "Calls by where they stand.", labels=("state",))
        for state, count in self._house.call_lane.counts().items():
            calls.add_metric((state,), count)
        speed = self._house.call_records.speed(datetime.now(UTC))
        seconds = GaugeMetricFamily(
            "tougu_call_to_leads_seconds", "From the end of a call to its leads, a day back.", labels=("quantile",)
        )
        for share, value in (("0.5", speed.p50_s), ("0.95", speed.p95_s)):
            if value is not None:
                seconds.add_metric((share,), value)
        yield from (calls, seconds)
