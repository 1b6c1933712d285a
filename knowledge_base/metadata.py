"""What a document says of itself: the fields the catalog keeps, and the ids that follow from them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from knowledge_base.document import DocumentStatus


@dataclass(frozen=True, kw_only=True)
class ProductName:
    """A name a document gives to a product code."""

    code: str
    name: str
    kind: str  # full | short | alias
    main_code: str | None = None  # code of the fund this share class belongs to
    share_class: str | None = None  # "A", "C"


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """Fields read from front matter or from the text; None where the document is silent."""

    title: str
    document_type: str
    period: str | None = None
    product_codes: tuple[str, ...] = ()
    publisher: str | None = None
    published_on: date | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    status: DocumentStatus = DocumentStatus.IN_FORCE
    labels: tuple[str, ...] = ()
    topic: str | None = None
    supersedes: tuple[str, ...] = ()
    risk_level: str | None = None  # of what the document is about: R1..R5
    retain_until: date | None = None  # last day on which the text is kept once it is out of force
    names: tuple[ProductName, ...] = ()
    warnings: tuple[str, ...] = ()


def content_hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def version_id_of(content_sha256: str) -> str:
    """Id of a version: the same bytes are the same version, wherever the file lies."""
    return f"v_{content_sha256[:20]}"


def document_id_of(metadata: Metadata) -> str:
    """Id of a document over its versions.

    A periodic report is what it reports on (type, period, products), anything else its type, title, products.
    """
    if metadata.period and metadata.product_codes and metadata.document_type.startswith("fund_"):
        parts = [metadata.document_type, metadata.period, *sorted(metadata.product_codes)]
    else:
        parts = [metadata.document_type, metadata.title, *sorted(metadata.product_codes)]
    return f"d_{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:20]}"
