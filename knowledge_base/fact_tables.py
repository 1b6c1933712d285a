"""Facts out of tables: performance by stage, managers in office, holdings, and rows whose label is a known metric."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from knowledge_base.document import Block, Cell
from knowledge_base.fact_holders import facts_of_holders, holder_table
from knowledge_base.fact_portfolio import facts_of_portfolio, portfolio_table
from knowledge_base.fact_source import FEES, About, Dated, make_fact, reported
from knowledge_base.fact_tiers import facts_of_tiers, tiered_fee
from knowledge_base.facts import Fact
from knowledge_base.metadata import ProductName
from knowledge_base.metrics import metrics
from knowledge_base.periods import last_day, period_of, period_of_range, window_of

NUMBER = re.compile(r"[-+−]?\d[\d,，]*(?:\.\d+)?")
NUMBERING = re.compile(r"^(?:\d{1,2}[.、．]|[（(]\d{1,2}[)）]|其中[:：])\s*")
STAGE = re.compile(r"^(?:阶段|期间|时间段|区间)$")
GROWTH_COLUMN = re.compile(r"净值(?:增长率|收益率)(?!标准差)")
EXCESS_COLUMN = re.compile(r"^①\s*[-－—–]\s*③$")  # growth less benchmark, as the form of reports numbers them
BENCHMARK_COLUMN = re.compile(r"基准(?:收益率|增长率)(?!标准差)")
OFFICE = re.compile(r"任职|任本基金")
YEARS_AT_WORK = re.compile(r"从业年限|从业年数")
SINCE = re.compile(r"任职日期|任职起|期限起|起始")
DATES = re.compile(r"\d{4}[-年][-\d\s至~年月日末]*")
PLAIN_COLUMNS = re.compile(r"^(?:数值|内容|指标值|金额|本期|本报告期|报告期|份额|天数|名称|)$")


def facts_of_table(about: About, block: Block) -> Iterator[Fact]:
    """Facts of one table; none where its shape is not known."""
    table = block.table
    if table is None or not table.rows:
        return
    header = [" ".join(dict.fromkeys(row[n].text for row in table.header)) for n in range(len(table.rows[0]))]
    if fee := tiered_fee(header):
        yield from facts_of_tiers(about, block, fee)
    elif shape := portfolio_table(block, header):
        yield from facts_of_portfolio(about, block, shape)
    elif holders := holder_table(header if any(header) else [cell.text for cell in table.rows[0]]):
        yield from facts_of_holders(about, block, holders)
    elif (amount := _distributable(header)) is not None:
        yield from _from_years(about, block, "distributable_amount", amount)
    elif header and STAGE.match(header[0].strip()):
        yield from _from_stages(about, block, header)
    elif any("姓名" in text for text in header) and any(OFFICE.search(text) for text in header):
        yield from _from_managers(about, block, header)
    else:
        yield from _from_rows(about, block, header)


def _from_stages(about: About, block: Block, header: Sequence[str]) -> Iterator[Fact]:
    """Rows 过去三个月, 过去一年 ... of the comparison of growth with the benchmark."""
    assert block.table is not None
    as_of = last_day(about.metadata.period) if about.metadata.period else about.metadata.published_on
    of_class = about.class_named(block.heading_path[-1]) if block.heading_path else None
    for row in block.table.body:
        window = window_of(row[0].text)
        if window is None or as_of is None:
            continue
        for text, cell in zip(header[1:], row[1:], strict=False):
            attribute = _stage_attribute(text)
            if attribute is not None:
                dated = Dated(period=period_of(window, as_of), window=window, as_of=as_of)
                yield from _fact(about, attribute, cell, of_class, dated, unit="%")


def _stage_attribute(header: str) -> str | None:
    if EXCESS_COLUMN.match(header.strip()):
        return "excess_return"
    if BENCHMARK_COLUMN.search(header):
        return "benchmark_return"
    return "net_value_growth" if GROWTH_COLUMN.search(header) else None


def _from_managers(about: About, block: Block, header: Sequence[str]) -> Iterator[Fact]:
    """Managers in office: those without a last day."""
    assert block.table is not None
    name = next(n for n, text in enumerate(header) if "姓名" in text)
    left = next((n for n, text in enumerate(header) if "离任" in text), None)
    since = next((n for n, text in enumerate(header) if SINCE.search(text) and n != left), None)
    years = next((n for n, text in enumerate(header) if YEARS_AT_WORK.search(text)), None)
    for row in block.table.body:
        if left is None or row[left].text in ("", "-", "－", "—"):
            yield from _fact(about, "fund_manager", row[name], None, reported(about))
            if since is not None and re.search(r"\d{4}", row[since].text):
                yield from _fact(about, "manager_since", row[since], None, reported(about))
            if years is not None:
                yield from _fact(about, "manager_experience", row[years], None, reported(about))


def _distributable(header: Sequence[str]) -> int | None:
    """The column of a trust's distributable amounts, where its rows are years."""
    if not header or header[0].strip() not in ("期间", "年度"):
        return None
    return next((n for n, text in enumerate(header) if text.strip().startswith("可供分配金额")), None)


def _from_years(about: About, block: Block, attribute: str, column: int) -> Iterator[Fact]:
    """Rows 本期, 2023年, 2022年 of one amount."""
    assert block.table is not None
    for row in block.table.body:
        label = row[0].text.strip()
        period = about.metadata.period if label.startswith("本") else period_of_range(label)
        if period is not None:
            yield from _fact(about, attribute, row[column], None, reported(about, period), unit=block.table.unit)


def _from_rows(about: About, block: Block, header: Sequence[str]) -> Iterator[Fact]:
    """Rows "label | value ..." whose label is known and whose columns say period or share class."""
    assert block.table is not None
    columns = list(header)
    heading = True
    for row in block.table.body:
        if _is_header_again(row, about):
            above = columns if heading else [""] * len(row)
            columns = [f"{upper} {cell.text}".strip() for upper, cell in zip(above, row, strict=True)]
            heading = True
            continue
        heading = False
        pairs = _pairs(row, bool(block.table.header_rows))
        for label, cells in pairs:
            metric = about.metric_of_row.get(NUMBERING.sub("", label).strip())
            if metric is not None and not _repeats_label(label, cells):
                yield from _from_row(about, block, metric, columns, cells)


def _pairs(row: Sequence[Cell], has_header: bool) -> list[tuple[str, Sequence[Cell]]]:
    if not has_header and len(row) == 4:
        return [(row[0].text, row[1:2]), (row[2].text, row[3:4])]
    return [(row[0].text, row[1:])]


def _repeats_label(label: str, cells: Sequence[Cell]) -> bool:
    return all(cell.text == label for cell in cells)


def _is_header_again(row: Sequence[Cell], about: About) -> bool:
    """A row within the table that heads the rows below it: all years, or all names of share classes."""
    values = [cell.text for cell in row[1:]]
    names = {about.name, *(one.name for one in about.classes)}
    return bool(values) and (
        all(re.fullmatch(r"\d{4}年.{0,12}", text) for text in values) or all(text in names for text in values)
    )


def _from_row(about: About, block: Block, metric: str, columns: Sequence[str], cells: Sequence[Cell]) -> Iterator[Fact]:
    done: set[int] = set()
    unit = block.table.unit if block.table else None
    for number, cell in enumerate(cells, start=1):
        header = columns[number] if number < len(columns) and len(columns) == len(cells) + 1 else ""
        of_class = about.class_named(DATES.sub(" ", header)) if header else None
        period = period_of_range(header)
        known = of_class or period or "主基金" in header or about.name in header or PLAIN_COLUMNS.match(header.strip())
        words = metrics()[metric].value == "words" or metric in FEES
        if cell.start in done or not (known or words):
            continue
        done.add(cell.start)
        yield from _fact(about, metric, cell, of_class, reported(about, period), unit=unit)
        if words:
            return


def _fact(
    about: About,
    attribute: str,
    cell: Cell,
    of_class: ProductName | None,
    dated: Dated,
    unit: str | None = None,
) -> Iterator[Fact]:
    """The fact a cell states, or nothing where it is empty or no number stands where one must."""
    metric = metrics()[attribute]
    text = cell.text.strip()
    if text in ("", "-", "－", "—", "-%", "不适用", "无"):
        return
    value = _number(text) if metric.value != "words" else None
    if metric.value != "words" and value is None:
        return
    if attribute in FEES and not re.search(r"[%％]", text):
        return
    yield make_fact(
        about,
        attribute,
        of_class,
        dated if metric.kind != "constant" else replace(dated, period=None, window=None),
        value=value,
        unit=_unit(metric.value, metric.unit, unit, text),
        start=cell.start,
        quote=cell.text,
    )


def _unit(kind: str, own: str | None, stated: str | None, text: str) -> str | None:
    if kind == "percent":
        return "%"
    if kind == "money":
        return stated if stated and "元" in stated else "万元" if "万" in text else "元"
    return own


def _number(text: str) -> Decimal | None:
    found = NUMBER.search(text)
    if found is None:
        return None
    try:
        return Decimal(found[0].replace(",", "").replace("，", "").replace("−", "-"))
    except InvalidOperation:
        return None
