"""Facts out of a parsed document: from its tables and from the sentences that state a performance."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from knowledge_base.document import Block, BlockKind, Cell, ParsedDocument
from knowledge_base.facts import Fact
from knowledge_base.metadata import Metadata, ProductName
from knowledge_base.metrics import metric_of_row, metrics
from knowledge_base.periods import last_day, period_of, period_of_range, window_of

NUMBER = re.compile(r"[-+−]?\d[\d,，]*(?:\.\d+)?")
NUMBERING = re.compile(r"^(?:\d{1,2}[.、．]|[（(]\d{1,2}[)）]|其中[:：])\s*")
STAGE = re.compile(r"^(?:阶段|期间|时间段|区间)$")
GROWTH_COLUMN = re.compile(r"净值(?:增长率|收益率)(?!标准差)")
BENCHMARK_COLUMN = re.compile(r"基准(?:收益率|增长率)(?!标准差)")
SENTENCE_VALUE = re.compile(
    r"(?P<growth>(?<!累计)份额净值(?:增长率|收益率)|(?<![\u4e00-\u9fff])净值增长率)[为是]\s*(?P<g>[-−]?\d[\d.]*)\s*[%％]"
    r"|(?P<benchmark>业绩(?:比较)?基准(?:的)?(?:收益率|增长率))[为是]\s*(?P<b>[-−]?\d[\d.]*)\s*[%％]"
    r"|(?P<nav>(?<!累计)份额净值)[为是]\s*(?P<n>\d[\d.]*)\s*元"
)
OTHER_WINDOW = re.compile(r"(?:过去|最近|近|成立|生效)[^，,；;。]{0,12}$|累计[^，,；;。]{0,4}$")
FEE = re.compile(r"(管理费|托管费|销售服务费)[^。；;]{0,40}?([\d.]+)\s*[%％]\s*(?:的?年费率|/年|每年)")
RISK = re.compile(
    r"风险(?:等级|评级)(?:为|是|[:：])\s*((?:中?[低高]|中)?风险[（(]?R[1-5][)）]?|R[1-5](?:[（(][^）)]{1,8}[)）])?)"
)
MINIMUM = re.compile(
    r"(?:起购金额|最低申购金额|最低认购金额|申购起点|首次申购最低金额)[为是:：]\s*(?:人民币)?\s*([\d,.]+)\s*(万)?元"
)
DATES = re.compile(r"\d{4}[-年][-\d\s至~年月日末]*")
PLAIN_COLUMNS = re.compile(r"^(?:数值|内容|指标值|金额|本期|本报告期|报告期|)$")
MAIN_COLUMN = re.compile(r"主基金|合计")
FEE_METRICS = {
    "管理费": "management_fee_rate",
    "托管费": "custody_fee_rate",
    "销售服务费": "service_fee_rate",
}


@dataclass(frozen=True, kw_only=True)
class _About:
    """The document a fact is read from, and its share classes."""

    version_id: str
    metadata: Metadata
    classes: tuple[ProductName, ...]
    name: str

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


def extract_facts(version_id: str, metadata: Metadata, parsed: ParsedDocument) -> tuple[Fact, ...]:
    """All facts of a document on products; none where it names no product."""
    if not metadata.product_codes:
        return ()
    names = [name for name in metadata.names if name.kind in ("short", "full") and name.share_class is None]
    about = _About(
        version_id=version_id,
        metadata=metadata,
        classes=tuple(name for name in metadata.names if name.share_class is not None),
        name=names[-1].name if names else metadata.title,
    )
    found: dict[str, Fact] = {}
    for block in parsed.blocks:
        read = _from_table if block.kind is BlockKind.TABLE else _from_sentences
        for fact in read(about, block):
            found.setdefault(fact.id, fact)
    return _latest_fees(tuple(found.values()))


def _latest_fees(found: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Of several rates for one fee the last one stated: notes tell the old rate before the new one."""
    last = {(fact.attribute, fact.product_code): fact.id for fact in found}
    fees = frozenset(FEE_METRICS.values())
    return tuple(
        fact
        for fact in found
        if fact.attribute not in fees or last[fact.attribute, fact.product_code] == fact.id
    )


def _from_table(about: _About, block: Block) -> Iterator[Fact]:
    table = block.table
    if table is None or not table.rows:
        return
    header = [" ".join(dict.fromkeys(row[n].text for row in table.header)) for n in range(len(table.rows[0]))]
    if header and STAGE.match(header[0].strip()):
        yield from _from_stages(about, block, header)
    elif any("姓名" in text for text in header) and any("任职" in text for text in header):
        yield from _from_managers(about, block, header)
    else:
        yield from _from_rows(about, block, header)


def _from_stages(about: _About, block: Block, header: Sequence[str]) -> Iterator[Fact]:
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
                dated = _Dated(period=period_of(window, as_of), window=window, as_of=as_of)
                yield from _fact(about, attribute, cell, of_class, dated, unit="%")


def _stage_attribute(header: str) -> str | None:
    if BENCHMARK_COLUMN.search(header):
        return "benchmark_return"
    return "net_value_growth" if GROWTH_COLUMN.search(header) else None


def _from_managers(about: _About, block: Block, header: Sequence[str]) -> Iterator[Fact]:
    """Managers in office: those without a last day."""
    assert block.table is not None
    name = next(n for n, text in enumerate(header) if "姓名" in text)
    left = next((n for n, text in enumerate(header) if "离任" in text), None)
    for row in block.table.body:
        if left is None or row[left].text in ("", "-", "－", "—"):
            yield from _fact(about, "fund_manager", row[name], None, _report(about))


@dataclass(frozen=True, kw_only=True)
class _Dated:
    period: str | None
    window: str | None
    as_of: date | None


def _report(about: _About, period: str | None = None) -> _Dated:
    period = period or about.metadata.period
    as_of = last_day(period) if period else about.metadata.published_on
    return _Dated(period=period, window="REPORT" if period else None, as_of=as_of)


def _from_rows(about: _About, block: Block, header: Sequence[str]) -> Iterator[Fact]:
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
            metric = metric_of_row().get(NUMBERING.sub("", label).strip())
            if metric is not None and not _repeats_label(label, cells):
                yield from _from_row(about, block, metric, columns, cells)


def _pairs(row: Sequence[Cell], has_header: bool) -> list[tuple[str, Sequence[Cell]]]:
    if not has_header and len(row) == 4:
        return [(row[0].text, row[1:2]), (row[2].text, row[3:4])]
    return [(row[0].text, row[1:])]


def _repeats_label(label: str, cells: Sequence[Cell]) -> bool:
    return all(cell.text == label for cell in cells)


def _is_header_again(row: Sequence[Cell], about: _About) -> bool:
    """A row within the table that heads the rows below it: all years, or all names of share classes."""
    values = [cell.text for cell in row[1:]]
    names = {about.name, *(one.name for one in about.classes)}
    return bool(values) and (
        all(re.fullmatch(r"\d{4}年.{0,12}", text) for text in values) or all(text in names for text in values)
    )


def _from_row(
    about: _About, block: Block, metric: str, columns: Sequence[str], cells: Sequence[Cell]
) -> Iterator[Fact]:
    done: set[int] = set()
    unit = block.table.unit if block.table else None
    for number, cell in enumerate(cells, start=1):
        header = columns[number] if number < len(columns) and len(columns) == len(cells) + 1 else ""
        of_class = about.class_named(DATES.sub(" ", header)) if header else None
        period = period_of_range(header)
        known = of_class or period or MAIN_COLUMN.search(header) or PLAIN_COLUMNS.match(header.strip())
        words = metrics()[metric].value == "words" or metric in FEE_METRICS.values()
        if cell.start in done or not (known or words):
            continue
        done.add(cell.start)
        yield from _fact(about, metric, cell, of_class, _report(about, period), unit=unit)
        if words:
            return


def _fact(
    about: _About,
    attribute: str,
    cell: Cell,
    of_class: ProductName | None,
    dated: _Dated,
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
    if attribute in FEE_METRICS.values() and not re.search(r"[%％]", text):
        return
    yield _make(
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


def _make(
    about: _About,
    attribute: str,
    of_class: ProductName | None,
    dated: _Dated,
    *,
    value: Decimal | None,
    unit: str | None,
    start: int,
    quote: str,
    value_text: str | None = None,
) -> Fact:
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


def _from_sentences(about: _About, block: Block) -> Iterator[Fact]:
    if block.kind is not BlockKind.PARAGRAPH:
        return
    if about.metadata.period:
        yield from _performance(about, block)
    yield from _constants(about, block)


def _performance(about: _About, block: Block) -> Iterator[Fact]:
    """ "本报告期基金份额净值增长率为X%，业绩比较基准收益率为Y%", share class by share class.

    A benchmark stated once holds for every class named since the benchmark before it.
    """
    waiting: list[ProductName | None] = []
    for found in SENTENCE_VALUE.finditer(block.text):
        before = block.text[: found.start()]
        if OTHER_WINDOW.search(before):
            continue
        of_class = _class_before(about, block.text[: found.end()])
        if found["benchmark"]:
            targets = waiting or [of_class]
            waiting = []
        else:
            targets = [of_class]
            if found["growth"]:
                waiting.append(of_class)
        for target in dict.fromkeys(targets):
            yield _sentence_fact(about, block, found, target)


def _sentence_fact(about: _About, block: Block, found: re.Match[str], of_class: ProductName | None) -> Fact:
    attribute = (
        "net_value_growth" if found["growth"] else "benchmark_return" if found["benchmark"] else "unit_nav"
    )
    printed = found["g"] or found["b"] or found["n"]
    return _make(
        about,
        attribute,
        of_class,
        _report(about),
        value=Decimal(printed.replace("−", "-").rstrip(".")),
        unit="元" if attribute == "unit_nav" else "%",
        start=block.start + found.start(),
        quote=found[0],
        value_text=printed + ("元" if attribute == "unit_nav" else "%"),
    )


def _class_before(about: _About, text: str) -> ProductName | None:
    """The share class named last: by its full name, or as "A类份额", "A份额"."""
    best: tuple[int, ProductName] | None = None
    for one in about.classes:
        letter = one.share_class or ""
        pattern = rf"{re.escape(one.name)}|(?<![A-Za-z]){letter}(?:类|级)?(?:基金)?份额"
        for found in re.finditer(pattern, text):
            if best is None or found.end() > best[0]:
                best = (found.end(), one)
    return best[1] if best else None


def _constants(about: _About, block: Block) -> Iterator[Fact]:
    """Fees, risk level and minimum purchase stated in a sentence."""
    held = replace(_report(about), period=None, window=None)
    for found in FEE.finditer(block.text):
        attribute = FEE_METRICS[found[1]]
        yield _stated(about, block, attribute, found, held, Decimal(found[2]), "%", f"{found[2]}%")
    for found in RISK.finditer(block.text):
        yield _stated(about, block, "risk_level", found, held, None, None, found[1])
    for found in MINIMUM.finditer(block.text):
        unit = f"{found[2] or ''}元"
        value = Decimal(found[1].replace(",", ""))
        yield _stated(about, block, "minimum_purchase", found, held, value, unit, f"{found[1]}{unit}")


def _stated(
    about: _About,
    block: Block,
    attribute: str,
    found: re.Match[str],
    dated: _Dated,
    value: Decimal | None,
    unit: str | None,
    value_text: str,
) -> Fact:
    return _make(
        about,
        attribute,
        None,
        dated,
        value=value,
        unit=unit,
        start=block.start + found.start(),
        quote=found[0],
        value_text=value_text,
    )
