"""Hybrid retrieval: BM25 and dense hits of what this person may read today, fused by rank."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest

import numpy as np

from knowledge_base.access import Principal
from models.encoder import Encoder, Vectors
from models.reranker import Reranker
from rag.filter import Filter
from rag.index import SearchIndex
from rag.lexical import Hit
from rag.passage import Passage
from rag.settings import RagSettings

_MOST_PRODUCTS_APART = 6  # more are searched as one set


@dataclass(frozen=True, kw_only=True)
class Query:
    """What to look for. `product_codes` and `periods` narrow; documents without any stay in."""

    text: str
    on: date  # what is in force on this day
    product_codes: tuple[str, ...] = ()  # each is searched apart, the results take turns
    periods: tuple[str, ...] = ()  # preferred: other periods only fill up
    document_types: tuple[str, ...] = ()
    general: bool = False  # only documents that speak of no product
    k: int | None = None  # passages wanted; the setting when None


class Retriever:
    """Finds passages for a question."""

    def __init__(
        self,
        index: SearchIndex,
        encoder: Encoder,
        settings: RagSettings | None = None,
        *,
        reranker: Reranker | None = None,
    ) -> None:
        """`reranker` puts the first passages in order; without one they stay as fusion ranks them."""
        self.index = index
        self.reranker = reranker
        self.encoder = encoder
        self.settings = settings or index.settings

    def search(self, query: Query, principal: Principal) -> tuple[Passage, ...]:
        """The best passages, best first, at most k; none the principal may not read, none out of force."""
        k = query.k or self.settings.k
        vector = self.encoder.encode_queries([query.text])[0]
        narrow = self.narrow(query, principal)
        apart = [replace(narrow, product_codes=codes) for codes in _product_sets(query.product_codes)]
        lists = [self._of_product(query.text, vector, each, k) for each in apart]
        return _take_turns(lists)[:k]

    def with_neighbours(
        self, passages: Sequence[Passage], query: Query, principal: Principal, *, of: int = 2
    ) -> tuple[Passage, ...]:
        """The passages, and behind them the chunks before and after the first few of them."""
        narrow = self.narrow(query, principal)
        joined = {passage.chunk.id: passage for passage in passages}
        for passage in passages[:of]:
            chunk = passage.chunk
            for offset in (chunk.start - 2, chunk.end + 2):  # past the newline between chunks
                beside = self.index.chunk_at(chunk.version_id, offset, narrow)
                if beside is not None:
                    joined.setdefault(beside.id, Passage(chunk=beside, score=0.0))
        return tuple(joined.values())

    def narrow(self, query: Query, principal: Principal) -> Filter:
        """The filter a query stands for, on behalf of this principal."""
        return Filter(
            principal=principal,
            on=query.on,
            product_codes=query.product_codes,
            periods=query.periods,
            document_types=query.document_types,
            general=query.general,
        )

    def titles(self, query: Query, principal: Principal, *, limit: int = 5) -> tuple[str, ...]:
        """Titles that a search for this query looks at, for saying what was searched."""
        narrow = replace(self.narrow(query, principal), periods=())
        return self.index.store.titles(narrow, limit=limit)

    def periods(self, query: Query, principal: Principal) -> tuple[str, ...]:
        """Periods that the documents of the named products report on."""
        return self.index.store.periods(replace(self.narrow(query, principal), periods=()))

    def document_share(self, wanted: Sequence[str]) -> dict[str, float]:
        """How common terms are in the index, between 0 and 1."""
        return self.index.store.lexical.document_share(wanted)

    def size(self) -> int:
        """Chunks in the index."""
        return len(self.index.store.lexical)

    def _of_product(self, text: str, vector: Vectors, narrow: Filter, k: int) -> list[Passage]:
        """Passages of one product; other periods than the named fill up what is missing."""
        found = self._fused(text, vector, narrow)
        if narrow.periods and len(found) < k:
            have = {passage.chunk.id for passage in found}
            more = self._fused(text, vector, replace(narrow, periods=()))
            found += [passage for passage in more if passage.chunk.id not in have]
        return found

    def _fused(self, text: str, vector: Vectors, narrow: Filter) -> list[Passage]:
        allowed = self.index.allowed(narrow)
        if not len(allowed):
            return []
        many = self.settings.candidates
        ranked = (
            self.index.search_terms(text, k=many, allowed=allowed),
            self.index.search_vector(vector, k=many, allowed=allowed),
        )
        scores = reciprocal_rank_fusion(ranked, constant=self.settings.rrf_k)
        chunks = self.index.chunks(list(scores))
        passages = [
            Passage(chunk=chunk, score=scores[id_] * self._weight(chunk.product_codes, narrow))
            for id_, chunk in chunks.items()
        ]
        return self._reranked(text, sorted(passages, key=lambda passage: (-passage.score, passage.chunk.id)))

    def _reranked(self, text: str, passages: list[Passage]) -> list[Passage]:
        """The first passages as the reranker orders them, with the scores of the places they take."""
        head = passages[: self.settings.rerank]
        if self.reranker is None or len(head) < 2:
            return passages
        texts = [f"{passage.chunk.context}\n{passage.chunk.text}" for passage in head]
        order = np.argsort(-self.reranker.scores(text, texts), kind="stable")
        ordered = [replace(head[at], score=place.score) for at, place in zip(order, head, strict=True)]
        return [*ordered, *passages[len(head) :]]

    def _weight(self, codes: tuple[str, ...], narrow: Filter) -> float:
        """A general document may answer a question on a product, but behind the product's own."""
        return self.settings.codeless_weight if narrow.product_codes and not codes else 1.0


def reciprocal_rank_fusion(ranked: Iterable[Sequence[Hit]], *, constant: int) -> dict[int, float]:
    """Sum of 1 / (constant + rank) over the lists, by id (Cormack, Clarke, Buettcher 2009)."""
    scores: dict[int, float] = {}
    for hits in ranked:
        for rank, (id_, _) in enumerate(hits, start=1):
            scores[id_] = scores.get(id_, 0.0) + 1.0 / (constant + rank)
    return scores


def _product_sets(codes: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not codes or len(codes) > _MOST_PRODUCTS_APART:
        return [codes]
    return [(code,) for code in dict.fromkeys(codes)]


def _take_turns(lists: Sequence[Sequence[Passage]]) -> tuple[Passage, ...]:
    """First of each list, then second of each, a chunk once only."""
    seen: dict[str, Passage] = {}
    for turn in zip_longest(*lists):
        for passage in turn:
            if passage is not None:
                seen.setdefault(passage.chunk.id, passage)
    return tuple(seen.values())
