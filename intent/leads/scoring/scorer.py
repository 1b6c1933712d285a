"""How a lead is scored: the Protocol, the rule that scores until there is a better one, and the weight of value."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

import yaml
from sqlalchemy import Connection

from intent.leads.lead import Lead, rule_score

RULE = "rule"
LARGE_CNY = 100_000


@dataclass(frozen=True, kw_only=True)
class LeadFacts:
    """What is known of a lead without asking about its client."""

    client_id: str
    intent: str
    confidence: float  # of the intent model, 0..1
    urgency: str  # high | normal | low
    amount_cny: Decimal | None
    calls: int  # in which it was heard
    product: str = ""  # as spoken

    @classmethod
    def of(cls, lead: Lead) -> LeadFacts:
        return cls(
            client_id=lead.client_id, intent=lead.intent, confidence=lead.confidence, urgency=lead.urgency,
            amount_cny=lead.amount_cny, calls=len({row["call"] for row in lead.evidence}), product=lead.product,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A score with its parts and its reasons."""

    score: float  # 0..1; orders the queue
    right: float  # probability that the lead is one
    ready: float  # probability that it is won, if it is one; 1 where nobody knows
    value: float  # weight of what is at stake, 0..1
    by: str  # version of the model, or `rule`
    reasons: tuple[str, ...] = field(default=())


Score = Callable[[LeadFacts], float]


class LeadScorer(Protocol):
    """Scores leads of whatever clients at once."""

    def for_clients(self, connection: Connection, client_ids: Iterable[str], now: datetime) -> Score:
        """The score of one lead after the other of these clients, of whom everything is read beforehand."""
        ...

    def scores(self, connection: Connection, facts: Sequence[LeadFacts], now: datetime) -> tuple[Scored, ...]:
        """A score for each, in their order. Reads of clients what it needs, a fixed number of statements for all."""
        ...


class RuleScorer:
    """`rule_score` with its reasons: what scores until enough dispositions exist to learn from."""

    def for_clients(self, connection: Connection, client_ids: Iterable[str], now: datetime) -> Score:
        return rule

    def scores(self, connection: Connection, facts: Sequence[LeadFacts], now: datetime) -> tuple[Scored, ...]:
        return tuple(map(by_rule, facts))


def rule(facts: LeadFacts) -> float:
    """The rule's score."""
    return rule_score(facts.confidence, facts.urgency, facts.amount_cny, facts.calls)


def by_rule(facts: LeadFacts) -> Scored:
    """The score of the rule, which needs nothing of the client."""
    reasons = [f"通话里的意愿把握 {facts.confidence:.0%}"]
    reasons += {"high": ["客户着急"], "low": ["客户不着急"]}.get(facts.urgency, [])
    if facts.amount_cny is not None and facts.amount_cny >= LARGE_CNY:
        reasons.append("提到的金额在10万元以上")
    if facts.calls > 1:
        reasons.append(f"在 {facts.calls} 次通话里提到")
    return Scored(
        score=rule(facts), right=facts.confidence, ready=1.0, value=1.0, by=RULE, reasons=tuple(reasons)
    )  # fmt: skip


def value_weight(amount_cny: Decimal | None, assets_cny: Decimal | None) -> float:
    """0..1 by the steps of `value.yaml`."""
    table = _value()
    if amount_cny is None and assets_cny is None:
        return float(table["unknown"])
    at_stake = float(amount_cny) if amount_cny is not None else float(assets_cny or 0) * table["share_of_assets"]
    starts = sorted(table["steps"])
    return float(table["steps"][starts[max(0, bisect_right(starts, at_stake) - 1)]])


@cache
def _value() -> Any:
    return yaml.safe_load(files("intent.leads.scoring").joinpath("value.yaml").read_text(encoding="utf-8"))
