"""Words that are written in letters among Chinese characters (无feng险, kui了, 小道xiao息), read by their sound."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise

from mandarin.homophones import Homophone, frequencies, sounds, syllable_code
from mandarin.offsets import Edit, Mapped
from mandarin.pinyin import split_pinyin
from mandarin.script import HAN

_LETTERS = re.compile(r"(?<![A-Za-z0-9])[a-zü]{2,}(?![A-Za-z0-9])")
_BESIDE = re.compile(rf"[{HAN}][ *·._~|/\-]{{0,2}}[a-zü]{{2}}|[a-zü]{{2}}[ *·._~|/\-]{{0,2}}[{HAN}]")
_SMALL = re.compile("[a-zü]{2}")  # most texts hold none, and this look is the cheapest
_TONED = re.compile("[āáǎàōóǒòēéěèīíǐìūúǔùǖǘǚǜ]")
_SEPARATOR = re.compile(r"[ *·._~|/\-]{1,2}")
_HAN_BEFORE = re.compile(rf"[{HAN}]([ *·._~|/\-]{{0,2}})$")
_HAN_AFTER = re.compile(rf"([ *·._~|/\-]{{0,2}})[{HAN}]")
_TONES = str.maketrans("āáǎàōóǒòēéěèīíǐìūúǔùǖǘǚǜ", "aaaaooooeeeeiiiiuuuuüüüü")
_COMMON = 20  # times a word stands in jieba's corpus; rarer ones would be guesses
_LONGEST_WORD = 4  # syllables
_LISTED = 1_000_000  # a word that was asked for goes before every word of the dictionary
# Syllables that stand for one word where no longer word explains them.
_ALONE = {"kui": "亏", "zhuan": "赚", "zhang": "涨", "wo": "我", "ni": "你", "bao": "保", "pei": "赔", "ben": "本"}

Place = tuple[int, int]


def without_tones(text: Mapped) -> Mapped:
    """Letters without tone marks: lājī becomes laji, character by character."""
    return replace(text, text=text.text.translate(_TONES)) if _TONED.search(text.text) else text


def joined_letters(source: Mapped) -> Mapped:
    """Without what separates letters that are syllables from the Chinese characters or syllables beside them."""
    text = source.text
    if not (_SMALL.search(text) and _BESIDE.search(text)):
        return source
    gaps = (gap for chain in _chains(text) for gap in _gaps(text, chain))
    return source.edit(Edit(start=start, end=end, replacement="") for start, end in gaps)


def _chains(text: str) -> Iterator[list[Place]]:
    """Runs of syllables with no more than a separator between them."""
    chain: list[Place] = []
    for run in (m.span() for m in _LETTERS.finditer(text) if split_pinyin(m.group())):
        if chain and not _SEPARATOR.fullmatch(text, chain[-1][1], run[0]):
            yield chain
            chain = []
        chain.append(run)
    if chain:
        yield chain


def _gaps(text: str, chain: list[Place]) -> Iterator[Place]:
    """What separates the runs, where a Chinese character stands at an end: English words stay apart."""
    before = _HAN_BEFORE.search(text, max(0, chain[0][0] - 3), chain[0][0])
    after = _HAN_AFTER.match(text, chain[-1][1])
    if before:
        yield before.span(1)
    if before or after:
        yield from ((left[1], right[0]) for left, right in pairwise(chain))
    if after:
        yield after.span(1)


class SpelledWords:
    """Reads letters among Chinese characters as the most usual word of that sound that keeps the characters."""

    def __init__(self, words: Iterable[str]) -> None:
        """`words` are preferred to those of the dictionary."""
        self._words = tuple(dict.fromkeys(words))

    def find(self, text: str) -> Iterator[Homophone]:
        """In order of place, without overlap; `text` is normalised and joined."""
        if not (_SMALL.search(text) and _BESIDE.search(text)):
            return
        done = 0
        for run in re.finditer("[a-zü]{2,}", text):
            pieces = split_pinyin(run.group())
            if not pieces or run.start() < done or not _by_a_character(text, *run.span()):
                continue
            for found in self._read(text, run.start(), pieces, done):
                done = found.end
                yield found

    def _read(self, text: str, start: int, pieces: tuple[str, ...], free_from: int) -> Iterator[Homophone]:
        """The longest word that covers the first unread syllable, then the rest likewise."""
        places = _places(text, start, pieces, free_from)
        letters = [i for i, (a, b) in enumerate(places) if a >= start and text[a:b].isascii()]
        codes = [syllable_code(text[a:b]) if text[a].isascii() else sounds(text[a:b]) for a, b in places]
        at = 0
        while at < len(letters):
            first, last, word = self._best(text, places, codes, letters[at])
            if word:
                yield Homophone(word=word, start=places[first][0], end=places[last][1])
            at = next((n for n, index in enumerate(letters) if index > last), len(letters))

    def _best(self, text: str, places: list[Place], codes: list[str], index: int) -> tuple[int, int, str]:
        by_sound = _index(self._words)
        for length in range(_LONGEST_WORD, 1, -1):
            usual = [
                (count, first, word)
                for first in range(max(0, index - length + 1), min(index, len(places) - length) + 1)
                for count, word in by_sound.get("".join(codes[first : first + length]), ())
                if _keeps(text, places[first : first + length], word)
            ]
            if usual:
                _, first, word = max(usual)
                return first, first + length - 1, word
        start, end = places[index]
        return index, index, _ALONE.get(text[start:end], "")


def _keeps(text: str, places: list[Place], word: str) -> bool:
    return all(text[a] == char for (a, _), char in zip(places, word, strict=True) if not text[a].isascii())


def _by_a_character(text: str, start: int, end: int) -> bool:
    return bool(re.match(f"[{HAN}]", text[end : end + 1]) or re.match(f"[{HAN}]", text[start - 1 : start] or " "))


def _places(text: str, start: int, pieces: tuple[str, ...], free_from: int) -> list[Place]:
    """The syllables of the letters, with up to three characters on either side."""
    cuts = [start]
    for piece in pieces:
        cuts.append(cuts[-1] + len(piece))
    before = re.search(f"[{HAN}]{{0,3}}$", text[max(free_from, start - 3) : start])
    after = re.match(f"[{HAN}]{{0,3}}", text[cuts[-1] : cuts[-1] + 3])
    left = start - (len(before.group()) if before else 0)
    right = cuts[-1] + (len(after.group()) if after else 0)
    return [
        *((i, i + 1) for i in range(left, start)),
        *pairwise(cuts),
        *((i, i + 1) for i in range(cuts[-1], right)),
    ]


@cache
def _index(listed: tuple[str, ...]) -> dict[str, list[tuple[int, str]]]:
    """Words of two to four characters by their sound, with how usual they are."""
    counts = {word: n for word, n in frequencies().items() if n >= _COMMON and 2 <= len(word) <= _LONGEST_WORD}
    counts.update(dict.fromkeys(listed, _LISTED))
    by_sound: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for word, count in counts.items():
        by_sound[sounds(word)].append((count, word))
    return by_sound
