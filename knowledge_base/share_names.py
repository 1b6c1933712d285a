"""Shares found in a text: by code, name, alias, part of a name, pinyin or sound; two that fit are both given."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from importlib.resources import files

from knowledge_base.products import ProductMatch
from mandarin.pinyin import syllables
from mandarin.script import HAN, normalise

_EXCHANGES = {"SH": "SH", "SS": "SH", "SZ": "SZ", "BJ": "BJ", "HK": "HK"}
_CODE = re.compile(
    r"(?<![\dA-Za-z.])(?P<before>SH|SZ|BJ|HK)?\.?(?P<digits>\d{5,6})(?:\.(?P<after>SH|SS|SZ|BJ|HK))?(?![\dA-Za-z.,%年月日元份股万亿])",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"(?<![A-Za-z])[A-Za-z]{4,40}(?![A-Za-z])")
_HELD = re.compile(
    r"(?:哪[些只个几]|什么|多少只?|有没有|谁)[^，。？]{0,8}(?:基金|产品|持有|重仓|配置|买)|(?:持有|重仓|配置)[^，。？]{0,12}基金"
)
# where a part of a name may stand: between these it is a name, within other words (完美的) it is none
_BEFORE = re.compile(r"(?:^|[^一-鿿A-Za-z0-9]|[的和与跟对看问查下说把])$")
_BEHIND = re.compile(r"$|[^一-鿿A-Za-z]|[的股是和与跟怎最今去前上能会有近这那分营净评目每公研年一二三四可值现]")
_PART = 2  # characters of a name that may stand for it
_WHOLE = 4  # characters of a name of which a part may be used
_MOST_MEANT = 4  # more shares than this with the same part: the part names none


class ShareNames:
    """Shares by what they are called; built once, asked for every question."""

    def __init__(self, entries: Sequence[tuple[str, Sequence[str]]]) -> None:
        """`entries`: id (690118.SH) and names of each share, the short one first."""
        self._display = {id_: names[0] for id_, names in entries}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_digits: dict[str, list[str]] = defaultdict(list)
        for id_, names in entries:
            self._by_digits[id_.partition(".")[0]].append(id_)
            for name in dict.fromkeys(normalise(name).text for name in names):
                self._by_name[name].append(id_)
        self._longest = max(map(len, self._by_name), default=0)

    def beside(self, text: str, funds: Sequence[ProductMatch]) -> list[ProductMatch]:
        """The matches of funds with those of shares; matches on the same words are candidates of one group.

        Where a fund is named for certain, or a share's holders are asked for, no share is meant. A share named in
        full stands before a fund that only may be meant.
        """
        if not self._display:
            return list(funds)
        found = [*self._coded(text), *self._named(text)]
        longer = [one for one in found if not any(_inside(one, fund) for fund in funds)]  # 000001.SZ is no fund
        funds = [one for one in funds if one.how != "code" or not _touches(one, longer)]
        sure = [one for one in funds if one.how not in ("partial", "sound")]
        left = [one for one in funds if one in sure or not _touches(one, found)]
        if any(one.how != "code" or not _touches(one, found) for one in left):
            return list(funds)
        if _HELD.search(text):
            return left
        if found or left:
            return sorted([*left, *found], key=lambda one: one.start)
        return [*self._in_letters(text)] or [*self._parts(text)] or [*self._heard(text)]

    def _match(self, ids: Sequence[str], start: int, end: int, score: float, how: str) -> Iterator[ProductMatch]:
        for id_ in dict.fromkeys(ids):
            yield ProductMatch(codes=(id_,), name=self._display[id_], start=start, end=end, score=score, how=how)

    def _coded(self, text: str) -> Iterator[ProductMatch]:
        for found in _CODE.finditer(text):
            told = _EXCHANGES.get((found["before"] or found["after"] or "").upper())
            ids = [id_ for id_ in self._by_digits.get(found["digits"], ()) if told in (None, id_.partition(".")[2])]
            if told or len(found["digits"]) == 6:  # five digits alone are a number
                yield from self._match(ids, found.start(), found.end(), 1.0, "code")

    def _named(self, text: str) -> Iterator[ProductMatch]:
        """Whole names, the longest first."""
        at = 0
        while at < len(text):
            sizes = range(min(self._longest, len(text) - at), 1, -1)
            size = next((size for size in sizes if text[at : at + size] in self._by_name), 0)
            if size:
                yield from self._match(self._by_name[text[at : at + size]], at, at + size, 1.0, "short")
            at += size or 1

    def _in_letters(self, text: str) -> Iterator[ProductMatch]:
        """qybj, qingyanbaijiu."""
        for found in _LETTERS.finditer(text):
            ids = self._spelled.get(found[0].lower(), ())
            yield from self._match(ids, found.start(), found.end(), 0.6, "sound")

    def _parts(self, text: str) -> Iterator[ProductMatch]:
        """The beginning or end of a name where few shares have it and it is no everyday word (share_words.txt)."""
        for run in re.finditer(f"[{HAN}]+", text):
            for start in range(run.start(), run.end() - _PART + 1):
                part = text[start : start + _PART]
                ids = self._by_part.get(part, ())
                apart = _BEFORE.search(text[:start]) and _BEHIND.match(text, start + _PART)
                if apart and 0 < len(ids) <= _MOST_MEANT:
                    yield from self._match(ids, start, start + _PART, 0.5, "partial")

    def _heard(self, text: str) -> Iterator[ProductMatch]:
        """Names typed with the right sounds."""
        heard = [one for one in syllables(text) if one.end - one.start == 1]
        for size in sorted({len(sound) for sound in self._by_sound}, reverse=True):
            for first in range(len(heard) - size + 1):
                window = heard[first : first + size]
                ids = self._by_sound.get(tuple(one.pinyin for one in window), ())
                if ids and window[-1].end - window[0].start == size:
                    yield from self._match(ids, window[0].start, window[-1].end, 0.6, "sound")

    @cached_property
    def _by_part(self) -> dict[str, list[str]]:
        parts: dict[str, list[str]] = defaultdict(list)
        for name, ids in self._by_name.items():
            if len(name) == _WHOLE:
                for part in {name[:_PART], name[-_PART:]} - _everyday():
                    parts[part] += ids
        return parts

    @cached_property
    def _by_sound(self) -> dict[tuple[str, ...], list[str]]:
        sounds: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for name, ids in self._by_name.items():
            if len(name) >= _WHOLE and re.fullmatch(f"[{HAN}]+", name):
                sounds[tuple(one.pinyin for one in syllables(name))] += ids
        return sounds

    @cached_property
    def _spelled(self) -> dict[str, list[str]]:
        """Whole pinyin and initials of four letters or more."""
        spelled: dict[str, list[str]] = defaultdict(list)
        for sound, ids in self._by_sound.items():
            spelled["".join(sound)] += ids
            spelled["".join(one[0] for one in sound)] += ids
        return spelled


def _inside(one: ProductMatch, other: ProductMatch) -> bool:
    return other.start <= one.start and one.end <= other.end


def _touches(one: ProductMatch, others: Sequence[ProductMatch]) -> bool:
    return any(other.start < one.end and one.start < other.end for other in others)


@cache
def _everyday() -> frozenset[str]:
    """Places, industries and other words that begin or end many names and name none."""
    lines = files("knowledge_base").joinpath("share_words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
