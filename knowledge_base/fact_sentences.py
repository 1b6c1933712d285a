"""Facts out of sentences: a performance by share class, fees, risk level and smallest purchase."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from knowledge_base.document import Block
from knowledge_base.fact_holders import staff_of_sentence
from knowledge_base.fact_source import About, Dated, make_fact, reported
from knowledge_base.facts import Fact
from knowledge_base.metadata import ProductName

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
FEE_METRICS = {
    "管理费": "management_fee_rate",
    "托管费": "custody_fee_rate",
    "销售服务费": "service_fee_rate",
}


def facts_of_paragraph(about: About, block: Block) -> Iterator[Fact]:
    """Facts of one paragraph; a performance only where the document reports on a period."""
    if about.metadata.period:
        yield from _performance(about, block)
        yield from staff_of_sentence(about, block)
    yield from _constants(about, block)


def _performance(about: About, block: Block) -> Iterator[Fact]:
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


def _sentence_fact(about: About, block: Block, found: re.Match[str], of_class: ProductName | None) -> Fact:
    attribute = "net_value_growth" if found["growth"] else "benchmark_return" if found["benchmark"] else "unit_nav"
    printed = found["g"] or found["b"] or found["n"]
    return make_fact(
        about,
        attribute,
        of_class,
        reported(about),
        value=Decimal(printed.replace("−", "-").rstrip(".")),
        unit="元" if attribute == "unit_nav" else "%",
        start=block.start + found.start(),
        quote=found[0],
        value_text=printed + ("元" if attribute == "unit_nav" else "%"),
    )


def _class_before(about: About, text: str) -> ProductName | None:
    """The share class named last: by its full name, or as "A类份额", "A份额"."""
    best: tuple[int, ProductName] | None = None
    for one in about.classes:
        letter = one.share_class or ""
        pattern = rf"{re.escape(one.name)}|(?<![A-Za-z]){letter}(?:类|级)?(?:基金)?份额"
        for found in re.finditer(pattern, text):
            if best is None or found.end() > best[0]:
                best = (found.end(), one)
    return best[1] if best else None


def _constants(about: About, block: Block) -> Iterator[Fact]:
    """Fees, risk level and minimum purchase stated in a sentence."""
    held = replace(reported(about), period=None, window=None)
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
    about: About,
    block: Block,
    attribute: str,
    found: re.Match[str],
    dated: Dated,
    value: Decimal | None,
    unit: str | None,
    value_text: str,
) -> Fact:
    return make_fact(
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
