"""The queue's view of the firm's clients and staff, read from the knowledge base."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, JSON, Connection, Select, String, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from intent.leads.lead import ClientStanding, Staff
from jobs.direct import Direct
from knowledge_base.access import Principal
from knowledge_base.clients import Advisor, Clients, visible_clients
from knowledge_base.consents import ConsentState, Purpose, joined, latest
from knowledge_base.tables import clients, consents

READ = (
    clients.c.id, clients.c.advisor_id, clients.c.branch, clients.c.consents, clients.c.opt_outs,
    clients.c.account_state, clients.c.born_on, clients.c.kind, clients.c.assets_cny, clients.c.revenue_cny,
)  # fmt: skip


class KnowledgeBaseDirectory:
    """Clients and advisors of the knowledge base; what a client refused is told by purpose."""

    def __init__(self, clients: Clients, principal: Principal) -> None:
        self._clients, self._principal = clients, principal
        self._many = Direct(_with_ledger(principal))

    def standing(self, client_id: str) -> ClientStanding | None:
        """None for an unknown client."""
        with self._clients.engine.connect() as connection:
            return self.standings_in(connection, [client_id]).get(client_id)

    def standings_in(self, connection: Connection, client_ids: Collection[str]) -> Mapping[str, ClientStanding]:
        """Of many clients, as the caller's transaction sees them; unknown ones are left out.

        Every claim asks this: on PostgreSQL in one statement.
        """
        if connection.dialect.name == "postgresql":
            rows = self._many.rows(connection, {"ids": sorted(client_ids)})
            return {row["id"]: _standing(row, _ledger(row["ledger"] or ())) for row in rows}
        query = select(*READ).where(clients.c.id.in_(sorted(client_ids)), visible_clients(self._principal))
        found = {row.id: row._asdict() for row in connection.execute(query)}
        ledger = latest(connection, list(found))
        return {client_id: _standing(row, ledger.get(client_id, {})) for client_id, row in found.items()}

    def standings(self, client_ids: Collection[str]) -> Mapping[str, ClientStanding]:
        """The same outside of a transaction."""
        with self._clients.engine.connect() as connection:
            return self.standings_in(connection, client_ids)

    def staff(self, branch: str, connection: Connection) -> Sequence[Staff]:
        """Who works in a branch."""
        found = self._clients.staff(principal=self._principal, connection=connection, branch=branch)
        return [_staff(each) for each in found]

    def staff_of(self, user_ids: Collection[str], connection: Connection) -> Mapping[str, Staff]:
        """Members of staff by id; a user who is no advisor is left out."""
        found = self._clients.staff(principal=self._principal, connection=connection, user_ids=user_ids)
        return {each.id: _staff(each) for each in found}


def _with_ledger(principal: Principal) -> Select[Any]:
    """Clients with their entries of the ledger, [purpose, state] in the order of their versions."""
    entry = func.json_build_array(consents.c.purpose, consents.c.state)
    entries = func.json_agg(aggregate_order_by(entry, consents.c.version), type_=JSON())
    ledger = select(entries).where(consents.c.client_id == clients.c.id).scalar_subquery().label("ledger")
    wanted = clients.c.id == any_(bindparam("ids", type_=ARRAY(String)))
    return select(*READ, ledger).where(wanted, visible_clients(principal))


def _ledger(entries: Sequence[tuple[str, str]]) -> dict[Purpose, ConsentState]:
    """What holds of each purpose: its last entry."""
    return {Purpose(purpose): ConsentState(state) for purpose, state in entries}


def _standing(row: Mapping[str, Any], ledger: Mapping[Purpose, ConsentState]) -> ClientStanding:
    """A refusal in the firm's file or in the ledger counts, whatever the other one says."""
    known = dict.fromkeys(row["consents"], True) | dict.fromkeys(row["opt_outs"], False)
    joint = joined(row["consents"], row["opt_outs"], ledger)
    return ClientStanding(
        advisor_id=row["advisor_id"],
        branch=row["branch"],
        consents={**known, **{purpose.value: state is ConsentState.GRANTED for purpose, state in joint.items()}},
        account_state=row["account_state"],
        born_on=row["born_on"],
        kind=row["kind"] or "individual",
        assets_cny=row["assets_cny"],
        revenue_cny=row["revenue_cny"],
    )


def _staff(advisor: Advisor) -> Staff:
    return Staff(
        id=advisor.id,
        registered_adviser=advisor.registered_adviser,
        lines=advisor.lines,
        capacity=advisor.capacity,
    )
