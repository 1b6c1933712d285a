"""Approved wording found for a question: the same words, or nearly the same meaning; in doubt nothing.

Similarity of sentence encoders sees the topic and hardly the stance, so that it decides alone nowhere: the words
of the question must be known to the wording, no other wording may be about as near, and a question with figures,
or with a product that the wording does not speak for, gets no standing answer.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

import numpy as np
import yaml

from knowledge_base.access import Principal
from knowledge_base.products import ResolvedQuestion
from knowledge_base.wordings import Wording, all_questions
from mandarin.script import fold_width, to_simplified
from models.encoder import Encoder, Vectors
from rag.passage import Answer, ApprovedBy, Citation, Sentence
from rag.settings import RagSettings
from rag.tokens import question_words

APPROVED = "approved wording"  # who worded an answer, beside "extractive" and the name of a model
LONGEST = 40  # characters; a longer question says more than a standing answer can know
_SIGNS = re.compile(r"[^\w]|_")


class WordingStore(Protocol):
    """Wordings in force on a day (knowledge_base.wordings.Wordings)."""

    def in_force(self, on: date) -> tuple[Wording, ...]: ...

    def stamp(self) -> tuple[int, datetime | None]: ...


class NamesProducts(Protocol):
    """What a question names (knowledge_base.products.Products)."""

    def resolve(self, question: str, *, principal: Principal, today: date | None = None) -> ResolvedQuestion: ...


@dataclass(frozen=True, kw_only=True)
class _Known:
    """The wordings of a day, ready to be compared with."""

    wordings: tuple[Wording, ...]  # one an asked line
    asked: tuple[str, ...]  # as people ask, bare
    vectors: Vectors  # (lines, dimension), unit length
    words: dict[str, str]  # id -> all that the wording's questions say, bare and joined


class ApprovedAnswers:
    """Answers from approved wording. Safe in several threads; made anew when a wording was decided on."""

    def __init__(
        self, wordings: WordingStore, encoder: Encoder, names: NamesProducts, settings: RagSettings | None = None
    ) -> None:
        self._wordings = wordings
        self._encoder = encoder
        self._names = names
        self._settings = settings or RagSettings()
        self._lock = threading.Lock()
        self._made: tuple[tuple[object, ...], _Known] | None = None
        self._encoded: dict[str, Vectors] = {}  # of the lines last compared with: another day has mostly the same

    def answer(self, question: str, *, principal: Principal, on: date) -> Answer | None:
        """The approved text with its citation; None where no wording is surely meant."""
        wording = self.match(question, principal=principal, on=on)
        return answer_of(question, wording) if wording is not None else None

    def match(self, question: str, *, principal: Principal, on: date) -> Wording | None:
        """The wording that a question is surely answered by."""
        known = self._known(on)
        if not known.asked or len(question) > 4 * LONGEST:
            return None
        named = self._names.resolve(question, principal=principal, today=on)
        left = bare(_without(question, named))
        with_product = bool(named.products or named.ambiguous)
        found = self._same(left, known) or self._near(left, known)
        return found if found is not None and (found.with_product or not with_product) else None

    def _same(self, left: str, known: _Known) -> Wording | None:
        return next((known.wordings[at] for at, asked in enumerate(known.asked) if asked == left), None)

    def _near(self, left: str, known: _Known) -> Wording | None:
        """The nearest by meaning, where its questions hold the words and no other wording comes close."""
        if not left or len(left) > LONGEST or any(pattern.search(left) for pattern in _doubts()):
            return None
        if not any(self._asks_for(left, words) for words in known.words.values()):
            return None
        scores = known.vectors @ self._encoder.encode_queries([left])[0]
        first = int(np.argmax(scores))
        best, rule = known.wordings[first], self._settings
        others = [float(score) for score, one in zip(scores, known.wordings, strict=True) if one.id != best.id]
        clear = float(scores[first]) - max(others, default=-1.0) >= rule.wording_margin
        if float(scores[first]) < rule.wording_threshold or not clear:
            return None
        return best if self._asks_for(left, known.words[best.id]) else None

    def _asks_for(self, left: str, words: str) -> bool:
        """Whether a wording's questions hold the words of this one."""
        return share_known(left, words) >= self._settings.wording_coverage and asks_for_the_same(left, words)

    def _known(self, on: date) -> _Known:
        stamp = (*self._wordings.stamp(), on)
        with self._lock:
            if self._made is None or self._made[0] != stamp:
                self._made = (stamp, self._make(on))
            return self._made[1]

    def _make(self, on: date) -> _Known:
        pairs = all_questions(self._wordings.in_force(on))
        asked = tuple(bare(question) for _, question in pairs)
        words: dict[str, str] = {}
        for (wording, _), line in zip(pairs, asked, strict=True):
            words[wording.id] = f"{words.get(wording.id, '')} {line}"
        new = list(dict.fromkeys(line for line in asked if line not in self._encoded))
        if new:
            self._encoded |= dict(zip(new, self._encoder.encode_queries(new), strict=True))
        empty = np.empty((0, self._encoder.dimension), np.float32)
        vectors = np.stack([self._encoded[line] for line in asked]) if asked else empty
        return _Known(wordings=tuple(wording for wording, _ in pairs), asked=asked, vectors=vectors, words=words)


def answer_of(question: str, wording: Wording) -> Answer:
    """The wording as an answer: one sentence, cited as what it is."""
    citation = Citation(
        n=1,
        version_id=wording.name,
        document_id=f"wording:{wording.id}",
        title=wording.title,
        quote=wording.text,
        start=0,
        end=len(wording.text),
    )
    approved = ApprovedBy(
        id=wording.id,
        version=wording.version,
        approver=wording.decided_by or "",
        since=wording.effective_from,
    )
    return Answer(
        question=question,
        sentences=(Sentence(text=wording.text, citations=(1,)),),
        citations=(citation,),
        by=APPROVED,
        approved=approved,
    )


def bare(question: str) -> str:
    """The question in simplified script, without signs, politeness and particles."""
    left = _SIGNS.sub("", to_simplified(fold_width(question)).text.lower())
    openings, endings = _politeness()
    while cut := next((one for one in openings if left.startswith(one) and len(left) > len(one)), None):
        left = left.removeprefix(cut)
    while cut := next((one for one in endings if left.endswith(one) and len(left) > len(one) + 1), None):
        left = left.removesuffix(cut)
    return left


def share_known(left: str, words: str) -> float:
    """The share of a question's content words that a wording's questions hold, 0..1; 1 for one without any."""
    asked = [word for word in question_words(left) if not word.isspace()]
    return sum(word in words for word in asked) / len(asked) if asked else 1.0


def asks_for_the_same(left: str, words: str) -> bool:
    """Whether what a question asks for (where, how, how long, the most ...) is asked in the wording's questions."""
    asked = (group for group in _marks()["asks"] if any(word in left for word in group))
    return all(any(word in words for word in group) for group in asked)


def _without(question: str, named: ResolvedQuestion) -> str:
    """The question without the names of its products."""
    spans = [(match.start, match.end) for match in named.products]
    spans += [(match.start, match.end) for group in named.ambiguous for match in group[:1]]
    for start, end in sorted(spans, reverse=True):
        question = question[:start] + question[end:]
    return question


@cache
def _marks() -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load(files("rag").joinpath("wording_marks.yaml").read_text(encoding="utf-8"))
    return raw


@cache
def _politeness() -> tuple[Sequence[str], Sequence[str]]:
    """Openings, the longest first, and endings."""
    return sorted(_marks()["openings"], key=len, reverse=True), _marks()["endings"]


@cache
def _doubts() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in _marks()["doubts"])
