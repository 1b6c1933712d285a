"""Are the numbers of an answer in what it cites? The Protocol, and a checker by quotation."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from mandarin.numerals import Numeral, find_numerals
from rag.passage import Answer

_OPERATOR = re.compile(r" ([+-]) ")
_SHOWN = re.compile(r"（([^（）；。]+ [+-] [^（）；。]+)）")
_RATIO = re.compile(
    r"（(?:\((?P<new>[^（）；。÷]+) - (?P<old>[^（）；。÷]+)\)|(?P<top>[^（）；。÷]+)) ÷ (?P<bottom>[^（）；。÷]+)）"
)
_HUNDREDTH = Decimal("0.01")


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
    """What the sums and differences come to that a sentence shows in brackets: （1.20% - 0.30%）, all terms known."""
    for shown in _SHOWN.finditer(text):
        parts = _OPERATOR.split(shown[1])
        terms = [find_numerals(part.strip("() ")) for part in parts[::2]]
        if all(len(term) == 1 and _key(term[0]) in known for term in terms):
            signs = [1, *(1 if word == "+" else -1 for word in parts[1::2])]
            yield sum((sign * term[0].value for sign, term in zip(signs, terms, strict=True)), Decimal(0)).normalize()
    yield from _shown_quotients(text, known)


def _shown_quotients(text: str, known: Collection[str]) -> Iterator[Decimal]:
    """（1.20% ÷ 0.30%） as times, （(1.25元 - 1.00元) ÷ 1.00元） as per cent, to two decimals, all terms known."""
    for shown in _RATIO.finditer(text):
        parts = [part for part in (shown["new"], shown["old"], shown["top"], shown["bottom"]) if part is not None]
        terms = [find_numerals(part.strip("() ")) for part in parts]
        if not all(len(term) == 1 and _key(term[0]) in known for term in terms) or not terms[-1][0].value:
            continue
        *tops, bottom = (term[0].value for term in terms)
        quotient = tops[0] / bottom if len(tops) == 1 else (tops[0] - tops[1]) / bottom * 100
        yield quotient.quantize(_HUNDREDTH, rounding=ROUND_HALF_UP).normalize()


def _stands_in(quote: str, source: str) -> bool:
    """Printed alike, not as a part of a longer number (a name such as 月月鑫30天 is read as one word)."""
    return re.search(rf"(?<![\d.,\-−]){re.escape(quote)}(?![\d,.]*\d)", source) is not None


def _key(numeral: Numeral) -> str:
    return format(numeral.value.normalize(), "f")
