"""Clients, what they hold and do, and the advisors who serve them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, or_, select
from sqlalchemy.sql.elements import ColumnElement

from jobs.direct import Direct
from knowledge_base.access import SEES_EVERY_CLIENT, Principal, Role
from knowledge_base.errors import UnknownClientError
from knowledge_base.tables import (
    advisors,
    agreements,
    client_insistence,
    clients,
    events,
    holdings,
    import_runs,
    transactions,
)


@dataclass(frozen=True, kw_only=True)
class Client:
    """A client of the firm."""

    id: str
    name: str
    advisor_id: str | None
    branch: str | None
    risk_level: str | None  # "C1".."C5"; None when never assessed
    risk_level_expires: date | None
    consents: tuple[str, ...]  # purposes agreed to, e.g. "call_analysis", "marketing"
    opt_outs: tuple[str, ...]  # channels or purposes refused, e.g. "phone"
    account_state: str  # open | frozen | closed
    assets_cny: Decimal | None = None
    risk_level_as_of: date | None = None  # day of the questionnaire
    questionnaire_id: str | None = None
    goal: str | None = None  # liquidity | preservation | income | growth
    horizon_months: int | None = None
    liquidity_cny: Decimal | None = None  # needed within a year
    kind: str | None = None  # individual | institution | product; None = individual
    born_on: date | None = None
    revenue_cny: Decimal | None = None  # earned with the client in the last twelve months

    def risk_level_on(self, day: date) -> str | None:
        """The level where it is valid on that day, else None (never assessed, or expired)."""
        expired = self.risk_level_expires is not None and self.risk_level_expires < day
        return None if expired else self.risk_level

    def agrees_to(self, purpose: str) -> bool:
        return purpose in self.consents and purpose not in self.opt_outs


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A position of a client."""

    client_id: str
    product_code: str
    units: Decimal
    cost_cny: Decimal  # whole position
    as_of: date


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """A trade or payout of a client; `kind` tells which way units and money go.

    buy, transfer_in: units in, `amount_cny` is what the client paid, fee included. sell, transfer_out: units
    out, what the client received, fee taken off. dividend: money alone. reinvest: units in, paid by a dividend
    of `amount_cny`. split: `units` more (fewer when negative), no money.
    """

    id: str
    client_id: str
    product_code: str
    kind: str
    day: date  # of the NAV it was done at; of a dividend the ex-date
    units: Decimal
    amount_cny: Decimal
    fee_cny: Decimal | None = None  # part of the amount of a purchase, beside that of a redemption


@dataclass(frozen=True, kw_only=True)
class BehaviourEvent:
    """Something a client did, e.g. logged in, viewed a product, redeemed."""

    id: str
    client_id: str
    kind: str
    at: datetime
    product_code: str | None = None
    amount_cny: Decimal | None = None
    detail: str | None = None


@dataclass(frozen=True, kw_only=True)
class SignedInsistence:
    """A document in which a client insisted on a product above their level; levels as they stood then."""

    client_id: str
    document_id: str
    sha256: str  # of the signed document, 64 lower-case hex digits
    signed_at: datetime
    product_code: str
    recording_id: str  # of the double recording
    client_level: str  # "C1".."C5"
    risk_level: str  # "R1".."R5"


_ONE = Direct(select(advisors).where(advisors.c.id == bindparam("of")))  # every lead asks who may have it
_OF_BRANCH = Direct(select(advisors).where(advisors.c.branch == bindparam("of")).order_by(advisors.c.id))


@dataclass(frozen=True, kw_only=True)
class Advisor:
    """A person who serves clients; `id` is the user id under which they sign in."""

    id: str
    name: str
    branch: str
    licence_number: str | None
    registered_adviser: bool  # may give an opinion on a share to a client with an agreement
    lines: tuple[str, ...] = ()  # product lines served; empty = all
    capacity: int | None = None  # open leads at a time; None = as the settings say


class Clients:
    """Clients in the database; each read returns only what the principal may see."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def get(self, client_id: str, *, principal: Principal) -> Client:
        """Raises UnknownClientError, also for a client of somebody else."""
        with self.engine.connect() as connection:
            row = connection.execute(select(clients).where(clients.c.id == client_id)).first()
        if row is None or not principal.may_see_client(
            advisor_id=row.advisor_id, branch=row.branch, client_id=client_id
        ):
            raise UnknownClientError(client_id)
        return _client(row)

    def all(
        self, *, principal: Principal, limit: int = 1000, after: str = "", advisor_id: str | None = None
    ) -> tuple[Client, ...]:
        """Clients the principal may see, of one advisor where named, by id, at most `limit` after the id `after`."""
        query = select(clients).where(visible_clients(principal), clients.c.id > after)
        if advisor_id is not None:
            query = query.where(clients.c.advisor_id == advisor_id)
        query = query.order_by(clients.c.id).limit(limit)
        with self.engine.connect() as connection:
            return tuple(_client(row) for row in connection.execute(query))

    def some(self, client_ids: Collection[str], *, principal: Principal) -> tuple[Client, ...]:
        """Those of the named clients whom the principal may see, by id."""
        query = (
            select(clients)
            .where(clients.c.id.in_(sorted(client_ids)), visible_clients(principal))
            .order_by(clients.c.id)
        )
        with self.engine.connect() as connection:
            return tuple(_client(row) for row in connection.execute(query))

    def holdings(self, client_id: str, *, principal: Principal) -> tuple[Holding, ...]:
        """Positions by product code. Raises UnknownClientError."""
        self.get(client_id, principal=principal)
        query = select(holdings).where(holdings.c.client_id == client_id).order_by(holdings.c.product_code)
        with self.engine.connect() as connection:
            return tuple(Holding(**row._mapping) for row in connection.execute(query))

    def transactions(self, client_id: str, *, principal: Principal) -> tuple[Transaction, ...]:
        """Trades and payouts, oldest first. Raises UnknownClientError."""
        self.get(client_id, principal=principal)
        query = (
            select(transactions)
            .where(transactions.c.client_id == client_id)
            .order_by(transactions.c.day, transactions.c.id)
        )
        with self.engine.connect() as connection:
            return tuple(Transaction(**row._mapping) for row in connection.execute(query))

    def events(
        self, client_id: str, *, principal: Principal, since: datetime | None = None
    ) -> tuple[BehaviourEvent, ...]:
        """What the client did, newest first. Raises UnknownClientError."""
        self.get(client_id, principal=principal)
        query = select(events).where(events.c.client_id == client_id).order_by(events.c.at.desc())
        if since is not None:
            query = query.where(events.c.at >= since)
        with self.engine.connect() as connection:
            return tuple(BehaviourEvent(**row._mapping) for row in connection.execute(query))

    def insistence(self, client_id: str, *, principal: Principal) -> tuple[SignedInsistence, ...]:
        """What the client insisted on in writing, oldest first. Raises UnknownClientError."""
        self.get(client_id, principal=principal)
        query = (
            select(client_insistence)
            .where(client_insistence.c.client_id == client_id)
            .order_by(client_insistence.c.signed_at, client_insistence.c.document_id, client_insistence.c.product_code)
        )
        with self.engine.connect() as connection:
            return tuple(SignedInsistence(**row._mapping) for row in connection.execute(query))

    def has_agreement(self, client_id: str, on: date, *, principal: Principal) -> bool:
        """Whether an agreement on investment advice holds with the client on that day. Raises UnknownClientError."""
        self.get(client_id, principal=principal)
        query = select(agreements.c.id).where(
            agreements.c.client_id == client_id,
            agreements.c.since <= on,
            or_(agreements.c.until.is_(None), agreements.c.until >= on),
        )
        with self.engine.connect() as connection:
            return connection.execute(query).first() is not None

    def names(self, *, principal: Principal) -> frozenset[str]:
        """Names of all clients the principal may see."""
        with self.engine.connect() as connection:
            return frozenset(
                connection.execute(select(clients.c.name).where(visible_clients(principal)).distinct()).scalars()
            )

    def imports(self) -> int:
        """How often clients were imported, by any process: while it stays the same, so do the clients."""
        query = select(import_runs.c.runs).where(import_runs.c.kind == "clients")
        with self.engine.connect() as connection:
            return int(connection.execute(query).scalar() or 0)

    def holders(self, product_code: str, *, principal: Principal) -> tuple[Client, ...]:
        """Clients the principal may see who hold a product, by id."""
        query = (
            select(clients)
            .join(holdings, holdings.c.client_id == clients.c.id)
            .where(holdings.c.product_code == product_code, holdings.c.units > 0, visible_clients(principal))
            .order_by(clients.c.id)
        )
        with self.engine.connect() as connection:
            return tuple(_client(row) for row in connection.execute(query))

    def advisors(self, *, principal: Principal, limit: int = 200) -> tuple[Advisor, ...]:
        """Advisors of the principal's branches, or of all for those who see all clients, by branch and id."""
        query = select(advisors).order_by(advisors.c.branch, advisors.c.id).limit(limit)
        if not principal.has(*SEES_EVERY_CLIENT):
            own = sorted(principal.branches) if principal.has(Role.SUPERVISOR) else []
            query = query.where(or_(advisors.c.branch.in_(own), advisors.c.id == principal.user_id))
        with self.engine.connect() as connection:
            return tuple(_advisor(row) for row in connection.execute(query))

    def advisor(self, advisor_id: str, *, principal: Principal) -> Advisor | None:
        """An advisor, open to the advisor, to supervisors of the branch and to those who see all clients."""
        with self.engine.connect() as connection:
            row = connection.execute(select(advisors).where(advisors.c.id == advisor_id)).first()
        if row is None or not principal.may_see_client(advisor_id=row.id, branch=row.branch):
            return None
        return _advisor(row)

    def many(self, client_ids: Collection[str], *, principal: Principal, connection: Connection) -> dict[str, Client]:
        """Those of the clients that the principal may see, by id, as the caller's transaction sees them."""
        query = select(clients).where(clients.c.id.in_(sorted(client_ids)), visible_clients(principal))
        return {row.id: _client(row) for row in connection.execute(query)}

    def staff(
        self,
        *,
        principal: Principal,
        connection: Connection,
        branch: str | None = None,
        user_ids: Collection[str] = (),
    ) -> tuple[Advisor, ...]:
        """The advisors of a branch, or some by id, for those who may see every client."""
        if not principal.has(*SEES_EVERY_CLIENT):
            return ()
        if branch is not None:
            rows = _OF_BRANCH.rows(connection, {"of": branch})
        elif len(user_ids) == 1:
            rows = _ONE.rows(connection, {"of": next(iter(user_ids))})
        else:
            some = select(advisors).where(advisors.c.id.in_(sorted(user_ids)))
            rows = [dict(row._mapping) for row in connection.execute(some)]
        return tuple(_advisor_from(row) for row in rows)


def visible_clients(principal: Principal) -> ColumnElement[bool]:
    """`Principal.may_see_client` as SQL; the two are tested against each other."""
    if principal.has(*SEES_EVERY_CLIENT):
        return clients.c.id.is_not(None)
    seen: list[ColumnElement[bool]] = [clients.c.id.is_(None)]  # nobody, unless a role below lets somebody in
    if principal.has(Role.ADVISOR):
        seen.append(clients.c.advisor_id == principal.user_id)
    if principal.has(Role.SUPERVISOR):
        seen.append(clients.c.branch.in_(sorted(principal.branches)))
    if principal.entrusted:
        seen.append(clients.c.id.in_(sorted(principal.entrusted)))
    return or_(*seen)


def _advisor(row: Row[Any]) -> Advisor:
    return _advisor_from(row._asdict())


def _advisor_from(fields: Mapping[str, Any]) -> Advisor:
    return Advisor(**{**fields, "lines": tuple(fields["lines"] or ())})


def _client(row: Row[Any]) -> Client:
    fields = dict(row._mapping)
    fields["consents"] = tuple(fields["consents"])
    fields["opt_outs"] = tuple(fields["opt_outs"])
    return Client(**fields)
