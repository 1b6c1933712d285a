"""Funds that many reports share: measured and pictured once, as long as nothing about them has changed."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from copilot.diagnosis.analysis import FundAnalysis, FundInput, analyse
from copilot.diagnosis.charts import Chart
from copilot.diagnosis.data.index import Benchmark
from copilot.diagnosis.measured.fund import Market
from copilot.diagnosis.pictures import fund_charts
from copilot.diagnosis.series import ReturnSeries

MOST_FUNDS = 512  # about 0.4 MB each with its drawn charts


@dataclass(frozen=True, kw_only=True)
class FundStudy:
    """A fund's analysis and its charts."""

    analysis: FundAnalysis
    charts: tuple[Chart, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Words of the study that are names, and may hold numbers: 沪深300."""
        fund = self.analysis.fund
        return tuple(filter(None, (fund.name, fund.fund_type, fund.manager, self.analysis.benchmark_name)))


class SharedFunds:
    """The latest studies, by fund, hash of its data and parameters; safe between threads."""

    def __init__(self, most: int = MOST_FUNDS) -> None:
        self._most = most
        self._studies: OrderedDict[str, FundStudy] = OrderedDict()
        self._lock = threading.Lock()
        self.hits = 0

    def study(self, fund: FundInput, house: Benchmark | None, market: Market) -> FundStudy:
        """The fund's study, made now or before of the very same data."""
        key = study_key(fund, house, market)
        with self._lock:
            found = self._studies.get(key)
            if found is not None:
                self.hits += 1
                self._studies.move_to_end(key)
                return found
        made = study(fund, house, market)
        with self._lock:
            self._studies[key] = made
            while len(self._studies) > self._most:
                self._studies.popitem(last=False)
        return made


def study(fund: FundInput, house: Benchmark | None, market: Market) -> FundStudy:
    """Measure and picture a fund."""
    analysis = analyse(fund, house, market=market)
    return FundStudy(analysis=analysis, charts=fund_charts(analysis))


def study_key(fund: FundInput, house: Benchmark | None, market: Market) -> str:
    """Changes with everything that the study rests on: NAV, benchmark, rates, styles, peers, fees, disclosures."""
    digest = hashlib.blake2b(digest_size=16)
    benchmark = fund.benchmark(house)
    plain = replace(fund, nav=replace(fund.nav, returns=_NOTHING, unit_nav=_NOTHING.values), own_benchmark=None)
    digest.update(repr(plain).encode())
    digest.update(fund.nav.unit_nav.tobytes())
    _update(digest, fund.nav.returns)
    if benchmark is not None:
        digest.update(benchmark.name.encode())
        _update(digest, benchmark.returns())
    digest.update(market.risk_free.daily_on(fund.nav.returns.dates).tobytes())
    for name, index in market.styles.items():
        digest.update(name.encode())
        _update(digest, index.returns())
    if market.peers is not None:
        group = market.peers.of(fund.kind.id)
        sums = [(period, len(of), sum(of.values())) for period, of in sorted(group.items())]
        digest.update(repr((market.peers.as_of, sums)).encode())
    return digest.hexdigest()


_NOTHING = ReturnSeries.of([], [])


def _update(digest: hashlib.blake2b, series: ReturnSeries) -> None:
    digest.update(series.dates.tobytes())
    digest.update(series.values.tobytes())
