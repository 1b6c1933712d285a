"""The question way: an advisor's question to a cited answer that the gate has cleared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from compliance_filters.finding import (
    Cleared,
    Draft,
    Outcome,
    ProductInContext,
    ReviewContext,
    Source,
    Target,
    Verdict,
)
from knowledge_base.access import Principal
from prompts.chat import Message
from rag.passage import Answer, Citation, Sentence

_FIGURE = re.compile(r"\d[.,]\d|\d\s*[%％]")  # in a cell: such a row heads nothing


class Answers(Protocol):
    """Finds the answer in what the principal may read."""

    def answer(self, question: str, principal: Principal, history: Sequence[Message] = (), *, on: date) -> Answer: ...


class ApprovedWording(Protocol):
    """What an officer approved to be said to recurring questions (rag.approved.ApprovedAnswers)."""

    def answer(self, question: str, *, principal: Principal, on: date) -> Answer | None: ...


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


class QuestionSession:
    """Question -> injection check -> approved wording, else an answer -> gate -> reply."""

    def __init__(
        self,
        *,
        answers: Answers,
        gate: Reviews,
        facts: ContextFacts,
        history_turns: int = 4,
        approved: ApprovedWording | None = None,
        refused: RefusedQuestions | None = None,
    ) -> None:
        self._answers = answers
        self._approved = approved
        self._refused = refused
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
        context = self._facts.client_context(client_id, today=today, principal=principal)
        asked = self._gate.review(
            Draft(text=question, target=Target.CLIENT_INPUT, by=principal.user_id),
            context,
            principal=principal,
        )
        if asked.outcome is Outcome.BLOCK:
            return Reply(answer=None, verdict=asked, cleared=None)
        answer = self._answer(question, principal, history, on or today)
        verdict = self._gate.review(
            Draft(text=answer.text, target=Target.ANSWER, by=answer.by),
            self._with_sources(context, answer, principal),
            principal=principal,
        )
        shown = _as_cleared(answer, verdict.cleared) if verdict.cleared else None
        return Reply(answer=shown, verdict=verdict, cleared=verdict.cleared)

    def _answer(self, question: str, principal: Principal, history: Sequence[Message], on: date) -> Answer:
        """What was approved for such a question, before anything is composed; what is refused is counted."""
        approved = self._approved.answer(question, principal=principal, on=on) if self._approved else None
        if approved is not None:
            return approved
        recent = history[max(len(history) - self._history_turns, 0) :]
        answer = self._answers.answer(question, principal, recent, on=on)
        if answer.abstained and self._refused is not None:
            self._refused.note(question, answer.note or "")
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
    """What the answer cites, for the gate: a row of a table below the header that is cited with it.

    A cell is of its column's year or share class; the row alone would pass for the year of the report's title.
    """
    cited = {citation.n: citation for citation in answer.citations}
    headers: dict[int, Citation] = {}
    for sentence in answer.sentences:
        for row in (cited[n] for n in sentence.citations):
            above = [one for one in (cited[n] for n in sentence.citations) if _may_head(one, row)]
            if above:
                headers.setdefault(row.n, max(above, key=lambda one: one.start))
    return tuple(
        Source(
            n=one.n,
            text=f"{headers[one.n].quote}\n{one.quote}" if one.n in headers else one.quote,
            title=one.title,
        )
        for one in answer.citations
    )


def _may_head(above: Citation, row: Citation) -> bool:
    """Whether one citation can be the header of a table row that is cited beside it."""
    columns = row.quote.count("|")
    before = above.version_id == row.version_id and above.end <= row.start
    return before and columns > 0 and above.quote.count("|") == columns and not _FIGURE.search(above.quote)


def _as_cleared(answer: Answer, cleared: Cleared) -> Answer:
    """The answer as the gate let it through: changed inside, and nothing else of the draft is shown beside it."""
    if cleared.text.startswith(answer.text):
        return answer
    whole = Sentence(text=cleared.text, citations=())
    return replace(
        answer, sentences=(whole,), citations=(), passages=(), note=None, table=None, risks=(), approved=None
    )
