"""Composite benchmarks: weights times indexes and fixed rates, as funds' contracts word them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from copilot.diagnosis.data.calendars import UNKNOWN_KIND, FundKind, closes_late
from copilot.diagnosis.data.index import IndexSeries
from copilot.diagnosis.errors import DiagnosisError
from copilot.diagnosis.series import DataNote, Dates, Floats, ReturnSeries

DAYS_A_YEAR = 365.0
_WHOLE = 1e-6
_PLUS = re.compile(r"[+＋]")
_WEIGHT = r"(\d+(?:\.\d+)?)\s*[%％]"
_TIMES = r"\s*[×xX*＊·✕╳]\s*"
_NAME_FIRST = re.compile(rf"(.+?){_TIMES}[(（]?{_WEIGHT}[)）]?")
_WEIGHT_FIRST = re.compile(rf"[(（]?{_WEIGHT}[)）]?{_TIMES}(.+)")
_ENDINGS = re.compile(r"(?:[(（][^()（）]*[)）]|指数|收益率|收益|涨跌幅|的|（|）)+$")
_DEPOSIT = re.compile(r"存款|活期|定存|通知存款")


@dataclass(frozen=True, kw_only=True)
class Component:
    """A part of a benchmark: an index, or a fixed yearly rate. Exactly one of the two is given."""

    name: str
    weight: float  # fraction
    index: IndexSeries | None = None
    annual_rate: float | None = None  # fraction, compounded by calendar days / 365
    lag_days: int = 0  # closes of a market that closes after the fund is valued count so much later

    def returns_on(self, dates: Dates) -> Floats:
        """Returns between the dates, (n,), the first NaN."""
        values = np.full(len(dates), np.nan)
        if self.index is not None:
            levels = self.index.levels_on(dates, self.lag_days)
            values[1:] = levels[1:] / levels[:-1] - 1.0
        elif self.annual_rate is not None:
            days = np.diff(dates).astype(np.float64)
            values[1:] = (1.0 + self.annual_rate) ** (days / DAYS_A_YEAR) - 1.0
        return values


@dataclass(frozen=True, kw_only=True)
class CompositeBenchmark:
    """Weighted mean of its parts' returns, rebalanced at each date; NaN where one part is not known."""

    name: str
    components: tuple[Component, ...]

    def __post_init__(self) -> None:
        total = sum(part.weight for part in self.components)
        if not abs(total - 1.0) <= _WHOLE:
            raise DiagnosisError(f"The weights of {self.name} sum to {total * 100:g} % instead of 100 %: correct them.")
        if any((part.index is None) == (part.annual_rate is None) for part in self.components):
            raise DiagnosisError(f"A part of {self.name} has no index and no rate, or both: give exactly one.")
        if not self._indexes:
            raise DiagnosisError(f"{self.name} has no index at all: a fixed rate alone is no benchmark here.")

    @property
    def _indexes(self) -> tuple[IndexSeries, ...]:
        return tuple(part.index for part in self.components if part.index is not None)

    @property
    def notes(self) -> tuple[DataNote, ...]:
        return tuple(dict.fromkeys(note for index in self._indexes for note in index.notes))

    @property
    def last_day(self) -> date:
        return min(part.index.known_until(part.lag_days) for part in self.components if part.index is not None)

    @property
    def waits(self) -> bool:
        """Whether some part counts by the close before, since its own of the day comes too late."""
        return any(part.lag_days for part in self.components)

    def returns(self) -> ReturnSeries:
        """Returns on the dates that all its indexes share; the first date has none."""
        dates = self._indexes[0].dates
        for index in self._indexes[1:]:
            dates = np.intersect1d(dates, index.dates, assume_unique=True)
        whole = self.returns_on(dates)
        return ReturnSeries(dates=whole.dates[1:], values=whole.values[1:])

    def returns_on(self, dates: Dates) -> ReturnSeries:
        """Returns between the given dates."""
        values = np.zeros(len(dates))
        for part in self.components:
            values = values + part.weight * part.returns_on(dates)
        return ReturnSeries(dates=dates, values=values)


@dataclass(frozen=True, kw_only=True)
class ContractPart:
    """A part of a contract's wording: the index as it is named, its weight as a fraction."""

    name: str
    weight: float

    @property
    def is_deposit(self) -> bool:
        """Whether it is a bank deposit rate, which the house gives as a number."""
        return _DEPOSIT.search(self.name) is not None


def parse_contract(words: str | None) -> tuple[ContractPart, ...]:
    """The parts of a contract's benchmark: 沪深300指数收益率×80%＋中证综合债指数收益率×20%.

    Empty where the words are not wholly understood or the weights miss 100 %: then only the words are shown.
    A single index without a weight counts 100 %.
    """
    text = re.sub(r"\s+", "", (words or "")).rstrip("。；;")
    if not text:
        return ()
    pieces = [_piece(piece) for piece in _PLUS.split(text)]
    if len(pieces) == 1 and pieces[0] is None and re.fullmatch(r"[^%％×*+，,；;。]+?(?:收益率|指数)", text):
        return (ContractPart(name=plain_name(text), weight=1.0),)
    parts = tuple(piece for piece in pieces if piece is not None)
    whole = len(parts) == len(pieces) and abs(sum(part.weight for part in parts) - 1.0) <= _WHOLE
    return parts if whole else ()


def _piece(text: str) -> ContractPart | None:
    if found := _NAME_FIRST.fullmatch(text):
        return ContractPart(name=plain_name(found[1]), weight=float(found[2]) / 100)
    if found := _WEIGHT_FIRST.fullmatch(text):
        return ContractPart(name=plain_name(found[2]), weight=float(found[1]) / 100)
    return None


def plain_name(words: str) -> str:
    """An index's name without what contracts add: 沪深300指数收益率 -> 沪深300."""
    return _ENDINGS.sub("", words.strip()) or words.strip()


def contract_benchmark(
    words: str | None,
    find: Callable[[str], IndexSeries | None],
    *,
    kind: FundKind = UNKNOWN_KIND,
    deposit_rate: float | None = None,
) -> CompositeBenchmark | None:
    """The contract's benchmark where every part is known; None otherwise.

    `find` gives an index by its plain name; `deposit_rate` (a year, fraction) stands for bank deposits. The fund's
    kind says which closes its NAV of a day rests on: a fund at home is valued before New York closes, so that the
    day's NAV holds the close before; a QDII waits for it.
    """
    parts = [_component(part, find, kind, deposit_rate) for part in parse_contract(words)]
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts) or all(part.index is None for part in known):
        return None
    return CompositeBenchmark(name=_named(known), components=tuple(known))


def _component(
    part: ContractPart, find: Callable[[str], IndexSeries | None], kind: FundKind, deposit_rate: float | None
) -> Component | None:
    if index := find(part.name):
        lag_days = int(closes_late(part.name) and not kind.waits_for_the_night)
        return Component(name=part.name, weight=part.weight, index=index, lag_days=lag_days)
    if part.is_deposit and deposit_rate is not None:
        return Component(name=part.name, weight=part.weight, annual_rate=deposit_rate)
    return None


def _named(parts: Sequence[Component]) -> str:
    """How reports call it: 沪深300×80%＋中证综合债×20%; a single index by its name."""
    if len(parts) == 1:
        return parts[0].name
    return "＋".join(f"{part.name}×{part.weight * 100:g}%" for part in parts)
