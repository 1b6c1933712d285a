"""A small firm for tests of the lead queue: clients and staff that a test can change, and calls that ask for things."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update

from intent.call import Call, CallReading, Evidence, Polarity, Transcript, Wish
from intent.classifier.taxonomy import load_taxonomy
from intent.leads import tables
from intent.leads.lead import ClientStanding, Staff
from intent.leads.store import LeadStore, Recorded
from intent.notes import tables as notes  # its tables belong to the same metadata
from intent.settings import LeadSettings
from jobs.tables import metadata as jobs_metadata
from jobs.tables import outbox
from knowledge_base.access import Principal, Role, system_principal
from knowledge_base.tables import consents

SYSTEM = system_principal()
CRM = Principal(user_id="crm", roles=frozenset({Role.CRM}))
CRM2 = Principal(user_id="crm2", roles=frozenset({Role.CRM}))
OFFICER = Principal(user_id="officer", roles=frozenset({Role.COMPLIANCE}))
BOSS = Principal(user_id="boss", roles=frozenset({Role.SUPERVISOR}), branches=frozenset({"east"}))
METADATA = notes.metadata


def advisor(user_id: str) -> Principal:
    return Principal(user_id=user_id, roles=frozenset({Role.ADVISOR}))


@dataclass
class Firm:
    """A directory: everybody is A1's in branch east unless a test says otherwise; A1 and A2 work there, A2 advises."""

    clients: dict[str, ClientStanding | None] = field(default_factory=dict)
    people: dict[str, tuple[str, Staff]] = field(
        default_factory=lambda: {
            "A1": ("east", Staff(id="A1")),
            "A2": ("east", Staff(id="A2", registered_adviser=True)),
        }
    )

    def standing(self, client_id: str) -> ClientStanding | None:
        return self.clients.get(client_id, ClientStanding(advisor_id="A1", branch="east"))

    def standings_in(self, connection: Connection, client_ids: Collection[str]) -> Mapping[str, ClientStanding]:
        found = {each: self.standing(each) for each in client_ids}
        return {each: standing for each, standing in found.items() if standing is not None}

    def staff(self, branch: str, connection: Connection) -> Sequence[Staff]:
        return [staff for of, staff in self.people.values() if of == branch]

    def staff_of(self, user_ids: Collection[str], connection: Connection) -> Mapping[str, Staff]:
        return {each: self.people[each][1] for each in user_ids if each in self.people}


def store_on(engine: Engine, firm: Firm | None = None, **settings: Any) -> LeadStore:
    jobs_metadata.create_all(engine)
    METADATA.create_all(engine)
    consents.create(engine, checkfirst=True)
    return LeadStore(engine, taxonomy=load_taxonomy(), settings=LeadSettings(**settings), directory=firm or Firm())


def wish(intent: str = "permission.hk", goes_to: str = "lead", **fields: Any) -> Wish:
    values: dict[str, Any] = {
        "intent": intent, "goes_to": goes_to, "polarity": Polarity.INTEREST, "confidence": 0.9,
        "evidence": (Evidence(turn=3, quote="我想开通", start_s=12.0, end_s=14.5),),
    }  # fmt: skip
    return Wish(**{**values, **fields})


def call_of(
    *wishes: Wish, call_id: str = "k1", client_id: str | None = "C1", ended_h: float = 0.1, advisor_id: str = "A1"
) -> tuple[CallReading, Call]:
    """A call that ended so many hours ago."""
    call = Call(
        id=call_id,
        transcript=Transcript(turns=(), duration_s=60.0),
        started_at=datetime.now(UTC) - timedelta(hours=ended_h, seconds=60),
        client_id=client_id,
        advisor_id=advisor_id,
    )
    return CallReading(call_id=call_id, wishes=wishes), call


def record(store: LeadStore, *wishes: Wish, **call: Any) -> Recorded:
    return store.record(*call_of(*wishes, **call), principal=SYSTEM)


def many(store: LeadStore, count: int, intent: str = "permission.hk") -> list[str]:
    """Ids of leads of `count` clients."""
    batch = [call_of(wish(intent), call_id=f"m{n}", client_id=f"M{n:03d}") for n in range(count)]
    return [done.leads[0].id for done in store.record_many(batch, principal=SYSTEM)]


def let_leases_end(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(tables.leads).values(lease_until=datetime(2020, 1, 1, tzinfo=UTC)))


def history(store: LeadStore, lead_id: str) -> list[str]:
    return [event.event for event in store.events(lead_id, principal=SYSTEM)]


def check_books(engine: Engine) -> None:
    """What must hold whatever happened: each lead has its events, each event its message, sequences grow by client."""
    with engine.connect() as connection:
        leads = connection.execute(select(tables.leads)).all()
        kinds = [
            (r.client_id, r.intent, r.product)
            for r in leads
            if r.state in {"new", "offered", "claimed", "contacted", "held"}
        ]
        assert len(kinds) == len(set(kinds)), "two living leads of one kind"
        events = connection.scalar(select(func.count()).select_from(tables.lead_events))
        sent = connection.execute(select(outbox).order_by(outbox.c.sequence)).all()
        assert events == len(sent), "an event without its message"
        last: dict[str, int] = {}
        for message in sent:
            client, number = message.payload["client_id"], message.payload["sequence"]
            assert number > last.get(client, 0), "a later message with an earlier number"
            last[client] = number
        state = {message.payload["id"]: message.payload["state"] for message in sent}
        assert {row.id: row.state for row in leads} == state, "the last message tells another state"
        counters = dict(connection.execute(select(tables.lead_clients)).tuples().all())
        assert all(counters[client] >= number for client, number in last.items())
