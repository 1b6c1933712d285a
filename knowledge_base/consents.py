"""The ledger of consents: by purpose, in versions, append-only; each entry with the proof of what was said.

Law: PIPL articles 13 to 16 (consent, withdrawal as easy as giving it, no refusal of service because of it), 24
(a way out of personalised pushing), 7 and 69 (the handler proves it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Engine, Row, func, insert, select

from jobs.locks import hold
from jobs.tables import new_id
from knowledge_base.access import Principal
from knowledge_base.clients import Client, Clients
from knowledge_base.tables import consents


class Purpose(StrEnum):
    """What a client may agree to or refuse."""

    RECORDING = "recording"
    AI_ANALYSIS = "ai_analysis"
    MARKETING = "marketing"
    CONTACT = "contact"  # refused: do not contact
    PERSONALISED = "personalised"  # refused: no personalised service


class ConsentState(StrEnum):
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    UNASKED = "unasked"  # a reading proved wrong: the ledger says nothing again


# Names of the same purposes in the firm's files of clients.
IMPORTED: Mapping[str, Purpose] = {
    "call_analysis": Purpose.AI_ANALYSIS,
    "phone": Purpose.CONTACT,
    "personalised_service": Purpose.PERSONALISED,
    **{purpose.value: purpose for purpose in Purpose},
}


@dataclass(frozen=True, kw_only=True)
class ConsentEntry:
    """One version of one consent."""

    id: str
    client_id: str
    purpose: str
    version: int
    state: str  # granted | withdrawn | unasked
    source: str  # call | staff
    call_id: str | None
    start_s: float | None  # the second of the call at which it was said
    quote: str
    by: str
    why: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Where a consent was given or taken back."""

    source: str  # call | staff
    call_id: str | None = None
    start_s: float | None = None
    quote: str = ""
    why: str = ""


class ConsentLedger:
    """Reads and writes the ledger. Nothing is ever changed or removed: a new version says what holds."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._clients = Clients(engine)

    def write(
        self, connection: Connection, client_id: str, purpose: Purpose, state: ConsentState, proof: Proof, *,
        by: str, at: datetime,
    ) -> ConsentEntry:  # fmt: skip
        """Append a version in the caller's transaction; what is refused is refused from its commit on."""
        hold(connection, f"consents:{client_id}")
        mine = (consents.c.client_id == client_id) & (consents.c.purpose == purpose.value)
        last = connection.scalar(select(func.max(consents.c.version)).where(mine))
        values = {
            "id": new_id(), "client_id": client_id, "purpose": purpose.value, "version": (last or 0) + 1,
            "state": state.value, "source": proof.source, "call_id": proof.call_id, "start_s": proof.start_s,
            "quote": proof.quote, "by": by, "why": proof.why, "at": at,
        }  # fmt: skip
        return _entry(connection.execute(insert(consents).values(values).returning(*consents.c)).one())

    def history(self, client_id: str, *, principal: Principal) -> tuple[ConsentEntry, ...]:
        """Every version of a client, the newest first. Raises UnknownClientError for one not to be seen."""
        self._clients.get(client_id, principal=principal)
        query = select(consents).where(consents.c.client_id == client_id)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(consents.c.at.desc(), consents.c.id.desc())).all()
        return tuple(_entry(row) for row in rows)

    def standing(self, client_id: str, *, principal: Principal) -> dict[Purpose, ConsentState]:
        """What holds of a client today, purpose by purpose; one that nobody ever asked about is left out.

        Raises UnknownClientError.
        """
        client = self._clients.get(client_id, principal=principal)
        with self.engine.connect() as connection:
            return self.of_client(connection, client)

    def of_client(self, connection: Connection, client: Client) -> dict[Purpose, ConsentState]:
        """The same, seen from inside a transaction, with what it has written itself."""
        return joined(client.consents, client.opt_outs, latest(connection, [client.id]).get(client.id, {}))

    def take_back(
        self, connection: Connection, client_id: str, purpose: Purpose, proof: Proof, *, by: str, at: datetime
    ) -> ConsentEntry:
        """Undo the last version, which proved wrong, by another one: what the ledger said before holds again."""
        hold(connection, f"consents:{client_id}")
        mine = (consents.c.client_id == client_id) & (consents.c.purpose == purpose.value)
        query = select(consents.c.state).where(mine).order_by(consents.c.version.desc()).offset(1).limit(1)
        before = ConsentState(connection.scalar(query) or ConsentState.UNASKED)
        return self.write(connection, client_id, purpose, before, proof, by=by, at=at)


def latest(connection: Connection, client_ids: Sequence[str]) -> dict[str, dict[Purpose, ConsentState]]:
    """The last version of each purpose, of many clients in one statement."""
    query = select(consents.c.client_id, consents.c.purpose, consents.c.state).where(
        consents.c.client_id.in_(list(client_ids))
    )
    found: dict[str, dict[Purpose, ConsentState]] = {}
    for row in connection.execute(query.order_by(consents.c.client_id, consents.c.purpose, consents.c.version)):
        found.setdefault(row.client_id, {})[Purpose(row.purpose)] = ConsentState(row.state)
    return found


def joined(
    agreed: Iterable[str], refused: Iterable[str], ledger: Mapping[Purpose, ConsentState]
) -> dict[Purpose, ConsentState]:
    """The firm's file and the ledger as one: a refusal in either counts, since the file has no times to compare."""
    known = {IMPORTED[name]: ConsentState.GRANTED for name in agreed if name in IMPORTED}
    known |= {purpose: state for purpose, state in ledger.items() if state is not ConsentState.UNASKED}
    known |= {IMPORTED[name]: ConsentState.WITHDRAWN for name in refused if name in IMPORTED}
    return known


def refusals(standing: Mapping[Purpose, ConsentState]) -> frozenset[Purpose]:
    """The purposes that a client refuses."""
    return frozenset(purpose for purpose, state in standing.items() if state is ConsentState.WITHDRAWN)


def refused_by(connection: Connection, clients: Iterable[Client]) -> dict[str, frozenset[Purpose]]:
    """What each client refuses, by id: the firm's file and the ledger as one."""
    known = {client.id: client for client in clients}
    told = latest(connection, list(known))
    return {
        each: refusals(joined(client.consents, client.opt_outs, told.get(each, {}))) for each, client in known.items()
    }


def _entry(row: Row[tuple[object, ...]]) -> ConsentEntry:
    return ConsentEntry(**row._mapping)
