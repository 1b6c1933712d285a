"""Returns of peers by calendar year and trailing year, so that a fund can be ranked without reading them all.

The table is made once a day of the NAV files (`tougu peers`) and read by every report.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite, nan
from pathlib import Path

from copilot.diagnosis.data.tables import number, parsed
from copilot.diagnosis.metrics.returns import total_return
from copilot.diagnosis.series import ReturnSeries, spanned, to_date
from copilot.diagnosis.windows import add_months, year_windows

COLUMNS = ("code", "group", "period", "as_of", "total_return")
LATEST_DAYS = 31  # peers whose last NAV is older than this are not compared over the last year


@dataclass(frozen=True, kw_only=True)
class PeerReturn:
    """One peer's return over one period; `period` is a year (2024) or P1Y (the year up to `as_of`)."""

    code: str
    group: str  # id of its kind
    period: str
    as_of: date
    total_return: float  # fraction


@dataclass(frozen=True, kw_only=True)
class PeerTable:
    """Returns by group, period and code."""

    returns: Mapping[str, Mapping[str, Mapping[str, float]]]
    as_of: date

    def of(self, group: str) -> Mapping[str, Mapping[str, float]]:
        """By period and code; empty for a group nobody is in."""
        return self.returns.get(group, {})


def peer_table(rows: Iterable[PeerReturn]) -> PeerTable | None:
    """The table of rows; None of none. Of P1Y only those up to about the same day as the latest are compared."""
    known = list(rows)
    if not known:
        return None
    latest = max(row.as_of for row in known)
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in known:
        if row.period != "P1Y" or (latest - row.as_of).days <= LATEST_DAYS:
            found.setdefault(row.group, {}).setdefault(row.period, {})[row.code] = row.total_return
    return PeerTable(returns=found, as_of=latest)


def peer_returns(code: str, group: str, series: ReturnSeries) -> Iterator[PeerReturn]:
    """A fund's whole calendar years and its last year; a period with an unknown day is left out."""
    if not len(series):
        return
    first, end = to_date(series.dates[0]), to_date(series.dates[-1])
    spans = [(window.name[:4], window.base, window.end) for window in year_windows(first, end)]
    if add_months(end, -12) >= first:
        spans.append(("P1Y", add_months(end, -12), end))
    for period, base, last in spans:
        part = spanned(series, base, last)
        earned = total_return(part.values) if part else nan
        if isfinite(earned):
            yield PeerReturn(code=code, group=group, period=period, as_of=min(last, end), total_return=earned)


def read_peers(path: Path) -> PeerTable | None:
    """A table of COLUMNS, `total_return` as a fraction. Rows that cannot be read do not count as peers."""
    return peer_table(row for row in parsed(path, _peer, set(COLUMNS)) if row is not None)


def peers_csv(rows: Iterable[PeerReturn]) -> str:
    """The table as CSV text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([row.code, row.group, row.period, row.as_of, f"{row.total_return:.8f}"])
    return out.getvalue()


def _peer(row: dict[str, str]) -> PeerReturn:
    return PeerReturn(
        code=row["code"].strip(),
        group=row["group"].strip(),
        period=row["period"].strip(),
        as_of=date.fromisoformat(row["as_of"].strip()[:10]),
        total_return=number(row["total_return"]),
    )
