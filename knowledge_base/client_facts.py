"""All that is known of many clients at once, for rules and scores that look at each: four statements a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, select

from knowledge_base.clients import Client, Holding
from knowledge_base.events import FEN
from knowledge_base.tables import clients, event_days, holdings, products, transactions

BATCH = 500  # clients of one statement


@dataclass(frozen=True, kw_only=True)
class ProductTraits:
    """What rules ask of a product; None where nobody has told us."""

    kind: str | None = None  # 债券型, ...
    risk_level: str | None = None


@dataclass(frozen=True, kw_only=True)
class EventDay:
    """What a client did of one kind, with one product, on one day."""

    day: date
    kind: str
    product_code: str  # empty where none was named
    times: int
    amount_cny: Decimal


@dataclass(frozen=True, kw_only=True)
class ClientFacts:
    """One client with holdings and the event days of the window that was asked for."""

    client: Client
    holdings: tuple[Holding, ...] = ()
    event_days: tuple[EventDay, ...] = ()
    traits: Mapping[str, ProductTraits] = field(default_factory=dict)  # of the products named, by code


def load_facts(
    connection: Connection, client_ids: Sequence[str], *, since: date | None = None, until: date | None = None
) -> dict[str, ClientFacts]:
    """Facts of at most `BATCH` clients by id; unknown ones are left out. Days before `since` or after `until` too."""
    found = [_client(row) for row in connection.execute(select(clients).where(clients.c.id.in_(client_ids)))]
    held: dict[str, list[Holding]] = defaultdict(list)
    for row in connection.execute(select(holdings).where(holdings.c.client_id.in_(client_ids))):
        held[row.client_id].append(Holding(**row._mapping))
    did: dict[str, list[EventDay]] = defaultdict(list)
    for row in connection.execute(_days(client_ids, since, until)):
        did[row.client_id].append(
            EventDay(
                day=row.day, kind=row.kind, product_code=row.product_code, times=row.times,
                amount_cny=Decimal(row.amount_fen) / FEN,
            )
        )  # fmt: skip
    codes = {each.product_code for of_client in held.values() for each in of_client}
    codes |= {each.product_code for of_client in did.values() for each in of_client} - {""}
    traits = _traits(connection, codes)
    return {
        client.id: ClientFacts(
            client=client, holdings=tuple(held[client.id]), event_days=tuple(did[client.id]), traits=traits
        )
        for client in found
    }


def purchases(
    connection: Connection, client_ids: Sequence[str], product_codes: Sequence[str]
) -> tuple[tuple[str, str, date], ...]:
    """Days on which the clients bought any of the products: client id, product code, day; in their order."""
    if not product_codes:
        return ()
    columns = (transactions.c.client_id, transactions.c.product_code, transactions.c.day)
    query = select(*columns).where(
        transactions.c.client_id.in_(client_ids),
        transactions.c.product_code.in_(product_codes),
        transactions.c.kind == "buy",
    )
    return tuple((row.client_id, row.product_code, row.day) for row in connection.execute(query.order_by(*columns)))


def _days(client_ids: Sequence[str], since: date | None, until: date | None) -> Select[Any]:
    query = select(event_days).where(event_days.c.client_id.in_(client_ids))
    if since is not None:
        query = query.where(event_days.c.day >= since)
    return query if until is None else query.where(event_days.c.day <= until)


def _traits(connection: Connection, codes: set[str]) -> dict[str, ProductTraits]:
    if not codes:
        return {}
    query = select(products.c.code, products.c.kind, products.c.risk_level).where(products.c.code.in_(sorted(codes)))
    return {row.code: ProductTraits(kind=row.kind, risk_level=row.risk_level) for row in connection.execute(query)}


def _client(row: Any) -> Client:
    fields = dict(row._mapping)
    return Client(**{**fields, "consents": tuple(fields["consents"]), "opt_outs": tuple(fields["opt_outs"])})
