"""What stands beside the words of a transcript: the numbers that were said, and masks over what identifies people."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Protocol, TypeVar

from intent.call import Call, Repair, SpokenNumber, Transcript, Turn
from intent.speech.transcribe import Word
from mandarin.numerals import find_numerals

HIDDEN_WORD = "**"  # of a number that was told piece by piece

Placed = TypeVar("Placed", Repair, SpokenNumber)


@dataclass(frozen=True, kw_only=True)
class Mask:
    """What is shown instead of a stretch of a text."""

    start: int
    end: int
    shown: str


class Masker(Protocol):
    """Finds what identifies a person."""

    def masks(self, text: str) -> Sequence[Mask]:
        """In order of place, without overlap."""
        ...

    def masks_of(self, said: Sequence[tuple[str, str]]) -> Sequence[Sequence[Mask]]:
        """The same for each of several texts said one after the other, with their voices: (voice, text).

        What identifies somebody may be spread over them, told piece by piece.
        """
        ...


class Originals(Protocol):
    """Where the words behind masks are kept, encrypted."""

    def keep(self, call_id: str, client_id: str | None, texts: dict[int, str]) -> str:
        """Keep texts by the index of their turn; returns the id under which they are opened."""
        ...


def with_numbers(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The turns with every number beside the words as spoken; the words stay as they are."""
    return tuple(replace(turn, numbers=_numbers(turn.text)) for turn in turns)


def masked(transcript: Transcript, masker: Masker) -> tuple[Transcript, dict[int, str]]:
    """The transcript as it may be shown, and the texts of the turns that were masked, by index.

    Numbers and repairs under a mask are left out; those behind it keep to their words.
    """
    found = list(zip(transcript.turns, masks_of(transcript.turns, masker), strict=True))
    originals = {turn.index: turn.text for turn, masks in found if masks}
    shown = tuple(_masked(turn, masks) if masks else turn for turn, masks in found)
    return replace(transcript, turns=shown), originals


def masks_of(turns: Sequence[Turn], masker: Masker) -> Sequence[Sequence[Mask]]:
    """The masks of each turn of a call, those of an identifier told over several turns too."""
    return masker.masks_of([(turn.speaker.value, turn.text) for turn in turns])


def shown_transcript(call: Call, masker: Masker | None, originals: Originals | None) -> Transcript:
    """The transcript of a call as people are shown it; the words behind the masks are kept in `originals`."""
    if masker is None:
        return call.transcript
    transcript, hidden = masked(call.transcript, masker)
    if not hidden or originals is None:
        return transcript
    return replace(transcript, originals=originals.keep(call.id, call.client_id, hidden))


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """What a mask hides of a turn, and when the turn is heard, in seconds."""

    start_s: float
    end_s: float
    text: str


def hidden_in(turns: Sequence[Turn], masker: Masker) -> tuple[Hidden, ...]:
    """All that is masked in a call, turn by turn."""
    return tuple(
        Hidden(start_s=turn.start_s, end_s=turn.end_s, text=turn.text[mask.start : mask.end])
        for turn, masks in zip(turns, masks_of(turns, masker), strict=True)
        for mask in masks
    )


def masked_words(words: Sequence[Word], masker: Masker, hidden: Sequence[Hidden] = ()) -> list[Word]:
    """The words of one voice in order; those that a mask touches become one.

    `hidden`: what the turns of the whole call hide; what both voices told together is not seen in the words of one.
    """
    found = list(words)
    starts = list(accumulate((len(word.text) for word in words[:-1]), initial=0))
    for mask in reversed(masker.masks("".join(word.text for word in words))):
        first, last = bisect_right(starts, mask.start) - 1, bisect_left(starts, mask.end) - 1
        said, at = "".join(word.text for word in found[first : last + 1]), starts[first]
        text = said[: mask.start - at] + mask.shown + said[mask.end - at :]
        found[first : last + 1] = [replace(found[first], text=text, end_s=found[last].end_s)]
        del starts[first + 1 : last + 1]
    return [replace(word, text=HIDDEN_WORD) if _is_hidden(word, hidden) else word for word in found]


def _is_hidden(word: Word, hidden: Sequence[Hidden]) -> bool:
    bare, middle_s = word.text.strip(" ，,、。"), (word.start_s + word.end_s) / 2
    return bool(bare) and any(each.start_s <= middle_s <= each.end_s and bare in each.text for each in hidden)


def masked_text(text: str, masker: Masker) -> str:
    """A text as it may be shown."""
    return covered(text, masker.masks(text))


def covered(text: str, masks: Sequence[Mask]) -> str:
    """The text with each mask in the place of what it hides."""
    pieces, position = [], 0
    for mask in masks:
        pieces += [text[position : mask.start], mask.shown]
        position = mask.end
    return "".join([*pieces, text[position:]])


def _masked(turn: Turn, masks: Sequence[Mask]) -> Turn:
    repairs = tuple(_moved(each, masks) for each in turn.repairs if not _under(each, masks))
    numbers = tuple(_moved(each, masks) for each in turn.numbers if not _under(each, masks))
    return replace(turn, text=covered(turn.text, masks), repairs=repairs, numbers=numbers)


def _under(item: Repair | SpokenNumber, masks: Sequence[Mask]) -> bool:
    return any(mask.start < item.end and item.start < mask.end for mask in masks)


def _moved(item: Placed, masks: Sequence[Mask]) -> Placed:
    by = sum(len(mask.shown) - (mask.end - mask.start) for mask in masks if mask.end <= item.start)
    return replace(item, start=item.start + by, end=item.end + by)


def _numbers(text: str) -> tuple[SpokenNumber, ...]:
    return tuple(
        SpokenNumber(
            start=each.start,
            end=each.end,
            value=str(each.value),
            unit=each.unit,
            kind=each.kind.value,
            approximate=each.approximate,
        )
        for each in find_numerals(text)
    )
