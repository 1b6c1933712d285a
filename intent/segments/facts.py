"""What tag rules see of a client: one item with the fields of `fields.yaml`, made from what the firm knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import Connection, select

from intent.call_records.old_wishes import old_wishes_of
from intent.leads.tables import leads
from knowledge_base.client_facts import ClientFacts, EventDay, ProductTraits, load_facts
from knowledge_base.clients import Holding
from knowledge_base.events import SHANGHAI, china_day

Item = dict[str, Any]
UNKNOWN = ProductTraits()


class Prices(Protocol):
    """The latest price of a unit in yuan, known on a day; None where nobody has told us."""

    def price(self, product_code: str, day: date) -> Decimal | None: ...


class NoPrices:
    """A house without price files: market values and losses are unknown, and never set a tag."""

    def price(self, product_code: str, day: date) -> Decimal | None:
        return None


def load_items(
    connection: Connection, client_ids: Sequence[str], *, day: date, event_days: int, intent_days: int, prices: Prices
) -> dict[str, Item]:
    """Items of known clients by id; events of the last `event_days` and all to come, intents of the last days."""
    facts = load_facts(connection, client_ids, since=day - timedelta(days=event_days))
    intents = _intents(connection, client_ids, day - timedelta(days=intent_days))
    return {each: item_of(found, intents[each], prices, day) for each, found in facts.items()}


def item_of(facts: ClientFacts, intents: Sequence[Item], prices: Prices, day: date) -> Item:
    """A client with holdings, event days and intents as items of their own."""
    client = facts.client
    held = [_holding(each, facts.traits, prices, day) for each in facts.holdings if each.units > 0]
    cost, value = _sum(held, "cost_cny"), _sum(held, "value_cny")
    return {
        "risk_level": client.risk_level, "risk_level_expires": client.risk_level_expires,
        "account_state": client.account_state, "assets_cny": client.assets_cny, "branch": client.branch,
        "advisor_id": client.advisor_id, "consents": client.consents, "opt_outs": client.opt_outs,
        "holdings": len(held), "cost_cny": cost, "value_cny": value, "loss_share": loss_share(cost, value),
        "holding": tuple(held), "event": tuple(_event(each, facts.traits) for each in facts.event_days),
        "intent": tuple(intents),
    }  # fmt: skip


def loss_share(cost: Decimal | None, value: Decimal | None) -> Decimal | None:
    """1 - value / cost; below zero with a profit. None without a cost. Dividends paid out are not added back."""
    if cost is None or value is None or cost <= 0:
        return None
    return 1 - value / cost


def _holding(held: Holding, traits: Mapping[str, ProductTraits], prices: Prices, day: date) -> Item:
    product = traits.get(held.product_code, UNKNOWN)
    price = prices.price(held.product_code, day)
    value = None if price is None else held.units * price
    return {
        "product_code": held.product_code, "product_kind": product.kind, "product_risk": product.risk_level,
        "units": held.units, "cost_cny": held.cost_cny, "value_cny": value,
        "loss_share": loss_share(held.cost_cny, value), "as_of": held.as_of,
    }  # fmt: skip


def _event(done: EventDay, traits: Mapping[str, ProductTraits]) -> Item:
    product = traits.get(done.product_code, UNKNOWN)
    return {
        "kind": done.kind, "day": done.day, "times": done.times, "amount_cny": done.amount_cny,
        "product_code": done.product_code or None, "product_kind": product.kind, "product_risk": product.risk_level,
    }  # fmt: skip


def _sum(items: Sequence[Item], field: str) -> Decimal | None:
    """None where one part is unknown: a loss of a part is no loss of the whole."""
    amounts = [each[field] for each in items]
    return None if None in amounts else sum(amounts, Decimal(0))


def _intents(connection: Connection, client_ids: Sequence[str], since: date) -> Mapping[str, list[Item]]:
    start = datetime.combine(since, time(), SHANGHAI).astimezone(UTC)
    columns = ("client_id", "intent", "line", "product", "state", "confidence", "last_seen_at")
    query = select(*(leads.c[name] for name in columns)).where(
        leads.c.client_id.in_(client_ids), leads.c.last_seen_at >= start
    )
    found: dict[str, list[Item]] = defaultdict(list)
    living: list[Mapping[str, Any]] = [row._asdict() for row in connection.execute(query)]
    for row in (*living, *old_wishes_of(connection, client_ids, start)):
        found[row["client_id"]].append(
            {
                "intent": row["intent"], "line": row["line"], "product": row["product"] or None, "state": row["state"],
                "confidence": Decimal(str(row["confidence"])), "day": china_day(row["last_seen_at"]),
            }
        )  # fmt: skip
    return found
