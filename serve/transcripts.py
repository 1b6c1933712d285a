"""What transcripts need of the rest of the house: products of a client, masks, and the words behind them under key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compliance_filters.audit.log import Access
from compliance_filters.audit.read import entries_of
from compliance_filters.pii.dictation import Line, dictated
from compliance_filters.pii.filter import Identifier, find_identifiers
from copilot.dossier import CALL_READ
from intent.speech.annotate import Mask, Masker, masked
from knowledge_base.access import Role
from knowledge_base.errors import UnknownClientError
from serve.cover import Cover
from serve.errors import NotFoundError
from serve.users import OPERATOR

if TYPE_CHECKING:
    from compliance_filters.audit.log import AuditLog
    from intent.call import Call, CallReading
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


def shown(call: Call, reading: CallReading, masker: Masker | None) -> tuple[Call, CallReading]:
    """A call and its reading as people are shown them: identifiers masked wherever words of the call stand.

    The words themselves are kept, encrypted, by the audit log.
    """
    if masker is None:
        return call, reading
    transcript, _ = masked(call.transcript, masker)
    return replace(call, transcript=transcript), Cover(call.transcript.turns, masker).of(reading, "")


class Identifiers:
    """See Masker: telephones, papers, cards, accounts, addresses, as the gate finds them, and dictated ones."""

    def masks(self, text: str) -> Sequence[Mask]:
        return self.masks_of([("", text)])[0]

    def masks_of(self, said: Sequence[tuple[str, str]]) -> Sequence[Sequence[Mask]]:
        found = [[_mask_of(each) for each in find_identifiers(text)] for _, text in said]
        for piece in dictated([Line(voice=voice, text=text) for voice, text in said]):
            mask = Mask(start=piece.start, end=piece.end, shown="*" * max(2, len(piece.digits)))
            if not any(mask.start < known.end and known.start < mask.end for known in found[piece.line]):
                found[piece.line].append(mask)
        return [sorted(masks, key=lambda mask: mask.start) for masks in found]


def _mask_of(each: Identifier) -> Mask:
    return Mask(start=each.start, end=each.end, shown=each.mask)


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
        return self._logged(found, principal)

    def of_call(self, call_id: str, client_id: str | None, *, principal: Principal) -> Original:
        """The same of a call that was read: those of its turns that people are shown with masks.

        Raises NotFoundError where the words were erased, AccessDeniedError, or SealedError.
        """
        principal.require("open the words behind masks", *OPENERS)
        call = self._audit.keyed_hash(call_id)
        read = entries_of(self._audit, client_id, events=(CALL_READ,), principal=principal)
        words = [entry.payload for entry in read if entry.data.get("call") == call and entry.payload is not None]
        if not words:
            raise NotFoundError(f"The words of the call {call_id} are not kept any more: they were erased.")
        said = [(str(voice), str(text)) for voice, *_, text in words[-1]["turns"]]
        masks = Identifiers().masks_of(said)
        texts = {n: text for n, (_, text) in enumerate(said) if masks[n]}
        return self._logged(Original(call_id=call_id, client_id=client_id, texts=texts), principal)

    def _logged(self, found: Original, principal: Principal) -> Original:
        self._audit.access(Access.VIEW, actor=principal.user_id, what=KEPT, items=[(found.client_id, found.call_id)])
        return found
