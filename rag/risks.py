"""The risk level beside an answer: of each product asked about, as the product register has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Protocol

from knowledge_base.access import Principal
from knowledge_base.errors import UnknownProductError
from knowledge_base.products import Product, ProductMatch
from rag.passage import ProductRisk


class ProductRegister(Protocol):
    """Products as they were imported (knowledge_base.products.Products)."""

    def get(self, code: str, *, principal: Principal, on: date | None = None) -> Product:
        """Raises UnknownProductError."""
        ...


def risks_of(
    products: tuple[ProductMatch, ...], register: ProductRegister, *, principal: Principal, on: date
) -> Iterator[ProductRisk]:
    """The rated code of each named product: its own, or that of the first of its classes."""
    for product in products:
        rated = (one for code in product.codes if (one := _rated(code, register, principal, on)) is not None)
        found = next(rated, None)
        if found is not None:
            yield replace(found, name=product.name)


def _rated(code: str, register: ProductRegister, principal: Principal, on: date) -> ProductRisk | None:
    try:
        known = register.get(code, principal=principal, on=on)
    except UnknownProductError:
        return None
    if known.risk_level is None:
        return None
    return ProductRisk(
        code=code, name=known.name, level=known.risk_level, source=known.risk_source, as_of=known.risk_as_of
    )
