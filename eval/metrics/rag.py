"""Metrics of `tougu eval rag`: passages, documents, numbers, citations, abstention."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from itertools import combinations

from eval.metrics.counts import Part, hits, when
from eval.metrics.summed import Metric, ratio
from mandarin.numerals import Numeral, NumeralKind, find_numerals

PASSAGE_CHARS = 800
EVIDENCE_SHARE = 0.6
_FALL = re.compile(r"(?:下降|减少|下跌|亏损|负|跌|降低|回落|跌幅|落后|低于)[^，。；！？\n]{0,12}$")
_WRITTEN_OUT = re.compile(r"（([^（）；。]+ [+-] [^（）；。]+)）")
_NAMED = re.compile(r"《([^《》]{2,40})》|^([^：，。0-9]{2,30})：")
_CALENDAR = frozenset({NumeralKind.DATE, NumeralKind.ORDINAL, NumeralKind.CODE})


@dataclass(frozen=True, kw_only=True)
class Found:
    """A passage or a citation: the file it is from, its text, and the document's title."""

    doc: str
    text: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """Gold and prediction of one question; no `docs` = unanswerable."""

    question: str
    docs: tuple[str, ...]
    doc_groups: tuple[tuple[str, ...], ...]
    evidence: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]  # value, unit
    keywords: tuple[str, ...]
    answer: str
    abstained: bool
    passages: tuple[Found, ...]
    citations: tuple[Found, ...]
    sentences: tuple[tuple[str, tuple[Found, ...]], ...]  # text, what it cites
    type: str = ""


def squeeze(text: str) -> str:
    """The text without white space."""
    return "".join(text.split())


def holds(passage: str, evidence: str) -> bool:
    """The first 800 characters of the passage hold at least 60 % of the evidence, spaces ignored.

    The share is the sum of common blocks of at least four characters over the evidence's length.
    """
    shown, wanted = squeeze(passage[:PASSAGE_CHARS]), squeeze(evidence)
    if not wanted:
        return False
    if wanted in shown:
        return True
    blocks = SequenceMatcher(None, shown, wanted, autojunk=False).get_matching_blocks()
    return sum(b.size for b in blocks if b.size >= min(4, len(wanted))) >= EVIDENCE_SHARE * len(wanted)


def _right(q: Question, k: int) -> list[list[bool]]:
    """For each of the first k passages, which evidence strings it holds; none of a foreign document."""
    return [[p.doc in q.docs and holds(p.text, e) for e in q.evidence] for p in q.passages[:k]]


def recall_at(k: int) -> Metric[Question]:
    """Share of questions with evidence that have any of it among the first k passages."""
    return ratio(lambda q: when(q.docs and q.evidence, any(any(row) for row in _right(q, k))))


def all_evidence_at(k: int) -> Metric[Question]:
    """Share of questions with evidence that have every evidence string among the first k passages."""

    def part(q: Question) -> Part:
        rows = _right(q, k)
        every = all(any(row[i] for row in rows) for i in range(len(q.evidence)))
        return when(q.docs and q.evidence, every)

    return ratio(part)


def mrr_at(k: int) -> Metric[Question]:
    """Mean of 1 / rank of the first passage with any evidence among the first k; 0 where there is none."""

    def part(q: Question) -> Part:
        if not (q.docs and q.evidence):
            return 0.0, 0.0
        first = next((n for n, row in enumerate(_right(q, k), 1) if any(row)), None)
        return (1 / first if first else 0.0), 1.0

    return ratio(part)


def doc_recall_at(k: int) -> Metric[Question]:
    """Share of answerable questions for which each group has a document among the first k passages.

    Without groups, any gold document will do.
    """

    def part(q: Question) -> Part:
        seen = {p.doc for p in q.passages[:k]}
        return when(q.docs, all(seen & set(group) for group in q.doc_groups or (q.docs,)))

    return ratio(part)


def has_number(answer: str, value: str, unit: str) -> bool:
    """The value stands in the answer with its unit; a minus may be a word such as 下降 in front of it.

    Units are compared after scaling: 5,940亿元 is 594000000000元. Without a gold unit any unit will do.
    """
    wanted = _gold_number(value, unit)
    return any(_same(numeral, wanted, answer) for numeral in find_numerals(answer))


def _gold_number(value: str, unit: str) -> tuple[Decimal, str]:
    plain = value.replace(",", "")
    read = find_numerals(f"{plain}{unit}")
    if len(read) == 1 and read[0].quote == f"{plain}{unit}":
        return read[0].value, read[0].unit
    return Decimal(plain), unit


def _same(numeral: Numeral, wanted: tuple[Decimal, str], text: str) -> bool:
    value, unit = wanted
    if unit and numeral.unit != unit and not text[numeral.end :].lstrip().startswith(unit):
        return False
    if numeral.value == value:
        return True
    return value < 0 and numeral.value == -value and _FALL.search(text[: numeral.start]) is not None


@ratio
def number_accuracy(q: Question) -> Part:
    """Share of questions with gold numbers or keywords whose answer has them all, unit and sign right."""
    said = squeeze(q.answer)
    numbers = all(has_number(q.answer, value, unit) for value, unit in q.numbers)
    words = all(squeeze(word) in said for word in q.keywords)
    return when(q.docs and (q.numbers or q.keywords), not q.abstained and numbers and words)


@ratio
def citation_precision(q: Question) -> Part:
    """Share of cited sentences with a number whose cited spans hold every number and whose entity is theirs.

    Dates and ordinals may come from the title or the question; what a sum written out comes to need not
    stand in a span. The entity is what the sentence names in
    《》 or before a colon; it must stand in a cited span or title. Sentences without a number are left out.
    """
    judged = [(text, cited) for text, cited in q.sentences if cited and _figures(text)]
    return hits([not _unfounded(q, text, cited) and _names_fit(text, cited) for text, cited in judged])


def _unfounded(q: Question, text: str, cited: Sequence[Found]) -> list[Decimal]:
    """Values that neither stand in the spans nor are what a sum written out comes to."""
    missing = _missing(q, text, cited)
    results = _shown(text, missing)
    return [value for value in missing if abs(value) not in results]


def unsupported_numbers(q: Question) -> int:
    """Numbers of the answer that stand in no span it cites and follow from no arithmetic of its sentence:
    the sum or difference of two others that do, or what a shown sum of several of them (a 加 b 减 c = d) comes to.
    Dates, ordinals and what the question itself named are not counted."""
    cited = tuple(found for _, some in q.sentences for found in some)
    count = 0
    for text, _ in q.sentences:
        missing = _missing(q, text, cited)
        sound = [n.value for n in _figures(text) if n.value not in missing]
        results = {abs(r) for a, b in combinations(sound, 2) for r in (a - b, a + b)}
        results |= _shown(text, missing)
        count += sum(abs(value) not in results for value in missing)
    return count


def _shown(text: str, missing: Sequence[Decimal]) -> set[Decimal]:
    """What the sums and differences written out in brackets come to, without sign: （1.20% - 0.30%）.

    Only those whose terms all stand in the spans.
    """
    results = set()
    for written in _WRITTEN_OUT.finditer(text):
        parts = re.split(r" ([+-]) ", written[1])
        terms = [find_numerals(part.strip("() ")) for part in parts[::2]]
        if all(len(term) == 1 and term[0].value not in missing for term in terms):
            signs = [1, *(1 if sign == "+" else -1 for sign in parts[1::2])]
            results.add(abs(sum((s * term[0].value for s, term in zip(signs, terms, strict=True)), Decimal(0))))
    return results


def _figures(text: str) -> list[Numeral]:
    return [n for n in find_numerals(text) if n.kind not in _CALENDAR]


def _missing(q: Question, text: str, cited: Sequence[Found]) -> list[Decimal]:
    """Values of the sentence, dates aside, that the spans, their titles and the question do not hold."""
    sources = "\n".join([q.question, *(f"{found.title}\n{found.text}" for found in cited)])
    known = {n.value for n in find_numerals(sources)}
    printed = squeeze(sources)
    return [n.value for n in _figures(text) if n.value not in known and squeeze(n.quote) not in printed]


def _names_fit(text: str, cited: Sequence[Found]) -> bool:
    sources = squeeze("".join(f"{found.title}{found.text}" for found in cited))
    return all(squeeze(name) in sources for name in _names(text))


def _names(text: str) -> Iterator[str]:
    for match in _NAMED.finditer(text):
        yield match.group(1) or match.group(2)


@ratio
def abstention_recall(q: Question) -> Part:
    """Share of unanswerable questions that are refused."""
    return when(not q.docs, q.abstained)


@ratio
def abstention_precision(q: Question) -> Part:
    """Share of refusals that are right."""
    return when(q.abstained, not q.docs)
