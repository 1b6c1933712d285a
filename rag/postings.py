"""BM25 over postings held in memory: read from FTS5 term by term as they are asked for, counted by numpy.

FTS5's own `bm25()` visits every row that holds one of the words, two microseconds each, before a filter is
applied: a tenth of a second for 50,000 chunks. An array of ids and weights a term takes a hundredth of that.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]

K1, B = 1.2, 0.75  # as in SQLite's bm25()
CONTEXT_WEIGHT = 0.8  # of a word in the context against one in the text
_MOST_HELD = 24_000_000  # postings of all terms kept, of 8 bytes each
_MANY = 20_000  # rows; a term in more than these and in more than half says nothing and costs most
_FEW = 20  # where a filter lets through a twentieth of what holds a term, each of its ids is looked up


@dataclass(frozen=True, kw_only=True)
class Posting:
    """Where one term stands."""

    held: int  # rows that hold the term
    ids: NDArray[np.int32]  # sorted; none where the term stands in most of very many rows
    weights: Floats  # how often, what stands in the context counting less


@dataclass(kw_only=True)
class _Held:
    """What was read while the table was in one state."""

    state: tuple[object, ...]
    ids: Ids  # of all rows, sorted
    norm: Floats  # by id: K1 * (1 - B + B * length / mean length)
    terms: OrderedDict[str, Posting] = field(default_factory=OrderedDict)
    count: int = 0  # postings in `terms`


class Postings:
    """Postings of `chunk_terms` and its vocabularies (rag/lexical.py); read anew when the table has changed.

    Safe in several threads: what is held is replaced as a whole, arrays are never written to.
    """

    def __init__(self, connection: Callable[[], sqlite3.Connection]) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._changes = 0
        self._held: _Held | None = None

    def changed(self) -> None:
        """To be called after a write in this process; those of others are seen by themselves."""
        self._changes += 1

    def ids(self) -> Ids:
        """Every row's id, sorted."""
        return self._current().ids

    def counts(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many rows each term stands."""
        held = self._current()
        return {term: self._of(held, term).held for term in terms}

    def scores(self, terms: Sequence[str], allowed: Ids) -> NDArray[np.float64]:
        """BM25 of each allowed row (sorted ids) for these distinct terms; 0 where it holds none."""
        held = self._current()
        allowed = allowed[allowed < len(held.norm)]
        found = [posting for term in terms if len((posting := self._of(held, term)).ids)]
        if sum(len(one.ids) for one in found) > _FEW * len(found) * len(allowed):
            return self._looked_up(held, found, allowed)
        dense = np.zeros(len(held.norm), dtype=np.float32)
        for one in found:
            dense[one.ids] += _idf(one.held, len(held.ids)) * _saturated(one.weights, held.norm[one.ids])
        return dense[allowed].astype(np.float64)

    def _looked_up(self, held: _Held, found: Sequence[Posting], allowed: Ids) -> NDArray[np.float64]:
        scores = np.zeros(len(allowed))
        for one in found:
            at = np.minimum(np.searchsorted(one.ids, allowed), len(one.ids) - 1)
            weights = np.where(one.ids[at] == allowed, one.weights[at], np.float32(0))
            scores += _idf(one.held, len(held.ids)) * _saturated(weights, held.norm[allowed])
        return scores

    def _current(self) -> _Held:
        with self._lock:
            state = self._state()
            if self._held is None or self._held.state != state:
                self._held = self._read(state)
            return self._held

    def _state(self) -> tuple[object, ...]:
        """FTS5 keeps the number of rows and words in one record, which every commit that changes them writes."""
        totals = self._connection().execute("SELECT block FROM chunk_terms_data WHERE id = 1").fetchone()
        last = self._connection().execute("SELECT max(id) FROM chunk_terms_docsize").fetchone()
        return totals, last, self._changes

    def _read(self, state: tuple[object, ...]) -> _Held:
        rows = self._connection().execute("SELECT id, sz FROM chunk_terms_docsize ORDER BY id").fetchall()
        ids = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
        lengths = np.fromiter((_total(row[1]) for row in rows), dtype=np.float32, count=len(rows))
        norm = np.zeros(int(ids[-1]) + 1 if len(ids) else 0, dtype=np.float32)
        if len(ids):
            norm[ids] = K1 * (1 - B + B * lengths / max(1.0, float(lengths.mean())))
        return _Held(state=state, ids=ids, norm=norm)

    def _of(self, held: _Held, term: str) -> Posting:
        with self._lock:
            if (found := held.terms.get(term)) is not None:
                held.terms.move_to_end(term)
                return found
        made = self._posting(held, term)
        with self._lock:
            if held.terms.setdefault(term, made) is made:
                held.count += len(made.ids)
            while held.count > _MOST_HELD and len(held.terms) > 1:
                held.count -= len(held.terms.popitem(last=False)[1].ids)
        return made

    def _posting(self, held: _Held, term: str) -> Posting:
        """What FTS5 tells of a term; as one string it is read three times as fast as row by row."""
        row = self._connection().execute("SELECT doc FROM chunk_vocabulary WHERE term = ?", (term,)).fetchone()
        count = int(row[0]) if row else 0
        told = None
        if count and not (count > _MANY and 2 * count > len(held.ids)):
            places = "SELECT group_concat(doc * 2 + (col = 'context')) FROM chunk_places WHERE term = ?"
            told = self._connection().execute(places, (term,)).fetchone()[0]
        found = np.fromstring(told, dtype=np.int64, sep=",") if told else np.empty(0, dtype=np.int64)
        found = found[found < 2 * len(held.norm)]  # nothing that was written since
        ids, at = np.unique(found // 2, return_inverse=True)
        weights = np.bincount(at, weights=np.where(found % 2, CONTEXT_WEIGHT, 1.0), minlength=len(ids))
        return Posting(held=count, ids=ids.astype(np.int32), weights=weights.astype(np.float32))


def _saturated(weights: Floats, norm: Floats) -> Floats:
    scaled: Floats = weights * np.float32(K1 + 1) / (weights + norm)
    return scaled


def _idf(held: int, total: int) -> np.float32:
    """Robertson-Sparck Jones with SQLite's floor, so that a common term still counts a little."""
    return np.float32(max(1e-6, np.log((total - held + 0.5) / (held + 0.5))))


def _total(sizes: bytes) -> int:
    """The words of a row: FTS5 stores a varint a column."""
    total = value = 0
    for byte in sizes:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            total, value = total + value, 0
    return total
