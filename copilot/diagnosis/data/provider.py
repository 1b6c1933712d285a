"""Where diagnosis takes its data from: one Protocol, a folder of files, and a vendor's adapter beside it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Protocol

from copilot.diagnosis.data.calendars import FundKind
from copilot.diagnosis.data.disclosure import FundPortfolio, portfolio_on, read_positions
from copilot.diagnosis.data.index import Benchmark, IndexSeries, read_index
from copilot.diagnosis.data.nav import NavSeries, read_nav
from copilot.diagnosis.data.peers import PeerTable, read_peers
from copilot.diagnosis.data.rates import RateSeries, read_rates
from copilot.diagnosis.data.segments import SegmentPeriod, chain_on, read_segments
from copilot.diagnosis.data.tables import SUFFIXES, table_file
from copilot.diagnosis.errors import DiagnosisError

MOST_NAVS = 512  # of the latest read, about 50 kB each; a changed file is read again
INDEXES, POSITIONS, SEGMENTS, STYLES = "indexes", "positions", "segments", "styles"
PEERS, RATES = "peers", "risk_free"


class FundData(Protocol):
    """Everything a diagnosis reads that is not the firm's own record of products and clients.

    A part that a source does not have is None or empty, never made up; the report says what it could not judge.
    """

    def nav(self, code: str, *, kind: FundKind, today: date | None) -> NavSeries:
        """A fund's NAV. Raises DiagnosisError when there is none or it cannot be used."""
        ...

    def benchmark(self) -> Benchmark | None:
        """What the house measures equity funds against."""
        ...

    def index(self, name: str) -> IndexSeries | None:
        """An index by the plain name that contracts use: 沪深300."""
        ...

    def styles(self) -> Mapping[str, IndexSeries]:
        """Style indexes by name, at most eight or so; empty where there are none."""
        ...

    def risk_free(self) -> RateSeries | None:
        """Yearly rates; None: the settings' constant is used."""
        ...

    def portfolio(self, code: str, on: date) -> FundPortfolio | None:
        """What a fund had disclosed of its insides up to a day."""
        ...

    def segments(self, code: str, on: date) -> tuple[SegmentPeriod, ...]:
        """Weights and returns by segment, of a fund and its benchmark: periods up to a day that follow each other."""
        ...

    def peers(self) -> PeerTable | None:
        """Returns of peers by group and period."""
        ...


class NavFolder:
    """One folder of files, CSV or Parquet, and one benchmark file.

    CODE: NAV. indexes/NAME and styles/NAME: `date,close`. positions/CODE: disclosures. segments/CODE:
    weights and returns by segment. risk_free: `date,rate`. peers: returns of peers. Only the NAV files must be there.
    """

    def __init__(self, folder: Path, benchmark: Path | None, *, benchmark_name: str) -> None:
        self.path = folder
        self._benchmark = benchmark
        self._benchmark_name = benchmark_name
        self._read: dict[Path, IndexSeries] = {}  # an index serves many funds
        self._navs: OrderedDict[tuple[object, ...], NavSeries] = OrderedDict()  # and a fund many clients

    def codes(self) -> tuple[str, ...]:
        """Codes of the NAV files, in order: six digits, as funds have them."""
        files = [path for suffix in SUFFIXES for path in self.path.glob(f"*{suffix}")]
        return tuple(sorted({path.stem for path in files if path.stem.isdigit() and len(path.stem) == 6}))

    def nav(self, code: str, *, kind: FundKind, today: date | None) -> NavSeries:
        path = table_file(self.path, code) if code.isalnum() else None
        if path is None:
            raise DiagnosisError(
                f"There is no NAV file for {code} in {self.path}: put {code}.csv there or name a folder with --nav."
            )
        state = path.stat()
        key = (path, state.st_mtime_ns, state.st_size, today, kind.lag_days)
        known = self._navs.get(key)
        if known is None:
            known = self._navs[key] = read_nav(path, code, today=today, lag_days=kind.lag_days)
            while len(self._navs) > MOST_NAVS:
                self._navs.popitem(last=False)
        return known

    def benchmark(self) -> IndexSeries | None:
        if self._benchmark is None or not self._benchmark.is_file():
            return None
        return self._index(self._benchmark, self._benchmark_name)

    def index(self, name: str) -> IndexSeries | None:
        path = table_file(self.path / INDEXES, name)
        if path is None:
            house = (
                self.benchmark() if name in (self._benchmark_name, self._benchmark_name.removesuffix("指数")) else None
            )
            return house
        return self._index(path, name)

    def styles(self) -> Mapping[str, IndexSeries]:
        folder = self.path / STYLES
        return {path.stem: self._index(path, path.stem) for path in sorted(folder.glob("*")) if path.suffix in SUFFIXES}

    def risk_free(self) -> RateSeries | None:
        path = table_file(self.path, RATES)
        return read_rates(path, path.stem) if path else None

    def portfolio(self, code: str, on: date) -> FundPortfolio | None:
        path = table_file(self.path / POSITIONS, code)
        return portfolio_on(code, read_positions(path), on) if path else None

    def segments(self, code: str, on: date) -> tuple[SegmentPeriod, ...]:
        path = table_file(self.path / SEGMENTS, code)
        return chain_on(read_segments(path), on) if path else ()

    def peers(self) -> PeerTable | None:
        path = table_file(self.path, PEERS)
        return read_peers(path) if path else None

    def _index(self, path: Path, name: str) -> IndexSeries:
        if path not in self._read:
            self._read[path] = read_index(path, name)
        return self._read[path]
