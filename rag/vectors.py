"""Dense vectors: one Protocol, FAISS and a numpy double beside it. Scores are inner products."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from models.encoder import Vectors
from rag.clusters import build, contents, outgrown
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


IVF_FROM = 30_000  # vectors; below it looking at each of them is as fast
EXACT_BELOW = 50_000  # a filter that lets fewer through is searched exactly, whatever the number of vectors

MUCH = 100  # more than one of so many vectors wanted


class FaissVectors:
    """Exact search to 30,000 vectors, an inverted file above; a filter is a selector inside the search.

    One thread: two were slower.
    """

    def __init__(self, dimension: int, *, ivf_from: int = IVF_FROM, exact_below: int = EXACT_BELOW) -> None:
        import faiss

        self._faiss: Any = faiss
        self._dimension = dimension
        self._ivf_from = ivf_from
        self._exact_below = exact_below
        self._index: Any = faiss.index_factory(dimension, "IDMap2,Flat", faiss.METRIC_INNER_PRODUCT)
        self._ids: Ids = np.empty(0, dtype=np.int64)

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
        made._ids = np.sort(made._stored()[0])
        return made

    def save(self, path: Path) -> None:
        """Write beside and rename, so that a reader sees the old file or the new one."""
        beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        self._faiss.write_index(self._index, str(beside))
        os.replace(beside, path)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        if np.isin(ids, self._ids).any() or len(np.unique(ids)) != len(ids):
            raise ValueError("an id that is in the index cannot be added again: remove it first")
        new, matrix = ids.astype(np.int64), np.ascontiguousarray(vectors, dtype=np.float32)
        if self._grows_out(len(new)):
            self._rebuild(new, matrix)
        else:
            self._index.add_with_ids(matrix, new)
        self._ids = np.union1d(self._ids, new)

    def remove(self, ids: Ids) -> None:
        if len(ids):
            self._index.remove_ids(np.ascontiguousarray(ids, dtype=np.int64))
            self._ids = np.setdiff1d(self._ids, ids)

    def search(self, vector: Vectors, *, k: int, allowed: Ids | None = None) -> list[Hit]:
        if not self._index.ntotal or (allowed is not None and not len(allowed)):
            return []
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        scores, ids = self._index.search(query, k, params=self._parameters(allowed, k))
        return [(int(id_), float(score)) for id_, score in zip(ids[0], scores[0], strict=True) if id_ >= 0]

    def ids(self) -> Ids:
        return self._ids.copy()

    @property
    def kind(self) -> str:
        """What the index is, for a benchmark and a doctor."""
        if not self._clustered:
            return "IDMap2,Flat"
        return f"IVF{self._index.nlist},SQfp16 nprobe={self._index.nprobe}"

    @property
    def _clustered(self) -> bool:
        return hasattr(self._index, "nlist")

    def _parameters(self, allowed: Ids | None, k: int) -> Any:
        """The selector of a filter; all lists are looked at where it lets few through, or much is wanted."""
        if allowed is not None and np.array_equal(allowed, self._ids):  # both sorted: nothing is held back
            allowed = None
        selector = self._selector(allowed) if allowed is not None else None
        if not self._clustered:
            return self._faiss.SearchParameters(sel=selector) if selector else None
        few = allowed is not None and len(allowed) < self._exact_below
        probes = self._index.nlist if few or k * MUCH > self._index.ntotal else self._index.nprobe
        return self._faiss.SearchParametersIVF(sel=selector, nprobe=probes)

    def _selector(self, allowed: Ids) -> Any:
        """A bit an id: building a set of hundreds of thousands would cost more than the search."""
        last = int(self._ids[-1])
        mask = np.zeros(last + 1, dtype=bool)
        mask[allowed[allowed <= last]] = True
        return self._faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))

    def _grows_out(self, more: int) -> bool:
        if self._clustered:
            return outgrown(self._index)
        return bool(self._index.ntotal + more >= self._ivf_from)

    def _rebuild(self, ids: Ids, vectors: Vectors) -> None:
        """All vectors, the new ones too, around centres of their own."""
        if self._index.ntotal:
            held_ids, held = self._stored()
            ids, vectors = np.concatenate([held_ids, ids]), np.concatenate([held, vectors])
        self._index = build(self._faiss, ids, vectors)

    def _stored(self) -> tuple[Ids, Vectors]:
        """Ids and vectors as they lie in the index."""
        if self._clustered:
            lists = list(contents(self._faiss, self._index))
            empty = np.empty((0, self._dimension), dtype=np.float32)
            ids = np.concatenate([np.empty(0, dtype=np.int64), *(ids for ids, _ in lists)])
            return ids, np.concatenate([empty, *(some for _, some in lists)])
        ids = self._faiss.vector_to_array(self._index.id_map).astype(np.int64)
        flat = self._faiss.downcast_index(self._index.index)
        return ids, flat.reconstruct_n(0, flat.ntotal) if flat.ntotal else np.empty((0, self._dimension), np.float32)


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
