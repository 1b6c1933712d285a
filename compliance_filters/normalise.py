"""A text as the rules read it: one script, one width, nothing inserted, respellings undone; mapped back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mandarin.offsets import Edit, Mapped
from mandarin.script import normalise as one_script

_SURROGATE = re.compile("[\ud800-\udfff]")


class Normaliser:
    """Normalises and undoes the respellings (bao本, 包本) that the lexicon lists."""

    def __init__(self, lexicon: Mapping[str, Any]) -> None:
        meant = {
            str(written).lower(): str(word)
            for word, variants in (lexicon.get("variants") or {}).items()
            for written in variants
        }
        self._meant = meant
        self._written = _alternatives(meant)
        self._benign = _alternatives(lexicon.get("variant_benign") or ())

    def __call__(self, text: str) -> Mapped:
        """Same text for the rules; `original_span` leads back. Never raises on odd characters."""
        clean = Mapped.from_edits(
            text,
            [Edit(start=m.start(), end=m.end(), replacement="\ufffd") for m in _SURROGATE.finditer(text)],
        )
        return self._respelled(clean.then(one_script))

    def _respelled(self, source: Mapped) -> Mapped:
        if not self._written:
            return source
        lowered = source.text.lower() if len(source.text.lower()) == len(source.text) else source.text
        innocent = [m.span() for m in self._benign.finditer(lowered)] if self._benign else []
        edits = [
            Edit(start=m.start(), end=m.end(), replacement=self._meant[m.group()])
            for m in self._written.finditer(lowered)
            if not any(begin < m.end() and m.start() < end for begin, end in innocent)
        ]
        return source.edit(edits)


def _alternatives(words: Mapping[str, str] | Sequence[str]) -> re.Pattern[str] | None:
    longest_first = sorted(words, key=len, reverse=True)
    if not longest_first:
        return None
    # Latin letters must stand alone: the `bao` of an English word is no Chinese syllable.
    parts = [rf"(?<![a-z]){re.escape(w)}" if w[0].isascii() else re.escape(w) for w in longest_first]
    parts = [f"{part}(?![a-z])" if w[-1].isascii() else part for part, w in zip(parts, longest_first, strict=True)]
    return re.compile("|".join(parts))
