"""Filters of the gate that hang, for the Prometheus collector."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from serve.wiring import House


class FiltersThatHang(Collector):
    """Read when the collector asks."""

    def __init__(self, house: House) -> None:
        self._house = house

    def collect(self) -> Iterator[Metric]:
        """One figure for each filter that hangs; none where all answer."""
        stuck = GaugeMetricFamily("tougu_filter_stuck", "Texts that hang in a filter of the gate.", labels=("filter",))
        for name, count in self._house.filter_watch.stuck.items():
            stuck.add_metric((name,), count)
        yield stuck
