"""`tougu bench retrieval`: whole queries at size (filter, words, vectors, fusion), and what the vectors find."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.bench.measure import Progress, bench_result, p95, peak_mb, quotient, rss_mb, timed_ms
from eval.bench.retrieval_fixture import (
    CHUNKS_A_DOCUMENT,
    DIMENSION,
    DIRECTIONS,
    TERMS_A_CHUNK,
    TODAY,
    DrawnEncoder,
    Fixture,
    code_of,
    in_force,
    product_of_chunks,
    readable,
)
from eval.result import Figure, Result
from knowledge_base.access import Principal, Role, system_principal
from models.encoder import Vectors
from rag.index import SearchIndex
from rag.retrieve import Query, Retriever
from rag.settings import RagSettings
from serve.wiring import House

NAMES = {10_000: "10k", 100_000: "100k", 1_000_000: "1m"}
K = 10
EARLIER = 300  # other questions, asked before those that are timed: an index in use has been asked before
ALL, LABELS, PRODUCT = "", "_labels", "_product"  # what is let through: nine tenths, under half, one product
QUESTIONS = ("云岭稳健增利的管理费率是多少", "货币基金赎回几天到账", "听松短债过去一年净值增长率")
EVERYBODY = Principal(user_id="advisor", roles=frozenset({Role.ADVISOR}))


@dataclass(kw_only=True)
class _Exact:
    """The exact best ten of each question under one filter, kept while the blocks pass by."""

    ids: NDArray[np.int64]  # (questions, K)
    scores: NDArray[np.float32]

    def take(self, ids: NDArray[np.int64], scores: NDArray[np.float32], let: NDArray[np.bool_]) -> None:
        """Scores of shape (questions, n) of the block's n ids, of which `let`, (questions, n), are let through."""
        masked = np.where(let, scores, np.float32(-2))
        near = np.argpartition(-masked, min(K, masked.shape[1]) - 1, axis=1)[:, :K]
        every = np.concatenate([self.scores, np.take_along_axis(masked, near, axis=1)], axis=1)
        which = np.concatenate([self.ids, ids[near]], axis=1)
        best = np.argsort(-every, axis=1, kind="stable")[:, :K]
        self.ids, self.scores = np.take_along_axis(which, best, axis=1), np.take_along_axis(every, best, axis=1)


def bench_retrieval(house: House, *, sizes: Sequence[int], queries: int, progress: Progress) -> Result:
    """Queries of the product's retriever over a made index of each size; null where a size was not asked for.

    Query encoding is excluded from `query_p95_ms_*` and stated as `encode_ms`. The timed questions are asked of an
    index in use, after EARLIER others; `first_p95_ms` is of these, at the largest size: who is first to ask for a word
    since the index changed waits until its places have been read. Three filters: what is in force today, what
    somebody without labels may read of it (`_labels`), and one product of it (`_product`); `admitted*` is how many
    chunks each lets through, below 50,000 of which the search is exact. Recall of the vectors is against exact search
    by numpy, whose time at the largest size is the baseline; `recall_at_10_filtered` is the lower of the two narrower
    filters'. The fixture's vectors are not kept, so that `rss_mb` is what the index holds at the largest size. A query
    runs on one thread.
    """
    began = time.perf_counter()
    p95s: dict[str, Figure] = {f"query_p95_ms_{name}": None for name in NAMES.values()}
    other: dict[str, Figure] = {}
    kind = ""
    for size in sorted(sizes):
        with tempfile.TemporaryDirectory(prefix="tougu-bench-") as folder:
            found, kind = _measure(Path(folder), size, queries, progress)
        p95s |= {f"query_p95_ms_{NAMES.get(size, str(size))}{let}": found.pop(f"p95{let}") for let in _LETS}
        other = found
    progress(0, 1, "encoding")
    house.encoder.encode_queries(QUESTIONS[:1])
    encode = [timed_ms(lambda q=q: house.encoder.encode_queries([q])) for q in QUESTIONS * 5]  # type: ignore[misc]
    progress(1, 1, "")
    return bench_result(
        "retrieval",
        fixture=f"{CHUNKS_A_DOCUMENT} chunks a document of {TERMS_A_CHUNK} terms each; vectors of {DIMENSION} numbers, "
        f"mixture of {DIRECTIONS} directions; fixed seed",
        n=max(sizes),
        model={"encoder": house.encoder.name, "index": f"FTS5, FaissVectors ({kind})"},
        parameters={"sizes": list(sizes), "queries": queries, "k": K},
        metrics={**p95s, **other, "encode_ms": p95(encode), "peak_mb": peak_mb()},
        began=began,
    )


_LETS = (ALL, LABELS, PRODUCT)


def _measure(folder: Path, size: int, queries: int, progress: Progress) -> tuple[dict[str, Figure], str]:
    fixture = Fixture(size)
    asked, products = fixture.questions(queries), fixture.products(queries)
    earlier = fixture.questions(EARLIER)
    began = time.perf_counter()
    index, exact, exact_ms = _build(fixture, folder, asked, earlier, products, progress)
    progress(size, size, f"{size} chunks: vectors")
    index.align()
    build_s = time.perf_counter() - began - sum(exact_ms) / 1e3
    retriever = Retriever(index, index.encoder)
    found: dict[str, Figure] = {}
    recalls: list[float] = []
    progress(size, size, f"{size} chunks: first questions")
    found["first_p95_ms"] = _spent(retriever, [_query(text, "", ALL) for text in earlier])
    for let in _LETS:
        progress(size, size, f"{size} chunks: queries{let}")
        ask = [_query(text, code, let) for text, code in zip(asked, products, strict=True)]
        spent = _spent(retriever, ask)
        found[f"p95{let}"] = spent
        if let == ALL:
            found["ratio"] = quotient(spent, p95(exact_ms))
        recalls.append(_recall(retriever, ask, asked, exact[let]))
        found[f"recall_at_10{let}"] = recalls[-1]
        found[f"admitted{let}"] = len(index.allowed(retriever.narrow(*ask[0])))
    found |= {
        "recall_at_10_filtered": min(recalls[1:]),
        "baseline_exact_p95_ms": p95(exact_ms),
        "build_s": round(build_s, 1),
        "rss_mb": rss_mb(),
        "index_mb": round(sum(path.stat().st_size for path in folder.iterdir()) / 1e6),
    }
    kind = getattr(index._current_vectors(), "kind", "")
    index.close()
    return found, kind


def _build(
    fixture: Fixture,
    folder: Path,
    asked: dict[str, Vectors],
    earlier: dict[str, Vectors],
    products: Sequence[str],
    progress: Progress,
) -> tuple[SearchIndex, dict[str, _Exact], list[float]]:
    """The index, the exact ten of each question under each filter, and what numpy took for a question, ms."""
    vectors = np.stack(list(asked.values()))
    codes = np.array(products)
    blank = np.zeros((len(vectors), 0), dtype=np.int64), np.zeros((len(vectors), 0), dtype=np.float32)
    exact = {let: _Exact(ids=blank[0], scores=blank[1]) for let in _LETS}
    spent = np.zeros(len(vectors))
    index = SearchIndex(folder, DrawnEncoder(asked | earlier), RagSettings())
    for block in fixture.write(index):
        scores, took = _scored(block.vectors, vectors)
        spent += took
        of_product = np.array([code_of(int(one)) for one in product_of_chunks(block)])[None, :] == codes[:, None]
        open_, held = readable(block)[None, :], in_force(block)[None, :]
        for let, mask in ((ALL, held), (LABELS, open_), (PRODUCT, of_product & held)):
            exact[let].take(block.ids, scores, np.broadcast_to(mask, scores.shape))
        progress(int(block.ids[-1]), fixture.size, f"{fixture.size} chunks: written")
    return index, exact, spent.tolist()


def _scored(rows: Vectors, asked: Vectors) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Inner products of shape (questions, rows), and milliseconds a question: one at a time, as they are asked."""
    scores = np.empty((len(asked), len(rows)), dtype=np.float32)
    took = [timed_ms(lambda row=row, one=one: np.dot(rows, one, out=scores[row])) for row, one in enumerate(asked)]  # type: ignore[misc]
    return scores, np.array(took)


def _spent(retriever: Retriever, ask: Sequence[tuple[Query, Principal]]) -> float | None:
    return p95([timed_ms(lambda one=one: retriever.search(*one)) for one in ask])  # type: ignore[misc]


def _query(text: str, code: str, let: str) -> tuple[Query, Principal]:
    who = EVERYBODY if let == LABELS else system_principal()
    return Query(text=text, on=TODAY, product_codes=(code,) if let == PRODUCT else (), k=K), who


def _recall(
    retriever: Retriever, ask: Sequence[tuple[Query, Principal]], asked: dict[str, Vectors], exact: _Exact
) -> float:
    """Share of the exact ten that the vector index finds among what is let through."""
    hits = wanted = 0
    for row, (query, who) in enumerate(ask):
        allowed = retriever.index.allowed(retriever.narrow(query, who))
        best = {int(id_) for id_, score in zip(exact.ids[row], exact.scores[row], strict=True) if score > -2}
        found = retriever.index.search_vector(asked[query.text], k=K, allowed=allowed)
        hits, wanted = hits + len(best & {id_ for id_, _ in found}), wanted + len(best)
    return round(hits / max(1, wanted), 4)
