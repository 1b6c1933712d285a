"""Words heard as others of the same or a near sound (身购, 可创板): where, and how far apart the sounds lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import ahocorasick

from mandarin.homophones import sounds, syllable_code
from mandarin.pinyin import known_syllables

# What Mandarin speakers and speech engines confuse; the first is read as the second.
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("h", "f"))
_FINALS = (("ang", "an"), ("eng", "en"), ("ing", "in"))
_STARTS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_LONG = 5  # syllables from which a word may be recognised although one of them is another
_SILENT = "\uffff"


class Nearness(StrEnum):
    """How one written character stands to the one that is meant."""

    WRITTEN = "written"  # the same character
    SAME = "same"  # the same syllable, tones ignored
    NEAR = "near"  # zh/z, ch/c, sh/s, n/l, h/f, ang/an, eng/en, ing/in
    PART = "part"  # the same initial or the same final


@dataclass(frozen=True, kw_only=True)
class NearSound:
    """`text[start:end]` may be `word` misheard; `steps` holds one entry for each character."""

    word: str
    start: int
    end: int
    steps: tuple[Nearness, ...]


class NearSoundFinder:
    """Finds words of two or more Chinese characters by syllables that are the same or easily confused.

    In words of five and more syllables one may differ further, if its initial or final is right.
    """

    def __init__(self, words: Iterable[str]) -> None:
        """Words that hold anything but Chinese characters, or a single one, are left out."""
        pieces: dict[str, list[tuple[str, int]]] = {}
        for word in dict.fromkeys(words):
            code = _merged(sounds(word))
            if len(code) < 2 or _SILENT in code:
                continue
            cuts = ((0, len(code)),) if len(code) < _LONG else ((0, len(code) // 2), (len(code) // 2, len(code)))
            for start, end in cuts:
                pieces.setdefault(code[start:end], []).append((word, start))
        self._automaton = ahocorasick.Automaton()
        for piece, places in pieces.items():
            self._automaton.add_word(piece, (len(piece), tuple(places)))
        self._automaton.make_automaton()

    def find(self, text: str) -> Iterator[NearSound]:
        """Every place where a word may be meant and is not written, each once; they may overlap."""
        seen: set[tuple[str, int]] = set()
        if not len(self._automaton):
            return
        for last, (length, places) in self._automaton.iter(_merged(sounds(text))):
            for word, offset in places:
                start = last + 1 - length - offset
                if start < 0 or (word, start) in seen:
                    continue
                seen.add((word, start))
                if steps := _steps(word, text[start : start + len(word)]):
                    yield NearSound(word=word, start=start, end=start + len(word), steps=steps)


def _steps(word: str, written: str) -> tuple[Nearness, ...]:
    """How each character stands to the one meant; () where it is the word itself or no neighbour of it."""
    if len(written) < len(word) or written == word:
        return ()
    steps = tuple(nearness(meant, heard) for meant, heard in zip(word, written, strict=True))
    known = [step for step in steps if step is not None]
    allowed = 1 if len(word) >= _LONG else 0
    return tuple(known) if len(known) == len(steps) and known.count(Nearness.PART) <= allowed else ()


def nearness(meant: str, heard: str) -> Nearness | None:
    """How a heard character stands to the one that is meant; None for another sound."""
    if meant == heard:
        return Nearness.WRITTEN
    first, second = sounds(meant), sounds(heard)
    if _SILENT in (first, second):
        return None
    if first == second:
        return Nearness.SAME
    if _merged(first) == _merged(second):
        return Nearness.NEAR
    a, b = _parts(first), _parts(second)
    return Nearness.PART if a[0] == b[0] or a[1] == b[1] else None


def _merged(codes: str) -> str:
    return codes.translate(_merging())


@cache
def _merging() -> dict[int, str]:
    return {ord(syllable_code(s)): syllable_code(_plain(s)) for s in known_syllables()}


def _plain(syllable: str) -> str:
    """One name for all syllables that are confused with each other: zhang, zhan and zang are zan."""
    for wide, narrow in _FINALS:
        if syllable.endswith(wide):
            syllable = syllable.removesuffix(wide) + narrow
            break
    for wide, narrow in _INITIALS:
        if syllable.startswith(wide):
            return narrow + syllable.removeprefix(wide)
    return syllable


@cache
def _parts(code: str) -> tuple[str, str]:
    """Initial and final of the syllable behind a code."""
    syllable = _plain(_syllables()[code])
    start = next((s for s in _STARTS if syllable.startswith(s)), "")
    return start or syllable, syllable.removeprefix(start)


@cache
def _syllables() -> dict[str, str]:
    return {syllable_code(s): s for s in known_syllables()}
