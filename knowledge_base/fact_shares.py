"""Facts out of the sentences of documents on shares: dividends announced; rating, target price and who gives them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from knowledge_base.document import SHARE_RESEARCH, Block
from knowledge_base.fact_source import About, make_fact, reported
from knowledge_base.facts import Fact
from knowledge_base.metadata import Metadata
from knowledge_base.share_documents import printed_day

_DIVIDEND = re.compile(
    r"每10股派(?:发|送)?(?:现金)?(?:红利|股利)?(?:人民币)?\s*(?P<value>\d[\d.]*)\s*元(?:[（(]含税[）)])?"
)
_RATING = re.compile(
    r"(?:投资|股票)评级(?:为|是|[:：])\s*[“\"]?(?P<words>[\u4e00-\u9fff]{2,6}(?:[（(][\u4e00-\u9fff]{2,4}[）)])?)"
)
_TARGET = re.compile(r"目标价(?:格|位)?(?:为|是|[:：])?\s*(?:人民币)?(?P<value>\d[\d.]*)\s*(?P<unit>港?元)")
_ANALYST = re.compile(r"(?:证券)?分析师[:：]\s*(?P<words>[\u4e00-\u9fff·]{2,12}[^。；\n]{0,20}S\d{13}[)）]?)")
_OPINIONS = (("share_rating", _RATING), ("share_target_price", _TARGET), ("share_analyst", _ANALYST))


def facts_of_share_paragraph(about: About, block: Block) -> Iterator[Fact]:
    """Facts of one paragraph: of an announcement dividends, of research the opinion and its author."""
    opinion = about.metadata.document_type == SHARE_RESEARCH
    patterns = (*_OPINIONS, *_authorship(about.metadata)) if opinion else (("share_dividend", _DIVIDEND),)
    for attribute, pattern in patterns:
        for found in pattern.finditer(block.text):
            yield _stated(about, block, attribute, found)


def _authorship(metadata: Metadata) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Where the text names its publisher and its day."""
    if metadata.publisher:
        yield "share_research_by", re.compile(f"(?P<words>{re.escape(metadata.publisher)})")
    if metadata.published_on:
        yield "share_research_on", re.compile(f"(?P<words>{printed_day(metadata.published_on)})")


def _stated(about: About, block: Block, attribute: str, found: re.Match[str]) -> Fact:
    said = found.groupdict()
    held = replace(reported(about), as_of=about.metadata.published_on or reported(about).as_of)
    unit = (said.get("unit") or "元") if "value" in said else None
    return make_fact(
        about,
        attribute,
        None,
        held if attribute == "share_dividend" else replace(held, period=None, window=None),
        value=Decimal(said["value"].rstrip(".")) if "value" in said else None,
        unit=unit,
        start=block.start + found.start(),
        quote=found[0],
        value_text=f"{said['value']}{unit}" if "value" in said else said["words"],
    )
