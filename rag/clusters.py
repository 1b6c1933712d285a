"""An inverted-file index of FAISS: vectors by nearest centre, in half precision; how many to ask is measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from models.encoder import Vectors
from rag.lexical import Ids

MOST_CENTRES = 4096
TRAINED_ON = 40  # vectors a centre; FAISS warns below 39
ROUNDS = 6  # of k-means
WANTED = 0.99  # share of the exact ten that the centres looked at must hold, on queries that are none of the vectors
MEASURED_ON = 100  # queries
NEAREST = 10
NOISE = 0.5  # length of what is added to a vector to make a query of it
BATCH = 50_000
_SEED = 20261122


def centres_for(n: int) -> int:
    """Four times the root of the number of vectors, as FAISS advises, within a bound."""
    return min(MOST_CENTRES, max(16, int(4 * n**0.5)))


def outgrown(index: Any) -> bool:
    """Whether there are four times as many vectors as the centres were chosen for."""
    return bool(index.nlist < MOST_CENTRES and index.ntotal > 4 * (index.nlist / 4) ** 2)


def build(faiss: Any, ids: Ids, vectors: Vectors) -> Any:
    """An index of vectors of shape (n, dimension), float32 of unit length, by inner product; one core.

    Scores are those of half precision, exact to about 0.0005.
    """
    random = np.random.default_rng(_SEED)
    dimension, centres = vectors.shape[1], centres_for(len(ids))
    kind = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension), dimension, centres, kind, faiss.METRIC_INNER_PRODUCT, False
    )
    index.cp.niter, index.cp.seed = ROUNDS, 1
    sample = random.choice(len(ids), size=min(len(ids), TRAINED_ON * centres), replace=False)
    index.train(vectors[np.sort(sample)])
    for start in range(0, len(ids), BATCH):
        index.add_with_ids(vectors[start : start + BATCH], ids[start : start + BATCH])
    index.nprobe = _probes(index, vectors, random)
    return index


def _probes(index: Any, vectors: Vectors, random: np.random.Generator) -> int:
    """The least number of centres, a power of two, whose lists hold the wanted share of the nearest."""
    chosen = vectors[random.integers(len(vectors), size=MEASURED_ON)]
    noise = random.normal(size=chosen.shape)
    queries = chosen + NOISE * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)
    exact = _nearest(index, queries, index.nlist)
    probes = 4
    while probes < index.nlist:
        found = _nearest(index, queries, probes)
        held = sum(len(a & b) for a, b in zip(exact, found, strict=True))
        if held >= WANTED * sum(map(len, exact)):
            break
        probes *= 2
    return min(probes, int(index.nlist))


def _nearest(index: Any, queries: Vectors, probes: int) -> list[set[int]]:
    index.nprobe = probes
    _, found = index.search(queries, NEAREST)
    return [set(row.tolist()) - {-1} for row in found]


def contents(faiss: Any, index: Any) -> Iterator[tuple[Ids, Vectors]]:
    """Ids and vectors, list by list."""
    lists = index.invlists
    for number in range(index.nlist):
        size = lists.list_size(number)
        if size:
            ids = faiss.rev_swig_ptr(lists.get_ids(number), size).astype(np.int64)
            codes = faiss.rev_swig_ptr(lists.get_codes(number), size * lists.code_size)
            yield ids, codes.view(np.float16).reshape(size, index.d).astype(np.float32)
