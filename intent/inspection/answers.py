"""What a client's reply comes to: clear, not clear, or the contrary of what is needed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from intent.inspection.checklists import EXPECTATIONS
from intent.inspection.data_file import read_data
from intent.inspection.wording import Wording, clauses

CLEAR, UNCLEAR, REFUSED = "clear", "unclear", "refused"


@dataclass(frozen=True, kw_only=True)
class Expected:
    """The words of one expectation."""

    clear: tuple[re.Pattern[str], ...]
    refused: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, kw_only=True)
class AnswerWords:
    """The words of replies."""

    expected: dict[str, Expected]  # affirm | consent | deny
    hedges: tuple[re.Pattern[str], ...]
    asks_again: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A reply, judged; `refused` is whatever says the contrary of what the item needs."""

    state: str  # clear | unclear | refused
    why: str = ""


@cache
def load_answers() -> AnswerWords:
    """The words shipped. Raises InspectionDataError."""
    data = read_data("answers.yaml", ("version", *EXPECTATIONS, "hedges", "asks_again"))
    each = {name: data.entry(name, ("clear", "refused")) for name in EXPECTATIONS}
    return AnswerWords(
        expected={
            name: Expected(clear=e.patterns("clear", required=True), refused=e.patterns("refused", required=True))
            for name, e in each.items()
        },
        hedges=data.patterns("hedges", required=True),
        asks_again=data.patterns("asks_again", required=True),
    )


def judge_answer(reply: str, expects: str, words: AnswerWords, wording: Wording) -> Answer:
    """Judge a client's reply; `expects` is affirm, consent or deny. No words at all are not clear."""
    if not clauses(reply):
        return Answer(state=UNCLEAR, why="客户没有回答")
    expected = words.expected[expects]
    clear, refused = (_in_a_clause(reply, each, wording) for each in (expected.clear, expected.refused))
    hedged = any(pattern.search(part) for pattern in words.hedges for part in (reply, *clauses(reply)))
    if refused and clear:
        return Answer(state=UNCLEAR, why="客户的回答前后不一")
    if refused:
        return Answer(state=REFUSED, why="客户的回答与要求相反")
    if clear and not hedged:
        return Answer(state=CLEAR)
    return Answer(state=UNCLEAR, why="客户的回答不明确")


def _in_a_clause(reply: str, patterns: Sequence[re.Pattern[str]], wording: Wording) -> bool:
    return any(wording.find(clause, patterns) for clause in clauses(reply))
