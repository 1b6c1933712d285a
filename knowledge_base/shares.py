"""The share master: listed shares by code and exchange, and how questions find them beside the firm's products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine, select

from knowledge_base.access import Principal
from knowledge_base.products import Products, ResolvedQuestion
from knowledge_base.resolve import resolve
from knowledge_base.share_names import ShareNames
from knowledge_base.tables import import_runs, shares


@dataclass(frozen=True, kw_only=True)
class Share:
    """A listed share. What is known of it is public; opinions on it are documents of their own kind."""

    code: str  # at its exchange: 690118
    exchange: str  # SH | SZ | BJ | HK
    name: str
    full_name: str | None = None
    aliases: tuple[str, ...] = ()
    industry: str | None = None

    @property
    def id(self) -> str:
        """What documents, facts and questions call it: 690118.SH, since a fund may have the same digits."""
        return f"{self.code}.{self.exchange}"


class Shares:
    """Shares in the database, open to everybody in the firm."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._held: tuple[int, ShareNames] | None = None

    def all(self, *, principal: Principal) -> tuple[Share, ...]:
        """All shares by code and exchange."""
        query = select(shares).order_by(shares.c.code, shares.c.exchange)
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        return tuple(Share(**{**dict(row._mapping), "aliases": tuple(row.aliases)}) for row in rows)

    def names(self, *, principal: Principal) -> ShareNames:
        """What shares are found by; kept until shares are imported again, by whatever process."""
        with self.engine.connect() as connection:
            runs = int(
                connection.execute(select(import_runs.c.runs).where(import_runs.c.kind == "shares")).scalar() or 0
            )
        if self._held is None or self._held[0] != runs:
            self._held = (runs, ShareNames([_entry(one) for one in self.all(principal=principal)]))
        return self._held[1]


def _entry(share: Share) -> tuple[str, Sequence[str]]:
    return share.id, tuple(filter(None, (share.name, share.full_name, *share.aliases)))


class Securities:
    """Products and shares together, as questions name them."""

    def __init__(self, products: Products, master: Shares) -> None:
        self._products = products
        self._shares = master

    def resolve(self, question: str, *, principal: Principal, today: date | None = None) -> ResolvedQuestion:
        """Products, shares, periods and metrics that the question names; relative years count from `today`.

        A share beside a fund is a word of the question (持有青岩白酒多少), and so is one whose holders are asked for.
        """
        names = self._products.names(principal=principal)
        return resolve(question, names, today=today, shares=self._shares.names(principal=principal))
