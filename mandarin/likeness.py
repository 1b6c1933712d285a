"""How alike two short texts are, and which of many say the same thing twice."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from mandarin.script import normalise

_SOUNDLESS = re.compile(r"[\W_]+")


def trigrams(text: str) -> frozenset[str]:
    """Pieces of three characters of the normalised text without punctuation; a shorter text is one piece."""
    plain = _SOUNDLESS.sub("", normalise(text).text.casefold())
    return frozenset(plain[i : i + 3] for i in range(len(plain) - 2)) or frozenset({plain})


def near_duplicates(texts: Sequence[str], *, above: float) -> dict[int, int]:
    """Of texts alike above a Jaccard similarity of trigrams, the later one -> the earliest one like it.

    Only texts that share a piece are compared, so thousands of short texts take seconds.
    """
    pieces = [trigrams(text) for text in texts]
    holders: dict[str, list[int]] = defaultdict(list)
    found: dict[int, int] = {}
    for index, mine in enumerate(pieces):
        shared = Counter(earlier for piece in mine for earlier in holders[piece])
        alike = [e for e, n in shared.items() if n / (len(mine) + len(pieces[e]) - n) > above]
        if alike:
            found[index] = min(alike)
            continue
        for piece in mine:
            holders[piece].append(index)
    return found
