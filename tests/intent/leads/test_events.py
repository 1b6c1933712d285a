"""What consumers are told of a lead, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Engine

from intent.leads.views import BODY_TIMES, body
from jobs.outbox import Outbox
from tests.intent.leads.firm import CRM, check_books, record, store_on, wish


class TestEvents:
    def test_events_come_to_the_consumer_as_lead_types(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        lead = record(store, wish()).leads[0]
        record(store, wish(), call_id="k2")
        store.claim(principal=CRM)
        store.nack(lead.id, principal=CRM, why="later")
        told = [(m.payload["type"], m.payload["event"], m.payload["by"]) for m in Outbox(any_engine).pending()]
        assert told == [
            ("lead.created", "created", "system"), ("lead.updated", "merged", "system"),
            ("lead.claimed", "claimed", "crm"), ("lead.offered", "nacked", "crm"),
        ]  # fmt: skip

    def test_an_outcomes_message_says_what_the_lead_says(self, any_engine: Engine) -> None:
        """On PostgreSQL the database writes it, elsewhere Python does."""
        store = store_on(any_engine)
        plain = wish(amount_cny=Decimal("12000.50")), wish("fund.buy", product="易方达蓝筹精选")
        taken = record(store, *plain).leads
        store.claim(principal=CRM)
        after = [store.extend(taken[0].id, principal=CRM), store.nack(taken[0].id, principal=CRM, why="later")]
        after += [store.ack(taken[1].id, principal=CRM, disposition="wrong", reason="不是他 %s")]
        told = {m.payload["sequence"]: m.payload for m in Outbox(any_engine).pending()}
        for lead, event in zip(after, ("extended", "nacked", "acked"), strict=True):
            message = dict(told[lead.sequence])
            assert (message.pop("event"), message.pop("by")) == (event, "crm")
            assert (message.pop("type"), message.pop("why")) is not None
            said = body(lead)
            for name in BODY_TIMES:
                assert _moment(message.pop(name)) == _moment(said.pop(name)), name
            assert message == said
        check_books(any_engine)


def _moment(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)
