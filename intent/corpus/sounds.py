"""Words that sound like others: what a speech engine writes in their place."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from mandarin.homophones import frequencies, sounds, syllable_code
from mandarin.numeral import DIGIT_CHARS, SCALE_CHARS
from mandarin.pinyin import known_syllables
from mandarin.script import HAN

SAME, NEAR, OTHER = "same", "near", "other"
_COMMON = 20  # times a word stands in jieba's corpus; an engine writes no rarer ones
_WORD = re.compile(f"[{HAN}]{{1,4}}")


class SoundAlikes:
    """Common words by their sound, tones ignored; numbers are neither given nor looked for."""

    def __init__(self, near: Iterable[Sequence[str]], keep: str = "") -> None:
        """`near`: pairs of initials or finals that are confused (zh, z); `keep`: characters that are never given."""
        self._pairs = tuple((first, second) for first, second in near)
        self._never = re.compile(f"[{DIGIT_CHARS}{SCALE_CHARS}几半负{keep}]")

    def alike(self, word: str, relation: str) -> Mapping[str, float]:
        """Common words of the same sound, or of one near it and not the same, with their share among these."""
        if relation == OTHER:
            return {}
        code = sounds(word)
        same = self._by_sound.get(code, {})
        found = same if relation == SAME else self._by_near.get(self._merged(code), {})
        others = {w: n for w, n in found.items() if w != word and (relation == SAME or w not in same)}
        whole = sum(others.values())
        return {w: n / whole for w, n in others.items()}

    def relation(self, said: str, heard: str) -> str:
        """SAME, NEAR or OTHER for two texts of Chinese characters."""
        first, second = sounds(said), sounds(heard)
        if first == second:
            return SAME
        return NEAR if self._merged(first) == self._merged(second) else OTHER

    def gives(self, heard: str, said: str, relation: str) -> bool:
        """Whether `heard` may be written for `said`."""
        return heard != said and self.relation(said, heard) == relation and not self._never.search(heard)

    def _merged(self, code: str) -> str:
        return code.translate(self._merge)

    @cached_property
    def _merge(self) -> dict[int, str]:
        return {ord(syllable_code(s)): syllable_code(self._plain(s)) for s in known_syllables()}

    def _plain(self, syllable: str) -> str:
        """One name for all syllables that are confused with each other: zhang, zhan and zang are zan."""
        for first, second in self._pairs:
            if syllable.endswith(first) and first[0] in "aeiouv":
                syllable = syllable.removesuffix(first) + second
            elif syllable.startswith(first) and first[0] not in "aeiouv":
                syllable = second + syllable.removeprefix(first)
        return syllable

    @cached_property
    def _by_sound(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for word, count in frequencies().items():
            if count >= _COMMON and _WORD.fullmatch(word) and not self._never.search(word):
                found[sounds(word)][word] = count
        return dict(found)

    @cached_property
    def _by_near(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for code, words in self._by_sound.items():
            found[self._merged(code)] |= words
        return dict(found)
