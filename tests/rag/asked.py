"""A question to the small firm, its answer held to what every answer must keep"""

from __future__ import annotations

from datetime import date

from knowledge_base.access import Principal
from prompts.chat import Message
from rag.draft import Drafter
from rag.numbers import QuotedNumbers
from rag.passage import Answer
from tests.rag.documents import ADVISOR, TODAY
from tests.rag.firm import Firm


def ask(
    firm: Firm,
    question: str,
    *,
    principal: Principal = ADVISOR,
    history: tuple[str, ...] = (),
    on: date = TODAY,
    drafter: Drafter | None = None,
) -> Answer:
    turns = [Message(role="user", content=text) for text in history]
    answer = firm.answerer(drafter=drafter).answer(question, principal, turns, on=on)
    for citation in answer.citations:
        assert firm.text(citation.version_id)[citation.start : citation.end] == citation.quote
    assert QuotedNumbers().unsupported_numbers(answer) == ()
    used = {n for sentence in answer.sentences for n in sentence.citations}
    assert used == {citation.n for citation in answer.citations}
    return answer
