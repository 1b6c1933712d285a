"""The card of a product: what an advisor may say of it while the client is on the line, each with source and date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from knowledge_base.access import Principal
from knowledge_base.catalog import Catalog
from knowledge_base.document import DocumentVersion
from knowledge_base.facts import Fact, FactStore
from knowledge_base.metrics import metrics
from knowledge_base.product_lookup import lookup
from knowledge_base.products import Product, Products
from knowledge_base.wordings import Wording, Wordings

MOST_FACTS, MOST_DOCUMENTS = 12, 6


@dataclass(frozen=True, kw_only=True)
class CardFact:
    """One fact of the card, with the place it was read from."""

    label: str
    fact: Fact
    title: str  # of the document
    published_on: date | None


@dataclass(frozen=True, kw_only=True)
class ProductCard:
    """A product as it stands today."""

    product: Product
    on_shelf: bool
    facts: tuple[CardFact, ...]  # of each metric the latest
    documents: tuple[DocumentVersion, ...]  # in force, the newest first
    wordings: tuple[Wording, ...]  # approved, and naming the product


class ProductCards:
    """Looks products up as they are typed, and reads their cards."""

    def __init__(self, *, products: Products, facts: FactStore, catalog: Catalog, wordings: Wordings) -> None:
        self._products, self._facts, self._catalog, self._wordings = products, facts, catalog, wordings

    def find(self, typed: str, *, principal: Principal) -> tuple[Product, ...]:
        """Products that code, name or pinyin may mean, the best first."""
        codes = lookup(typed, self._products.names(principal=principal))
        known = {product.code: product for product in self._products.some(codes, principal=principal)}
        return tuple(known[code] for code in codes if code in known)

    def card(self, code: str, *, principal: Principal, today: date) -> ProductCard:
        """Raises UnknownProductError for a code that nobody told us of, or that is not open to the principal."""
        product = self._products.get(code, principal=principal, on=today)
        codes = [each for each in dict.fromkeys((code, product.main_code)) if each]
        versions = {v.id: v for v in self._catalog.in_force(today, principal=principal, product_codes=codes)}
        return ProductCard(
            product=product,
            on_shelf=product.on_shelf(today),
            facts=self._latest(codes, versions, principal, today),
            documents=tuple(versions.values())[:MOST_DOCUMENTS],
            wordings=tuple(w for w in self._wordings.in_force(today) if _names(w, product)),
        )

    def _latest(
        self, codes: Sequence[str], versions: dict[str, DocumentVersion], principal: Principal, today: date
    ) -> tuple[CardFact, ...]:
        labels = {name: metric.label for name, metric in metrics().items()}
        found: dict[str, CardFact] = {}
        for fact in self._facts.find(codes, principal=principal, on=today):
            version = versions.get(fact.version_id)
            if version is not None and fact.attribute not in found:
                found[fact.attribute] = CardFact(
                    label=labels.get(fact.attribute, fact.attribute), fact=fact, title=version.title,
                    published_on=version.published_on,
                )  # fmt: skip
        places = {name: place for place, name in enumerate(labels)}
        ranked = sorted(found.values(), key=lambda each: places.get(each.fact.attribute, len(places)))
        return tuple(ranked[:MOST_FACTS])


def _names(wording: Wording, product: Product) -> bool:
    said = (wording.question, wording.text, *wording.variants)
    return any(name in text for text in said for name in (product.name, product.code) if name)
