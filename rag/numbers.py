"""Are the numbers of an answer in what it cites? The Protocol, and a checker by quotation."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Protocol

from mandarin.numerals import Numeral, find_numerals
from rag.passage import Answer

_OPERATOR = re.compile(r" (加|减) ")
_ARITHMETIC = re.compile(r"[^（）()；。=]+(?: (?:加|减) [^（）()；。=]+)+ = [^（）()；。=]+")


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
    known |= {format(result, "f") for value in shown_results(text, known) for result in (value, abs(value))}
    return [
        numeral.quote
        for numeral in find_numerals(text)
        if _key(numeral) not in known and not _stands_in(numeral.quote, source)
    ]


def shown_results(text: str, known: Collection[str]) -> Iterator[Decimal]:
    """Results of the arithmetic a sentence shows (a 减 b = c), where every term is known and it is right."""
    for shown in _ARITHMETIC.finditer(text):
        left, _, right = shown.group().rpartition("=")
        terms = find_numerals(left)
        results = find_numerals(right)
        if len(results) != 1 or not all(_key(term) in known for term in terms):
            continue
        signs = [1, *(1 if word == "加" else -1 for word in _OPERATOR.findall(left))]
        if len(signs) == len(terms):
            total = sum((sign * term.value for sign, term in zip(signs, terms, strict=True)), Decimal(0))
            if total == results[0].value:
                yield total.normalize()


def _stands_in(quote: str, source: str) -> bool:
    """Printed alike, not as a part of a longer number (a name such as 月月鑫30天 is read as one word)."""
    return re.search(rf"(?<![\d.,\-−]){re.escape(quote)}(?![\d,.]*\d)", source) is not None


def _key(numeral: Numeral) -> str:
    return format(numeral.value.normalize(), "f")
