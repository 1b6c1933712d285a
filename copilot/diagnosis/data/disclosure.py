"""What a fund disclosed of its insides: asset classes, industries, securities, each report with its date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

from copilot.diagnosis.data.tables import number, parsed
from copilot.diagnosis.errors import NavFileError

ASSET, INDUSTRY, SECURITY = "资产", "行业", "证券"
_BREAKDOWNS = (ASSET, INDUSTRY, SECURITY)


@dataclass(frozen=True, kw_only=True)
class Position:
    """One line of a disclosure: a part of the fund's net assets."""

    report_date: date
    breakdown: str  # 资产 | 行业 | 证券
    code: str  # of the security; the name again for the others
    name: str
    weight: float  # fraction of net assets


@dataclass(frozen=True, kw_only=True)
class FundPortfolio:
    """The last disclosure of each breakdown up to a day; a breakdown that was never disclosed is empty.

    Securities are usually the ten largest of a quarterly report, all of them in half-year and annual ones.
    """

    code: str
    assets: Mapping[str, float]  # by name, fractions of net assets
    industries: Mapping[str, float]
    securities: Mapping[str, float]  # by code
    names: Mapping[str, str]  # of the securities, by code
    as_of: Mapping[str, date]  # by breakdown


def read_positions(path: Path) -> tuple[Position, ...]:
    """A table 报告期, 类别 (资产, 行业 or 证券), 代码, 名称, 占净值比例 (per cent).

    Raises NavFileError when a row cannot be read: a look through a fund with a part missing misleads.
    """
    rows = parsed(path, _position, {"报告期", "类别", "名称", "占净值比例"})
    if None in rows:
        line = rows.index(None) + 2
        raise NavFileError(f"{path.name} line {line} is no position: correct 报告期, 类别, 名称 or 占净值比例.")
    return tuple(row for row in rows if row is not None)


def portfolio_on(code: str, positions: tuple[Position, ...], day: date) -> FundPortfolio | None:
    """What was disclosed up to a day; None where nothing was."""
    known = [position for position in positions if position.report_date <= day]
    dates = {kind: [p.report_date for p in known if p.breakdown == kind] for kind in _BREAKDOWNS}
    as_of = {kind: max(days) for kind, days in dates.items() if days}
    if not as_of:
        return None
    held = {kind: [p for p in positions if p.breakdown == kind and p.report_date == on] for kind, on in as_of.items()}
    return FundPortfolio(
        code=code,
        assets=_weights(held.get(ASSET, [])),
        industries=_weights(held.get(INDUSTRY, [])),
        securities=_weights(held.get(SECURITY, [])),
        names=MappingProxyType({p.code: p.name for p in held.get(SECURITY, [])}),
        as_of=MappingProxyType(as_of),
    )


def _weights(positions: list[Position]) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for position in positions:
        found[position.code] = found.get(position.code, 0.0) + position.weight
    return MappingProxyType(found)


def _position(row: dict[str, str]) -> Position:
    breakdown, name = row["类别"].strip(), row["名称"].strip()
    weight = number(row["占净值比例"]) / 100.0
    if breakdown not in _BREAKDOWNS or not name or not -1.0 <= weight <= 5.0:
        raise ValueError("no position")
    code = (row.get("代码") or "").strip() if breakdown == SECURITY else name
    day = date.fromisoformat(row["报告期"].strip()[:10])
    return Position(report_date=day, breakdown=breakdown, code=code or name, name=name, weight=weight)
