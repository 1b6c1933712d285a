"""The queue's view of the firm's clients and staff, read from the knowledge base."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection

from intent.leads.lead import ClientStanding, Staff
from knowledge_base.access import Principal
from knowledge_base.clients import Advisor, Client, Clients
from knowledge_base.consents import ConsentState, Purpose, joined, latest


class KnowledgeBaseDirectory:
    """Clients and advisors of the knowledge base; what a client refused is told by purpose."""

    def __init__(self, clients: Clients, principal: Principal) -> None:
        self._clients, self._principal = clients, principal

    def standing(self, client_id: str) -> ClientStanding | None:
        """None for an unknown client."""
        with self._clients.engine.connect() as connection:
            return self.standings_in(connection, [client_id]).get(client_id)

    def standings_in(self, connection: Connection, client_ids: Collection[str]) -> Mapping[str, ClientStanding]:
        """Of many clients, as the caller's transaction sees them; unknown ones are left out."""
        found = self._clients.many(client_ids, principal=self._principal, connection=connection)
        ledger = latest(connection, list(found))
        return {client_id: _standing(client, ledger.get(client_id, {})) for client_id, client in found.items()}

    def standings(self, client_ids: Collection[str]) -> Mapping[str, ClientStanding]:
        """The same outside of a transaction."""
        with self._clients.engine.connect() as connection:
            return self.standings_in(connection, client_ids)

    def staff(self, branch: str, connection: Connection) -> Sequence[Staff]:
        """Who works in a branch."""
        found = self._clients.staff(principal=self._principal, connection=connection, branch=branch)
        return [_staff(each) for each in found]

    def one_of_staff(self, user_id: str, connection: Connection) -> Staff | None:
        """One member of staff; None for a user who is no advisor."""
        found = self._clients.staff(principal=self._principal, connection=connection, user_id=user_id)
        return _staff(found[0]) if found else None


def _standing(client: Client, ledger: Mapping[Purpose, ConsentState]) -> ClientStanding:
    """A refusal in the firm's file or in the ledger counts, whatever the other one says."""
    known = dict.fromkeys(client.consents, True) | dict.fromkeys(client.opt_outs, False)
    joint = joined(client.consents, client.opt_outs, ledger)
    return ClientStanding(
        advisor_id=client.advisor_id,
        branch=client.branch,
        consents={**known, **{purpose.value: state is ConsentState.GRANTED for purpose, state in joint.items()}},
        account_state=client.account_state,
        born_on=client.born_on,
        kind=client.kind or "individual",
        assets_cny=client.assets_cny,
        revenue_cny=client.revenue_cny,
    )


def _staff(advisor: Advisor) -> Staff:
    return Staff(
        id=advisor.id,
        registered_adviser=advisor.registered_adviser,
        lines=advisor.lines,
        capacity=advisor.capacity,
    )
