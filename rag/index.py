"""The search index of a folder: what sync writes into and retrieval reads from.

SQLite holds the truth (chunks, terms, vectors as blobs); FAISS, and what lies in PostgreSQL, is a copy that
is brought into line by comparing ids, so it may be stale, damaged or missing without harm.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from knowledge_base.batches import batches
from knowledge_base.document import DocumentStatus, DocumentVersion, ParsedDocument
from models.encoder import Encoder, Vectors
from models.encoders.choice import interchangeable
from rag.chunk import chunk_document, embedding_text
from rag.errors import EncoderChangedError, IndexUnreadableError
from rag.filter import Filter
from rag.lexical import Hit, Ids, LexicalIndex
from rag.passage import Chunk
from rag.settings import RagSettings
from rag.store import ChunkStore
from rag.vectors import FaissVectors, VectorIndex

_log = logging.getLogger(__name__)
_COPIED_AT_ONCE = 1_000
_CHUNKING = "3"  # raise when chunks or terms change, so that they are made again when next added


@dataclass(frozen=True, kw_only=True)
class IndexStats:
    """What `doctor` reports of an index."""

    versions: int
    chunks: int
    encoder: str | None  # None: nothing indexed yet
    updated_at: datetime | None  # aware UTC
    size_bytes: int

    def age_s(self, now: datetime) -> float | None:
        """Seconds since the last change; None when there was none."""
        return (now - self.updated_at).total_seconds() if self.updated_at else None


class LexicalCopy(LexicalIndex, Protocol):
    """A lexical index apart from the chunk table, that says what it holds."""

    def ids(self) -> Ids: ...


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """Indexes that lie outside the folder; each is made from the store's own name, when it is first searched."""

    vectors: Callable[[str], VectorIndex] | None = None  # None: FAISS
    lexical: Callable[[str], LexicalCopy] | None = None  # None: FTS5 in the chunk table's file


class SearchIndex:
    """Chunks, terms and vectors of the versions that sync hands over. Safe in several threads."""

    def __init__(
        self,
        folder: Path,
        encoder: Encoder,
        settings: RagSettings | None = None,
        *,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.folder = folder
        self.encoder = encoder
        self.settings = settings or RagSettings()
        self.store = ChunkStore(folder)
        self._lock = threading.Lock()
        self._elsewhere = elsewhere or Elsewhere()
        self._vectors: VectorIndex | None = None
        self._generation: str | None = None
        self._lexical: LexicalCopy | None = None
        self._lexical_generation: str | None = None

    def add(self, version: DocumentVersion, parsed: ParsedDocument) -> None:
        """Index a version, or bring what is known of it up to date; returns when it is on disk.

        Encoding happens only when the text, title or product codes are new. A version that is in force
        on no day is removed. Raises EncoderChangedError, IndexUnreadableError, ChunkOffsetError.
        """
        if not _ever_in_force(version):
            self.remove(version.id)
            return
        self.check_encoder()
        key = self._content_key(version, parsed)
        if self.store.content_key(version.id) == key:
            with self.store.transaction() as connection:
                self.store.describe(connection, version)
                self.store.touch(connection)
            return
        chunks = chunk_document(version, parsed, self.settings)
        vectors = self._encode(chunks)
        with self.store.transaction() as connection:
            self.store.delete(connection, version.id)
            self.store.insert(connection, version, chunks, vectors, key)
            self.store.set_meta(connection, "encoder", self.encoder.name)
            self.store.touch(connection)

    def remove(self, version_id: str) -> None:
        """Forget a version; one that is not there is no error."""
        with self.store.transaction() as connection:
            self.store.delete(connection, version_id)
            self.store.touch(connection)

    def version_ids(self) -> set[str]:
        return self.store.version_ids()

    def clear(self) -> None:
        """Forget everything, the encoder too: the next sync indexes all documents anew."""
        with self.store.transaction() as connection:
            connection.execute("DELETE FROM chunk_terms")
            connection.execute("DELETE FROM versions")
            connection.execute("DELETE FROM meta WHERE key = 'encoder'")
            self.store.touch(connection)

    def check_encoder(self) -> None:
        """Raise EncoderChangedError when the stored vectors are another encoder's."""
        stored = self.store.meta("encoder")
        if stored is not None and not interchangeable(stored, self.encoder.name):
            raise EncoderChangedError(
                f"The search index in {self.folder} was built with the encoder {stored} but the settings "
                f"name {self.encoder.name}, whose vectors cannot be compared: run `tougu kb sync --reindex`, "
                "or set the encoder back"
            )

    def allowed(self, narrow: Filter) -> Ids:
        return self.store.allowed(narrow)

    def search_terms(self, question: str, *, k: int, allowed: Ids) -> list[Hit]:
        """BM25 among the allowed chunks."""
        names = self.store.words().found(question)
        if self._elsewhere.lexical is None:
            return self.store.lexical.search(question, k=k, allowed=allowed, names=names)
        with self._lock:
            lexical = self._current_lexical(self._elsewhere.lexical)
        return lexical.search(question, k=k, allowed=allowed, names=names)

    def search_vector(self, vector: Vectors, *, k: int, allowed: Ids) -> list[Hit]:
        """Inner product with one query vector of shape (dimension,), among the allowed chunks."""
        self.check_encoder()
        with self._lock:
            return self._current_vectors().search(vector, k=k, allowed=allowed)

    def chunks(self, ids: Sequence[int]) -> dict[int, Chunk]:
        return self.store.chunks(ids)

    def chunk_at(self, version_id: str, offset: int, narrow: Filter) -> Chunk | None:
        """The chunk that holds a place of a document; None where the filter does not let it be seen."""
        return self.store.chunk_at(version_id, offset, narrow)

    def chunk_with(self, version_id: str, words: str, narrow: Filter) -> Chunk | None:
        """The first chunk of a document that holds these words; None where the filter does not let it be seen."""
        return self.store.chunk_with(version_id, words, narrow)

    def learn_names(self, names: Iterable[str]) -> int:
        """Make the catalogue's names terms of their own; returns how many chunks that changed.

        Every chunk is looked through for the names that came or went: a second for some twenty thousand.
        """
        with self.store.transaction() as connection:
            touched = self.store.learn(connection, names)
            if touched:
                self.store.touch(connection)
                self._forget_terms(touched)
        if touched:
            self._forget_terms(touched)  # a search in between may have brought the old ones back
        return len(touched)

    def _forget_terms(self, ids: Sequence[int]) -> None:
        """Take chunks out of an index apart: what is missing there is added again with its new terms.

        Before the store commits: whoever is killed in between leaves terms missing, never old ones standing.
        """
        if self._elsewhere.lexical is not None:
            with self._lock:
                self._current_lexical(self._elsewhere.lexical).remove(ids)
                self._lexical_generation = None

    def align(self) -> None:
        """Bring what is apart from the chunk table into line now, so that nothing deleted waits there for a search."""
        with self._lock:
            self._current_vectors()
            if self._elsewhere.lexical is not None:
                self._current_lexical(self._elsewhere.lexical)

    def stats(self) -> IndexStats:
        """Counts, encoder, age and size; needs no model."""
        connection = self.store.connection()
        updated = self.store.meta("updated_at")
        files = (path for path in self.folder.iterdir() if path.is_file())
        return IndexStats(
            versions=connection.execute("SELECT count(*) FROM versions").fetchone()[0],
            chunks=connection.execute("SELECT count(*) FROM chunks").fetchone()[0],
            encoder=self.store.meta("encoder"),
            updated_at=datetime.fromisoformat(updated).astimezone(UTC) if updated else None,
            size_bytes=sum(path.stat().st_size for path in files),
        )

    def close(self) -> None:
        self.store.close()

    def _encode(self, chunks: Sequence[Chunk]) -> Vectors:
        """Vectors of shape (n, dimension), encoded shortest first so that a batch pads little."""
        texts = [embedding_text(chunk, self.settings.embed_chars) for chunk in chunks]
        vectors = np.zeros((len(texts), self.encoder.dimension), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for at in range(0, len(order), self.settings.encode_batch):
            batch = order[at : at + self.settings.encode_batch]
            vectors[batch] = self.encoder.encode_passages([texts[i] for i in batch])
        return vectors

    def _content_key(self, version: DocumentVersion, parsed: ParsedDocument) -> str:
        """Changes with whatever chunks and vectors depend on."""
        of = self.settings
        shape = f"{_CHUNKING}/{of.chunk_chars}/{of.chunk_min_chars}/{of.embed_chars}"
        parts = (shape, version.title, *version.product_codes, repr(parsed.blocks))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _current_lexical(self, make: Callable[[str], LexicalCopy]) -> LexicalCopy:
        """The terms elsewhere, in line with the store; the caller holds the lock."""
        generation = self.store.meta("generation") or "0"
        if self._lexical is None:
            self._lexical = make(self.store.meta("id") or "")
        if generation != self._lexical_generation:
            stored, held = self.store.vector_ids(), self._lexical.ids()
            self._lexical.remove(np.setdiff1d(held, stored).tolist())
            for part in batches(np.setdiff1d(stored, held).tolist(), _COPIED_AT_ONCE):
                chunks = self.store.chunks(part).items()
                self._lexical.add([self.store.entry(id_, one.context, one.text) for id_, one in chunks])
            self._lexical_generation = generation
        return self._lexical

    def _current_vectors(self) -> VectorIndex:
        """The vectors to be searched, in line with the store; the caller holds the lock."""
        generation = self.store.meta("generation") or "0"
        if self._vectors is None:
            make = self._elsewhere.vectors
            self._vectors = make(self.store.meta("id") or "") if make is not None else self._load()
            self._generation = None
        if generation != self._generation:
            if self._align(self._vectors) and isinstance(self._vectors, FaissVectors):
                self._save(self._vectors)
            self._generation = generation
        return self._vectors

    def _vector_file(self) -> Path:
        """Named after the store, whose ids it holds: the file of a deleted store is never taken for it."""
        return self.folder / f"vectors-{self.store.meta('id')}.faiss"

    def _load(self) -> FaissVectors:
        path = self._vector_file()
        if path.is_file():
            try:
                return FaissVectors.load(path, self.encoder.dimension)
            except IndexUnreadableError as error:
                _log.warning("vector file rebuilt from the chunk table: %s", error)
        return FaissVectors(self.encoder.dimension)

    def _align(self, vectors: VectorIndex) -> bool:
        """Remove what the store no longer has and add what is new; True when anything changed."""
        stored, held = self.store.vector_ids(), vectors.ids()
        gone, new = np.setdiff1d(held, stored), np.setdiff1d(stored, held)
        vectors.remove(gone)
        if len(new):
            vectors.add(*self._rows(new))
        return bool(len(gone) or len(new))

    def _rows(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Stored vectors of these ids, without those deleted meanwhile; never twice in memory."""
        matrix = np.empty((len(ids), self.encoder.dimension), dtype=np.float32)
        held: list[int] = []
        for id_, blob in self.store.vector_blobs(ids):
            matrix[len(held)] = np.frombuffer(blob, dtype="<f4")
            held.append(id_)
        return np.array(held, dtype=np.int64), matrix[: len(held)]

    def _save(self, vectors: FaissVectors) -> None:
        try:
            vectors.save(self._vector_file())
        except (OSError, RuntimeError) as error:
            _log.warning("vector file not written (%s): it is rebuilt at the next start", error)


def _ever_in_force(version: DocumentVersion) -> bool:
    if version.status is DocumentStatus.SUPERSEDED:
        return version.effective_to is not None
    return version.status is DocumentStatus.IN_FORCE
