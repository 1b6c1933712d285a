"""Facts: one value of one attribute of one product over one period, with the span it was read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, Engine

from knowledge_base.access import Principal


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A value that a document states; `quote` is the canonical text from `start` to `end`.

    `period` is canonical: "2024", "2024H1", "2024Q4" for what was reported over (or at the end of) a
    calendar period, "P1Y..2024-11-30" for a trailing window that is no calendar period,
    "INCEPTION..2024-12-31" since inception; None for what holds until changed (fees, risk level).
    `window` names the trailing length as documents do: "P3M", "P6M", "P1Y", "P3Y", "P5Y", "INCEPTION",
    or "REPORT" for the period of the report itself.
    """

    id: str
    entity: str  # product or share class, as the document names it
    product_code: str | None
    attribute: str  # an id of metrics.yaml, e.g. "net_value_growth"
    period: str | None
    value: Decimal | None  # in `unit`; None where the value is words
    unit: str | None  # "%", "人民币元", "份", ...
    version_id: str
    start: int
    end: int
    quote: str
    value_text: str = ""  # as printed, e.g. "-20.27%", "张三"
    window: str | None = None
    as_of: date | None = None  # last day of the period


class FactStore:
    """Facts of the versions in the catalog."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def find(
        self,
        product_codes: Sequence[str],
        attributes: Sequence[str] | None = None,
        period: str | None = None,
        *,
        principal: Principal,
        window: str | None = None,
        on: date | None = None,
    ) -> tuple[Fact, ...]:
        """Facts of versions in force (on that day; today when None), newest period first.

        `period` narrows to one canonical period (facts without a period always pass);
        `window` to one trailing length.
        """
        raise NotImplementedError

    def replace(
        self, version_id: str, facts: Sequence[Fact], *, principal: Principal, connection: Connection
    ) -> None:
        """Store the facts of a version in place of those it had."""
        raise NotImplementedError
