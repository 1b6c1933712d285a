"""An answer on its way to the screen: each sentence when the gate has cleared it, the reply when the whole is judged.

Nothing that is shown before the reply may be sent: sending needs the `Cleared` of the whole text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from compliance_filters.finding import Cleared, Draft, ReviewContext, Target, Verdict
from compliance_filters.stream import Finished, Held, Retracted, SentenceJudge, Shown, release_sentences
from knowledge_base.access import Principal
from rag.passage import Answer, Citation, Sentence


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What may be shown: the cleared text, or nothing and the reasons."""

    # None when nothing was cleared, and without what the gate took out: a draft never travels with its reply.
    answer: Answer | None
    verdict: Verdict
    cleared: Cleared | None

    @property
    def text(self) -> str | None:
        return self.cleared.text if self.cleared else None

    @property
    def addition(self) -> str | None:
        """What the gate appended to the answer, for example a disclosure."""
        if self.cleared is None or self.answer is None or self.cleared.text == self.answer.text:
            return None
        return self.cleared.text.removeprefix(self.answer.text).strip() or None


@dataclass(frozen=True, kw_only=True)
class Searching:
    """The question was let through; `whole` is what it was taken for, where it leant on earlier ones."""

    whole: str | None = None


@dataclass(frozen=True, kw_only=True)
class Released:
    """A sentence that cleared with what stands before it: for the screen, until the verdict."""

    n: int  # from 0, in the order of the answer
    sentence: Sentence
    citations: tuple[Citation, ...]  # of this sentence
    mended: bool = False  # identifiers were masked in it


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """A sentence that is not shown, and why."""

    n: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """A sentence that was shown and is to be taken from the screen, and why."""

    n: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Replied:
    """The reply: the last step."""

    reply: Reply
    stopped: bool = False  # the reader wanted no more of it: what was written until then was judged


Step = Searching | Released | Withheld | TakenBack | Replied


class Contexts(Protocol):
    """What the gate must know beside an answer as it stands."""

    def __call__(self, answer: Answer) -> ReviewContext: ...


def release(
    gate: SentenceJudge,
    growing: Iterator[Answer],
    context_of: Contexts,
    *,
    principal: Principal,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Step]:
    """Steps of an answer that grows: each answer of `growing` begins as the one before, the last is whole.

    Every sentence shown was cleared with what stands before it; where the whole is not cleared, every one is taken
    back before the reply. Raises what `growing` raises; then nothing that was shown stands.
    """
    writing = _Writing(growing, context_of, stopped)
    first = writing.begin()
    draft = Draft(text="", target=Target.ANSWER, by=first.by, prompt=first.prompt)
    for event in release_sentences(gate, writing.sentences(), draft, writing.context, principal=principal):
        match event:
            case Shown(n=n, text=text) if n < len(writing.said):
                yield writing.released(n, text)
            case Held(n=n, reasons=reasons):
                yield Withheld(n=n, reasons=reasons)
            case Retracted(n=n, reasons=reasons) if n < len(writing.said):
                yield TakenBack(n=n, reasons=reasons)
            case Finished(verdict=verdict):
                yield Replied(reply=replied(writing.answer, verdict), stopped=writing.cut)
            case _:
                pass  # the table behind the sentences: shown with the reply


def replied(answer: Answer, verdict: Verdict) -> Reply:
    """The reply to an answer that was judged whole."""
    shown = _as_cleared(answer, verdict.cleared) if verdict.cleared else None
    return Reply(answer=shown, verdict=verdict, cleared=verdict.cleared)


class _Writing:
    """The answer as far as it was handed to the gate."""

    def __init__(self, growing: Iterator[Answer], context_of: Contexts, stopped: Callable[[], bool]) -> None:
        self._growing, self._context_of, self._stopped = growing, context_of, stopped
        self._first: Answer | None = None
        self._latest: Answer | None = None
        self._context: tuple[Answer, ReviewContext] | None = None
        self.said: list[Sentence] = []
        self.cut = False

    def begin(self) -> Answer:
        """The first answer: it tells who writes."""
        self._first = self._latest = next(self._growing)
        return self._first

    @property
    def answer(self) -> Answer:
        """The latest answer; where the reader stopped it, what was said of it until then."""
        latest = self._now
        if not self.cut:
            return latest
        cited = {n for sentence in self.said for n in sentence.citations}
        kept = tuple(citation for citation in latest.citations if citation.n in cited)
        return replace(latest, sentences=tuple(self.said), citations=kept, table=None)

    def sentences(self) -> Iterator[str]:
        """The text of the answer piece by piece, as `Answer.text` joins it; ends where the reader stops it."""
        for answer in self._all():
            self._latest = answer
            for sentence in answer.sentences[len(self.said) :]:
                if self._stopped():
                    self.cut = True
                    return
                self.said.append(sentence)
                yield _marked(sentence)
        if self._now.table is not None:
            yield f"\n\n{self._now.table.text}"

    def context(self) -> ReviewContext:
        latest = self._now
        if self._context is None or self._context[0] is not latest:
            self._context = (latest, self._context_of(latest))
        return self._context[1]

    def released(self, n: int, text: str) -> Released:
        """Sentence `n` as the gate lets it be shown; one that was masked goes without quotes that hold the same."""
        sentence = self.said[n]
        if text != _marked(sentence):
            bare = text.removesuffix(_marks(sentence))
            return Released(n=n, sentence=Sentence(text=bare, citations=()), citations=(), mended=True)
        cited = tuple(citation for citation in self._now.citations if citation.n in sentence.citations)
        return Released(n=n, sentence=sentence, citations=cited)

    @property
    def _now(self) -> Answer:
        if self._latest is None:
            raise RuntimeError("begin() was not called: nothing is written yet.")
        return self._latest

    def _all(self) -> Iterator[Answer]:
        if self._first is not None:
            yield self._first
        yield from self._growing


def _marks(sentence: Sentence) -> str:
    return "".join(f"[{n}]" for n in sentence.citations)


def _marked(sentence: Sentence) -> str:
    return sentence.text + _marks(sentence)


def _as_cleared(answer: Answer, cleared: Cleared) -> Answer:
    """The answer as the gate let it through: changed inside, and nothing else of the draft is shown beside it."""
    if cleared.text.startswith(answer.text):
        return answer
    whole = Sentence(text=cleared.text, citations=())
    return replace(
        answer, sentences=(whole,), citations=(), passages=(), note=None, table=None, risks=(), approved=None
    )
