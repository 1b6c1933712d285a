"""What a classifier reads: one turn and the turns before it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from intent.call import Speaker, Turn

CONTEXT_TURNS = 2
LONGEST_TEXT = 400  # characters of a turn, and of one before it, that an encoder is given
PIECE = 200  # characters from which a turn of a call is read in pieces: an encoder sees little of what comes later
MOST_PIECES = 20  # of one turn
MOST_BY_WORDS = 2000  # characters of a turn in which words are looked for: sums, days, codes, refusals, proposals
_MARK = re.compile(r"[，。！？；,!?;…\s]")


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """One turn to read, with the turns before it, the nearest last."""

    text: str
    context: tuple[Turn, ...] = ()

    @property
    def proposal(self) -> str:
        """What the other side said last before it; empty without one."""
        said = [turn.text for turn in self.context if turn.speaker is not Speaker.CLIENT]
        return said[-1] if said else ""

    @property
    def in_context(self) -> str:
        """Turns with role marks in one line, as encoders read them."""
        marks = {Speaker.ADVISOR: "顾问：", Speaker.CLIENT: "客户：", Speaker.UNKNOWN: "："}
        before = "".join(f"{marks[turn.speaker]}{turn.text[-LONGEST_TEXT:]} " for turn in self.context)
        return f"{before}客户：{self.text[:LONGEST_TEXT]}"


def utterance_at(turns: Sequence[Turn], index: int, context: int = CONTEXT_TURNS) -> Utterance:
    """The turn at `index` with up to `context` turns before it. Raises IndexError outside the call."""
    if not 0 <= index < len(turns):
        raise IndexError(f"turn {index} is outside a call of {len(turns)} turns")
    return Utterance(text=turns[index].text, context=tuple(turns[max(0, index - context) : index]))


def utterances_at(turns: Sequence[Turn], index: int, context: int = CONTEXT_TURNS) -> Iterator[Utterance]:
    """The turn at `index` with those before it; a long one in pieces, each with the piece before it as its context.

    Of what is longer than MOST_PIECES pieces the rest is not read. Raises IndexError outside the call.
    """
    whole = utterance_at(turns, index, context)
    before = whole.context
    for piece in pieces(whole.text)[:MOST_PIECES]:
        yield Utterance(text=piece, context=before)
        before = (*before, replace(turns[index], text=piece))[-context:] if context else ()


def chars_read(text: str) -> int:
    """How much of a turn is read: pieces end at marks, so that many together may be far shorter than they could be."""
    return sum(map(len, pieces(text)[:MOST_PIECES]))


def pieces(text: str) -> list[str]:
    """A text in pieces of at most PIECE characters, cut behind the last mark in them where there is one."""
    found: list[str] = []
    while len(text) > PIECE and len(found) < MOST_PIECES:
        marks = [match.end() for match in _MARK.finditer(text, PIECE // 2, PIECE)]
        cut = marks[-1] if marks else PIECE
        found.append(text[:cut])
        text = text[cut:]
    return [*found, text]
