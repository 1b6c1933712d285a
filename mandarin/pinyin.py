"""Sound of Mandarin text: homophones (限价 heard as 现价) and words hidden in Latin letters (bao本)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from mandarin.readings import lazy_pinyin, readings
from mandarin.script import HAN

_HAN_RUN = re.compile(f"[{HAN}]+")
_GAP = re.compile(r"[^\w，。！？；：,!?;:\n]{0,3}")  # what may stand between the syllables of one phrase
_NASAL_CONFUSIONS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))


@dataclass(frozen=True, kw_only=True)
class Syllable:
    """One syllable without tone; `start` and `end` are offsets into the text."""

    start: int
    end: int
    pinyin: str  # lower case, ü as v


@dataclass(frozen=True, kw_only=True)
class SoundMatch:
    """A phrase heard in a text; `exact` when it also stands there as written."""

    phrase: str
    start: int
    end: int
    quote: str
    exact: bool


def syllables(text: str) -> tuple[Syllable, ...]:
    """Syllables in order: Chinese characters by context (重庆 chong qing), Latin runs split as pinyin.

    A Latin run that is no sequence of whole pinyin syllables is an ordinary word and gives none.
    """
    return tuple(sorted((*_spoken(text), *_spelled(text)), key=lambda syllable: syllable.start))


def same_sound(a: str, b: str, *, lenient: bool = False) -> bool:
    """Whether two texts sound alike, tones ignored; `lenient` also merges zh/z, ch/c, sh/s and -ng/-n.

    Two texts without any syllable do not sound alike.
    """
    first = [_key(s.pinyin, lenient) for s in syllables(a)]
    return bool(first) and first == [_key(s.pinyin, lenient) for s in syllables(b)]


def find_by_sound(text: str, phrases: Iterable[str], *, lenient: bool = False) -> tuple[SoundMatch, ...]:
    """Places where a phrase is spoken: as written, by homophones, or in pinyin letters (bao本, baoben).

    Syllables of a match stand next to each other, or with up to three symbols or spaces
    between them. One-syllable phrases match only as written: too many words share their sound.
    """
    heard = syllables(text)
    places: dict[str, list[int]] = {}
    for index, syllable in enumerate(heard):
        places.setdefault(_key(syllable.pinyin, lenient), []).append(index)
    matches = [match for phrase in phrases for match in _heard(text, phrase, heard, places, lenient)]
    return tuple(sorted(matches, key=lambda match: (match.start, match.end)))


def _heard(
    text: str, phrase: str, heard: tuple[Syllable, ...], places: dict[str, list[int]], lenient: bool
) -> Iterator[SoundMatch]:
    wanted = [_key(syllable.pinyin, lenient) for syllable in syllables(phrase)]
    for first in places.get(wanted[0], ()) if wanted else ():
        window = heard[first : first + len(wanted)]
        if [_key(syllable.pinyin, lenient) for syllable in window] == wanted and _adjacent(text, window):
            match = _match(text, phrase, window)
            if match.exact or len(wanted) > 1:
                yield match


def _match(text: str, phrase: str, heard: tuple[Syllable, ...]) -> SoundMatch:
    start, end = heard[0].start, heard[-1].end
    return SoundMatch(phrase=phrase, start=start, end=end, quote=text[start:end], exact=text[start:end] == phrase)


def _adjacent(text: str, heard: tuple[Syllable, ...]) -> bool:
    return all(_GAP.fullmatch(text, before.end, after.start) for before, after in pairwise(heard))


def _key(pinyin: str, lenient: bool) -> str:
    if lenient:
        for precise, merged in _NASAL_CONFUSIONS:
            if pinyin.startswith(precise) or (pinyin.endswith(precise) and precise.endswith("ng")):
                pinyin = pinyin.replace(precise, merged, 1)
    return pinyin


def _spoken(text: str) -> Iterator[Syllable]:
    read = lazy_pinyin()
    from pypinyin import Style

    one_by_one: Any = list  # characters without a reading stay single, so offsets keep step
    for run in _HAN_RUN.finditer(text):
        sounds = read(run.group(), style=Style.NORMAL, v_to_u=False, errors=one_by_one)
        for offset, sound in enumerate(sounds):
            if sound.isascii():
                start = run.start() + offset
                yield Syllable(start=start, end=start + 1, pinyin=sound)


def _spelled(text: str) -> Iterator[Syllable]:
    for run in re.finditer("[A-Za-züÜ]+", text):
        position = run.start()
        for piece in split_pinyin(run.group()):
            yield Syllable(start=position, end=position + len(piece), pinyin=piece)
            position += len(piece)


def split_pinyin(letters: str) -> tuple[str, ...]:
    """Split letters into whole pinyin syllables, the fewest there are; () where it is not pinyin."""
    return _split(letters.lower().replace("ü", "v"))


@cache
def _split(letters: str) -> tuple[str, ...]:
    if len(letters) > 60:
        return ()
    best: list[tuple[str, ...] | None] = [(), *([None] * len(letters))]
    for end in range(1, len(letters) + 1):
        for size in range(1, min(6, end) + 1):
            before, piece = best[end - size], letters[end - size : end]
            if before is not None and piece in known_syllables():
                candidate = (*before, piece)
                current = best[end]
                if current is None or len(candidate) < len(current):
                    best[end] = candidate
    return best[-1] or ()


@cache
def known_syllables() -> frozenset[str]:
    """All toneless syllables that pypinyin's single-character dictionary uses, about 420."""
    found = readings()
    from pypinyin.contrib.tone_convert import to_normal

    sounds = {sound for those in found.values() for sound in those.split(",")}
    plain = {to_normal(sound, v_to_u=False) for sound in sounds}
    return frozenset(sound for sound in plain if sound.isascii() and sound.isalpha() and len(sound) > 1) | {
        "a",
        "e",
    }
