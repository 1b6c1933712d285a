"""Kinds of funds that a question names without a product (黄金ETF): what a fund holds of them is not about them."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge_base.initials import KIND, is_form
from knowledge_base.resolve import HOLDINGS_ASKED
from rag.passage import Passage


def asks_holdings(question: str) -> bool:
    """Whether a question is about what is held."""
    return bool(HOLDINGS_ASKED.search(question))


def kinds_named(question: str) -> tuple[tuple[str, str], ...]:
    """The kinds a question is about: two characters and the form, (黄金, ETF); none where holdings are asked for."""
    if asks_holdings(question):
        return ()
    return tuple((found[1], found[2].upper()) for found in KIND.finditer(question))


def about_kinds(kinds: Sequence[tuple[str, str]], passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages without those of products that are no such fund: they may hold one, and tell their own figures."""
    return tuple(one for one in passages if _fits(kinds, one.chunk.title, bool(one.chunk.product_codes)))


def _fits(kinds: Sequence[tuple[str, str]], title: str, of_product: bool) -> bool:
    return not kinds or not of_product or any(words in title and is_form(form, title) for words, form in kinds)
