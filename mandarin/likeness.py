"""How alike two short texts are, and which of many say the same thing twice."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

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


def alike_pairs(texts: Sequence[str], *, above: float) -> Iterator[tuple[int, int]]:
    """Every pair (earlier, later) of texts alike above a Jaccard similarity of trigrams."""
    pieces = [trigrams(text) for text in texts]
    holders: dict[str, list[int]] = defaultdict(list)
    for later, mine in enumerate(pieces):
        shared = Counter(earlier for piece in mine for earlier in holders[piece])
        yield from ((e, later) for e, n in sorted(shared.items()) if n / (len(mine) + len(pieces[e]) - n) > above)
        for piece in mine:
            holders[piece].append(later)


def nearest(texts: Sequence[str], chosen: Sequence[int]) -> list[float]:
    """For each chosen text the highest Jaccard similarity of trigrams, 0..1, to any other of the texts."""
    pieces = [trigrams(text) for text in texts]
    holders: dict[str, list[int]] = defaultdict(list)
    for index, mine in enumerate(pieces):
        for piece in mine:
            holders[piece].append(index)
    return [_nearest(index, pieces, holders) for index in chosen]


def _nearest(index: int, pieces: Sequence[frozenset[str]], holders: dict[str, list[int]]) -> float:
    mine = pieces[index]
    shared = Counter(other for piece in mine for other in holders[piece] if other != index)
    return max((n / (len(mine) + len(pieces[o]) - n) for o, n in shared.items()), default=0.0)
