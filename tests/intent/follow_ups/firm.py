"""A small firm: clients of two advisors in two branches, and calls as a reader left them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert

from intent.call import Call, CallReading, Evidence, Polarity, Transcript, Wish
from intent.classifier.taxonomy import load_taxonomy
from intent.follow_ups.consents import ConsentDesk
from intent.follow_ups.desk import FollowUpDesk
from intent.follow_ups.incidents import IncidentDesk
from intent.follow_ups.register import Register
from intent.leads.directory import KnowledgeBaseDirectory
from intent.leads.store import LeadStore, Recorded
from intent.settings import FollowUpSettings
from knowledge_base.access import Principal, Role, system_principal
from knowledge_base.clients import Clients
from knowledge_base.consents import ConsentLedger
from knowledge_base.tables import advisors, clients
from serve.database import migrate

SYSTEM = system_principal()
OFFICER = Principal(user_id="officer", roles=frozenset({Role.COMPLIANCE}))
DESK = Principal(user_id="desk", roles=frozenset({Role.CRM}))


def fails_after(opened: Callable[..., object]) -> Callable[..., object]:
    """A crash in the transaction of a call, right after its follow-ups were written."""

    def fail(*arguments: object, **options: object) -> object:
        opened(*arguments, **options)
        raise RuntimeError("disk full")

    return fail


def advisor(user_id: str) -> Principal:
    return Principal(user_id=user_id, roles=frozenset({Role.ADVISOR}))


def supervisor(user_id: str = "boss", branch: str = "east", *more: Role) -> Principal:
    return Principal(user_id=user_id, roles=frozenset({Role.SUPERVISOR, *more}), branches=frozenset({branch}))


class Firm:
    """Clients C1 to C4 of A1 (east), C5 of A2 (west), C9 of A1 with a closed account; A3 is no registered adviser."""

    def __init__(self, engine: Engine, settings: FollowUpSettings | None = None) -> None:
        migrate(engine)
        self.engine = engine
        people = [(f"C{n}", "A2" if n == 5 else "A1", "west" if n == 5 else "east") for n in (1, 2, 3, 4, 5, 9)]
        with engine.begin() as connection:
            connection.execute(insert(advisors), [
                {"id": id_, "name": id_, "branch": branch, "licence_number": None, "registered_adviser": id_ != "A3"}
                for id_, branch in (("A1", "east"), ("A2", "west"), ("A3", "east"))
            ])  # fmt: skip
            connection.execute(insert(clients), [
                {"id": id_, "name": f"客户{id_}", "advisor_id": advisor_id, "branch": branch, "consents": ["marketing"],
                 "opt_outs": ["phone"] if id_ == "C4" else [], "account_state": "closed" if id_ == "C9" else "open"}
                for id_, advisor_id, branch in people
            ])  # fmt: skip
        self.clients = Clients(engine)
        self.directory = KnowledgeBaseDirectory(self.clients, SYSTEM)
        self.ledger = ConsentLedger(engine)
        taxonomy = load_taxonomy()
        self.register = register = Register(taxonomy, self.ledger, settings)
        self.store = LeadStore(engine, taxonomy=taxonomy, directory=self.directory, register=register)
        self.desk = FollowUpDesk(engine, taxonomy=taxonomy, deadlines=register.deadlines)
        self.incidents = IncidentDesk(engine)
        self.consents = ConsentDesk(engine, self.ledger, self.store)

    def record(
        self,
        *wishes: Wish,
        call_id: str = "k1",
        client_id: str | None = "C1",
        advisor_id: str = "A1",
        started_at: datetime | None = None,
    ) -> Recorded:
        """A call of a minute, by default one that ended just now."""
        call = Call(
            id=call_id,
            transcript=Transcript(turns=(), duration_s=60.0),
            client_id=client_id,
            advisor_id=advisor_id,
            started_at=started_at or datetime.now(UTC) - timedelta(seconds=60),
        )
        return self.store.record(CallReading(call_id=call_id, wishes=wishes), call, principal=SYSTEM)


def wish(intent: str, goes_to: str, quote: str = "我要投诉", *, turn: int = 3, **fields: Any) -> Wish:
    proof = (Evidence(turn=turn, quote=quote, start_s=12.0, end_s=14.5),)
    values: dict[str, Any] = {"polarity": Polarity.INTEREST, "evidence": proof, "confidence": 0.9, **fields}
    return Wish(intent=intent, goes_to=goes_to, **values)


def complaint(quote: str = "我要投诉你们的客户经理") -> Wish:
    return wish("complaint", "case", quote)


def outage(quote: str = "软件闪退，一直打不开") -> Wish:
    return wish("service.outage", "ticket", quote)


def optout(quote: str = "以后别再给我打电话了", **fields: Any) -> Wish:
    return wish("consent.optout", "consent", quote, **fields)


def intents(items: Sequence[Any]) -> list[str]:
    return [item.intent for item in items]
