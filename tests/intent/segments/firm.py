"""A small firm for tests of tags: clients, holdings, prices and events that tests change at will."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, insert, update

from intent.segments import tables
from intent.segments.keeper import TagKeeper
from intent.segments.rules import TagRules, load_rules
from intent.segments.settings import SegmentSettings
from intent.segments.store import SegmentStore
from jobs.tables import metadata as jobs_metadata
from jobs.tables import new_id
from knowledge_base import tables as kb
from knowledge_base.access import Principal, Role, system_principal
from knowledge_base.clients import BehaviourEvent
from knowledge_base.events import EventStore, china_day, mark_changed

SYSTEM = system_principal()
ADVISOR = Principal(user_id="A1", roles=frozenset({Role.ADVISOR}))
OTHER = Principal(user_id="A2", roles=frozenset({Role.ADVISOR}))
SUPERVISOR = Principal(user_id="S1", roles=frozenset({Role.SUPERVISOR}), branches=frozenset({"east"}))
OFFICER = Principal(user_id="officer", roles=frozenset({Role.COMPLIANCE}))


class Priced:
    """The prices double."""

    def __init__(self, prices: Mapping[str, str]) -> None:
        self.prices = dict(prices)

    def price(self, product_code: str, day: date) -> Decimal | None:
        found = self.prices.get(product_code)
        return None if found is None else Decimal(found)


class Firm:
    """Tables on an engine, and short ways to fill them."""

    def __init__(self, engine: Engine, rules: TagRules | None = None, **settings: Any) -> None:
        for metadata in (jobs_metadata, kb.metadata, tables.metadata):
            metadata.create_all(engine)
        self.engine = engine
        self.prices = Priced({"990001": "1.0"})
        self.rules = rules or load_rules()
        self.keeper = TagKeeper(engine, self.rules, self.prices)
        self.store = SegmentStore(engine, self.rules, SegmentSettings(**settings))
        self.today = china_day(datetime.now(UTC))
        self._events = 0

    def client(self, client_id: str, **fields: Any) -> None:
        values = {
            "name": client_id, "advisor_id": "A1", "branch": "east", "risk_level": "C3",
            "risk_level_expires": date(2030, 1, 1), "consents": [], "opt_outs": [], "account_state": "open",
            "assets_cny": Decimal(1000),
        }  # fmt: skip
        with self.engine.begin() as connection:
            connection.execute(insert(kb.clients).values(id=client_id, **{**values, **fields}))
            mark_changed(connection, [client_id])

    def change(self, client_id: str, **fields: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(kb.clients).where(kb.clients.c.id == client_id).values(fields))
            mark_changed(connection, [client_id])

    def product(self, code: str, kind: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(insert(kb.products).values(code=code, name=code, kind=kind, source="import"))

    def hold(self, client_id: str, code: str, units: str, cost: str) -> None:
        values = {"units": Decimal(units), "cost_cny": Decimal(cost), "as_of": date(2026, 1, 1)}
        with self.engine.begin() as connection:
            connection.execute(insert(kb.holdings).values(client_id=client_id, product_code=code, **values))
            mark_changed(connection, [client_id])

    def event(self, client_id: str, kind: str, day: date, amount: str | None = None, code: str | None = None) -> None:
        self._events += 1
        at = datetime.combine(day, time(4), UTC)  # noon in China
        event = BehaviourEvent(
            id=f"E{self._events}", client_id=client_id, kind=kind, at=at, product_code=code,
            amount_cny=None if amount is None else Decimal(amount),
        )  # fmt: skip
        EventStore(self.engine).add([event], principal=SYSTEM)

    def lead(self, client_id: str, intent: str, seen: datetime, state: str = "new") -> str:
        """A lead as the queue writes it, with its event."""
        from intent.leads.tables import lead_events, leads

        lead_id = new_id()
        with self.engine.begin() as connection:
            connection.execute(
                insert(leads).values(
                    id=lead_id, client_id=client_id, advisor_id="A1", branch="east", intent=intent, product="",
                    line="fund", state=state, confidence=0.9, score=0.5, urgency="normal", evidence=[], sequence=1,
                    due_at=seen + timedelta(days=1), first_seen_at=seen, last_seen_at=seen, updated_at=seen,
                )
            )  # fmt: skip
            values = {"event": "created", "state": state, "by": "x", "why": "", "at": seen}
            connection.execute(insert(lead_events).values(id=new_id(), lead_id=lead_id, **values))
        return lead_id

    def refresh(self, day: date | None = None, **options: Any) -> Any:
        return self.keeper.refresh(day or self.today, principal=SYSTEM, **options)

    def tags(self, client_id: str) -> set[str]:
        return set(self.store.tags_of(client_id, principal=SYSTEM))
