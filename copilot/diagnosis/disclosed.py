"""What funds disclosed of their insides, in words and with its dates: of one fund, and of an account looked through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from copilot.diagnosis.blocks import Lines, Look
from copilot.diagnosis.bound import Bound, BoundPart
from copilot.diagnosis.data.disclosure import ASSET, INDUSTRY, SECURITY, FundPortfolio
from copilot.diagnosis.measured.portfolio import PortfolioMeasures
from copilot.diagnosis.metrics.holdings import LookThrough
from copilot.diagnosis.parts import HoldingRow

_MOST = 5  # parts of a breakdown in print; all of them stand in the JSON
_MOST_SECURITIES = 10  # as many as a quarterly report must tell
_LEAST_OVERLAP = 0.1  # shared securities worth a line


def account_lines(portfolio: PortfolioMeasures, rows: Mapping[str, HoldingRow], bound: Bound) -> Iterator[str]:
    """The account by industry and asset class, and the two funds that share most securities."""
    for kind, found in ((INDUSTRY, portfolio.industries), (ASSET, portfolio.assets)):
        if found:
            yield _looked_through(kind, found, _days(portfolio, kind), bound)
    if portfolio.overlaps and portfolio.overlaps[0].value >= _LEAST_OVERLAP:
        pair = portfolio.overlaps[0]
        one, other = (f"{rows[code].name}（{code}）" for code in (pair.one, pair.other))
        share = bound.percent("披露证券重合占比", pair.value, period=_days(portfolio, SECURITY))
        yield f"{one}与{other}持有的证券重合最多，披露证券重合占比{share}（只计已披露的证券，实际可能更高）。"


def fund_part(portfolio: FundPortfolio | None, code: str) -> BoundPart:
    """A fund's own section; empty where nothing was disclosed."""
    if portfolio is None:
        return BoundPart()
    bound = Bound()
    told = {ASSET: portfolio.assets, INDUSTRY: portfolio.industries}
    lines = [_own(kind, parts, str(portfolio.as_of[kind]), code, bound) for kind, parts in told.items() if parts]
    if portfolio.securities:
        lines.append(_largest(portfolio, code, bound))
    names = (*portfolio.assets, *portfolio.industries)
    return BoundPart(
        blocks=(Lines(title="最近披露的持仓", lines=tuple(lines), look=Look.LIST),),
        facts=tuple(bound.facts),
        names=names,
    )


def _looked_through(kind: str, found: LookThrough, days: str, bound: Bound) -> str:
    top = "，".join(
        f"{name}{bound.percent(f'{name}穿透占比', weight, period=days)}"
        for name, weight in list(found.weights.items())[:_MOST]
    )
    unknown = bound.percent(f"未披露{kind}占比", found.unknown, period=days)
    return f"按最近披露（{days}）穿透的{kind}占比：{top}；未披露{kind}占比{unknown}。"


def _days(portfolio: PortfolioMeasures, kind: str) -> str:
    """The day of the disclosures of a breakdown, or the first and last where funds differ."""
    days: set[date] = {told[kind] for told in portfolio.disclosed.values() if kind in told}
    return str(min(days)) if len(days) == 1 else f"{min(days)}至{max(days)}"


def _own(kind: str, parts: Mapping[str, float], day: str, code: str, bound: Bound) -> str:
    most = sorted(parts.items(), key=lambda part: (-part[1], part[0]))[:_MOST]
    told = (f"{name}{bound.percent(f'{name}占净值', weight, entity=code, period=day)}" for name, weight in most)
    return f"{kind}占净值比例（{day}披露）：{'，'.join(told)}。"


def _largest(portfolio: FundPortfolio, code: str, bound: Bound) -> str:
    day = str(portfolio.as_of[SECURITY])
    most = sorted(portfolio.securities.values(), reverse=True)[:_MOST_SECURITIES]
    count = bound.say("披露证券只数", Decimal(len(most)), "只", entity=code, period=day)
    share = bound.percent("披露证券合计占净值", sum(most), entity=code, period=day)
    return f"所披露证券中最大的{count}合计占净值{share}（{day}披露）。"
