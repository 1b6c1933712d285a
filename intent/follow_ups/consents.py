"""The desk of consents: what was heard is confirmed or put right; a doubt never changes the ledger in silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine

from intent.errors import LeadError
from intent.follow_ups.access import may_handle
from intent.follow_ups.desk import change, get
from intent.follow_ups.item import FollowUp, Kind, State
from intent.leads.queue import LeadQueue
from intent.leads.refusals import withdraw_refused
from jobs.clock import database_now
from jobs.locks import begin_writing
from knowledge_base.access import Principal
from knowledge_base.clients import Clients
from knowledge_base.consents import ConsentEntry, ConsentLedger, ConsentState, Proof, Purpose


class ConsentDesk:
    """Decides on what calls said of consents, and writes down what staff were told.

    A refusal withdraws the leads that wait for its client in the same transaction.
    """

    def __init__(self, engine: Engine, ledger: ConsentLedger, queue: LeadQueue) -> None:
        self.engine, self.ledger, self._queue = engine, ledger, queue
        self._clients = Clients(engine)

    def confirm(
        self, item_id: str, *, principal: Principal, purposes: Sequence[Purpose] = (), client_id: str | None = None,
        note: str = "",
    ) -> FollowUp:  # fmt: skip
        """What was heard is right. Where it was asked about, the ledger changes now.

        purposes: what was meant, where the words did not tell. client_id: of a caller nobody knew. Raises
        LeadError where either is missing.
        """
        with self._item(item_id, principal) as (connection, item, now):
            if item.state == State.ASKED:
                meant = tuple(purposes) or tuple(Purpose(name) for name in item.purposes)
                client = item.client_id or client_id
                if not meant or client is None:
                    raise LeadError("Say whose consent it is and to what: name the client and the purposes.")
                if item.client_id is None:
                    self._clients.get(client, principal=principal)
                for purpose in meant:
                    self.ledger.write(
                        connection, client, purpose, ConsentState.WITHDRAWN, _heard(item, note),
                        by=principal.user_id, at=now,
                    )  # fmt: skip
                withdraw_refused(self._queue, connection, client, now)
                told = ", ".join(purpose.value for purpose in meant)
                changed = {"purposes": [purpose.value for purpose in meant], "client_id": client}
                return _close(connection, item, "confirmed", f"{told}; {note}".strip("; "), principal, now, **changed)
            return _close(connection, item, "confirmed", note, principal, now)

    def dismiss(self, item_id: str, why: str, *, principal: Principal) -> FollowUp:
        """What was heard is not what the client meant; a ledger that changed says again what it said before."""
        if not why.strip():
            raise LeadError("A dismissal needs a reason: write one sentence.")
        with self._item(item_id, principal) as (connection, item, now):
            if item.state == State.APPLIED and item.client_id is not None:
                for name in item.purposes:
                    self.ledger.take_back(
                        connection, item.client_id, Purpose(name), _heard(item, why), by=principal.user_id, at=now
                    )
            return _close(connection, item, "dismissed", why.strip(), principal, now)

    def record(
        self, client_id: str, purpose: Purpose, state: ConsentState, proof: Proof, *, principal: Principal
    ) -> ConsentEntry:
        """Write down what a client told a member of staff. Raises UnknownClientError, LeadError.

        A consent is granted on proof only: a call and its second, or words that name the signed document.
        """
        self._clients.get(client_id, principal=principal)
        if state is ConsentState.GRANTED and not (proof.call_id or proof.why.strip()):
            raise LeadError("A consent is granted on proof: name the call, or the document that was signed.")
        with self._writing() as (connection, now):
            entry = self.ledger.write(connection, client_id, purpose, state, proof, by=principal.user_id, at=now)
            withdraw_refused(self._queue, connection, client_id, now)
            return entry

    @contextmanager
    def _item(self, item_id: str, principal: Principal) -> Iterator[tuple[Connection, FollowUp, datetime]]:
        with self._writing() as (connection, now):
            item = get(connection, item_id, principal, lock=True)
            if item.kind != Kind.CONSENT:
                raise LeadError(f"{item_id} is no change of consent.")
            if item.state == State.CLOSED:
                raise LeadError(f"The change of consent {item_id} was decided already: read it again.")
            if not may_handle(item, principal):
                raise LeadError(f"{principal.user_id} may see this but not decide it.")
            yield connection, item, now

    @contextmanager
    def _writing(self) -> Iterator[tuple[Connection, datetime]]:
        with self.engine.begin() as connection:
            begin_writing(connection)
            yield connection, database_now(connection)


def _heard(item: FollowUp, why: str) -> Proof:
    said = item.evidence[0] if item.evidence else {}
    return Proof(
        source="call", call_id=item.call_id, start_s=said.get("start_s"), quote=str(said.get("quote", "")), why=why
    )


def _close(
    connection: Connection, item: FollowUp, event: str, why: str, principal: Principal, now: datetime, **values: object
) -> FollowUp:
    return change(
        connection, item, event, principal.user_id, why, now,
        **{**values, "state": State.CLOSED, "look_at": None, "handled_at": now, "handler_id": principal.user_id,
           "outcome": event},
    )  # fmt: skip
