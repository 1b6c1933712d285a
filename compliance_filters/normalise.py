"""A text as the rules read it: one script, one width, nothing inserted, respellings undone; mapped back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import ahocorasick

from mandarin.disguises import undisguised
from mandarin.homophones import HomophoneFinder
from mandarin.offsets import Edit, Mapped
from mandarin.script import HAN
from mandarin.script import normalise as one_script
from mandarin.spelled import SpelledWords, joined_letters, without_tones

_REMEMBERED = 16  # texts; the filters of one verdict read the same text, so it is normalised once
_SURROGATE = re.compile("[\ud800-\udfff]")


_ESCAPE = r"&#\d{5};|\\u[0-9a-fA-F]{4}"  # a Chinese character by its number, as web pages and programs write it

# One character at a time behind a mark (稳、赚、不、亏), and letters spelled out before a Chinese one (b a o 本).
_SPELLED_OUT = re.compile(
    rf"[{HAN}][、,.\-~|/_。!;](?<![{HAN}A-Za-z]..)(?:[{HAN}][、,.\-~|/_。!;])+[{HAN}](?![{HAN}])"
    rf"|(?<![A-Za-z])(?:[A-Za-z] ){{1,5}}[A-Za-z] ?(?=[{HAN}])"
)
_MARK = re.compile(r"[、,.\-~|/_ 。!;]")
# What stands in every such run. It begins with the rarest character, so that plain text is skipped fast.
_SPELLED_PART = re.compile(
    rf"[、,.\-~|/_ 。!;](?:(?<=[{HAN}][、,.\-~|/_。!;])[{HAN}][、,.\-~|/_。!;]|(?<=[A-Za-z] )[A-Za-z])"
)


class Normaliser:
    """Normalises and undoes respellings: those the lexicon lists, and words written by their sound (bao本, 葆本)."""

    def __init__(self, lexicon: Mapping[str, Any]) -> None:
        meant = {
            str(written).lower(): str(word)
            for word, variants in (lexicon.get("variants") or {}).items()
            for written in variants
        }
        self._meant = meant
        self._written = _automaton(meant)
        self._benign = _automaton(lexicon.get("variant_benign") or ())
        self._drawn = {str(sign): str(word) for sign, word in (lexicon.get("drawn") or {}).items()}
        signs = map(re.escape, sorted(self._drawn, key=len, reverse=True))
        self._signs = re.compile("|".join((_ESCAPE, *signs)))
        heard = lexicon.get("sound_alikes") or ()
        self._homophones = HomophoneFinder(heard)
        self._spelled = SpelledWords([*heard, *(lexicon.get("spelled_words") or ())])
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._of)

    def __call__(self, text: str) -> Mapped:
        """Same text for the rules; `original_span` leads back. Never raises on odd characters."""
        return self._remembered(text)

    def _of(self, text: str) -> Mapped:
        joined = joined_letters(_joined(undisguised(without_tones(self._undrawn(text)))))
        return self._sounded(self._respelled(joined))

    def _undrawn(self, text: str) -> Mapped:
        """The plain text with words for the signs that stand for them, before signs between characters are dropped."""
        edits = [
            Edit(start=m.start(), end=m.end(), replacement=self._drawn.get(m.group()) or _unescaped(m.group()))
            for m in self._signs.finditer(text)
        ]
        if not edits:
            return _plain(text)
        drawn = Mapped.from_edits(text, edits)
        return drawn.compose(_plain(drawn.text))

    def _sounded(self, source: Mapped) -> Mapped:
        edits: list[Edit] = []
        for found in sorted(self._homophones.find(source.text), key=lambda f: (f.start, -f.end)):
            if not edits or found.start >= edits[-1].end:
                edits.append(Edit(start=found.start, end=found.end, replacement=found.word))
        heard = source.edit(edits)
        return heard.edit(
            Edit(start=found.start, end=found.end, replacement=found.word) for found in self._spelled.find(heard.text)
        )

    def _respelled(self, source: Mapped) -> Mapped:
        lowered = source.text.lower()
        if self._written is None or len(lowered) != len(source.text):
            return source
        hits = [s for s in _hits(self._written, lowered) if _stands_alone(lowered, *s)]
        if not hits:
            return source
        innocent = list(_hits(self._benign, lowered)) if self._benign else []
        edits: list[Edit] = []
        for start, end in sorted(hits, key=lambda s: (s[0], -s[1])):
            overlaps = bool(edits) and start < edits[-1].end
            if not overlaps and not any(begin < end and start < stop for begin, stop in innocent):
                edits.append(Edit(start=start, end=end, replacement=self._meant[lowered[start:end]]))
        return source.edit(edits)


@lru_cache(maxsize=_REMEMBERED)
def _plain(text: str) -> Mapped:
    odd = [Edit(start=m.start(), end=m.end(), replacement="\ufffd") for m in _SURROGATE.finditer(text)]
    return Mapped.from_edits(text, odd).then(one_script) if odd else one_script(text)


def _unescaped(written: str) -> str:
    """The character behind &#20445; or \\u4fdd; half of a pair stays as a mark that nothing matches."""
    code = int(written[2:-1]) if written.startswith("&") else int(written[2:], 16)
    return _SURROGATE.sub("\ufffd", chr(code))


def _joined(source: Mapped) -> Mapped:
    """Without the marks between characters that are written one by one."""
    if not _SPELLED_PART.search(source.text):
        return source
    marks = [
        (found.start() + mark.start(), found.start() + mark.end())
        for found in _SPELLED_OUT.finditer(source.text)
        for mark in _MARK.finditer(found.group())
    ]
    return source.edit(Edit(start=start, end=end, replacement="") for start, end in marks)


@lru_cache(maxsize=4_096)
def plain_name(name: str) -> str:
    """A product's name as it stands in a normalised text."""
    return one_script(name).text


def _automaton(words: Iterable[str]) -> ahocorasick.Automaton | None:
    automaton = ahocorasick.Automaton()
    for word in words:
        automaton.add_word(word, len(word))
    if not len(automaton):
        return None
    automaton.make_automaton()
    return automaton


def _hits(automaton: ahocorasick.Automaton, text: str) -> Iterator[tuple[int, int]]:
    return ((last + 1 - length, last + 1) for last, length in automaton.iter(text))


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Latin letters must stand alone: the `bao` of an English word is no Chinese syllable."""
    before, after = text[start - 1 : start], text[end : end + 1]
    cut_before = text[start].isascii() and before.isascii() and before.isalpha()
    cut_after = text[end - 1].isascii() and after.isascii() and after.isalpha()
    return not (cut_before or cut_after)
