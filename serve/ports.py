"""Where siblings meet: each adapter gives one room what another one knows, by the Protocol of the one who needs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from compliance_filters.finding import (
    SEMANTIC,
    Cleared,
    Draft,
    Finding,
    Insistence,
    Outcome,
    ProductInContext,
    Restricted,
    ReviewContext,
)
from compliance_filters.gate import Gate
from compliance_filters.injection import InjectionFilter
from compliance_filters.review.item import Answered
from compliance_filters.review.queue import MOST, ReviewQueue
from intent.inspection.speech import SpeechIssue
from knowledge_base.access import Principal
from knowledge_base.clients import Clients, SignedInsistence
from knowledge_base.errors import UnknownClientError
from knowledge_base.products import Product, Products
from serve.errors import NotFoundError

SHANGHAI = ZoneInfo("Asia/Shanghai")


class SpeechCheck:
    """The compliance rules as `intent` needs them for spoken words."""

    def __init__(self, gate: Gate, context: Callable[[], ReviewContext]) -> None:
        self._gate = gate
        self._context = context  # of today, with the restricted list

    def judge(self, texts: Sequence[str]) -> list[list[SpeechIssue]]:
        """Rules broken in each advisor turn; a filter that cannot judge raises, it never passes."""
        found = self._gate.judge_speech(texts, self._context())
        return [[self._issue(finding) for finding in each] for each in found]

    def _issue(self, finding: Finding) -> SpeechIssue:
        return SpeechIssue(
            rule=finding.rule,
            quote=finding.quote,
            disposition=finding.disposition or None,
            severity=finding.severity,
            confidential=self._gate.is_confidential(finding.rule),
            suspected=finding.by == SEMANTIC and finding.outcome is Outcome.REVIEW,
        )


class InstructionCheck:
    """The rules on prompt injection as `rag` needs them for what documents hold."""

    def __init__(self, injection: InjectionFilter) -> None:
        self._injection = injection

    def instructs(self, text: str) -> bool:
        """Whether the text tells a model what to do."""
        return bool(self._injection.scan(text))


class ReviewFacts:
    """What the gate must know of clients and products."""

    def __init__(self, clients: Clients, products: Products) -> None:
        self._clients = clients
        self._products = products

    def client_context(self, client_id: str | None, *, today: date, principal: Principal) -> ReviewContext:
        """The restricted list, and the client's level, expiry, names and signed insistence.

        Raises NotFoundError for a client the principal may not see.
        """
        restricted = self._restricted(today, principal)
        if client_id is None:
            return ReviewContext(today=today, restricted=restricted)
        try:
            client = self._clients.get(client_id, principal=principal)
        except UnknownClientError as error:
            raise NotFoundError(f"There is no client {client_id} that you may see: check the id.") from error
        adviser = self._clients.advisor(client.advisor_id, principal=principal) if client.advisor_id else None
        return ReviewContext(
            today=today,
            client_id=client.id,
            client_level=client.risk_level,
            client_level_expires=client.risk_level_expires,
            client_names=(client.name,),
            adviser_name=adviser.name if adviser else None,
            adviser_licence=adviser.licence_number if adviser else None,
            restricted=restricted,
            insistence=tuple(_evidence(one) for one in self._clients.insistence(client.id, principal=principal)),
        )

    def products(self, codes: Sequence[str], *, principal: Principal, today: date) -> tuple[ProductInContext, ...]:
        """The named products as the shelf stands today; unknown codes are left out."""
        known = {product.code: product for product in self._products.all(principal=principal)}
        return tuple(_in_context(known[code], today) for code in codes if code in known)

    def _restricted(self, today: date, principal: Principal) -> tuple[Restricted, ...]:
        """One entry a name, so that a product is found by its full name as by its short one."""
        return tuple(
            Restricted(code=security.code, name=name)
            for security in self._products.restricted(principal=principal, on=today)
            for name in security.names or ("",)
        )


class MessageContexts:
    """What a message that was sent is judged in afterwards: the client, and the products named in it."""

    def __init__(self, facts: ReviewFacts, products: Products, today: date) -> None:
        self._facts, self._products, self._today = facts, products, today

    def of(self, draft: Draft, client_id: str) -> ReviewContext | None:
        """None for a client whom the firm does not know."""
        from serve.users import OPERATOR

        try:
            known = self._facts.client_context(client_id, today=self._today, principal=OPERATOR)
        except NotFoundError:
            return None
        named = self._products.resolve(draft.text, principal=OPERATOR, today=self._today).products
        codes = tuple(dict.fromkeys(code for product in named for code in product.codes))
        return replace(
            known, products=self._facts.products(codes, principal=OPERATOR, today=self._today), channel="client"
        )


class ClientNames:
    """Names of all clients, to be hidden from a chat model: read again only after clients were imported."""

    def __init__(self, clients: Clients, principal: Principal) -> None:
        self._clients = clients
        self._principal = principal
        self._known: tuple[int, frozenset[str]] | None = None

    def __call__(self) -> frozenset[str]:
        """The same object until an import of any process has changed the clients."""
        imports = self._clients.imports()  # before the names: an import in between is read once more, never missed
        known = self._known
        if known is None or known[0] != imports:
            known = (imports, self._clients.names(principal=self._principal))
            self._known = known
        return known[1]


class OfficerDecisions:
    """What officers decided on reports, as `copilot.loop` needs it."""

    def __init__(self, gate: Gate, queue: ReviewQueue) -> None:
        self._gate, self._queue = gate, queue

    def collect(self, item_id: str, *, principal: Principal) -> Cleared:
        """The approved text. Raises ReviewQueueError while there is none."""
        return self._gate.collect(item_id, principal=principal)

    def answered(self, item_id: str, *, principal: Principal) -> Answered | None:
        """State and reason, as the writer is told; None for an item beyond the newest ones."""
        return next((each for each in self._queue.mine(principal=principal, limit=MOST) if each.id == item_id), None)


def _evidence(signed: SignedInsistence) -> Insistence:
    return Insistence(
        document_id=signed.document_id,
        sha256=signed.sha256,
        signed_at=signed.signed_at.astimezone(SHANGHAI),  # its day counts as days are counted here
        product=signed.product_code,
        recording_id=signed.recording_id,
        client_level=signed.client_level,
        risk_level=signed.risk_level,
    )


def _in_context(product: Product, today: date) -> ProductInContext:
    return ProductInContext(
        code=product.code,
        name=product.name,
        risk_level=product.risk_level,
        product_type=product.kind,
        inception=product.inception,
        on_shelf=product.on_shelf(today),
        restricted=product.restricted,
    )
