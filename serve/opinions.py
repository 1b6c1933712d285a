"""Who may give an opinion on a share, and to whom: the law's line between facts and advice.

Law: 证券法 art. 160 and 161; 证券投资顾问业务暂行规定 (2010) art. 7 (registered advisers) and 14 (a written agreement).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from knowledge_base.access import Principal
from knowledge_base.clients import Clients
from knowledge_base.errors import UnknownClientError
from knowledge_base.products import Products
from knowledge_base.shares import Shares


class OpinionRights:
    """Grants the right for one act alone; a principal never carries it from one to the next."""

    def __init__(self, clients: Clients, products: Products, master: Shares, today: Callable[[], date]) -> None:
        self._clients = clients
        self._products = products
        self._shares = master
        self._today = today

    def giving(self, principal: Principal, client_id: str | None, *, on: date) -> Principal:
        """The principal with the right where they are a registered adviser and the client has an agreement that day.

        None is given on a share that is on the restricted list.
        """
        if client_id is None or not self._registered(principal) or not self._agreed(principal, client_id, on):
            return replace(principal, opinions=False, no_opinion_on=frozenset())
        return self._with_right(principal, on)

    def reading(self, principal: Principal) -> Principal:
        """The principal who opens a document themselves: a registered adviser may read the firm's research."""
        return self._with_right(principal, self._today()) if self._registered(principal) else principal

    def _with_right(self, principal: Principal, on: date) -> Principal:
        listed = {one.code for one in self._products.restricted(principal=principal, on=on)}
        closed = {one.id for one in self._shares.all(principal=principal) if {one.id, one.code} & listed}
        return replace(principal, opinions=True, no_opinion_on=frozenset(closed | listed))

    def _registered(self, principal: Principal) -> bool:
        advisor = self._clients.advisor(principal.user_id, principal=principal)
        return advisor is not None and advisor.registered_adviser

    def _agreed(self, principal: Principal, client_id: str, on: date) -> bool:
        try:
            return self._clients.has_agreement(client_id, on, principal=principal)
        except UnknownClientError:
            return False
