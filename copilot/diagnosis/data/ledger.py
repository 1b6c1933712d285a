"""A client's trades as lots: what was bought when and for how much, first in, first out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from compliance_filters.finding import BoundFact
from copilot.diagnosis.series import DataNote, NoteLevel
from knowledge_base.clients import Transaction

IN = ("buy", "transfer_in", "reinvest")
OUT = ("sell", "transfer_out")
_CRUMB = Decimal("0.01")  # units; registrars round to two decimals
_ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Lot:
    """Units still held of one purchase."""

    code: str
    opened: date
    units: Decimal
    cost_cny: Decimal


@dataclass(frozen=True, kw_only=True)
class ClosedLot:
    """Units sold again, with their share of cost and proceeds."""

    code: str
    opened: date
    closed: date
    units: Decimal
    cost_cny: Decimal
    proceeds_cny: Decimal

    @property
    def days(self) -> int:
        return (self.closed - self.opened).days


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Lots by purchase, oldest first, and what was sold of them."""

    transactions: tuple[Transaction, ...]  # in order of day, then id
    lots: tuple[Lot, ...]
    closed: tuple[ClosedLot, ...]
    notes: tuple[DataNote, ...]
    broken: frozenset[str]  # products whose trades do not add up: their figures are not told

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.product_code for one in self.transactions))

    def units(self, code: str) -> Decimal:
        return sum((lot.units for lot in self.lots if lot.code == code), _ZERO)

    def cost_cny(self, code: str) -> Decimal:
        """Cost of what is still held."""
        return sum((lot.cost_cny for lot in self.lots if lot.code == code), _ZERO)

    def realised_cny(self, code: str) -> Decimal:
        return sum((lot.proceeds_cny - lot.cost_cny for lot in self.closed if lot.code == code), _ZERO)


def ledger(transactions: Sequence[Transaction], held: Mapping[str, Decimal] | None = None) -> Ledger:
    """Lots of all trades. `held`: units by product as imported, against which the trades are checked.

    Redemptions take the oldest units first, as fund registrars do (先进先出). A product that sells more than it
    has, or ends with other units than are held, is `broken` and named in a note.
    """
    ordered = sorted(transactions, key=lambda one: (one.day, one.kind not in IN, one.id))
    lots: dict[str, list[Lot]] = defaultdict(list)
    closed: list[ClosedLot] = []
    broken: dict[str, str] = {}
    for one in ordered:
        if not _apply(one, lots[one.product_code], closed):
            broken.setdefault(one.product_code, f"{one.product_code}于{one.day}的交易份额为零或超过当时持有的份额")
    for code, units in (held or {}).items():
        mine = sum((lot.units for lot in lots.get(code, [])), _ZERO)
        if code in lots and code not in broken and abs(mine - units) > _CRUMB:
            broken[code] = f"{code}的交易流水与持仓份额不一致"
    return Ledger(
        transactions=tuple(ordered),
        lots=tuple(lot for of_code in lots.values() for lot in of_code),
        closed=tuple(closed),
        notes=tuple(_notes(broken, lots, held or {})),
        broken=frozenset(broken),
    )


def _notes(broken: Mapping[str, str], lots: Mapping[str, list[Lot]], held: Mapping[str, Decimal]) -> Iterator[DataNote]:
    for code, text in broken.items():
        whole = f"{text}，该产品的盈亏与交易行为未作计算，请核对流水。"
        facts = (BoundFact(name="产品代码", value=Decimal(code), unit=""),) if code.isdigit() else ()
        yield DataNote(kind="ledger", level=NoteLevel.SERIOUS, text=whole, facts=facts)
    missing = [code for code, units in held.items() if units > 0 and code not in lots]
    if lots and missing:
        text = f"以下持仓没有交易流水，未计入资金加权收益率与盈亏归因：{'、'.join(missing)}。"
        yield DataNote(kind="no_trades", level=NoteLevel.WARNING, text=text)


def _apply(one: Transaction, lots: list[Lot], closed: list[ClosedLot]) -> bool:
    """Book one trade; False where there are fewer units than it takes."""
    if one.kind in (*IN, *OUT) and one.units <= 0:
        return False
    if one.kind in IN:
        # A reinvested dividend costs what it paid: it is income on one side and a purchase on the other.
        lots.append(Lot(code=one.product_code, opened=one.day, units=one.units, cost_cny=one.amount_cny))
    elif one.kind in OUT:
        return _take(one, lots, closed)
    elif one.kind == "split":
        return _split(one, lots)
    return True


def _take(one: Transaction, lots: list[Lot], closed: list[ClosedLot]) -> bool:
    left = one.units
    while left > 0 and lots:
        lot = lots[0]
        part = min(left, lot.units)
        cost = lot.cost_cny * part / lot.units
        closed.append(
            ClosedLot(
                code=lot.code, opened=lot.opened, closed=one.day, units=part, cost_cny=cost,
                proceeds_cny=one.amount_cny * part / one.units,
            )
        )  # fmt: skip
        left -= part
        if part == lot.units:
            lots.pop(0)
        else:
            lots[0] = replace(lot, units=lot.units - part, cost_cny=lot.cost_cny - cost)
    return left <= _CRUMB


def _split(one: Transaction, lots: list[Lot]) -> bool:
    """`units` more (or fewer) over all lots in proportion; the cost stays."""
    before = sum((lot.units for lot in lots), _ZERO)
    if before <= 0 or before + one.units <= 0:
        return False
    lots[:] = [replace(lot, units=lot.units * (before + one.units) / before) for lot in lots]
    return True
