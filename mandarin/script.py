"""One way of writing: simplified script, folded width, nothing inserted; always with the map back.

Each step takes a plain text or a `Mapped` one and returns `Mapped`, so steps chain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from mandarin.code_points import TABLE_SIZE, code_points
from mandarin.offsets import Edit, Mapped, mapped

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f〇"
_LONGEST_INSERTION = 5  # characters; longer runs of spaces are columns of a table, not evasion
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e01ef]+"
)
# The character class stands first and looks behind itself, so that plain text is skipped fast.
_STROKES = "灬丶丨"  # parts of characters that are no word by themselves, written between others to hide a word
_INSERTED = rf'(?:[^\w\n\r，。！？；：、,!?;:"()“”‘’《》]|[{_STROKES}])'
_BETWEEN_HAN = re.compile(
    rf"{_INSERTED}(?<=[{HAN}].){_INSERTED}{{0,{_LONGEST_INSERTION - 1}}}(?=[{HAN}])|_(?<=[{HAN}]_)_*(?=[{HAN}])"
)
# One character a line, as in vertical writing; ordinary line breaks stay.
_VERTICAL = re.compile(rf"(?:(?<=\n[{HAN}])|(?<=^[{HAN}]))\r?\n(?=[{HAN}](?:\r?\n|$))")
# What Taiwan and Hong Kong write, and speech engines after them. OpenCC leaves it: there each is a word of its own.
CHARACTERS_OF_USE = {"妳": "你", "牠": "它"}
PHRASES_OF_USE = {"甚麼": "什么", "甚麽": "什么"}
_INSERTABLE_PUNCTUATION = frozenset("*·•‧∙.#@&/\\'`^-‐‑")
_INSERTABLE_CATEGORIES = frozenset({"Zs", "Cc", "Cf", "Sk", "So", "Sm", "Sc", "Pc", "Mn", "Me"})


def to_simplified(text: str | Mapped) -> Mapped:
    """Traditional to simplified characters by OpenCC's t2s dictionaries and those OF_USE, longest phrase first.

    Source: OpenCC TSPhrases and TSCharacters as packaged by opencc-python-reimplemented;
    the left-to-right match is OpenCC's own `mmseg` order.
    """
    source = mapped(text)
    return source.edit(_script_edits(source.text))


def fold_width(text: str | Mapped) -> Mapped:
    """NFKC character by character: full width, ligatures, circled and compatibility forms.

    Chinese `，：；！？（）` become ASCII. Left alone are `…` (it would become three full
    stops) and superscripts, subscripts and fractions, whose folding would change a number.
    """
    source = mapped(text)
    folded = source.text.translate(_FOLD)
    if len(folded) == len(source.text):  # no fold is empty, so every one is a single character
        return source if folded == source.text else replace(source, text=folded)
    folds = ((i, char, _folded(char)) for i, char in enumerate(source.text))
    return source.edit(Edit(start=i, end=i + 1, replacement=fold) for i, char, fold in folds if fold != char)


def strip_invisible(text: str | Mapped) -> Mapped:
    """Drop zero-width, bidirectional, variation and tag characters, wherever they stand."""
    source = mapped(text)
    return source.edit(_deletions(_INVISIBLE, source.text))


def strip_inserted(text: str | Mapped) -> Mapped:
    """Drop what was put between Chinese characters to hide a word: 保*本, 保 本, 保·本.

    Invisible characters go everywhere. Sentence punctuation, quotation marks, brackets
    and ordinary line breaks stay, so two sentences are never joined.
    """
    visible = strip_invisible(text)
    vertical = visible.edit(_deletions(_VERTICAL, visible.text)) if "\n" in visible.text else visible
    return vertical.edit(
        Edit(start=found.start(), end=found.end(), replacement="")
        for found in _BETWEEN_HAN.finditer(vertical.text)
        if all(_insertable(char) for char in found.group())
    )


def normalise(text: str | Mapped) -> Mapped:
    """Width, insertions and script in one go; `original_span` leads back to the text handed in."""
    return to_simplified(strip_inserted(fold_width(text)))


def _deletions(pattern: re.Pattern[str], text: str) -> Iterator[Edit]:
    return (Edit(start=m.start(), end=m.end(), replacement="") for m in pattern.finditer(text))


def _insertable(char: str) -> bool:
    return char in _INSERTABLE_PUNCTUATION or char in _STROKES or unicodedata.category(char) in _INSERTABLE_CATEGORIES


@cache
def _folded(char: str) -> str:
    keep = char == "…" or unicodedata.decomposition(char).startswith(("<super>", "<sub>", "<fraction>"))
    return char if keep else unicodedata.normalize("NFKC", char)


class _Fold(dict[int, str]):
    """A table for `str.translate` that learns each character at its first sight."""

    def __missing__(self, code: int) -> str:
        self[code] = _folded(chr(code))
        return self[code]


_FOLD = _Fold()


def _script_edits(text: str) -> Iterator[Edit]:
    if not _traditional()[code_points(text)].any():
        return
    characters, phrases, pattern = _dictionary()
    for found in pattern.finditer(text):
        written = found.group()
        simplified = phrases.get(written) or characters[written]
        if simplified != written:
            yield Edit(start=found.start(), end=found.end(), replacement=simplified)


@cache
def _traditional() -> npt.NDArray[np.bool_]:
    """Whether a code point is a character that may be simplified."""
    table = np.zeros(TABLE_SIZE, dtype=np.bool_)
    table[[ord(character) for character in _dictionary()[0]]] = True
    return table


@cache
def _dictionary() -> tuple[dict[str, str], dict[str, str], re.Pattern[str]]:
    """Characters, phrases, and one pattern that finds either; about 4,400 entries, built once."""
    characters = _entries("TSCharacters.txt") | CHARACTERS_OF_USE
    phrases = _entries("TSPhrases.txt") | PHRASES_OF_USE
    longest_first = sorted(phrases, key=len, reverse=True)
    alternatives = "|".join(map(re.escape, longest_first))
    return characters, phrases, re.compile(f"{alternatives}|[{''.join(map(re.escape, characters))}]")


def _entries(name: str) -> dict[str, str]:
    lines = resources.files("opencc").joinpath("dictionary", name).read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if "\t" in line)
    return {written: simplified.split(" ")[0] for written, simplified in pairs}
