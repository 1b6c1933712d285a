"""What transcripts need of the rest of the house: products of a client, masks, and the words behind them under key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from compliance_filters.audit.log import Access
from compliance_filters.audit.read import entries_of
from compliance_filters.pii.filter import find_identifiers
from copilot.dossier import CALL_READ
from intent.speech.annotate import Mask, Masker, masked, masked_text
from knowledge_base.access import Role
from knowledge_base.errors import UnknownClientError
from mandarin.numerals import find_numerals
from serve.errors import NotFoundError
from serve.users import OPERATOR

if TYPE_CHECKING:
    from compliance_filters.audit.log import AuditLog
    from intent.call import Call, CallReading, Turn
    from intent.leads.views import LeadViews
    from knowledge_base.access import Principal
    from knowledge_base.clients import Clients
    from knowledge_base.products import Products

KEPT = "transcript.original"
OPENERS = (Role.COMPLIANCE, Role.SUPERVISOR, Role.SYSTEM)
LEADS_READ = 20
NUMBERS = "values"  # the field of a fact that holds numbers without their words
LEAST_HIDDEN = 4  # characters; what is shorter may stand in other words
# Fields that hold words of a call.
WORDS = frozenset({"quote", "text", "what", "said", "values", "product", "why", "doubts"})


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
    return replace(call, transcript=transcript), _Cover(call.transcript.turns, masker).of(reading, "")


class _Cover:
    """Masks whatever was taken out of the turns of one call: alone, an account is a number like any other."""

    def __init__(self, turns: Sequence[Turn], masker: Masker) -> None:
        self._masker = masker
        found = [(turn.text[mask.start : mask.end], mask.shown) for turn in turns for mask in masker.masks(turn.text)]
        self._known = sorted(found, key=lambda pair: -len(pair[0]))
        spoken = {number for turn in turns for number in _numbers(turn.text)}
        self._hidden = spoken - {number for turn in turns for number in _numbers(self.text(turn.text))}

    def text(self, text: str) -> str:
        for hidden, shown in self._known:
            text = text.replace(hidden, shown) if len(hidden) >= LEAST_HIDDEN else text
            for cut in range(len(hidden) - 1, LEAST_HIDDEN - 1, -1):  # notes shorten what is long
                text = text.replace(f"{hidden[:cut]}…", "****…")
        return masked_text(text, self._masker)

    def of(self, value: Any, name: str) -> Any:
        """`value` with its strings masked that stand in a field of WORDS, however deep."""
        if is_dataclass(value) and not isinstance(value, type):
            every = {each.name: getattr(value, each.name) for each in fields(value)}
            return replace(value, **{field: self.of(held, field) for field, held in every.items()})
        if isinstance(value, tuple):
            return tuple(self.of(each, name) for each in value if not (name == NUMBERS and each in self._hidden))
        return self.text(value) if isinstance(value, str) and name in WORDS else value


def _numbers(text: str) -> set[str]:
    return {number.digits for number in find_numerals(text)}


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
        said = {n: str(text) for n, (*_, text) in enumerate(words[-1]["turns"])}
        texts = {n: text for n, text in said.items() if find_identifiers(text)}
        return self._logged(Original(call_id=call_id, client_id=client_id, texts=texts), principal)

    def _logged(self, found: Original, principal: Principal) -> Original:
        self._audit.access(Access.VIEW, actor=principal.user_id, what=KEPT, items=[(found.client_id, found.call_id)])
        return found
