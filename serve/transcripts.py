"""What transcripts need of the rest of the house: products of a client, masks, and the words behind them under key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_filters.audit.log import Access
from compliance_filters.pii.filter import find_identifiers
from intent.speech.annotate import Mask
from knowledge_base.access import Role
from knowledge_base.errors import UnknownClientError
from serve.errors import NotFoundError
from serve.users import OPERATOR

if TYPE_CHECKING:
    from compliance_filters.audit.log import AuditLog
    from intent.leads.views import LeadViews
    from knowledge_base.access import Principal
    from knowledge_base.clients import Clients
    from knowledge_base.products import Products

KEPT = "transcript.original"
OPENERS = (Role.COMPLIANCE, Role.SUPERVISOR, Role.SYSTEM)
LEADS_READ = 20


class ProductsOfClients:
    """See ClientProducts: holdings from the knowledge base, products of earlier calls from the leads they made."""

    def __init__(self, clients: Clients, products: Products, leads: LeadViews) -> None:
        self._clients, self._products, self._leads = clients, products, leads

    def held(self, client_id: str) -> Sequence[str]:
        try:
            holdings = self._clients.holdings(client_id, principal=OPERATOR)
        except UnknownClientError:
            return ()
        names = {known.code: known.name for known in self._products.names(principal=OPERATOR) if known.kind == "short"}
        largest = sorted(holdings, key=lambda holding: -holding.cost_cny)
        return [names[each.product_code] for each in largest if each.product_code in names]

    def spoken_of(self, client_id: str) -> Sequence[str]:
        found = self._leads.list(principal=OPERATOR, client_id=client_id, limit=LEADS_READ)
        return [lead.product for lead in reversed(found) if lead.product]


class Identifiers:
    """See Masker: telephones, papers, cards, accounts, addresses, as the gate finds them."""

    def masks(self, text: str) -> Sequence[Mask]:
        return [Mask(start=each.start, end=each.end, shown=each.mask) for each in find_identifiers(text)]


@dataclass(frozen=True, kw_only=True)
class Original:
    """The words of masked turns."""

    call_id: str
    client_id: str | None
    texts: Mapping[int, str]  # by the index of the turn


class KeptOriginals:
    """See Originals: encrypted in the audit log under the client's key, so that erasure reaches them."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def keep(self, call_id: str, client_id: str | None, texts: dict[int, str]) -> str:
        return self._audit.append(
            event=KEPT,
            actor="transcriber",
            subject=client_id,
            data={"call": self._audit.keyed_hash(call_id), "turns": len(texts)},
            payload={"call_id": call_id, "client_id": client_id, "texts": {str(n): t for n, t in texts.items()}},
        )

    def open(self, kept_id: str, *, principal: Principal) -> Original:
        """The words, once the opening is logged. Raises AccessDeniedError, NotFoundError, or SealedError."""
        principal.require("open the words behind masks", *OPENERS)
        payload = self._audit.payload(kept_id)
        if payload is None or "texts" not in payload:
            raise NotFoundError(f"Nothing is kept under {kept_id}: take the id from `originals` of a transcript.")
        texts = {int(n): str(text) for n, text in payload["texts"].items()}
        found = Original(call_id=payload["call_id"], client_id=payload["client_id"], texts=texts)
        self._audit.access(Access.VIEW, actor=principal.user_id, what=KEPT, items=[(found.client_id, found.call_id)])
        return found
