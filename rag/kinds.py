"""Kinds of funds that a question names without a product (黄金ETF): what a fund holds of them is not about them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.passage import Passage

_KIND = re.compile(r"([\u4e00-\u9fff]{2})\s*(ETF|LOF|FOF|REIT)", re.IGNORECASE)
_HOLDINGS_ASKED = re.compile(r"持有|持仓|重仓|配置|占|比例|仓位|投资了|买了|哪[些只个]|明细|前[一二三四五六七八九十\d]+[大名]")


def asks_holdings(question: str) -> bool:
    """Whether a question is about what is held."""
    return bool(_HOLDINGS_ASKED.search(question))


def kinds_named(question: str) -> tuple[tuple[str, str], ...]:
    """The kinds a question is about: its two characters and the form, (黄金, ETF); none where holdings are asked for."""
    if asks_holdings(question):
        return ()
    return tuple((found[1], found[2].upper()) for found in _KIND.finditer(question))


def about_kinds(kinds: Sequence[tuple[str, str]], passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages without those of products that are no such fund: they may hold one, and tell their own figures."""
    return tuple(one for one in passages if _fits(kinds, one.chunk.title, bool(one.chunk.product_codes)))


def _fits(kinds: Sequence[tuple[str, str]], title: str, of_product: bool) -> bool:
    return not kinds or not of_product or any(words in title and _is_form(form, title) for words, form in kinds)


def _is_form(form: str, title: str) -> bool:
    """Whether a title says the form; reports write an ETF out."""
    written = {"ETF": "交易型开放式", "FOF": "基金中基金", "LOF": "上市开放式", "REIT": "基础设施"}
    return form in title.upper() or written[form] in title
