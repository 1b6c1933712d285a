"""A search index of any size in bulk: terms by Zipf's law, vectors of a mixture, documents of many products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from string import ascii_lowercase

import numpy as np
from numpy.typing import NDArray

from models.encoder import Vectors
from rag.index import SearchIndex
from rag.tokens import terms

DIMENSION = 384
DIRECTIONS, SPREAD = 256, 0.35  # of the mixture that vectors are drawn from
BLOCK = 20_000  # chunks made and written at once, whole documents
CHUNKS_A_DOCUMENT, DOCUMENTS_A_PRODUCT = 40, 5
TERMS_A_CHUNK, VOCABULARY = 120, 40_000
TERMS_A_QUESTION = 6
MOST_WORDS = 4_000  # of a folder's own
LABEL = "internal"  # on every second document
TODAY, LAST_YEAR = date(2026, 6, 30), date(2025, 12, 31)  # every tenth document held until the end of last year
SEED = 20261121

Words = NDArray[np.str_]


@dataclass(frozen=True, kw_only=True)
class Block:
    """Chunks of consecutive ids."""

    ids: NDArray[np.int64]
    vectors: Vectors  # (n, DIMENSION), float32, unit length
    document: NDArray[np.int64]  # number of the document of each chunk, from 0


class DrawnEncoder:
    """An encoder whose vectors were drawn beforehand, so that a query is timed without encoding."""

    name = "drawn"
    dimension = DIMENSION

    def __init__(self, vectors: dict[str, Vectors]) -> None:
        self._vectors = vectors

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._vectors[text] for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self.encode_queries(texts)


class Fixture:
    """Draws blocks and questions; the same for the same size."""

    def __init__(self, size: int, *, words: Sequence[str] = ()) -> None:
        """words: the most frequent ones, before those that are made."""
        self.size = size
        self._random = np.random.default_rng((SEED, size))
        self._centres = _unit(self._random.standard_normal((DIRECTIONS, DIMENSION), dtype=np.float32))
        self._words = np.array([*words, *(_word(rank) for rank in range(VOCABULARY - len(words)))])
        weights = 1 / np.arange(1, VOCABULARY + 1)
        self._cumulative = np.cumsum(weights / weights.sum())

    def questions(self, n: int) -> dict[str, Vectors]:
        """Texts of words as a chunk holds them, each with its vector."""
        texts = (" ".join(dict.fromkeys(row)) for row in self._drawn_words(n, TERMS_A_QUESTION))
        return dict(zip(texts, self._mixture(n), strict=True))

    def products(self, n: int) -> list[str]:
        """A product for each of n questions."""
        products = max(1, self.size // (CHUNKS_A_DOCUMENT * DOCUMENTS_A_PRODUCT))
        return [code_of(int(one)) for one in self._random.integers(products, size=n)]

    def write(self, index: SearchIndex) -> Iterator[Block]:
        """Fills an empty index; each block when its rows, terms and vectors are written."""
        index.store.connection().execute("PRAGMA synchronous = OFF")  # of a folder that is thrown away
        for first in range(0, self.size, BLOCK):
            n = min(BLOCK, self.size - first)
            ids = np.arange(first + 1, first + n + 1, dtype=np.int64)
            block = Block(ids=ids, vectors=self._mixture(n), document=(ids - 1) // CHUNKS_A_DOCUMENT)
            self._insert(index, block)
            yield block

    def _insert(self, index: SearchIndex, block: Block) -> None:
        texts = [" ".join(row) for row in self._drawn_words(len(block.ids), TERMS_A_CHUNK)]
        ids, documents = block.ids.tolist(), block.document.tolist()
        new = sorted(set(documents))  # a block ends where a document does
        with index.store.transaction() as connection:
            connection.executemany(
                "INSERT INTO versions (no, id, document_id, title, document_type, period, effective_from, "
                "effective_to, content_key) VALUES (?, ?, ?, ?, 'fund_quarterly', ?, ?, ?, '')",
                [(n + 1, f"v{n}", f"d{n}", f"document {n}", "2026Q1", "2025-01-01", _ends(n)) for n in new],
            )
            connection.executemany("INSERT INTO version_codes VALUES (?, ?)", [(n + 1, _code(n)) for n in new])
            connection.executemany("INSERT INTO version_labels VALUES (?, ?)", [(n + 1, LABEL) for n in new if n % 2])
            connection.executemany(
                'INSERT INTO chunks (id, no, ordinal, start, "end", context, text, tables) '
                "VALUES (?, ?, ?, 0, 1, '', ?, '[]')",
                [(i, n + 1, i % CHUNKS_A_DOCUMENT, text) for i, n, text in zip(ids, documents, texts, strict=True)],
            )
            blobs = (row.tobytes() for row in block.vectors)
            connection.executemany("INSERT INTO vectors (id, vector) VALUES (?, ?)", zip(ids, blobs, strict=True))
            # words of Latin letters are their own terms, so that nothing has to be cut
            connection.executemany(
                "INSERT INTO chunk_terms (rowid, context, body) VALUES (?, '', ?)", zip(ids, texts, strict=True)
            )
            index.store.touch(connection)

    def _drawn_words(self, n: int, length: int) -> Words:
        ranks = np.searchsorted(self._cumulative, self._random.random((n, length)))
        drawn: Words = self._words[np.minimum(ranks, VOCABULARY - 1)]
        return drawn

    def _mixture(self, n: int) -> Vectors:
        noise = self._random.standard_normal((n, DIMENSION), dtype=np.float32)
        noise *= SPREAD / np.sqrt(DIMENSION)
        return _unit(self._centres[self._random.integers(DIRECTIONS, size=n)] + noise)


def fill_with(index: SearchIndex, folder: Path, chunks: int) -> None:
    """Writes so many chunks of the words of a folder's Markdown files, the frequent ones most often."""
    counts = Counter(term for path in sorted(folder.rglob("*.md")) for term in terms(path.read_text("utf-8")))
    words = [term for term, _ in counts.most_common(MOST_WORDS) if term.isalnum()]
    for _ in Fixture(chunks, words=words).write(index):
        pass


def code_of(product: int) -> str:
    return f"p{product:06d}"


def readable(block: Block) -> NDArray[np.bool_]:
    """Which chunks somebody without labels may read, in force today."""
    held: NDArray[np.bool_] = (block.document % 2 == 0) & in_force(block)
    return held


def in_force(block: Block) -> NDArray[np.bool_]:
    held: NDArray[np.bool_] = block.document % 10 != 9
    return held


def product_of_chunks(block: Block) -> NDArray[np.int64]:
    """Number of the product of each chunk."""
    return block.document // DOCUMENTS_A_PRODUCT


def _code(document: int) -> str:
    return code_of(document // DOCUMENTS_A_PRODUCT)


def _ends(document: int) -> str | None:
    return LAST_YEAR.isoformat() if document % 10 == 9 else None


def _word(rank: int) -> str:
    """Four letters, another word for each rank."""
    letters = ""
    for _ in range(4):
        rank, at = divmod(rank, 26)
        letters += ascii_lowercase[at]
    return letters


def _unit(rows: Vectors) -> Vectors:
    scaled: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return scaled
