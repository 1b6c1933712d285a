"""Words hidden by what stands between or around their characters, or told character by character; with the map back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mandarin.offsets import Edit, Mapped
from mandarin.pinyin import split_pinyin
from mandarin.script import HAN

_OPEN, _CLOSE = r"[(【「『《<{\[“\"]", r"[)】」』》>}\]”\"]"
# Single characters each in brackets of its own, with at most one bare one between: (保)(本), 保(本)保(息).
_FRAMED = re.compile(rf"{_OPEN}[{HAN}]{_CLOSE}(?:[{HAN}]?{_OPEN}[{HAN}]{_CLOSE})+")
_FRAME = re.compile(f"{_OPEN}|{_CLOSE}")
# A reading behind its character: 保(bao)本. Only letters that are one syllable are dropped.
_READING = re.compile(rf"\((?<=[{HAN}]\()([a-zü]{{1,6}})\)")
_TAG = re.compile(rf"<(?<=[{HAN}]<)/?[a-z]{{1,4}}>(?:</?[a-z]{{1,4}}>)?(?=[{HAN}])")
# The same letter, or the same interjection, behind each character: 保a本a保a息, 稳啊赚啊不啊赔.
_FILLED = re.compile(rf"([A-Za-z啊呀哈嘿哎哦])(?<=[{HAN}].)(?:[{HAN}]\1){{2,}}")
# A word told by others that hold its characters: 保险的保，本金的本.
_TOLD = re.compile(
    rf"(?P<first>[{HAN}])[{HAN}]{{1,2}}的(?P=first)(?:字)?[,、 ]?(?P<second>[{HAN}])[{HAN}]{{1,2}}的(?P=second)(?:字)?"
)
# The number of a tone behind each of two and more syllables: bao3 ben3.
_TONED = re.compile(r"(?<![A-Za-z0-9])(?:[a-z]{2,6}[1-4] ?){2,}(?![A-Za-z0-9])")
_TONE = re.compile("([a-z]{1,6})([1-4]) ?")
# One of these stands in every disguise, so that plain text is skipped fast.
_LOOKS = re.compile(
    rf"[)】」』》>}}\]”\"<的A-Za-zü啊呀哈嘿哎哦](?:(?<={_CLOSE})[{HAN}]?{_OPEN}|(?<=[a-zü])\)|(?<=<)"
    rf"|(?<=的)[{HAN}]字?[,、 ]?[{HAN}]{{2,3}}的|(?<=[A-Za-z啊呀哈嘿哎哦])[{HAN}][A-Za-z啊呀哈嘿哎哦]"
    rf"|(?<=[a-z])[1-4] ?[a-z]{{2}})"
)


def undisguised(source: Mapped) -> Mapped:
    """The text without frames, fillers and readings in a word, and with a word that is told character by character."""
    if not _LOOKS.search(source.text):
        return source
    for step in (_frames, _fillers, _tones, _told):
        source = source.edit(step(source.text))
    return source


def _frames(text: str) -> Iterator[Edit]:
    places = [
        (found.start() + mark.start(), found.start() + mark.end())
        for found in _FRAMED.finditer(text)
        for mark in _FRAME.finditer(found.group())
    ]
    places += [found.span() for found in _READING.finditer(text) if len(split_pinyin(found[1])) == 1]
    places += [found.span() for found in _TAG.finditer(text)]
    return (Edit(start=start, end=end, replacement="") for start, end in sorted(places))


def _fillers(text: str) -> Iterator[Edit]:
    for found in _FILLED.finditer(text):
        for at in range(found.start(), found.end()):
            if text[at] == found[1]:
                yield Edit(start=at, end=at + 1, replacement="")


def _tones(text: str) -> Iterator[Edit]:
    for found in _TONED.finditer(text):
        pieces = list(_TONE.finditer(found.group()))
        if all(len(split_pinyin(m[1])) == 1 for m in pieces):
            start, end = found.start(), found.start() + pieces[-1].end()
            yield Edit(start=start, end=end, replacement="".join(m[1] for m in pieces))


def _told(text: str) -> Iterator[Edit]:
    for found in _TOLD.finditer(text):
        yield Edit(start=found.start(), end=found.end(), replacement=found["first"] + found["second"])
