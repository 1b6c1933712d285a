"""Words written by other characters of the same sound (葆本, 稳专) or in letters (bao本), found in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import ahocorasick
import numpy as np
import numpy.typing as npt

from mandarin.code_points import TABLE_SIZE, code_points
from mandarin.pinyin import split_pinyin
from mandarin.readings import readings
from mandarin.script import HAN

_LETTERS = re.compile("[A-Za-züÜ]+")
_PRIVATE = 0xE000  # each syllable is one character of the private use area, so that the automaton can run over them
_NO_SOUND = "\uffff"


@dataclass(frozen=True, kw_only=True)
class Homophone:
    """`text[start:end]` sounds like `word` and is written otherwise."""

    word: str
    start: int
    end: int


class HomophoneFinder:
    """Finds words of two or more syllables by their sound, tones ignored.

    What belongs to an ordinary word is left alone: 手艺 is no 收益, and 承包本项目 holds no 保本.
    """

    def __init__(self, words: Iterable[str]) -> None:
        """Raises ValueError for a word of one syllable: too many words share its sound."""
        self._automaton = ahocorasick.Automaton()
        for word in dict.fromkeys(words):
            code = sounds(word)
            if len(code) < 2 or _NO_SOUND in code:
                raise ValueError(f"{word} is no word of two or more syllables")
            self._automaton.add_word(code, (word, len(code)))
        self._automaton.make_automaton()

    def find(self, text: str) -> Iterator[Homophone]:
        """In order of their ends; matches may overlap. `text` is normalised."""
        codes, places = _coded(text)
        for last, (word, length) in self._automaton.iter(codes):
            first = last + 1 - length
            start = first if places is None else places[first][0]
            end = last + 1 if places is None else places[last][1]
            written = text[start:end]
            if written != word and not _ordinary(text, start, end):
                yield Homophone(word=word, start=start, end=end)


def _coded(text: str) -> tuple[str, list[tuple[int, int]] | None]:
    """The text as syllable characters; with places where letters stand for syllables, else None."""
    codes = sounds(text)
    spelled = [(m.start(), split_pinyin(m.group())) for m in _LETTERS.finditer(text)]
    if not any(pieces for _, pieces in spelled):
        return codes, None
    out: list[str] = []
    places: list[tuple[int, int]] = []
    position = 0
    for start, pieces in spelled:
        if not pieces:
            continue
        out.append(codes[position:start])
        places += ((i, i + 1) for i in range(position, start))
        for piece in pieces:
            out.append(syllable_code(piece))
            places.append((start, start + len(piece)))
            start += len(piece)
        position = start
    out.append(codes[position:])
    places += ((i, i + 1) for i in range(position, len(codes)))
    return "".join(out), places


def _ordinary(text: str, start: int, end: int) -> bool:
    """Whether the characters are an ordinary word, or belong to the words beside them."""
    written = text[start:end]
    if not re.fullmatch(f"[{HAN}]+", written):
        return _latin_beside(text, start, end)
    words = _dictionary()
    spans = ((start - 1, start + 1), (end - 1, end + 1), (start - 2, start + 1), (end - 1, end + 2))
    return written in words or any(a >= 0 and b <= len(text) and text[a:b] in words for a, b in spans)


def _latin_beside(text: str, start: int, end: int) -> bool:
    """Letters must stand alone: a syllable inside an English word is none, nor is one made of letters only."""
    before, after = text[start - 1 : start], text[end : end + 1]
    cut = (text[start].isascii() and before.isascii() and before.isalnum()) or (
        text[end - 1].isascii() and after.isascii() and after.isalnum()
    )
    return cut


def sounds(text: str) -> str:
    """A code for each character's sound, tones ignored; by one look into an array, since every text goes this way."""
    return _syllable_codes()[code_points(text)].tobytes().decode("utf-16-le")


@cache
def _syllable_codes() -> npt.NDArray[np.uint16]:
    """Each code point to the code of its first reading; what is no Chinese character to no sound."""
    found = readings()
    from pypinyin.contrib.tone_convert import to_normal

    plain: dict[str, str] = {}
    table = np.full(TABLE_SIZE, ord(_NO_SOUND), dtype="<u2")
    for point, those in found.items():
        sound = those.split(",", 1)[0]
        if sound not in plain:
            plain[sound] = to_normal(sound, v_to_u=False)
        table[point] = ord(syllable_code(plain[sound]))
    return table


_codes: dict[str, str] = {}


def syllable_code(syllable: str) -> str:
    """The code of a syllable in letters, as `sounds` gives it for a character."""
    return _codes.setdefault(syllable, chr(_PRIVATE + len(_codes)))


@cache
def _dictionary() -> frozenset[str]:
    """Ordinary words of two and three characters."""
    return frozenset(word for word, count in frequencies().items() if count and 2 <= len(word) <= 3)


def load_dictionary() -> None:
    """Read the ordinary words now: it takes over a second, and the first word written by its sound would wait."""
    _dictionary()


def frequencies() -> dict[str, int]:
    """How often each word stands in the corpus of jieba's dictionary; prefixes of words stand at 0."""
    import jieba

    jieba.setLogLevel("WARNING")
    jieba.initialize()
    counts: dict[str, int] = jieba.dt.FREQ
    return counts
