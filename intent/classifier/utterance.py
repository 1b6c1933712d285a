"""What a classifier reads: one turn and the turns before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from intent.call import Speaker, Turn

CONTEXT_TURNS = 2
LONGEST_TEXT = 400  # characters of a turn, and of one before it, that an encoder is given


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
