"""The catalogue's names as words of BM25: what jieba would cut in pieces is also one term."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from mandarin.script import fold_width, to_simplified

SHORTEST = 3  # characters; a name of two is a character pair already
_GAPS = re.compile(r"[^\w]+|_")


class CatalogueWords:
    """Names of products and shares, found in texts as they stand there, the longest first."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(plain for name in names if len(plain := plain_name(name)) >= SHORTEST)
        self._by_start: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self.names, key=lambda name: (-len(name), name)):
            self._by_start[name[:SHORTEST]].append(name)

    def found(self, text: str) -> tuple[str, ...]:
        """The names in a text, each as often as it stands there."""
        return tuple(self._found(plain_name(text))) if self.names else ()

    def _found(self, text: str) -> Iterator[str]:
        at = 0
        while at <= len(text) - SHORTEST:
            starting = self._by_start.get(text[at : at + SHORTEST], ())
            name = next((name for name in starting if text.startswith(name, at)), "")
            if name:
                yield name
            at += len(name) or 1


def plain_name(text: str) -> str:
    """Simplified, lower case, without spaces and marks: one token of every index."""
    return _GAPS.sub("", to_simplified(fold_width(text)).text.lower())
