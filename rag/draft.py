"""With a chat model: a cited draft, every sentence of it checked against what it cites."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
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
from rag.passage import Answer, Passage, Sentence
from rag.sense import turned
from rag.sentences import sentence_spans
from rag.tables import tabled
from rag.tools.finding import Finding

_log = logging.getLogger(__name__)
_MARK = re.compile(r"\[(\d+)\]")
_MARK_AFTER_STOP = re.compile(r"([。！？；!?;])((?:\[\d+\])+)")
_ENDED = re.compile(r"\[\d+\][。！？；!?;]|[。！？；!?;](?:\[\d+\])*(?=[^\[\s])|\n")  # a sentence with all its marks
_BROKE_OFF = "模型中途停止作答，未完成的部分以原文摘录补足。"
_STOOD_IN = "模型的部分表述无法与原文核对，已由原文摘录代替。"
_HAN = re.compile(r"[\u3400-\u9fff]")
PROMPT = "answer"
_LEAST_COVERED = 0.5  # a faithful sentence keeps names, terms and units; its own are the small words between them
_MOST_SOURCES = 8
_MOST_FOUND = 12  # of what tools found, beside them
_MOST_FAILED, _MOST_SENTENCES = 6, 12  # of a streamed draft: then the model is heard no further
_MOST_TURNS = 6
_AGAIN_S = 15.0  # for a second try: what did not stand is not worth all the time once more


@dataclass(frozen=True, kw_only=True)
class _Source:
    """What a model may cite by one number: a span of a document, or what was computed from several."""

    title: str
    context: str
    text: str
    places: tuple[Place, ...]


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
        more: Sequence[Finding] = (),
    ) -> Answer:
        """The draft's sentences that stand the check; `more` is what tools found beside the claims.

        Where one fails the model may write once more; what fails again is replaced by the extractive sentences.

        The extractive answer comes back whole, and says so, when no sentence of the draft stands, or no model answers.
        """
        sources = _sources(extractive, claims, more)
        drafted = self._drafted(self._messages(extractive.question, sources, history, on), sources, extractive.question)
        if drafted is None:
            return _noted(extractive, _BROKE_OFF)
        if not drafted.claims:
            return stood_in(extractive)
        stood = list(drafted.claims)
        if drafted.failed:
            stood += [claim for claim in claims if claim.text not in {kept.text for kept in stood}]
        citations = Citations()
        sentences = tuple(citations.sentence(claim) for claim in stood)
        table = tabled(*sketch, citations) if sketch is not None else None
        answer = replace(
            _with_seen(extractive, more), sentences=sentences, citations=citations.all(), by=drafted.model, table=table,
            prompt=self._prompts.get(PROMPT).sha256,
        )  # fmt: skip
        return stood_in(answer) if drafted.failed else answer

    def growing(
        self,
        extractive: Answer,
        claims: Sequence[Claim],
        history: Sequence[Message],
        *,
        on: date,
        sketch: tuple[Sequence[Stated], Computed | None] | None = None,
        stands: Callable[[Answer], bool] = lambda answer: True,
        more: Sequence[Finding] = (),
    ) -> Iterator[Answer]:
        """The draft as the model writes it: each answer begins as the one before, the last is whole.

        A sentence that fails the check, or `stands`, is never part of one; the extractive sentences follow for it, and
        for what a model leaves out that stalls or breaks off. Nothing of a draft stood: the extractive answer, once.
        """
        sources = _sources(extractive, claims, more)
        seen = _with_seen(extractive, more)
        said: list[Sentence] = []
        citations, failed, note = Citations(), 0, ""
        try:
            for written in _as_written(self._model.stream(self._messages(extractive.question, sources, history, on))):
                claim = _checked(written, sources, extractive.question)
                if claim is None or not stands(_alone(extractive, claim)):
                    failed += bool(_MARK.sub("", written).strip())
                elif claim.text not in {one.text for one in said}:
                    said.append(citations.sentence(claim))
                    yield self._so_far(seen, said, citations)
                if failed > _MOST_FAILED or len(said) > _MOST_SENTENCES:
                    break
        except ChatUnavailableError:
            _log.warning("the chat model %s broke off its draft", self._model.name)
            note = _BROKE_OFF
        note = note or (_STOOD_IN if failed else "")
        if not said:
            yield _noted(extractive, note)
            return
        if note:
            said += [citations.sentence(claim) for claim in claims if claim.text not in {one.text for one in said}]
        table = tabled(*sketch, citations) if sketch is not None else None
        whole = self._so_far(seen, said, citations)
        yield _noted(replace(whole, table=table, note=extractive.note), note)

    def _so_far(self, extractive: Answer, said: Sequence[Sentence], citations: Citations) -> Answer:
        return replace(
            extractive, sentences=tuple(said), citations=citations.all(), by=self._model.name, table=None, note=None,
            prompt=self._prompts.get(PROMPT).sha256,
        )  # fmt: skip

    def _drafted(self, messages: Sequence[Message], sources: Sequence[_Source], question: str) -> _Draft | None:
        """The better of two drafts at most; None when no model answers."""
        first = self._asked(messages, sources, question)
        if first is None or not first.failed:
            return first
        again = self._prompts.messages("answer_again", failed="\n".join(first.failed))
        asked = [*messages, Message(role="assistant", content=first.text), *again]
        second = self._asked(asked, sources, question, within_s=_AGAIN_S)
        return second if second and len(second.failed) < len(first.failed) else first

    def _asked(
        self, messages: Sequence[Message], sources: Sequence[_Source], question: str, *, within_s: float | None = None
    ) -> _Draft | None:
        try:
            reply = self._model.complete(messages, within_s=within_s)
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
        self, question: str, sources: Sequence[_Source], history: Sequence[Message], on: date
    ) -> Sequence[Message]:
        numbered = "\n\n".join(
            f"[{n}]《{source.title}》\n{source.context}\n{source.text}" for n, source in enumerate(sources, start=1)
        )
        earlier = "\n".join(f"{message.role}: {message.content}" for message in history[-_MOST_TURNS:])
        return self._prompts.messages(
            PROMPT, today=on.isoformat(), passages=numbered, history=earlier or "无", question=question
        )


def stood_in(extractive: Answer) -> Answer:
    """The answer with the note that quoted sentences stand for what a model wrote and could not be checked."""
    return _noted(extractive, _STOOD_IN)


def _noted(answer: Answer, note: str) -> Answer:
    return replace(answer, note="；".join(filter(None, (answer.note, note))) or None)


def _sources(extractive: Answer, claims: Sequence[Claim], more: Sequence[Finding]) -> list[_Source]:
    """What a model is given to cite: the places of the claims, what tools found, then the other passages."""
    places = [*dict.fromkeys(place for claim in claims for place in claim.places)]
    passages = [place_in(p.chunk, p.chunk.start, p.chunk.end) for p in extractive.passages]
    known = {place.key for place in (*places, *passages)}
    found = [one for one in more if one.places and not (len(one.places) == 1 and one.places[0].key in known)]
    told = [_Source(title=one.places[0].chunk.title, context="", text=one.text, places=one.places) for one in found]
    return [*map(_of_place, places[:_MOST_SOURCES]), *told[:_MOST_FOUND], *map(_of_place, passages)][
        : _MOST_SOURCES + len(told[:_MOST_FOUND])
    ]


def _of_place(place: Place) -> _Source:
    return _Source(title=place.chunk.title, context=place.chunk.context, text=place.quote, places=(place,))


def _with_seen(extractive: Answer, more: Sequence[Finding]) -> Answer:
    """The answer with the passages that tools found: what is said of their products is judged with them."""
    seen = {passage.chunk.id for passage in extractive.passages}
    chunks = {place.chunk.id: place.chunk for one in more for place in one.places if place.chunk.id not in seen}
    return replace(
        extractive, passages=(*extractive.passages, *(Passage(chunk=chunk, score=0.0) for chunk in chunks.values()))
    )


def _alone(extractive: Answer, claim: Claim) -> Answer:
    citations = Citations()
    sentence = citations.sentence(claim)
    return replace(extractive, sentences=(sentence,), citations=citations.all(), table=None)


def _as_written(pieces: Iterator[str]) -> Iterator[str]:
    """Sentences of a stream, each as soon as it is whole: at its full stop, or behind the marks that follow it."""
    waiting = ""
    for piece in pieces:
        waiting += piece
        ends = [found.end() for found in _ENDED.finditer(waiting)]
        if ends:
            yield from _split(waiting[: ends[-1]])
            waiting = waiting[ends[-1] :]
    yield from _split(waiting)


def _split(draft: str) -> list[str]:
    """Sentences with their marks, also where the marks stand after the full stop."""
    text = _MARK_AFTER_STOP.sub(r"\2\1", draft)
    return [text[start:end] for start, end in sentence_spans(text)]


def _checked(sentence: str, sources: Sequence[_Source], question: str) -> Claim | None:
    """The sentence with its places; None unless it cites, its numbers stand where it cites them in the same unit and
    direction, and so do most of its words: a sentence in another language, or about other things, does not."""
    numbers = [int(n) for n in _MARK.findall(sentence)]
    text = _MARK.sub("", sentence).strip()
    if not numbers or not text or not all(1 <= n <= len(sources) for n in numbers):
        return None
    cited = [sources[n - 1] for n in dict.fromkeys(numbers)]
    places = tuple(dict.fromkeys(place for source in cited for place in source.places))
    quoted = [f"{place.chunk.title}\n{place.quote}" for place in places]
    support = "\n".join([question, *(source.text for source in cited), *quoted])
    if unsupported(text, support) or turned(text, support) or _coverage(text, support) < _LEAST_COVERED:
        return None
    return Claim(text=text, places=places)


def _coverage(text: str, support: str) -> float:
    """Share of a sentence's pairs of Chinese characters that stand in its sources; 0 where it has none."""
    pairs = [a + b for a, b in pairwise(text) if _HAN.match(a) and _HAN.match(b)]
    return sum(pair in support for pair in pairs) / len(pairs) if pairs else 0.0
