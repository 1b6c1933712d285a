"""Fund data by AKShare, an open-source reader of public pages (MIT): for development, not for clients.

The pages it reads belong to others and change without notice: the answers' columns are checked, and what does
not fit is an error in one sentence. Needs `tougu[akshare]`; imported only when data is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cached_property
from math import isnan, nan
from typing import Any

import numpy as np

from copilot.diagnosis.data.calendars import FundKind
from copilot.diagnosis.data.disclosure import INDUSTRY, SECURITY, FundPortfolio, Position, portfolio_on
from copilot.diagnosis.data.index import IndexSeries, Quote, index_of
from copilot.diagnosis.data.nav import NavSeries, nav_of
from copilot.diagnosis.data.peers import PeerTable
from copilot.diagnosis.data.rates import RateSeries
from copilot.diagnosis.data.segments import SegmentPeriod
from copilot.diagnosis.data.tables import number
from copilot.diagnosis.data.total_return import NavRow
from copilot.diagnosis.errors import DiagnosisError

INDEX_SYMBOLS = {
    "上证50": "sh000016",
    "沪深300": "sh000300",
    "中证500": "sh000905",
    "中证800": "sh000906",
    "中证1000": "sh000852",
    "上证指数": "sh000001",
    "创业板": "sz399006",
    "上证国债": "sh000012",
    "中证全债": "sh000013",
}
BOND_COLUMN = "中国国债收益率2年"  # the shortest tenor that bond_zh_us_rate has
_QUARTER_END = {"1": (3, 31), "2": (6, 30), "3": (9, 30), "4": (12, 31)}
_QUARTER = re.compile(r"(\d{4})年([1-4])季度")
_MONEY = re.compile(r"(\d+(?:\.\d+)?)\s*元?")
Row = Mapping[str, Any]


class AkshareData:
    """Answers of AKShare as fund data. `client` is the module `akshare`, or recorded answers in its place."""

    def __init__(self, *, benchmark: str | None = "沪深300", client: Any = None) -> None:
        self._benchmark = benchmark
        self._given = client

    @cached_property
    def _client(self) -> Any:
        if self._given is not None:
            return self._given
        try:
            import akshare
        except ImportError as error:
            raise DiagnosisError("AKShare is not installed: pip install 'tougu[akshare]', or use NAV files.") from error
        return akshare

    def nav(self, code: str, *, kind: FundKind, today: date | None) -> NavSeries:
        """Unit NAV, growth, accumulated NAV, dividends and splits of an open-end fund, put together by date."""
        unit = self._info(code, "单位净值走势", {"净值日期", "单位净值", "日增长率"})
        if not unit:
            raise DiagnosisError(f"AKShare knows no NAV of {code}: check the code.")
        total = self._info(code, "累计净值走势", {"净值日期", "累计净值"})
        accumulated = {_day(row["净值日期"]): _number(row["累计净值"]) for row in total}
        paid = {
            _day(row["除息日"]): _money(row["每份分红"])
            for row in self._info(code, "分红送配详情", {"除息日", "每份分红"})
        }
        split = {
            _day(row["拆分折算日"]): _ratio(row["拆分折算比例"])
            for row in self._info(code, "拆分详情", {"拆分折算日", "拆分折算比例"})
        }
        rows = [
            NavRow(
                day=(day := _day(row["净值日期"])),
                unit_nav=_number(row["单位净值"]),
                accumulated_nav=accumulated.get(day, nan),
                growth=_number(row["日增长率"]) / 100.0,
                dividend=paid.get(day, nan),
                split=split.get(day, nan),
            )
            for row in unit
        ]
        return nav_of(rows, code, source=f"AKShare {code}", today=today, lag_days=kind.lag_days, has_events=True)

    def benchmark(self) -> IndexSeries | None:
        return self.index(self._benchmark) if self._benchmark else None

    def index(self, name: str) -> IndexSeries | None:
        """Daily closes of an index that AKShare knows by a symbol of INDEX_SYMBOLS; None for any other."""
        symbol = INDEX_SYMBOLS.get(name)
        if symbol is None:
            return None
        rows = self._call("stock_zh_index_daily", {"date", "close"}, symbol=symbol)
        quotes: list[Quote] = [
            (_day(row["date"]), (_number(row["close"]),)) for row in rows if _number(row["close"]) > 0
        ]
        return index_of(quotes, name, source=f"AKShare {symbol}")

    def styles(self) -> Mapping[str, IndexSeries]:
        """Large, middle, small and bonds: what INDEX_SYMBOLS allows."""
        found = {name: self.index(name) for name in ("沪深300", "中证500", "中证1000", "上证国债")}
        return {name: index for name, index in found.items() if index is not None}

    def risk_free(self) -> RateSeries | None:
        """Yields of two-year treasury bonds, per cent a year on the page, fractions here."""
        rows = self._call("bond_zh_us_rate", {"日期", BOND_COLUMN}, start_date="20100101")
        known = sorted((_day(row["日期"]), _number(row[BOND_COLUMN]) / 100.0) for row in rows)
        known = [(day, rate) for day, rate in known if not isnan(rate)]
        if not known:
            return None
        dates, rates = zip(*known, strict=True)
        return RateSeries(name="二年期国债收益率", dates=np.array(dates, dtype="datetime64[D]"), annual=np.array(rates))

    def portfolio(self, code: str, on: date) -> FundPortfolio | None:
        """Stocks and industries of the reports of this year and the last one."""
        found = [one for year in (on.year - 1, on.year) for one in self._positions(code, year)]
        return portfolio_on(code, tuple(found), on)

    def segments(self, code: str, on: date) -> tuple[SegmentPeriod, ...]:
        """Nothing: no public page tells weights of benchmarks by segment."""
        return ()

    def peers(self) -> PeerTable | None:
        """None: one page a fund is no way to read a peer group."""
        return None

    def _positions(self, code: str, year: int) -> Iterator[Position]:
        stocks = self._call(
            "fund_portfolio_hold_em", {"股票代码", "股票名称", "占净值比例", "季度"}, symbol=code, date=str(year)
        )
        for row in stocks:
            if quarter := _QUARTER.search(str(row["季度"])):
                day = date(int(quarter[1]), *_QUARTER_END[quarter[2]])
                stock, name = str(row["股票代码"]), str(row["股票名称"])
                yield Position(report_date=day, breakdown=SECURITY, code=stock, name=name, weight=_weight(row))
        industries = self._call(
            "fund_portfolio_industry_allocation_em", {"行业类别", "占净值比例", "截止时间"}, symbol=code, date=str(year)
        )
        for row in industries:
            name = str(row["行业类别"])
            day = _day(row["截止时间"])
            yield Position(report_date=day, breakdown=INDUSTRY, code=name, name=name, weight=_weight(row))

    def _info(self, code: str, indicator: str, columns: set[str]) -> list[Row]:
        return self._call("fund_open_fund_info_em", columns, symbol=code, indicator=indicator)

    def _call(self, function: str, columns: set[str], **arguments: str) -> list[Row]:
        """Rows of an answer. An empty table is an answer; one with other columns is an error.

        Raises DiagnosisError for whatever goes wrong on the way: AKShare lets the errors of its parsers through.
        """
        ask: Callable[..., Any] = getattr(self._client, function)
        try:
            rows: list[Row] = ask(**arguments).to_dict(orient="records")
        except Exception as error:
            raise DiagnosisError(
                f"AKShare's {function} failed ({type(error).__name__}): try again, or use NAV files."
            ) from error
        missing = columns - set(rows[0]) if rows else set()
        if missing:
            raise DiagnosisError(f"AKShare's {function} lacks {'、'.join(sorted(missing))}: its version does not fit.")
        return rows


def _day(value: Any) -> date:
    return date.fromisoformat(str(value)[:10])


def _number(value: Any) -> float:
    return nan if value is None else number(str(value))


def _weight(row: Row) -> float:
    weight = _number(row["占净值比例"]) / 100.0
    return 0.0 if isnan(weight) else weight


def _money(words: Any) -> float:
    """每份派现金0.0330元 -> 0.033. Raises DiagnosisError where there is no sum: a lost dividend falsifies returns."""
    found = _MONEY.search(str(words))
    if found is None:
        raise DiagnosisError(f"AKShare gives a dividend as {words!r}: its version does not fit.")
    return float(found[1])


def _ratio(words: Any) -> float:
    """1:2.5212 -> 2.5212. Raises DiagnosisError for anything else."""
    found = re.fullmatch(r"1\s*[:：]\s*(\d+(?:\.\d+)?)", str(words).strip())
    if found is None:
        raise DiagnosisError(f"AKShare gives a split as {words!r}: its version does not fit.")
    return float(found[1])
