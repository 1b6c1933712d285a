"""What facts are made from: the document they stand in, and the period they hold for."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from knowledge_base.document import ANNOUNCEMENT, SHARE_RESEARCH
from knowledge_base.facts import Fact
from knowledge_base.metadata import Metadata, ProductName
from knowledge_base.metrics import Subject, metric_of_row
from knowledge_base.periods import last_day

FEES = frozenset({"management_fee_rate", "custody_fee_rate", "service_fee_rate"})


@dataclass(frozen=True, kw_only=True)
class About:
    """The document that facts are read from, and its share classes."""

    version_id: str
    metadata: Metadata
    classes: tuple[ProductName, ...]
    name: str

    @property
    def metric_of_row(self) -> dict[str, str]:
        """Metrics by the row labels of such a document: research tells its opinion, and no facts."""
        of_share = self.metadata.document_type in (ANNOUNCEMENT, SHARE_RESEARCH)
        opinion = self.metadata.document_type == SHARE_RESEARCH
        return metric_of_row(Subject.SHARE if of_share else Subject.FUND, opinion=opinion)

    @property
    def main_code(self) -> str | None:
        return self.metadata.product_codes[0] if self.metadata.product_codes else None

    def class_named(self, text: str) -> ProductName | None:
        """The share class a header or heading names: by its name, or by a letter at its end."""
        for one in sorted(self.classes, key=lambda name: -len(name.name)):
            if one.name in text:
                return one
        letter = re.search(r"(?<![A-Za-z])([A-Z])(?:类|级)?(?:份额)?(?:[（(]元[)）])?\s*$", text.strip())
        return next((one for one in self.classes if letter and one.share_class == letter[1]), None)


@dataclass(frozen=True, kw_only=True)
class Dated:
    """The period a fact holds for; see `Fact`."""

    period: str | None
    window: str | None
    as_of: date | None


def reported(about: About, period: str | None = None) -> Dated:
    """The period of the report itself, or another calendar period that it tells."""
    period = period or about.metadata.period
    as_of = last_day(period) if period else about.metadata.published_on
    return Dated(period=period, window="REPORT" if period else None, as_of=as_of)


def make_fact(
    about: About,
    attribute: str,
    of_class: ProductName | None,
    dated: Dated,
    *,
    value: Decimal | None,
    unit: str | None,
    start: int,
    quote: str,
    value_text: str | None = None,
) -> Fact:
    """A fact whose quote starts at `start` of the canonical text; its id follows from what it says."""
    code = of_class.code if of_class else about.main_code
    share_class = of_class.share_class if of_class else None
    key = "|".join(map(str, (about.version_id, code, share_class, attribute, dated.period, value, start)))
    return Fact(
        id=f"f_{hashlib.sha256(key.encode()).hexdigest()[:24]}",
        entity=of_class.name if of_class else about.name,
        product_code=code,
        share_class=share_class,
        attribute=attribute,
        period=dated.period,
        window=dated.window,
        as_of=dated.as_of,
        value=value,
        value_text=value_text or quote,
        unit=unit,
        version_id=about.version_id,
        start=start,
        end=start + len(quote),
        quote=quote,
    )
