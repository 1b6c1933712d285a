"""Are the numbers of an answer in what it cites? The Protocol, and a checker by quotation."""

from __future__ import annotations

import re
from typing import Protocol

from mandarin.numerals import Numeral, find_numerals
from rag.passage import Answer


class NumberChecker(Protocol):
    """Finds numbers of an answer that nothing it cites supports."""

    def unsupported_numbers(self, answer: Answer) -> tuple[str, ...]:
        """The numbers as they stand in the answer; empty when all are supported."""
        ...


class QuotedNumbers:
    """A number is supported when the same value stands in a quote or title its sentence cites.

    Numbers that the question itself named (a year, a product's name) may be repeated.
    """

    def unsupported_numbers(self, answer: Answer) -> tuple[str, ...]:
        cited = {citation.n: f"{citation.quote}\n{citation.title}" for citation in answer.citations}
        missing: list[str] = []
        for sentence in answer.sentences:
            sources = "\n".join([answer.question, *(cited.get(n, "") for n in sentence.citations)])
            missing += unsupported(sentence.text, sources)
        return tuple(missing)


def unsupported(text: str, source: str) -> list[str]:
    """Numbers of `text` whose value and sign do not occur in `source`."""
    known = {_key(numeral) for numeral in find_numerals(source)}
    return [
        numeral.quote
        for numeral in find_numerals(text)
        if _key(numeral) not in known and not _stands_in(numeral.quote, source)
    ]


def _stands_in(quote: str, source: str) -> bool:
    """Printed alike, not as a part of a longer number (a name such as 月月鑫30天 is read as one word)."""
    return re.search(rf"(?<![\d.,\-−]){re.escape(quote)}(?![\d,.]*\d)", source) is not None


def _key(numeral: Numeral) -> str:
    return format(numeral.value.normalize(), "f")
