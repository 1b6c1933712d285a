"""Where siblings meet: each adapter gives one room what another one knows, by the Protocol of the one who needs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from compliance_filters.finding import ProductInContext, ReviewContext
from compliance_filters.gate import Gate
from compliance_filters.injection import InjectionFilter
from intent.quality import SpeechIssue
from knowledge_base.access import Principal
from knowledge_base.clients import Clients
from knowledge_base.errors import UnknownClientError
from knowledge_base.products import Product, Products
from serve.errors import NotFoundError


class SpeechCheck:
    """The compliance rules as `intent` needs them for spoken words."""

    def __init__(self, gate: Gate, today: Callable[[], date]) -> None:
        self._gate = gate
        self._today = today

    def judge(self, text: str) -> Sequence[SpeechIssue]:
        """Rules broken in one advisor turn; a filter that cannot judge raises, it never passes."""
        found = self._gate.judge_speech(text, ReviewContext(today=self._today()))
        return [
            SpeechIssue(
                rule=f.rule,
                quote=f.quote,
                disposition=f.disposition or None,
                severity=f.severity,
                confidential=self._gate.is_confidential(f.rule),
            )
            for f in found
        ]


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
        """Level, expiry and names of the client. Raises NotFoundError for one the principal may not see."""
        if client_id is None:
            return ReviewContext(today=today)
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
        )

    def products(self, codes: Sequence[str], *, principal: Principal, today: date) -> tuple[ProductInContext, ...]:
        """The named products as the shelf stands today; unknown codes are left out."""
        known = {product.code: product for product in self._products.all(principal=principal)}
        return tuple(_in_context(known[code], today) for code in codes if code in known)


def _in_context(product: Product, today: date) -> ProductInContext:
    return ProductInContext(
        code=product.code,
        name=product.name,
        risk_level=product.risk_level,
        product_type=product.kind,
        on_shelf=product.on_shelf(today),
        restricted=product.restricted,
    )
