"""`tougu bench retrieval`: vector search at size, with and without a filter, beside plain numpy."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eval.bench.measure import Progress, bench_result, p95, quotient, rss_mb, timed_ms
from eval.result import Figure, Result
from rag.vectors import FaissVectors
from serve.wiring import House

Floats = NDArray[np.float32]
DIMENSION, CLUSTERS, SPREAD = 384, 256, 0.35
NAMES = {10_000: "10k", 100_000: "100k", 1_000_000: "1m"}
ALLOWED_SHARE = 0.02  # of the vectors, where a filter is asked for
K = 10
QUESTIONS = ("云岭稳健增利的管理费率是多少", "货币基金赎回几天到账", "听松短债过去一年净值增长率")


def bench_retrieval(house: House, *, sizes: Sequence[int], queries: int, progress: Progress) -> Result:
    """Vectors of a mixture of 256 directions, in the index of the product, at each size; null where a size
    was not asked for. Query encoding is excluded from `query_p95_ms_*` and stated as `encode_ms`.

    Recall is against exact search by numpy, whose time on the largest size is the baseline. Two filters: one lets
    2 % of the vectors through, one half of them (`_half`), which above 100,000 is searched among the centres too.
    `rss_mb` holds the vectors that the benchmark made as well: `vectors_mb` says how much of it they are.
    """
    began = time.perf_counter()
    random = np.random.default_rng(20261121)
    centres = _unit(random.normal(size=(CLUSTERS, DIMENSION)))
    p95s: dict[str, Figure] = {f"query_p95_ms_{name}": None for name in NAMES.values()}
    other: dict[str, Figure] = {}
    kind = ""
    for n, size in enumerate(sorted(sizes), 1):
        progress(n - 1, len(sizes), f"{size} vectors")
        vectors, asked = _mixture(random, centres, size), _mixture(random, centres, queries)
        found, kind = _measure(vectors, asked, random)
        p95s[f"query_p95_ms_{NAMES.get(size, str(size))}"] = found.pop("query_p95_ms")
        other = {**found, "vectors_mb": round(vectors.nbytes / 2**20)}
        progress(n, len(sizes), "")
    house.encoder.encode_queries(QUESTIONS[:1])
    encode = [timed_ms(lambda q=q: house.encoder.encode_queries([q])) for q in QUESTIONS * 5]  # type: ignore[misc]
    return bench_result(
        "retrieval",
        fixture=f"mixture of {CLUSTERS} directions, {DIMENSION} numbers, seed 20261121",
        n=max(sizes),
        model={"encoder": house.encoder.name, "index": f"FaissVectors ({kind})"},
        parameters={"sizes": list(sizes), "queries": queries, "k": K, "allowed_share": ALLOWED_SHARE},
        metrics={**p95s, **other, "encode_ms": p95(encode), "rss_mb": rss_mb()},
        began=began,
    )


def _measure(vectors: Floats, asked: Floats, random: np.random.Generator) -> tuple[dict[str, Figure], str]:
    ids = np.arange(len(vectors), dtype=np.int64)
    index = FaissVectors(DIMENSION)
    build_s = timed_ms(lambda: index.add(ids, vectors)) / 1e3
    allowed = np.sort(random.choice(ids, size=max(K, int(len(ids) * ALLOWED_SHARE)), replace=False))
    half = ids[::2]
    spent = [timed_ms(lambda q=q: index.search(q, k=K)) for q in asked]  # type: ignore[misc]
    filtered = [timed_ms(lambda q=q: index.search(q, k=K, allowed=allowed)) for q in asked]  # type: ignore[misc]
    halved = [timed_ms(lambda q=q: index.search(q, k=K, allowed=half)) for q in asked]  # type: ignore[misc]
    exact = [timed_ms(lambda q=q: _exact(vectors, ids, q)) for q in asked]  # type: ignore[misc]
    return {
        "query_p95_ms": p95(spent),
        "query_p95_ms_filtered": p95(filtered),
        "query_p95_ms_half": p95(halved),
        "recall_at_10": _recall(index, vectors, ids, asked, None),
        "recall_at_10_filtered": _recall(index, vectors, ids, asked, allowed),
        "recall_at_10_half": _recall(index, vectors, ids, asked, half),
        "baseline_exact_p95_ms": p95(exact),
        "ratio": quotient(p95(spent), p95(exact)),
        "build_s": round(build_s, 3),
    }, index.kind


def _recall(
    index: FaissVectors, vectors: Floats, ids: NDArray[np.int64], asked: Floats, allowed: NDArray[np.int64] | None
) -> float:
    """Share of the exact ten that the index finds."""
    among = ids if allowed is None else allowed
    rows = vectors if allowed is None else vectors[among]  # copied once: at a million rows a copy costs a second
    hits = 0
    for query in asked:
        best = _exact(rows, among, query)
        hits += len(best & {id_ for id_, _ in index.search(query, k=K, allowed=allowed)})
    return round(hits / (K * len(asked)), 4)


def _exact(vectors: Floats, ids: NDArray[np.int64], query: Floats) -> set[int]:
    scores = vectors @ query
    return set(ids[np.argpartition(-scores, K - 1)[:K]].tolist())


def _mixture(random: np.random.Generator, centres: Floats, n: int) -> Floats:
    chosen = centres[random.integers(len(centres), size=n)]
    noise = random.normal(scale=SPREAD / np.sqrt(DIMENSION), size=(n, DIMENSION)).astype(np.float32)
    return _unit(chosen + noise)


def _unit(rows: NDArray[np.floating]) -> Floats:
    scaled: Floats = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return scaled
