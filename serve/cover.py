"""Masks over what was taken out of the turns of a call: quotes, notes, facts, promises, and rows that hold them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from intent.speech.annotate import Mask, Masker, covered, masked_text, masks_of
from mandarin.numerals import find_numerals

if TYPE_CHECKING:
    from intent.call import Turn

NUMBERS = "values"  # the field of a fact that holds numbers without their words
_NUMBER_PARTS = "0-9零〇幺一二两三四五六七八九十百千万亿点"
_PIECE = re.compile(rf"[{_NUMBER_PARTS}]{{1,6}}")
CONTEXT = 3  # characters
LEAST_HIDDEN = 4  # characters; what is shorter may stand in other words
# Fields that hold words of a call.
WORDS = frozenset({"quote", "text", "what", "said", "values", "product", "why", "doubts"})


class Cover:
    """Masks whatever was taken out of the turns of one call: alone, an account is a number like any other."""

    def __init__(self, turns: Sequence[Turn], masker: Masker) -> None:
        self._masker = masker
        by_turn = {turn.index: (turn.text, masks) for turn, masks in zip(turns, masks_of(turns, masker), strict=True)}
        self._of_turn = {n: _hidden(text, masks) for n, (text, masks) in by_turn.items() if masks}
        every = [pair for text, masks in by_turn.values() for pair in _in_context(text, masks)]
        self._known = sorted(every, key=lambda pair: -len(pair[0]))
        spoken = {number for text, _ in by_turn.values() for number in _numbers(text)}
        self._hidden = spoken - {
            n for text, masks in by_turn.values() for n in _numbers(self.text(covered(text, masks)))
        }

    def text(self, text: str, turns: Sequence[int] = ()) -> str:
        """A text as it may be shown; where its turns are known, the short pieces of a dictation in them too."""
        for hidden, shown in (*(pair for turn in turns for pair in self._of_turn.get(turn, ())), *self._known):
            text = _alone(hidden).sub(shown.replace("\\", r"\\"), text)
            for cut in range(len(hidden) - 1, LEAST_HIDDEN - 1, -1):  # notes shorten what is long
                text = text.replace(f"{hidden[:cut]}…", "****…")
        return masked_text(text, self._masker)

    def of(self, value: Any, name: str, turns: Sequence[int] = ()) -> Any:
        """`value` with its strings masked that stand in a field of WORDS, however deep: dataclasses, and JSON alike."""
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **self._each({each.name: getattr(value, each.name) for each in fields(value)}, turns))
        if isinstance(value, Mapping):
            return self._each(value, turns)
        if isinstance(value, tuple | list):
            kept = [each for each in value if not (name == NUMBERS and each in self._hidden)]
            return type(value)(self.of(each, name, turns) for each in kept)
        return self.text(value, turns) if isinstance(value, str) and name in WORDS else value

    def _each(self, held: Mapping[str, Any], turns: Sequence[int]) -> dict[str, Any]:
        told = _turns_of(held) or turns
        return {name: self.of(value, name, told) for name, value in held.items()}


def _turns_of(every: Mapping[str, Any]) -> list[int]:
    """The turns that something was read in, where it names them."""
    proofs = every.get("evidence") or ()
    read_in = [each.get("turn") if isinstance(each, Mapping) else getattr(each, "turn", None) for each in proofs]
    named = [every.get("turn"), *read_in]
    return [turn for turn in named if isinstance(turn, int)]


def _hidden(text: str, masks: Sequence[Mask]) -> list[tuple[str, str]]:
    """What masks hide, and what stands in its place; the longest first."""
    pairs = [(text[mask.start : mask.end], mask.shown) for mask in masks]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


def _in_context(text: str, masks: Sequence[Mask]) -> list[tuple[str, str]]:
    """The same where the turn is not known: what is short, with the words before it, and only where there are some."""
    pairs = []
    for mask in masks:
        before = "" if mask.end - mask.start >= LEAST_HIDDEN else text[max(0, mask.start - CONTEXT) : mask.start]
        pairs.append((before + text[mask.start : mask.end], before + mask.shown))
    return [pair for pair in pairs if len(pair[0]) >= LEAST_HIDDEN]


def _alone(hidden: str) -> re.Pattern[str]:
    """The words; a piece of a dictation only where it is no part of a larger number or a sum."""
    if _PIECE.fullmatch(hidden) is None:
        return re.compile(re.escape(hidden))
    return re.compile(rf"(?<![{_NUMBER_PARTS}]){re.escape(hidden)}(?![{_NUMBER_PARTS}元块股份])")


def _numbers(text: str) -> set[str]:
    return {number.digits for number in find_numerals(text)}
