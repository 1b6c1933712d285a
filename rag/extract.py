"""The sentences and table rows of passages that answer a question, quoted word for word."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge_base.document import Cell
from models.encoder import Encoder
from rag.cite import Claim, Place, place_in
from rag.passage import Chunk, Passage, TableSlice
from rag.sentences import sentence_spans
from rag.settings import RagSettings
from rag.tokens import question_terms, terms

Shares = Callable[[Sequence[str]], dict[str, float]]

_ASKS_NUMBER = re.compile(
    r"多少|几[个只年天次家位]|多大|多高|多久|比例|占比|费率|利率|金额|规模|何时|什么时候|哪天|日期"
)
_DIGIT = re.compile(r"\d")
_ENDS = re.compile(r"[。！？；!?;]\s*$")
_NUMBER_CELL = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")
_RANK_CELL = re.compile(r"\d{0,3}")
_UNIT_IN_HEADER = re.compile(r"[（(].*[元份股%％‰].*[）)]|[%％]$")
_NOTHING = frozenset({"", "-", "—", "–", "无", "不适用"})
_CONTEXT_SHARE = 0.6  # a term that stands above a sentence counts less than one in it
_LEAST_OWN = 0.2  # share of the question a sentence must hold itself, whatever stands above it
_WITHOUT_DIGIT = 0.6  # factor for a sentence without digits where a number was asked
_MOST_COLUMNS = 6
_ENCODED = 16  # best candidates by words, of which the meaning is compared
_DENSE_WEIGHT = 4.0  # cosines of e5-style encoders differ by hundredths


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A quotable unit: a sentence, or a table row made readable."""

    claim: Claim
    searched: str  # words matched against the question
    above: str  # context that counts less
    coverage: float = 0.0  # weighted share of the question's terms, 0..1
    score: float = 0.0


class Extractor:
    """Chooses sentences; thresholds come from the settings."""

    def __init__(self, encoder: Encoder, shares: Shares, settings: RagSettings) -> None:
        self._encoder = encoder
        self._shares = shares
        self._settings = settings

    def best(self, question: str, passages: Sequence[Passage], *, most: int | None = None) -> list[Claim]:
        """Up to `most` claims, best first in the order of their documents; empty when nothing fits."""
        ranked = self.ranked(question, passages)
        fitting = [candidate for candidate in ranked if self._fits(candidate)]
        if not fitting:
            return []
        near = [candidate for candidate in fitting if candidate.score >= 0.85 * fitting[0].score]
        return [candidate.claim for candidate in near[: most or self._settings.answer_sentences]]

    def ranked(self, question: str, passages: Sequence[Passage]) -> list[Candidate]:
        """All candidates by score: words first, meaning among the best of those."""
        weights = self._weights(question)
        wants_number = bool(_ASKS_NUMBER.search(question))
        scored: dict[tuple[str, ...], Candidate] = {}
        for rank, passage in enumerate(passages):
            for candidate in candidates(passage.chunk, set(weights)):
                judged = _by_words(candidate, weights, wants_number, rank)
                scored.setdefault((judged.claim.text,), judged)
        by_words = sorted(scored.values(), key=lambda candidate: -candidate.score)
        return self._by_meaning(question, by_words[:_ENCODED])

    def _fits(self, candidate: Candidate) -> bool:
        return candidate.coverage >= self._settings.coverage_threshold

    def _weights(self, question: str) -> dict[str, float]:
        """Inverse document frequency of the question's terms; one nowhere in the index weighs most."""
        share = self._shares(question_terms(question))
        return {term: -math.log(max(part, 1e-4)) for term, part in share.items() if part < 1}

    def _by_meaning(self, question: str, best: Sequence[Candidate]) -> list[Candidate]:
        if not best:
            return []
        query = self._encoder.encode_queries([question])[0]
        cosines = self._encoder.encode_passages([candidate.claim.text for candidate in best]) @ query
        lifts = _DENSE_WEIGHT * (cosines - float(np.mean(cosines)))
        judged = [
            Candidate(
                claim=candidate.claim,
                searched=candidate.searched,
                above=candidate.above,
                coverage=candidate.coverage,
                score=candidate.score + float(lift),
            )
            for candidate, lift in zip(best, lifts, strict=True)
        ]
        return sorted(judged, key=lambda candidate: -candidate.score)


def candidates(chunk: Chunk, wanted: set[str]) -> Iterator[Candidate]:
    """Sentences outside tables, and rows of tables, of one chunk."""
    for table in chunk.tables:
        for row in table.rows:
            candidate = _row_candidate(chunk, table, row, wanted)
            if candidate is not None:
                yield candidate
    inside = list(_table_spans(chunk))
    heading = ""
    for start, end in sentence_spans(chunk.text, offset=chunk.start):
        if any(start < until and at < end for at, until in inside):
            continue
        place = place_in(chunk, start, end)
        if not _ENDS.search(place.quote) and not _says_something(place.quote):
            heading = place.quote
            continue
        yield Candidate(
            claim=Claim(text=place.quote, places=(place,)),
            searched=place.quote,
            above=f"{chunk.context}\n{heading}",
        )


def _says_something(line: str) -> bool:
    """A line without full stop is a heading unless it gives a value after a colon, or is long."""
    return len(line) > 40 or bool(re.search(r"[：:]\s*\S", line))


def _table_spans(chunk: Chunk) -> Iterator[tuple[int, int]]:
    for table in chunk.tables:
        if table.header_cell is not None:
            yield table.header_cell.start, table.header_cell.end
        for row in table.rows:
            for cell in row:
                yield cell.start, max(cell.end, cell.start)


def _row_candidate(
    chunk: Chunk, table: TableSlice, row: tuple[Cell, ...], wanted: set[str]
) -> Candidate | None:
    cells = list(dict.fromkeys(row))  # a cell spanning columns is one cell
    label_at = next((i for i, cell in enumerate(row) if not _RANK_CELL.fullmatch(cell.text.strip())), None)
    if label_at is None:
        return None
    values = [
        (_column(table, i), cell)
        for i, cell in enumerate(row)
        if i > label_at and cell != row[label_at] and cell.text.strip() not in _NOTHING
    ]
    values = list({cell: (name, cell) for name, cell in reversed(values)}.values())[::-1]
    if not values:
        return None
    shown = [pair for pair in values if wanted & set(terms(pair[0]))] or values[:_MOST_COLUMNS]
    label = row[label_at].text.strip()
    text = (
        f"{label}：" + "，".join(_value(name, cell.text.strip(), table.unit) for name, cell in shown) + "。"
    )
    places = list(_row_places(chunk, cells))
    if not places:
        return None
    if table.header_cell is not None and _DIGIT.search("".join(name for name, _ in shown)):
        header = table.header_cell
        places.append(Place(chunk=chunk, start=header.start, end=header.end, quote=header.text))
    searched = f"{label} {' '.join(name for name, _ in shown)} {' '.join(cell.text for _, cell in shown)}"
    return Candidate(claim=Claim(text=text, places=tuple(places)), searched=searched, above=_above(chunk))


def _above(chunk: Chunk) -> str:
    """The context, and the lines of the chunk that stand outside its tables."""
    inside = list(_table_spans(chunk))
    lines = [
        chunk.text[start - chunk.start : end - chunk.start]
        for start, end in sentence_spans(chunk.text, offset=chunk.start)
        if not any(start < until and at < end for at, until in inside)
    ]
    return "\n".join([chunk.context, *(line for line in lines if len(line) <= 40)])


def _column(table: TableSlice, i: int) -> str:
    return table.header[i] if i < len(table.header) else ""


def _value(name: str, text: str, unit: str | None) -> str:
    """Column name and value; the table's unit where neither of them has one."""
    if unit and _NUMBER_CELL.fullmatch(text) and not _UNIT_IN_HEADER.search(name):
        text += unit
    return f"{name} {text}" if name else text


def _row_places(chunk: Chunk, cells: Sequence[Cell]) -> Iterator[Place]:
    """The row's own span, and a label cell that began in an earlier row as a place of its own."""
    inside = [cell for cell in cells if chunk.start <= cell.start and cell.end <= chunk.end and cell.text]
    if not inside:
        return
    end = max(cell.end for cell in inside)
    line = chunk.text.rfind("\n", 0, end - chunk.start) + 1 + chunk.start
    own = [cell for cell in inside if cell.start >= line]
    start = min((cell.start for cell in own), default=min(cell.start for cell in inside))
    yield place_in(chunk, start, end)
    for cell in cells:
        if cell.text and cell.end <= start:
            yield Place(chunk=chunk, start=cell.start, end=cell.end, quote=cell.text)


def _by_words(candidate: Candidate, weights: dict[str, float], wants_number: bool, rank: int) -> Candidate:
    """Coverage of the question by the sentence and what stands above it; earlier passages break ties."""
    total = sum(weights.values())
    here, above = set(terms(candidate.searched)), set(terms(candidate.above))
    own = sum(weight for term, weight in weights.items() if term in here)
    over = sum(weight for term, weight in weights.items() if term in above and term not in here)
    coverage = (own + _CONTEXT_SHARE * over) / total if total and own >= _LEAST_OWN * total else 0.0
    score = coverage - 0.01 * rank
    if wants_number and not _DIGIT.search(candidate.claim.text):
        score *= _WITHOUT_DIGIT
    return Candidate(
        claim=candidate.claim,
        searched=candidate.searched,
        above=candidate.above,
        coverage=coverage,
        score=score,
    )
