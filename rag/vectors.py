"""Dense vectors: one Protocol, FAISS and a numpy double beside it. Scores are inner products."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from models.encoder import Vectors
from rag.errors import IndexUnreadableError
from rag.lexical import Hit, Ids, best


class VectorIndex(Protocol):
    """Finds the vectors nearest to a query among those allowed; vectors are unit length, float32."""

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors of shape (n, dimension) under new ids; an id that is present raises ValueError."""
        ...

    def remove(self, ids: Ids) -> None:
        """Forget these ids; unknown ones are ignored."""
        ...

    def search(self, vector: Vectors, *, k: int, allowed: Ids | None = None) -> list[Hit]:
        """The k nearest to one vector of shape (dimension,), of `allowed` only, best first."""
        ...

    def ids(self) -> Ids:
        """Every id, sorted."""
        ...


class FaissVectors:
    """Exact search in IDMap2,Flat; a filter is a selector inside the search. One thread: two were slower."""

    def __init__(self, dimension: int) -> None:
        import faiss

        self._faiss: Any = faiss
        self._dimension = dimension
        self._index: Any = faiss.index_factory(dimension, "IDMap2,Flat", faiss.METRIC_INNER_PRODUCT)

    @classmethod
    def load(cls, path: Path, dimension: int) -> FaissVectors:
        """Read an index file. Raises IndexUnreadableError when it is damaged or of another dimension."""
        made = cls(dimension)
        try:
            index = made._faiss.read_index(str(path))
        except (RuntimeError, OSError) as error:
            raise IndexUnreadableError(f"{path} is damaged: it has to be rebuilt") from error
        if index.d != dimension:
            raise IndexUnreadableError(f"{path} holds vectors of {index.d} numbers: rebuild it")
        made._index = index
        return made

    def save(self, path: Path) -> None:
        """Write beside and rename, so that a reader sees the old file or the new one."""
        beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        self._faiss.write_index(self._index, str(beside))
        os.replace(beside, path)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        if np.isin(ids, self.ids()).any() or len(np.unique(ids)) != len(ids):
            raise ValueError("an id that is in the index cannot be added again: remove it first")
        self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), ids.astype(np.int64))

    def remove(self, ids: Ids) -> None:
        if len(ids):
            self._index.remove_ids(np.ascontiguousarray(ids, dtype=np.int64))

    def search(self, vector: Vectors, *, k: int, allowed: Ids | None = None) -> list[Hit]:
        if not self._index.ntotal or (allowed is not None and not len(allowed)):
            return []
        parameters = None
        if allowed is not None:
            selector = self._faiss.IDSelectorBatch(np.ascontiguousarray(allowed, dtype=np.int64))
            parameters = self._faiss.SearchParameters(sel=selector)
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        scores, ids = self._index.search(query, k, params=parameters)
        return [(int(id_), float(score)) for id_, score in zip(ids[0], scores[0], strict=True) if id_ >= 0]

    def ids(self) -> Ids:
        found: Ids = np.sort(self._faiss.vector_to_array(self._index.id_map)).astype(np.int64)
        return found


class NumpyVectors:
    """The double: a dictionary of vectors and a matrix product."""

    def __init__(self) -> None:
        self._vectors: dict[int, Vectors] = {}

    def add(self, ids: Ids, vectors: Vectors) -> None:
        if len(set(ids.tolist())) != len(ids) or not self._vectors.keys().isdisjoint(ids.tolist()):
            raise ValueError("an id that is in the index cannot be added again: remove it first")
        self._vectors.update(zip(ids.tolist(), vectors, strict=True))

    def remove(self, ids: Ids) -> None:
        for id_ in ids.tolist():
            self._vectors.pop(id_, None)

    def search(self, vector: Vectors, *, k: int, allowed: Ids | None = None) -> list[Hit]:
        if not self._vectors:
            return []
        ids = np.array(list(self._vectors), dtype=np.int64)
        scores = np.stack(list(self._vectors.values())) @ vector
        return best(ids, scores.astype(np.float64), k=k, allowed=allowed)

    def ids(self) -> Ids:
        return np.array(sorted(self._vectors), dtype=np.int64)


def as_vectors(blobs: Sequence[bytes], dimension: int) -> Vectors:
    """Stored little-endian float32 blobs as one array of shape (n, dimension)."""
    joined: Vectors = np.frombuffer(b"".join(blobs), dtype="<f4").reshape(-1, dimension)
    return joined
