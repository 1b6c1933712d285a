"""Facts of who holds a fund: how many, institutions and people, one investor with much of it, and its own people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import takewhile

from knowledge_base.document import Block, Cell
from knowledge_base.fact_source import About, make_fact, reported
from knowledge_base.facts import Fact
from knowledge_base.metadata import ProductName

_STRUCTURE = (  # columns of the table of holders
    ("holder_count", re.compile(r"持有人户数"), "户"),
    ("holder_average", re.compile(r"户均持有"), "份"),
    ("institution_share", re.compile(r"机构投资者.*占总?份额"), "%"),
    ("individual_share", re.compile(r"个人投资者.*占总?份额"), "%"),
)
_OWN = {"基金管理人所有从业人员持有本基金": "staff_shares", "基金管理人固有资金": "own_capital_shares"}
_HELD = re.compile(r"持有份额总数")
_SHARE_OF_ONE = re.compile(r"份额占比")
_INVESTOR = re.compile(r"投资者类别|持有人类别")
_CLASS = re.compile(r"份额级别")
_WHOLE = re.compile(r"^合\s*计$")
_BEFORE = re.compile(r"^上(?:年度?|报告期|期)末")  # heads the rows of another day within the table
_NUMBER = re.compile(r"^\d[\d,]*(?:\.\d+)?\s*[%％]?$")
STAFF = re.compile(r"从业人员[^。；\d]{0,40}持有[^。；\d]{0,30}?(?P<value>\d[\d,]*(?:\.\d+)?)\s*份")


@dataclass(frozen=True, kw_only=True)
class HolderTable:
    """Columns of a table of holders: attribute, column and unit; and the column that names classes or investors."""

    columns: tuple[tuple[str, int, str], ...]
    name: int | None
    own: bool = False  # rows are kinds of insiders


def holder_table(header: Sequence[str]) -> HolderTable | None:
    """What a table tells of holders; None for any other table."""
    plain = ["".join(text.split()) for text in header]
    name = _column(plain, _CLASS)
    if (held := _column(plain, _HELD)) is not None:
        return HolderTable(columns=(("", held, "份"),), name=name, own=True)
    if (share := _column(plain, _SHARE_OF_ONE)) is not None and (who := _column(plain, _INVESTOR)) is not None:
        return HolderTable(columns=(("single_investor_share", share, "%"),), name=who)
    columns = tuple(
        (attribute, at, unit) for attribute, pattern, unit in _STRUCTURE if (at := _column(plain, pattern)) is not None
    )
    return HolderTable(columns=columns, name=name) if any(one[0] == "holder_count" for one in columns) else None


def facts_of_holders(about: About, block: Block, shape: HolderTable) -> Iterator[Fact]:
    """A fact for each class and column; a row of the sum is of the fund."""
    assert block.table is not None
    for row in takewhile(lambda one: not _BEFORE.match(one[0].text.strip()), block.table.body):
        columns = shape.columns
        if shape.own:
            attribute = _OWN.get(row[0].text.strip())
            columns = tuple((attribute, at, unit) for _, at, unit in shape.columns if attribute)
        of_class = _class(about, row, shape)
        for attribute, at, unit in columns:
            if at < len(row):
                told = f"（{row[0].text.strip()}）" if attribute == "single_investor_share" else ""
                yield from _fact(about, attribute, row[at], of_class, unit, told)


def staff_of_sentence(about: About, block: Block) -> Iterator[Fact]:
    """What employees hold, as quarterly reports say it in a sentence."""
    found = STAFF.search(block.text)
    if found is not None:
        yield make_fact(
            about, "staff_shares", None, reported(about), value=_number(found["value"]), unit="份",
            start=block.start + found.start(), quote=found[0], value_text=f"{found['value']}份",
        )  # fmt: skip


def _class(about: About, row: Sequence[Cell], shape: HolderTable) -> ProductName | None:
    if shape.name is None or shape.name >= len(row) or _WHOLE.match(row[shape.name].text.strip()):
        return None
    return about.class_named(row[shape.name].text)


def _fact(
    about: About, attribute: str, cell: Cell, of_class: ProductName | None, unit: str, told: str
) -> Iterator[Fact]:
    text = cell.text.strip()
    value = _number(text) if _NUMBER.match(text) else None
    if value is None:
        return
    yield make_fact(
        about, attribute, of_class, reported(about), value=value, unit=unit, start=cell.start, quote=cell.text,
        value_text=f"{text.rstrip('%％').strip()}{unit}{told}",
    )  # fmt: skip


def _column(header: Sequence[str], wanted: re.Pattern[str]) -> int | None:
    return next((n for n, text in enumerate(header) if wanted.search(text)), None)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.rstrip("%％").strip().replace(",", ""))
    except InvalidOperation:
        return None
