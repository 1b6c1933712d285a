"""Turns cut into clauses: the unit in which a promise, a negation or a condition holds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from intent.call import Turn

_BORDER = re.compile(r"(?P<end>[。！？；!?;…]+)|[，,:：—\s]+|(?<!\d)[.．]|[.．](?!\d)")
_ASKS = "？?"


@dataclass(frozen=True, kw_only=True)
class Clause:
    """Words of a turn between two marks or pauses."""

    turn: Turn
    text: str
    start: int  # offsets in the turn's text
    end: int
    asks: bool  # ends with a question mark
    ends_sentence: bool


def clauses_of(turn: Turn) -> tuple[Clause, ...]:
    """The clauses of a turn in order; transcripts that put a space for every pause are cut there."""
    found, start = [], 0
    for border in [*_BORDER.finditer(turn.text), None]:
        end = border.start() if border else len(turn.text)
        text = turn.text[start:end].strip("“”\"'「」『』（）() 、")
        mark = border.group() if border else ""
        if text:
            found.append(
                Clause(
                    turn=turn, text=text, start=start, end=end, asks=any(char in mark for char in _ASKS),
                    ends_sentence=border is None or bool(border["end"]),
                )
            )  # fmt: skip
        start = border.end() if border else start
    return tuple(found)
