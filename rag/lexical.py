"""Persistent BM25 over jieba words and CJK bigrams.

SQLite FTS5 rather than tantivy: it lives in the same file as the chunk rows, so a chunk and its
terms are written and deleted in one transaction, and no kill or crash can leave them apart.
tantivy is faster above a hundred thousand chunks but commits on its own; it fits the same Protocol.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.postings import K1, B, Postings
from rag.tokens import question_terms, terms

Ids = NDArray[np.int64]
Hit = tuple[int, float]  # chunk id, score; higher is better


@dataclass(frozen=True, kw_only=True)
class LexicalEntry:
    """What is searched of one chunk."""

    id: int
    context: str
    text: str
    names: tuple[str, ...] = ()  # of the catalogue, as they stand in either: terms of their own


class LexicalIndex(Protocol):
    """Ranks chunks by the terms they share with a question."""

    def add(self, entries: Sequence[LexicalEntry]) -> None: ...

    def remove(self, ids: Sequence[int]) -> None:
        """Forget these ids; unknown ones are ignored."""
        ...

    def search(self, question: str, *, k: int, allowed: Ids | None = None, names: Sequence[str] = ()) -> list[Hit]:
        """The best k of `allowed` (sorted ids; None = all), best first; empty when no term is known.

        `names` of the catalogue that the question holds are terms of their own.
        """
        ...

    def document_share(self, wanted: Sequence[str]) -> dict[str, float]:
        """The share of chunks that hold each term, between 0 and 1."""
        ...

    def __len__(self) -> int:
        """Chunks held."""
        ...


def best(ids: Ids, scores: NDArray[np.float64], *, k: int, allowed: Ids | None) -> list[Hit]:
    """Keep what is allowed, then rank: nothing withheld ever takes a place among the k."""
    if allowed is not None:
        kept = np.isin(ids, allowed)
        ids, scores = ids[kept], scores[kept]
    order = np.lexsort((ids, -scores))[:k]
    return [(int(ids[i]), float(scores[i])) for i in order]


class FtsLexical:
    """FTS5 in the connection it is given, ranked by `Postings`; the caller owns the transaction."""

    CREATE = (
        """CREATE VIRTUAL TABLE IF NOT EXISTS chunk_terms USING fts5(
            context, body, tokenize = "unicode61 remove_diacritics 0 tokenchars '.%'")""",
        "CREATE VIRTUAL TABLE IF NOT EXISTS chunk_vocabulary USING fts5vocab(chunk_terms, 'row')",
        "CREATE VIRTUAL TABLE IF NOT EXISTS chunk_places USING fts5vocab(chunk_terms, 'instance')",
    )

    def __init__(self, connection: Callable[[], sqlite3.Connection]) -> None:
        self._connection = connection
        self._postings = Postings(connection)

    def add(self, entries: Sequence[LexicalEntry]) -> None:
        self._connection().executemany(
            "INSERT INTO chunk_terms (rowid, context, body) VALUES (?, ?, ?)",
            [
                (entry.id, " ".join(terms(entry.context)), " ".join([*terms(entry.text), *entry.names]))
                for entry in entries
            ],
        )
        self._postings.changed()

    def remove(self, ids: Sequence[int]) -> None:
        self._connection().executemany("DELETE FROM chunk_terms WHERE rowid = ?", [(id_,) for id_ in ids])
        self._postings.changed()

    def search(self, question: str, *, k: int, allowed: Ids | None = None, names: Sequence[str] = ()) -> list[Hit]:
        allowed = self._postings.ids() if allowed is None else allowed
        scores = self._postings.scores(_wanted(question, names), allowed)
        holding = np.flatnonzero(scores)
        return best(allowed[holding], scores[holding], k=k, allowed=None)

    def document_share(self, wanted: Sequence[str]) -> dict[str, float]:
        total = max(1, len(self))
        return {term: held / total for term, held in self._postings.counts(wanted).items()}

    def __len__(self) -> int:
        return len(self._postings.ids())


class MemoryLexical:
    """The double: the same formula over dictionaries, for tests of what stands above."""

    def __init__(self) -> None:
        self._counts: dict[int, Counter[str]] = {}

    def add(self, entries: Sequence[LexicalEntry]) -> None:
        for entry in entries:
            self._counts[entry.id] = Counter([*terms(entry.context), *terms(entry.text), *entry.names])

    def remove(self, ids: Sequence[int]) -> None:
        for id_ in ids:
            self._counts.pop(id_, None)

    def search(self, question: str, *, k: int, allowed: Ids | None = None, names: Sequence[str] = ()) -> list[Hit]:
        wanted = _wanted(question, names)
        scored = {id_: self._score(counts, wanted) for id_, counts in self._counts.items()}
        hits = {id_: score for id_, score in scored.items() if score > 0}
        ids = np.array(list(hits), dtype=np.int64)
        return best(ids, np.array(list(hits.values()), dtype=np.float64), k=k, allowed=allowed)

    def document_share(self, wanted: Sequence[str]) -> dict[str, float]:
        total = max(1, len(self._counts))
        return {term: sum(term in counts for counts in self._counts.values()) / total for term in wanted}

    def __len__(self) -> int:
        return len(self._counts)

    def _score(self, counts: Counter[str], wanted: Sequence[str]) -> float:
        mean = sum(c.total() for c in self._counts.values()) / len(self._counts)
        norm = K1 * (1 - B + B * counts.total() / mean)
        share = self.document_share([term for term in wanted if counts[term]])
        return sum(
            _idf(part, len(self._counts)) * counts[term] * (K1 + 1) / (counts[term] + norm)
            for term, part in share.items()
        )


def _wanted(question: str, names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*question_terms(question), *names]))


def _idf(share: float, total: int) -> float:
    """Robertson-Sparck Jones with SQLite's floor, so that a common term still counts a little."""
    return max(1e-6, math.log((total - share * total + 0.5) / (share * total + 0.5)))
