"""Clients who were sent a report against comparable ones who were not, some days later.

Comparable: same risk level and same tier of assets, seen on the same days. It is an observation and no experiment:
who is sent a report was chosen by people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import nan
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Engine, func, select

from copilot.loop.errors import ReportStateError
from copilot.loop.past import Account
from copilot.tables import report_links
from knowledge_base.access import Principal, Role
from knowledge_base.clients import Client, Clients
from knowledge_base.tables import transactions

SHANGHAI = ZoneInfo("Asia/Shanghai")
TIERS_CNY = (100_000, 500_000, 1_000_000, 6_000_000)  # borders of the tiers of assets
CONTROLS_EACH = 10  # comparable clients looked at for each one served
LEAST = 10  # served clients without whom no interval is given
RESAMPLES, SEED = 2_000, 20261122
HONEST = (
    "这是观察性比较，不是随机试验：哪些客户收到报告由人选择，风险等级与资产分层以今天为准，"
    "差异可能来自挑选而非报告本身，不能据此认定因果，也不得用于宣传。"
)
MEASURES = {
    "net_purchases_cny": "期间净申购（元）",
    "concentration_change": "持仓集中度变化（HHI）",
    "findings_change": "诊断发现条数变化",
}

AccountOn = Callable[[str, date], Account | None]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One measure: means of those served and of their comparable clients, and the mean of the paired differences."""

    name: str
    label: str
    n: int  # served clients for whom both are known
    served: float | None
    others: float | None
    difference: float | None
    low: float | None  # 95 % percentile bootstrap over served clients; None below LEAST
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Effect:
    """The comparison, with how many it rests on."""

    days: int
    served: int  # clients sent a report at least `days` ago
    matched: int  # of them, with at least one comparable client
    controls: int  # comparable clients looked at, each counted once
    measures: tuple[Difference, ...]
    caution: str

    def json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class EffectStudy:
    """Compares; figures of groups only, of clients whom the principal may see."""

    def __init__(self, engine: Engine, clients: Clients, account_on: AccountOn) -> None:
        self._engine, self._clients, self._account_on = engine, clients, account_on

    def run(self, *, days: int, today: date, principal: Principal) -> Effect:
        """Raises AccessDeniedError, and ReportStateError where no trades are known at all."""
        principal.require("study the effect of reports", Role.SUPERVISOR, Role.COMPLIANCE, Role.SYSTEM)
        self._require_trades()
        known = self._everybody(principal)
        first = {name: day for name, day in self._first_sent().items() if name in known}
        served = {name: day for name, day in first.items() if day + timedelta(days=days) <= today}
        pairs: list[tuple[_Change, list[_Change]]] = []
        used: set[str] = set()
        for name, day in sorted(served.items()):
            others = self._comparable(known[name], known, first, until=day + timedelta(days=days))
            mine = self._change(name, day, days, principal)
            theirs = [self._change(other, day, days, principal) for other in others]
            used.update(others)
            if theirs:
                pairs.append((mine, theirs))
        measures = tuple(_difference(name, label, pairs) for name, label in MEASURES.items())
        return Effect(
            days=days, served=len(served), matched=len(pairs), controls=len(used), measures=measures, caution=HONEST
        )

    def _comparable(
        self, client: Client, known: Mapping[str, Client], first: Mapping[str, date], *, until: date
    ) -> list[str]:
        """Clients of the same kind who were sent nothing up to the end of the span; chosen by a hash, not by hand."""
        alike = [
            other.id
            for other in known.values()
            if other.id != client.id and _kind(other) == _kind(client) and first.get(other.id, date.max) > until
        ]
        return sorted(alike, key=lambda name: hashlib.sha256(f"{client.id} {name}".encode()).digest())[:CONTROLS_EACH]

    def _change(self, client_id: str, day: date, days: int, principal: Principal) -> _Change:
        until = day + timedelta(days=days)
        net = Decimal(0)
        for trade in self._clients.transactions(client_id, principal=principal):
            if day < trade.day <= until:
                net += {"buy": 1, "sell": -1}.get(trade.kind, 0) * trade.amount_cny
        before, after = self._account_on(client_id, day), self._account_on(client_id, until)
        return {
            "net_purchases_cny": float(net),
            "concentration_change": after.hhi - before.hhi if before and after else nan,
            "findings_change": float(after.findings - before.findings) if before and after else nan,
        }

    def _everybody(self, principal: Principal) -> dict[str, Client]:
        found: dict[str, Client] = {}
        after = ""
        while some := self._clients.all(principal=principal, after=after):
            found |= {each.id: each for each in some if each.account_state == "open"}
            after = some[-1].id
        return found

    def _first_sent(self) -> dict[str, date]:
        query = select(report_links.c.client_id, func.min(report_links.c.created_at)).group_by(report_links.c.client_id)
        with self._engine.connect() as connection:
            return {name: at.astimezone(SHANGHAI).date() for name, at in connection.execute(query)}

    def _require_trades(self) -> None:
        with self._engine.connect() as connection:
            if connection.execute(select(transactions.c.id).limit(1)).first() is None:
                raise ReportStateError("没有导入任何交易，无法比较：请先导入 transactions。")


_Change = dict[str, float]  # by measure; NaN = unknown


def _kind(client: Client) -> tuple[str, int]:
    assets = client.assets_cny
    tier = -1 if assets is None else sum(assets >= border for border in TIERS_CNY)
    return client.risk_level or "", tier


def _difference(name: str, label: str, pairs: Sequence[tuple[_Change, Sequence[_Change]]]) -> Difference:
    mine, theirs = [], []
    for own, others in pairs:
        known = [each[name] for each in others if not np.isnan(each[name])]
        if known and not np.isnan(own[name]):
            mine.append(own[name])
            theirs.append(float(np.mean(known)))
    if not mine:
        return Difference(name=name, label=label, n=0, served=None, others=None, difference=None, low=None, high=None)
    gaps = np.asarray(mine) - np.asarray(theirs)
    low, high = _interval(gaps)
    return Difference(
        name=name, label=label, n=len(mine), served=_round(np.mean(mine)), others=_round(np.mean(theirs)),
        difference=_round(gaps.mean()), low=low, high=high,
    )  # fmt: skip


def _interval(gaps: Any) -> tuple[float | None, float | None]:
    if len(gaps) < LEAST:
        return None, None
    draws = np.random.default_rng(SEED).integers(0, len(gaps), (RESAMPLES, len(gaps)))
    low, high = np.percentile(gaps[draws].mean(axis=1), [2.5, 97.5])
    return _round(low), _round(high)


def _round(value: Any) -> float:
    return round(float(value), 4)
