"""With a chat model: a cited draft, every sentence of it checked against what it cites."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from prompts.chat import ChatModel, Message
from prompts.errors import ChatUnavailableError
from prompts.library import PromptLibrary
from rag.cite import Citations, Claim, Place, place_in
from rag.compute import Computed
from rag.from_facts import Stated
from rag.numbers import unsupported
from rag.passage import Answer
from rag.sentences import sentence_spans
from rag.tables import tabled

_log = logging.getLogger(__name__)
_MARK = re.compile(r"\[(\d+)\]")
_MARK_AFTER_STOP = re.compile(r"([。！？；!?;])((?:\[\d+\])+)")
_HAN = re.compile(r"[\u3400-\u9fff]")
PROMPT = "answer"
_LEAST_COVERED = 0.5  # a faithful sentence keeps names, terms and units; its own are the small words between them
_MOST_SOURCES = 8
_MOST_TURNS = 6


@dataclass(frozen=True, kw_only=True)
class _Draft:
    text: str
    model: str
    claims: tuple[Claim, ...]  # of the sentences that stand
    failed: tuple[str, ...]  # the other sentences


class Drafter:
    """Writes an answer with a chat model and keeps of it only what its sources hold."""

    def __init__(self, model: ChatModel, prompts: PromptLibrary) -> None:
        self._model = model
        self._prompts = prompts

    def improve(
        self,
        extractive: Answer,
        claims: Sequence[Claim],
        history: Sequence[Message],
        *,
        on: date,
        sketch: tuple[Sequence[Stated], Computed | None] | None = None,
    ) -> Answer:
        """The draft's sentences that stand the check. Where one fails the model may write once more; what fails
        again is replaced by the extractive sentences.

        The extractive answer comes back whole when no sentence of the draft stands, or no model answers.
        """
        places = [*dict.fromkeys(place for claim in claims for place in claim.places)]
        places += [place_in(p.chunk, p.chunk.start, p.chunk.end) for p in extractive.passages]
        sources = places[:_MOST_SOURCES]
        drafted = self._drafted(self._messages(extractive.question, sources, history, on), sources, extractive.question)
        if drafted is None or not drafted.claims:
            return extractive
        stood = list(drafted.claims)
        if drafted.failed:
            stood += [claim for claim in claims if claim.text not in {kept.text for kept in stood}]
        citations = Citations()
        sentences = tuple(citations.sentence(claim) for claim in stood)
        table = tabled(*sketch, citations) if sketch is not None else None
        return replace(
            extractive, sentences=sentences, citations=citations.all(), by=drafted.model, table=table,
            prompt=self._prompts.get(PROMPT).sha256,
        )  # fmt: skip

    def _drafted(self, messages: Sequence[Message], sources: Sequence[Place], question: str) -> _Draft | None:
        """The better of two drafts at most; None when no model answers."""
        first = self._asked(messages, sources, question)
        if first is None or not first.failed:
            return first
        again = self._prompts.messages("answer_again", failed="\n".join(first.failed))
        second = self._asked([*messages, Message(role="assistant", content=first.text), *again], sources, question)
        return second if second and len(second.failed) < len(first.failed) else first

    def _asked(self, messages: Sequence[Message], sources: Sequence[Place], question: str) -> _Draft | None:
        try:
            reply = self._model.complete(messages)
        except ChatUnavailableError:
            _log.warning("the chat model %s gave no draft", self._model.name)
            return None
        checked = [(sentence, _checked(sentence, sources, question)) for sentence in _split(reply.text)]
        return _Draft(
            text=reply.text,
            model=reply.model,
            claims=tuple(claim for _, claim in checked if claim is not None),
            failed=tuple(sentence for sentence, claim in checked if claim is None),
        )

    def _messages(
        self, question: str, sources: Sequence[Place], history: Sequence[Message], on: date
    ) -> Sequence[Message]:
        numbered = "\n\n".join(
            f"[{n}]《{place.chunk.title}》\n{place.chunk.context}\n{place.quote}"
            for n, place in enumerate(sources, start=1)
        )
        earlier = "\n".join(f"{message.role}: {message.content}" for message in history[-_MOST_TURNS:])
        return self._prompts.messages(
            PROMPT, today=on.isoformat(), passages=numbered, history=earlier or "无", question=question
        )


def _split(draft: str) -> list[str]:
    """Sentences with their marks, also where the marks stand after the full stop."""
    text = _MARK_AFTER_STOP.sub(r"\2\1", draft)
    return [text[start:end] for start, end in sentence_spans(text)]


def _checked(sentence: str, sources: Sequence[Place], question: str) -> Claim | None:
    """The sentence with its places; None unless it cites, its numbers stand where it cites them, and so do most of
    its words: a sentence in another language, or about other things, does not."""
    numbers = [int(n) for n in _MARK.findall(sentence)]
    text = _MARK.sub("", sentence).strip()
    if not numbers or not text or not all(1 <= n <= len(sources) for n in numbers):
        return None
    places = tuple(sources[n - 1] for n in dict.fromkeys(numbers))
    support = "\n".join([question, *(f"{place.chunk.title}\n{place.quote}" for place in places)])
    if unsupported(text, support) or _coverage(text, support) < _LEAST_COVERED:
        return None
    return Claim(text=text, places=places)


def _coverage(text: str, support: str) -> float:
    """Share of a sentence's pairs of Chinese characters that stand in its sources; 0 where it has none."""
    pairs = [a + b for a, b in pairwise(text) if _HAN.match(a) and _HAN.match(b)]
    return sum(pair in support for pair in pairs) / len(pairs) if pairs else 0.0
