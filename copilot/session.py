"""The question way: an advisor's question to a cited answer that the gate has cleared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from compliance_filters.finding import (
    Draft,
    Outcome,
    ProductInContext,
    ReviewContext,
    Source,
    Target,
    Verdict,
)
from compliance_filters.stream import SentenceJudge
from copilot.releases import Replied, Reply, Searching, Step, release, replied
from knowledge_base.access import Principal
from prompts.chat import Message
from rag.follow_up import Whole
from rag.passage import Answer, Citation

__all__ = ["Answers", "ContextFacts", "QuestionSession", "RefusedQuestions", "Reply", "Reviews", "WholeQuestions"]
_FIGURE = re.compile(r"\d[.,]\d|\d\s*[%％]")  # in a cell: such a row heads nothing


class Answers(Protocol):
    """Finds the answer in what the principal may read."""

    def answer(self, question: str, principal: Principal, history: Sequence[Message] = (), *, on: date) -> Answer: ...

    def growing(
        self, question: str, principal: Principal, history: Sequence[Message] = (), *, on: date
    ) -> Iterator[Answer]:
        """The same as it comes into being: each begins as the one before, the last is whole."""
        ...


class WholeQuestions(Protocol):
    """Writes out what a question leaves to the ones before it (rag.follow_up.FollowUps)."""

    def whole(self, question: str, history: Sequence[Message], *, principal: Principal, on: date) -> Whole | None: ...


class ApprovedWording(Protocol):
    """What an officer approved to be said to recurring questions (rag.approved.ApprovedAnswers)."""

    def answer(self, question: str, *, principal: Principal, on: date) -> Answer | None: ...


class OpinionRights(Protocol):
    """Who may give an opinion on a share, and to whom (serve.opinions.OpinionRights)."""

    def giving(self, principal: Principal, client_id: str | None, *, on: date) -> Principal:
        """The principal as who asks for this client: with the right for the act, or without it."""
        ...


class RefusedQuestions(Protocol):
    """Counts what was asked and not found, without who asked."""

    def note(self, question: str, note: str) -> None: ...


class Reviews(Protocol):
    """The compliance gate."""

    def review(self, draft: Draft, context: ReviewContext, *, principal: Principal) -> Verdict: ...


class ContextFacts(Protocol):
    """What the firm knows of the client and products that a text is about."""

    def client_context(self, client_id: str | None, *, today: date, principal: Principal) -> ReviewContext: ...

    def products(self, codes: Sequence[str], *, principal: Principal, today: date) -> tuple[ProductInContext, ...]: ...


class QuestionSession:
    """Question -> injection check -> approved wording, else an answer -> gate -> reply."""

    def __init__(
        self,
        *,
        answers: Answers,
        gate: SentenceJudge,
        facts: ContextFacts,
        history_turns: int = 4,
        approved: ApprovedWording | None = None,
        refused: RefusedQuestions | None = None,
        follow_ups: WholeQuestions | None = None,
        opinions: OpinionRights | None = None,
    ) -> None:
        """Without `opinions` nobody is given an opinion on a share."""
        self._answers = answers
        self._follow_ups = follow_ups
        self._approved = approved
        self._refused = refused
        self._opinions = opinions
        self._history_turns = history_turns
        self._gate = gate
        self._facts = facts

    def ask(
        self,
        question: str,
        *,
        principal: Principal,
        today: date,
        client_id: str | None = None,
        history: Sequence[Message] = (),
        on: date | None = None,
    ) -> Reply:
        """Answer `question` from what `principal` may read and what is in force on `on` (default today).

        Raises AccessDeniedError when the client is not the principal's to see.
        """
        context, asked = self._let_in(question, principal, today, client_id)
        if asked.outcome is Outcome.BLOCK:
            return Reply(answer=None, verdict=asked, cleared=None)
        answer = self._answer(question, self._reader(principal, client_id, today), history, on or today)
        verdict = self._gate.review(
            Draft(text=answer.text, target=Target.ANSWER, by=answer.by, prompt=answer.prompt),
            self._with_sources(context, answer, principal),
            principal=principal,
        )
        return replied(answer, verdict)

    def steps(
        self,
        question: str,
        *,
        principal: Principal,
        today: date,
        client_id: str | None = None,
        history: Sequence[Message] = (),
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Step]:
        """The same, as it comes into being: each sentence when it was cleared, the reply last.

        `stopped` is asked before each sentence. Raises AccessDeniedError.
        """
        context, asked = self._let_in(question, principal, today, client_id)
        if asked.outcome is Outcome.BLOCK:
            yield Replied(reply=Reply(answer=None, verdict=asked, cleared=None))
            return
        recent = self._recent(history)
        whole = self._follow_ups.whole(question, recent, principal=principal, on=today) if self._follow_ups else None
        yield Searching(whole=whole.text if whole else None)
        yield from release(
            self._gate,
            self._growing(
                whole.text if whole and whole.by_model else question,
                self._reader(principal, client_id, today),
                recent,
                today,
            ),
            lambda answer: self._with_sources(context, answer, principal),
            principal=principal,
            stopped=stopped,
        )

    def _reader(self, principal: Principal, client_id: str | None, today: date) -> Principal:
        """Who reads documents in this act; the gate and the log know the person."""
        return self._opinions.giving(principal, client_id, on=today) if self._opinions else principal

    def _let_in(
        self, question: str, principal: Principal, today: date, client_id: str | None
    ) -> tuple[ReviewContext, Verdict]:
        """What is known of the client, and the gate's verdict on the question."""
        context = self._facts.client_context(client_id, today=today, principal=principal)
        draft = Draft(text=question, target=Target.CLIENT_INPUT, by=principal.user_id)
        return context, self._gate.review(draft, context, principal=principal)

    def _growing(self, question: str, principal: Principal, history: Sequence[Message], on: date) -> Iterator[Answer]:
        approved = self._approved.answer(question, principal=principal, on=on) if self._approved else None
        if approved is not None:
            yield approved
            return
        for answer in self._answers.growing(question, principal, history, on=on):
            yield answer
            self._count_refused(question, answer)

    def _recent(self, history: Sequence[Message]) -> Sequence[Message]:
        return history[max(len(history) - self._history_turns, 0) :]

    def _count_refused(self, question: str, answer: Answer) -> None:
        if answer.abstained and self._refused is not None:
            self._refused.note(question, answer.note or "")

    def _answer(self, question: str, principal: Principal, history: Sequence[Message], on: date) -> Answer:
        """What was approved for such a question, before anything is composed; what is refused is counted."""
        approved = self._approved.answer(question, principal=principal, on=on) if self._approved else None
        if approved is not None:
            return approved
        answer = self._answers.answer(question, principal, self._recent(history), on=on)
        self._count_refused(question, answer)
        return answer

    def _with_sources(self, context: ReviewContext, answer: Answer, principal: Principal) -> ReviewContext:
        codes = sorted({code for passage in answer.passages for code in passage.chunk.product_codes})
        return replace(
            context,
            products=self._facts.products(codes, principal=principal, today=context.today),
            sources=sources_of(answer),
            channel="sidebar",
            # A refusal may repeat numbers of the question; every other number must stand in a source.
            check_numbers=not answer.abstained,
            recommends=() if answer.by == "extractive" or answer.approved else None,
        )


def sources_of(answer: Answer) -> tuple[Source, ...]:
    """What the answer cites, for the gate."""
    return cited_sources(answer.citations, [sentence.citations for sentence in answer.sentences])


def cited_sources(citations: Sequence[Citation], together: Iterable[Sequence[int]]) -> tuple[Source, ...]:
    """Citations for the gate: a row of a table below the header that is cited with it.

    A cell is of its column's year or share class; the row alone would pass for the year of the report's title.
    together: numbers of citations, sentence by sentence.
    """
    cited = {citation.n: citation for citation in citations}
    headers: dict[int, Citation] = {}
    for numbers in together:
        for row in (cited[n] for n in numbers):
            above = [one for one in (cited[n] for n in numbers) if _may_head(one, row)]
            if above:
                headers.setdefault(row.n, max(above, key=lambda one: one.start))
    return tuple(
        Source(
            n=one.n,
            text=f"{headers[one.n].quote}\n{one.quote}" if one.n in headers else one.quote,
            title=one.title,
        )
        for one in citations
    )


def _may_head(above: Citation, row: Citation) -> bool:
    """Whether one citation can be the header of a table row that is cited beside it."""
    columns = row.quote.count("|")
    before = above.version_id == row.version_id and above.end <= row.start
    return before and columns > 0 and above.quote.count("|") == columns and not _FIGURE.search(above.quote)
