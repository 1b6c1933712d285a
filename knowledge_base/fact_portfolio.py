"""Facts of what a portfolio holds: its first ten holdings, its industries, and what share each kind of asset has.

A list is told a fact a row: its rank stands in `window` (N01), the name and the printed share in `value_text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from knowledge_base.document import Block, Cell
from knowledge_base.fact_source import About, make_fact, reported
from knowledge_base.facts import Fact

MOST_ROWS = 10
_OF_ASSETS = re.compile(r"占基金(?:总资产|资产总值)")
_OF_NET_ASSETS = re.compile(r"占基金资产净值")
_NAME = re.compile(r"^(?:股票|债券|基金|证券|贵金属)?(?:名称|简称)$|^公司名称(?:[（(]中文[）)])?$")
_QUANTITY = re.compile(r"数量|持有份额")
_RANKED = re.compile(r"大小排[序名]")
_OTHER_LISTS = re.compile(r"转股期|流通受限|累计|积极投资|期货|权证")
_KINDS = (  # what the list is of, by its columns and then by its heading
    (re.compile(r"股票|权益|公司名称"), "stock_holding"),
    (re.compile(r"资产支持证券"), "abs_holding"),
    (re.compile(r"债券"), "bond_holding"),
    (re.compile(r"基金(?!资产)"), "fund_holding"),
)
_NUMBERING = re.compile(r"^(?:其中[:：])\s*")
ALLOCATION = {
    "权益投资": "equity_position", "权益类投资": "equity_position",
    "股票": "stock_position", "普通股": "stock_position",
    "基金投资": "fund_position", "基金": "fund_position", "固定收益投资": "fixed_income_position",
    "债券": "bond_position", "资产支持证券": "abs_position", "贵金属投资": "metal_position",
    "买入返售金融资产": "repo_position", "银行存款和结算备付金合计": "cash_position", "银行存款": "cash_position",
}  # fmt: skip
AMOUNTS = {"银行存款和结算备付金合计": "cash_amount"}
_AMOUNT = re.compile(r"金额")
_SUM = re.compile(r"合\s*计|小\s*计|总\s*计")
_NONE = frozenset({"-", "－", "—", "-%"})
HELD_NONE = "“-”，即未持有"


@dataclass(frozen=True, kw_only=True)
class PortfolioTable:
    """Columns of a table of a portfolio."""

    attribute: str | None  # None: each row is an asset class of its own
    name: int
    share: int
    rank: int | None = None
    amount: int | None = None  # of an asset class in yuan


def portfolio_table(block: Block, header: Sequence[str]) -> PortfolioTable | None:
    """What a table tells of a portfolio; None for any other table."""
    heading = block.heading_path[-1] if block.heading_path else ""
    if (share := _column(header, _OF_ASSETS)) is not None and (name := _column(header, re.compile("项目"))) is not None:
        return PortfolioTable(attribute=None, name=name, share=share, amount=_column(header, _AMOUNT))
    share = _column(header, _OF_NET_ASSETS)
    if share is None or _OTHER_LISTS.search(heading + "".join(header)):
        return None
    if (name := _column(header, re.compile("行业类别"))) is not None:
        return PortfolioTable(attribute="industry_position", name=name, share=share)
    if (name := _column(header, re.compile("债券品种"))) is not None:
        return PortfolioTable(attribute="bond_of_net_assets", name=name, share=share)
    name, rank = _column(header, _NAME), _column(header, re.compile("^序号$"))
    listed = _column(header, _QUANTITY) is not None or _RANKED.search(heading)
    if name is None or rank is None or not listed:
        return None
    return PortfolioTable(attribute=_kind("".join(header[:-1]), heading), name=name, share=share, rank=rank)


def facts_of_portfolio(about: About, block: Block, shape: PortfolioTable) -> Iterator[Fact]:
    """The facts of its rows."""
    assert block.table is not None
    rows = [row for row in block.table.body if len(row) > max(shape.name, shape.share)]
    if shape.attribute is None:
        yield from (fact for row in rows for fact in _asset(about, block, row, shape))
    elif shape.attribute == "industry_position":
        yield from _industries(about, block, rows, shape)
    elif shape.attribute == "bond_of_net_assets":
        yield from (fact for row in rows for fact in _whole(about, block, row, shape))
    else:
        for row in rows:
            rank = row[shape.rank or 0].text.strip()
            if rank.isdigit() and 0 < int(rank) <= MOST_ROWS:
                yield from _listed(about, block, row, shape, int(rank))


def _column(header: Sequence[str], wanted: re.Pattern[str]) -> int | None:
    return next((n for n, text in enumerate(header) if wanted.search("".join(text.split()))), None)


def _kind(columns: str, heading: str) -> str:
    told = heading.replace("基金资产", "")
    by_columns = next((name for pattern, name in _KINDS if pattern.search(columns)), None)
    return by_columns or next((name for pattern, name in _KINDS if pattern.search(told)), "holding")


def _whole(about: About, block: Block, row: Sequence[Cell], shape: PortfolioTable) -> Iterator[Fact]:
    """The sum of a table by kinds of bonds."""
    value = _number(row[shape.share].text)
    if shape.attribute is not None and value is not None and _SUM.search(row[shape.name].text):
        printed = row[shape.share].text.strip().rstrip("%％")
        yield make_fact(
            about, shape.attribute, None, reported(about), value=value, unit="%", **_span(block, row),
            value_text=f"{printed}%",
        )  # fmt: skip


def _asset(about: About, block: Block, row: Sequence[Cell], shape: PortfolioTable) -> Iterator[Fact]:
    label = _NUMBERING.sub("", row[shape.name].text.strip())
    attribute = ALLOCATION.get(label)
    amount = _number(row[shape.amount].text) if shape.amount is not None else None
    if label in AMOUNTS and amount is not None and shape.amount is not None:
        yield make_fact(
            about, AMOUNTS[label], None, reported(about), value=amount, unit="元", **_span(block, row),
            value_text=f"{row[shape.amount].text.strip()}元",
        )  # fmt: skip
    printed = row[shape.share].text.strip()
    value = _number(printed)
    if attribute is None or (value is None and printed not in _NONE):
        return
    yield make_fact(
        about, attribute, None, reported(about), value=value, unit="%", **_span(block, row),
        value_text=f"{printed.rstrip('%％')}%" if value is not None else HELD_NONE,
    )  # fmt: skip


def _industries(about: About, block: Block, rows: Sequence[Sequence[Cell]], shape: PortfolioTable) -> Iterator[Fact]:
    """Industries with a share, the largest first; the sums of a table are none."""
    shares = [(value, row) for row in rows if (value := _number(row[shape.share].text)) is not None and value > 0]
    told = [(value, row) for value, row in shares if not _SUM.search(row[shape.name].text + row[0].text)]
    for rank, (_, row) in enumerate(sorted(told, key=lambda one: -one[0])[:MOST_ROWS], start=1):
        yield from _listed(about, block, row, shape, rank)


def _listed(about: About, block: Block, row: Sequence[Cell], shape: PortfolioTable, rank: int) -> Iterator[Fact]:
    value = _number(row[shape.share].text)
    name = re.sub(r"\s+", "", row[shape.name].text)
    if value is None or not name or shape.attribute is None:
        return
    dated = replace(reported(about), window=f"N{rank:02d}")
    yield make_fact(
        about, shape.attribute, None, dated, value=value, unit="%", **_span(block, row),
        value_text=f"{name} {row[shape.share].text.strip().rstrip('%％')}%",
    )  # fmt: skip


def _span(block: Block, row: Sequence[Cell]) -> dict[str, Any]:
    """Where the row stands: offset of its first cell, and its text."""
    cells = [cell for cell in row if cell.text]
    start, end = min(cell.start for cell in cells), max(cell.end for cell in cells)
    return {"start": start, "quote": block.text[start - block.start : end - block.start]}


def _number(text: str) -> Decimal | None:
    plain = text.strip().rstrip("%％").replace(",", "")
    return Decimal(plain) if re.fullmatch(r"-?\d+(?:\.\d+)?", plain) else None
