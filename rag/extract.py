"""Chooses the sentences and table rows of passages that answer a question."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mandarin.script import fold_width, to_simplified
from models.encoder import Encoder
from rag.apart import asked_apart
from rag.cite import Claim
from rag.fits import fit
from rag.passage import Passage
from rag.sentences import ENUMERATED, MOST_ENUMERATED
from rag.settings import RagSettings
from rag.tenor import of_tenor
from rag.tokens import names_a_thing, question_words, rephrased, synonyms, terms
from rag.units import Unit, units

Shares = Callable[[Sequence[str]], dict[str, float]]

_ASKS_LIST = re.compile(r"哪些|前[十五三]|[十五]大|明细|都有什么")
_ASKS_SECTION = re.compile(r"展望|运作分析")
_LEAST_SAID = 2.5  # nats; 公司年会什么时候开 says little more than 公司
_CONTEXT = 0.5  # a word that stands above a sentence counts less than one in it
_HEADING = 0.85  # a word of the heading right above it counts nearly as much
_LEAST_OWN = 0.2  # share of the question a sentence must hold itself, unless its heading is the question
_LABEL = 0.3  # bonus for a row whose label is what is asked for
_MOST_LIFT = 0.2  # of meaning, so that it orders what words found and never stands in for them
_NEAR = 0.85  # a further sentence must score this much of the best
_AS_MUCH = 0.05  # of the question's words, by which a further sentence may hold less than the best
_ENCODED = 8  # best units by words, of which the meaning is compared
_DENSE = 4.0  # cosines of e5-style encoders differ by hundredths
_MOST_ROWS = 10


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A unit with how well it fits the question."""

    unit: Unit
    passage: int  # rank of its passage
    own: float  # weighted share of the question's words in the unit itself, 0..1
    coverage: float  # the same with heading and context, 0..1
    score: float


class Extractor:
    """Chooses claims; `coverage_threshold` of the settings decides what fits at all."""

    def __init__(self, encoder: Encoder, shares: Shares, size: Callable[[], int], settings: RagSettings) -> None:
        """`shares` tells how common terms are in the index, `size` how many chunks it has."""
        self._encoder = encoder
        self._shares = shares
        self._size = size
        self._settings = settings

    def best(
        self, question: str, passages: Sequence[Passage], *, most: int | None = None, about_product: bool = True
    ) -> list[Claim]:
        """Up to `most` claims, the best first; a list or a section asked for comes whole. Empty when nothing fits.

        Two things asked for at once (股票投资收益和股利收益各多少) are answered one by one, where both can be.
        Without a product named the words alone must tell what is asked.
        """
        apart = [
            self.best(one, passages, most=1, about_product=about_product)
            for one in (asked_apart(question) if most is None else ())
        ]
        if apart and all(apart):
            return list(dict.fromkeys(claim for found in apart for claim in found))
        weights = self._wanted(question)
        if not about_product and sum(weights.values()) < _LEAST_SAID:
            return []
        if self._asks_for_the_unknown(question):
            return []
        ranked = self.ranked(question, passages)
        fitting = [one for one in ranked if one.coverage >= self._settings.coverage_threshold]
        if not fitting:
            return []
        fitting = self._by_meaning(question, fitting)
        first = fitting[0]
        if asks_list(question) and first.unit.table is not None:
            return _whole_table(first, ranked)
        if _ASKS_SECTION.search(rephrased(question)) and _ASKS_SECTION.search(first.unit.heading):
            return self._section(first, ranked)
        near = [one for one in fitting if one.score >= _NEAR * first.score and one.own >= first.own - _AS_MUCH]
        return [one.unit.claim for one in near[: most or self._settings.answer_sentences]]

    def ranked(self, question: str, passages: Sequence[Passage]) -> list[Candidate]:
        """All units by how much of the question's words they hold, the best first."""
        weights = self._wanted(question)
        found: dict[str, Candidate] = {}
        for rank, passage in enumerate(passages):
            told, left = of_tenor(question, tuple(units(passage.chunk, list(weights))))
            wanted = weights if left == question else self._wanted(left)
            for unit in told:
                found.setdefault(unit.claim.text, _judged(unit, rank, wanted, question))
        return sorted(found.values(), key=lambda candidate: -candidate.score)

    def _wanted(self, question: str) -> dict[str, float]:
        """The question's words by inverse document frequency.

        A word that no document holds, nor any other word for it, is left out where it is no noun (觉得, 安排);
        a noun asks for something that is not there, and weighs as much as any word can.
        """
        least = 0.5 / (self._size() + 1)
        weights: dict[str, float] = {}
        for word in question_words(question):
            share = max((self._share(other) for other in (word, *synonyms().get(word, ()))), default=0.0)
            own = self._share(word) or share
            if own:
                weights[word] = -math.log(min(max(own, least), 0.9))
            elif names_a_thing(word):
                weights[word] = -math.log(least)
        return weights

    def _asks_for_the_unknown(self, question: str) -> bool:
        """Whether the last word is a noun that no document holds (贵州茅台的市盈率): it is what is asked for."""
        words = question_words(question)
        if not words or not names_a_thing(words[-1]):
            return False
        return not any(self._share(other) for other in (words[-1], *synonyms().get(words[-1], ())))

    def _section(self, first: Candidate, ranked: Sequence[Candidate]) -> list[Claim]:
        """The best sentence of a section (展望, 运作分析) and those behind it."""
        version = first.unit.claim.places[0].chunk.version_id
        start = first.unit.claim.places[0].start
        same = [
            one.unit.claim
            for one in ranked
            if one.unit.heading == first.unit.heading and one.unit.claim.places[0].chunk.version_id == version
        ]
        behind = sorted((c for c in same if c.places[0].start >= start), key=lambda claim: claim.places[0].start)
        most = self._settings.answer_sentences
        while most < min(len(behind), MOST_ENUMERATED) and ENUMERATED.match(behind[most].text):
            most += 1  # points that are counted (第一, 第二) are told to the last
        return behind[:most]

    def _share(self, word: str) -> float:
        """Share of chunks with the word, by its rarest term."""
        return min(self._shares(terms(word)).values(), default=0.0)

    def _by_meaning(self, question: str, fitting: Sequence[Candidate]) -> list[Candidate]:
        """Order the best of what fits by meaning too; what words did not find is not brought in."""
        head = list(fitting[:_ENCODED])
        if len(head) < 2:
            return head
        query = self._encoder.encode_queries([question])[0]
        texts = [f"{one.unit.heading}：{one.unit.claim.text}"[:120] for one in head]
        cosines = self._encoder.encode_passages(texts) @ query
        lifts = np.clip(_DENSE * (cosines - float(np.mean(cosines))), -_MOST_LIFT, _MOST_LIFT)
        judged = [replace(one, score=one.score + float(lift)) for one, lift in zip(head, lifts, strict=True)]
        return sorted(judged, key=lambda candidate: -candidate.score)


def asks_list(question: str) -> bool:
    """True for a question that wants all rows of a table: 前十大持仓有哪些."""
    return bool(_ASKS_LIST.search(question))


def _whole_table(first: Candidate, ranked: Sequence[Candidate]) -> list[Claim]:
    """The rows of the best row's table in their order, from all passages that hold some."""
    same = [one.unit.claim for one in ranked if one.unit.table == first.unit.table]
    return sorted(same, key=lambda claim: claim.places[0].start)[:_MOST_ROWS]


def _judged(unit: Unit, rank: int, weights: dict[str, float], question: str) -> Candidate:
    """Coverage of the question's words by the unit, its heading and its context."""
    total = sum(weights.values()) or 1.0
    own_text, heading, above = (_plain(text) for text in (unit.words, unit.heading, unit.above))
    own = beneath = over = 0.0
    for word, weight in weights.items():
        if _holds(own_text, word):
            own += weight
        elif _holds(heading, word):
            beneath += weight
        elif _holds(above, word):
            over += weight
    coverage = (own + _HEADING * beneath + _CONTEXT * over) / total
    if own < _LEAST_OWN * total and own + beneath < 0.6 * total:
        coverage = 0.0
    coverage *= fit(unit, question, labelled=bool(_labelled(unit.label, weights)))
    labelled = _labelled(unit.label, weights) / total
    score = coverage + (_LABEL * labelled if coverage else 0.0) - 0.01 * rank
    return Candidate(unit=unit, passage=rank, own=own / total, coverage=coverage, score=score)


def _labelled(label: str, weights: dict[str, float]) -> float:
    """Weight of the words that the label holds, less where the label says much else."""
    plain = _plain(label)
    held = [word for word in weights if _holds(plain, word)]
    share = min(1.0, 1.5 * sum(map(len, held)) / max(1, len(plain)))
    return share * sum(weights[word] for word in held)


def _holds(text: str, word: str) -> bool:
    return word in text or any(other in text for other in synonyms().get(word, ()))


def _plain(text: str) -> str:
    return to_simplified(fold_width(text)).text.lower().replace(",", "")
