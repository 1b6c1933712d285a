"""Metrics of `tougu eval rag`: passages, documents, numbers, citations, abstention."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher

from eval.metrics.counts import share

PASSAGE_CHARS = 800
EVIDENCE_SHARE = 0.6
_NUMBER = re.compile(r"[-−－]?\d[\d,]*(?:\.\d+)?")
_FALL = ("下降", "减少", "下跌", "亏损", "负", "跌", "降低", "回落")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A passage or a citation: the document it is from and its text."""

    doc: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """Gold and prediction of one question; no `docs` = unanswerable."""

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
    unsupported: int = 0
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
    """For each of the first k passages, which evidence strings it holds; empty for a foreign document."""
    return [[p.doc in q.docs and holds(p.text, e) for e in q.evidence] for p in q.passages[:k]]


def recall_at(k: int, questions: Sequence[Question]) -> float | None:
    """Share of answerable questions with any evidence among the first k passages."""
    judged = [q for q in questions if q.docs and q.evidence]
    return share([any(any(row) for row in _right(q, k)) for q in judged])


def all_evidence_at(k: int, questions: Sequence[Question]) -> float | None:
    """Share of answerable questions with every evidence string among the first k passages."""
    judged = [q for q in questions if q.docs and q.evidence]
    return share([all(any(row[i] for row in _right(q, k)) for i in range(len(q.evidence))) for q in judged])


def mrr_at(k: int, questions: Sequence[Question]) -> float | None:
    """Mean of 1 / rank of the first passage with any evidence among the first k; 0 where there is none."""
    ranks = []
    for q in questions:
        if q.docs and q.evidence:
            first = next((n for n, row in enumerate(_right(q, k), 1) if any(row)), None)
            ranks.append(1 / first if first else 0.0)
    return sum(ranks) / len(ranks) if ranks else None


def doc_recall_at(k: int, questions: Sequence[Question]) -> float | None:
    """Share of answerable questions for which each group has a document among the first k passages."""
    hits = []
    for q in questions:
        if q.docs:
            seen = {p.doc for p in q.passages[:k]}
            hits.append(all(seen & set(group) for group in q.doc_groups or (q.docs,)))
    return share(hits)


def _values(text: str) -> list[Decimal]:
    found = []
    for match in _NUMBER.finditer(text):
        try:
            found.append(Decimal(match.group().replace(",", "").replace("−", "-").replace("－", "-")))
        except InvalidOperation:
            continue
    return found


def has_number(answer: str, value: str, unit: str) -> bool:
    """The value stands in the answer with its unit; a minus may be a word such as 下降."""
    wanted = Decimal(value.replace(",", ""))
    found = _values(answer)
    if unit and unit not in answer:
        return False
    return wanted in found or (wanted < 0 and -wanted in found and any(word in answer for word in _FALL))


def number_accuracy(questions: Sequence[Question]) -> float | None:
    """Share of questions with gold numbers or keywords whose answer has them all, unit and sign right."""
    judged = [q for q in questions if q.docs and (q.numbers or q.keywords)]
    return share(
        [
            not q.abstained
            and all(has_number(q.answer, v, u) for v, u in q.numbers)
            and all(squeeze(word) in squeeze(q.answer) for word in q.keywords)
            for q in judged
        ]
    )


def citation_precision(questions: Sequence[Question]) -> float | None:
    """Share of cited sentences with numbers whose numbers all stand in the spans they cite."""
    hits = []
    for q in questions:
        for text, cited in q.sentences:
            values = {abs(v) for v in _values(text)}
            if cited and values:
                stand = {abs(v) for found in cited for v in _values(found.text + found.doc)}
                hits.append(values <= stand or _only_period_missing(text, values - stand))
    return share(hits)


def _only_period_missing(text: str, missing: set[Decimal]) -> bool:
    """A year or quarter named in the sentence may come from the question and not from the span."""
    periods = {Decimal(n) for n in re.findall(r"(\d+)(?=\s*(?:年|月|日|季度))", text)}
    return missing <= periods


def abstention_recall(questions: Sequence[Question]) -> float | None:
    """Share of unanswerable questions that are refused."""
    return share([q.abstained for q in questions if not q.docs])


def abstention_precision(questions: Sequence[Question]) -> float | None:
    """Share of refusals that are right."""
    return share([not q.docs for q in questions if q.abstained])
