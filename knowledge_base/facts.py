"""Facts: one value of one attribute of one product over one period, with the span it was read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, delete, insert, or_, select
from sqlalchemy.sql.elements import ColumnElement

from knowledge_base.access import Principal
from knowledge_base.catalog import WRITERS, in_force_on, readable, without_opinions
from knowledge_base.metrics import metrics
from knowledge_base.periods import last_day
from knowledge_base.tables import facts, versions


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A value that a document states; `quote` is the canonical text from `start` to `end`.

    `period` is canonical: "2024", "2024H1", "2024Q4" for what was reported over (or at the end of) a
    calendar period, "P1Y..2024-11-30" for a trailing window that is no calendar period,
    "INCEPTION..2024-12-31" since inception; None for what holds until changed (fees, risk level).
    `window` names the trailing length as documents do: "P3M", "P6M", "P1Y", "P3Y", "P5Y", "INCEPTION",
    or "REPORT" for the period of the report itself; "N01" is the first row of a ranked list.
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
    share_class: str | None = None  # None: the fund as a whole


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
        """Facts of versions in force (on that day; today when None), latest period first.

        `period` narrows to one canonical period; what holds on a day (scale, unit NAV) is found under
        every period that ends on that day, and what holds until changed under all. `window` narrows to
        one trailing length, e.g. "P1Y", whatever its last day.
        """
        query = self._in_force(principal, on).where(facts.c.product_code.in_(list(product_codes)))
        if attributes is not None:
            query = query.where(facts.c.attribute.in_(list(attributes)))
        if period is not None:
            query = query.where(_of_period(period))
        if window is not None:
            query = query.where(or_(facts.c.window == window, _constant(), _report_as_window(window)))
        return self._read(query)

    def in_force(self, *, principal: Principal, on: date | None = None) -> tuple[Fact, ...]:
        """All facts of the versions in force on that day (today when None)."""
        return self._read(self._in_force(principal, on))

    def of_version(self, version_id: str, *, principal: Principal) -> tuple[Fact, ...]:
        """Facts read from one version; none where the principal may not read it."""
        return self._read(
            select(facts)
            .join(versions, versions.c.id == facts.c.version_id)
            .where(facts.c.version_id == version_id, readable(principal))
        )

    def replace(self, version_id: str, found: Sequence[Fact], *, principal: Principal, connection: Connection) -> None:
        """Store the facts of a version in place of those it had."""
        principal.require("store facts", *WRITERS)
        connection.execute(delete(facts).where(facts.c.version_id == version_id))
        if found:
            connection.execute(insert(facts), [_row(fact) for fact in found])

    def _in_force(self, principal: Principal, on: date | None) -> Select[Any]:
        day = on or datetime.now(UTC).date()
        return (
            select(facts)
            .join(versions, versions.c.id == facts.c.version_id)
            .where(in_force_on(day), readable(principal), without_opinions(principal))
        )

    def _read(self, query: Select[Any]) -> tuple[Fact, ...]:
        ordered = query.order_by(facts.c.as_of.desc(), facts.c.version_id, facts.c.start_offset, facts.c.id)
        with self.engine.connect() as connection:
            return tuple(_fact(row) for row in connection.execute(ordered))


def _of_period(period: str) -> ColumnElement[bool]:
    points = [metric.id for metric in metrics().values() if metric.kind in ("point", "list")]
    at_its_end = facts.c.attribute.in_(points) & (facts.c.as_of == last_day(period))
    return or_(facts.c.period == period, at_its_end, _constant())


def _constant() -> ColumnElement[bool]:
    constants = [metric.id for metric in metrics().values() if metric.kind == "constant"]
    return facts.c.attribute.in_(constants)


def _report_as_window(window: str) -> ColumnElement[bool]:
    """An annual report's own period is its trailing year, a quarterly report's its trailing quarter."""
    pattern = {"P1Y": "____", "P6M": "____H_", "P3M": "____Q_"}.get(window, "")
    return (facts.c.window == "REPORT") & facts.c.period.like(pattern)


def _row(fact: Fact) -> dict[str, Any]:
    fields = {name: getattr(fact, name) for name in _SAME_NAMES}
    return {**fields, "start_offset": fact.start, "end_offset": fact.end}


def _fact(row: Row[Any]) -> Fact:
    fields = {name: getattr(row, name) for name in _SAME_NAMES}
    return Fact(**fields, start=row.start_offset, end=row.end_offset)


_SAME_NAMES = (
    "id",
    "version_id",
    "entity",
    "product_code",
    "share_class",
    "attribute",
    "period",
    "window",
    "as_of",
    "value",
    "value_text",
    "unit",
    "quote",
)
