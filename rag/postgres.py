"""Both indexes in PostgreSQL: vectors by pgvector, terms by tsvector; for several machines over one database.

Rows hold copies: the truth is the chunk table of the index folder, and what is missing or too much here is brought
into line with it by comparing ids. `index_id` is that folder's own name, so that several share the two tables.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from models.encoder import Vectors
from rag.errors import IndexUnreadableError
from rag.lexical import Hit, Ids, LexicalEntry
from rag.tokens import question_terms, terms
from rag.vectors import EXACT_BELOW

HNSW_FROM = 30_000  # vectors; below it looking at each of them is as fast
BATCH = 1_000
CONTEXT_WEIGHT = 0.8  # of a term in front of a chunk, as in the FTS5 index
_K1, _B = 1.2, 0.75
_MANY_CHUNKS = 20_000  # a term in more chunks than this tells little and costs most
_KEEP_TERMS = 3
_MOST_POSITION, _MOST_POSITIONS = 16_383, 255  # bounds of a tsvector


class PgVectors:
    """pgvector: exact to 30,000 vectors or where a filter lets few through, else HNSW with an iterative scan."""

    def __init__(
        self,
        engine: Engine,
        dimension: int,
        index_id: str,
        *,
        hnsw_from: int = HNSW_FROM,
        exact_below: int = EXACT_BELOW,
    ) -> None:
        """Make the table of this dimension. Raises IndexUnreadableError where the server has no pgvector."""
        self._engine, self._index_id = engine, index_id
        self._table = f"tougu_vectors_{int(dimension)}"
        self._hnsw_from, self._exact_below = hnsw_from, exact_below
        with _translated("pgvector"), engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(7086471927)"))
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
            connection.execute(
                text(
                    f"CREATE TABLE IF NOT EXISTS {self._table} (index_id text NOT NULL, id bigint NOT NULL, "
                    f"vector vector({int(dimension)}) NOT NULL, PRIMARY KEY (index_id, id))"
                )
            )

    def add(self, ids: Ids, vectors: Vectors) -> None:
        if len(np.unique(ids)) != len(ids) or np.isin(ids, self.ids()).any():
            raise ValueError("an id that is in the index cannot be added again: remove it first")
        insert = text(f"INSERT INTO {self._table} VALUES (:of, :id, CAST(:vector AS vector)) ON CONFLICT DO NOTHING")
        with _translated("pgvector"), self._engine.begin() as connection:
            for at in range(0, len(ids), BATCH):
                rows = zip(ids[at : at + BATCH].tolist(), vectors[at : at + BATCH], strict=True)
                values = [{"of": self._index_id, "id": id_, "vector": _literal(vector)} for id_, vector in rows]
                connection.execute(insert, values)
            if self._count(connection) >= self._hnsw_from:
                connection.execute(
                    text(
                        f"CREATE INDEX IF NOT EXISTS {self._table}_hnsw ON {self._table} "
                        "USING hnsw (vector vector_ip_ops)"
                    )
                )

    def remove(self, ids: Ids) -> None:
        if len(ids):
            with _translated("pgvector"), self._engine.begin() as connection:
                gone = text(f"DELETE FROM {self._table} WHERE index_id = :of AND id = ANY(:ids)")
                connection.execute(gone, {"of": self._index_id, "ids": ids.tolist()})

    def search(self, vector: Vectors, *, k: int, allowed: Ids | None = None) -> list[Hit]:
        if allowed is not None and not len(allowed):
            return []
        narrow = "" if allowed is None else "AND id = ANY(:ids)"
        query = text(
            f"SELECT id, -(vector <#> CAST(:vector AS vector)) AS score FROM {self._table} "
            f"WHERE index_id = :of {narrow} ORDER BY vector <#> CAST(:vector AS vector) LIMIT :k"
        )
        values = {"of": self._index_id, "vector": _literal(vector), "k": k}
        if allowed is not None:
            values["ids"] = allowed.tolist()
        with _translated("pgvector"), self._engine.begin() as connection:
            self._plan(connection, k, allowed)
            found = [(int(row.id), float(row.score)) for row in connection.execute(query, values)]
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))

    def ids(self) -> Ids:
        query = text(f"SELECT id FROM {self._table} WHERE index_id = :of ORDER BY id")
        with _translated("pgvector"), self._engine.connect() as connection:
            return np.array(connection.execute(query, {"of": self._index_id}).scalars().all(), dtype=np.int64)

    def _count(self, connection: Connection) -> int:
        return int(connection.execute(text(f"SELECT count(*) FROM {self._table}")).scalar_one())

    def _plan(self, connection: Connection, k: int, allowed: Ids | None) -> None:
        """Exact where few are let through; else the graph, which goes on until it has found k that are allowed."""
        if allowed is not None and len(allowed) < self._exact_below:
            connection.execute(text("SET LOCAL enable_indexscan = off"))
            return
        connection.execute(text(f"SET LOCAL hnsw.ef_search = {min(1000, max(100, 2 * int(k)))}"))
        connection.execute(text("SET LOCAL hnsw.iterative_scan = strict_order"))


class PgLexical:
    """tsvector of the product's own terms (the `simple` configuration: nothing is stemmed or dropped), ranked by BM25.

    PostgreSQL's own ranking knows no rarity of terms, so that counts are taken from the tsvector and weighed here.
    """

    def __init__(self, engine: Engine, index_id: str) -> None:
        self._engine, self._index_id = engine, index_id
        with _translated("full-text search"), engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(7086471927)"))
            connection.execute(
                text(
                    "CREATE TABLE IF NOT EXISTS tougu_terms (index_id text NOT NULL, id bigint NOT NULL, "
                    "length int NOT NULL, terms tsvector NOT NULL, PRIMARY KEY (index_id, id))"
                )
            )
            connection.execute(text("CREATE INDEX IF NOT EXISTS tougu_terms_gin ON tougu_terms USING gin (terms)"))

    def add(self, entries: Sequence[LexicalEntry]) -> None:
        if not entries:
            return
        insert = text(
            "INSERT INTO tougu_terms VALUES (:of, :id, :length, CAST(:terms AS tsvector)) ON CONFLICT DO NOTHING"
        )
        with _translated("full-text search"), self._engine.begin() as connection:
            connection.execute(insert, [self._values(entry) for entry in entries])

    def remove(self, ids: Sequence[int]) -> None:
        if len(ids):
            gone = text("DELETE FROM tougu_terms WHERE index_id = :of AND id = ANY(:ids)")
            with _translated("full-text search"), self._engine.begin() as connection:
                connection.execute(gone, {"of": self._index_id, "ids": [int(id_) for id_ in ids]})

    def search(self, question: str, *, k: int, allowed: Ids | None = None, names: Sequence[str] = ()) -> list[Hit]:
        counts = self._document_counts(list(dict.fromkeys([*question_terms(question), *names])))
        wanted = _telling(counts)
        if not wanted or (allowed is not None and not len(allowed)):
            return []
        total, mean = self._size()
        found: dict[int, float] = defaultdict(float)
        for id_, term, times, length in self._held(wanted, allowed):
            norm = _K1 * (1 - _B + _B * length / mean)
            rarity = max(1e-6, math.log((total - counts[term] + 0.5) / (counts[term] + 0.5)))
            found[id_] += rarity * times * (_K1 + 1) / (times + norm)
        return sorted(found.items(), key=lambda hit: (-hit[1], hit[0]))[:k]

    def document_share(self, wanted: Sequence[str]) -> dict[str, float]:
        total = max(1, len(self))
        return {term: held / total for term, held in self._document_counts(wanted).items()}

    def ids(self) -> Ids:
        """Every id, sorted."""
        query = text("SELECT id FROM tougu_terms WHERE index_id = :of ORDER BY id")
        with _translated("full-text search"), self._engine.connect() as connection:
            return np.array(connection.execute(query, {"of": self._index_id}).scalars().all(), dtype=np.int64)

    def __len__(self) -> int:
        return self._size()[0]

    def _values(self, entry: LexicalEntry) -> dict[str, object]:
        context, body = terms(entry.context), [*terms(entry.text), *entry.names]
        return {
            "of": self._index_id, "id": entry.id, "length": len(context) + len(body),
            "terms": _tsvector(context, body),
        }  # fmt: skip

    def _size(self) -> tuple[int, float]:
        query = text("SELECT count(*), coalesce(avg(length), 1) FROM tougu_terms WHERE index_id = :of")
        with _translated("full-text search"), self._engine.connect() as connection:
            count, mean = connection.execute(query, {"of": self._index_id}).one()
        return int(count), max(1.0, float(mean))

    def _document_counts(self, wanted: Sequence[str]) -> dict[str, int]:
        query = text("SELECT count(*) FROM tougu_terms WHERE index_id = :of AND terms @@ CAST(:term AS tsquery)")
        with _translated("full-text search"), self._engine.connect() as connection:
            return {
                term: int(connection.execute(query, {"of": self._index_id, "term": _quoted(term)}).scalar_one())
                for term in wanted
            }

    def _held(self, wanted: Sequence[str], allowed: Ids | None) -> list[tuple[int, str, float, int]]:
        """Chunk, term, weighted count and length of the chunk, of the chunks that hold any of the terms."""
        narrow = "" if allowed is None else "AND t.id = ANY(:ids)"
        query = text(
            "SELECT t.id, u.lexeme, t.length, u.weights FROM tougu_terms t, unnest(t.terms) u "
            f"WHERE t.index_id = :of AND t.terms @@ CAST(:any AS tsquery) {narrow} AND u.lexeme = ANY(:terms)"
        )
        values: dict[str, object] = {
            "of": self._index_id, "any": " | ".join(map(_quoted, wanted)), "terms": list(wanted),
        }  # fmt: skip
        if allowed is not None:
            values["ids"] = allowed.tolist()
        with _translated("full-text search"), self._engine.connect() as connection:
            rows = connection.execute(query, values).all()
        return [(int(row.id), str(row.lexeme), _weighted(row.weights), int(row.length)) for row in rows]


def _weighted(weights: Sequence[str]) -> float:
    """A is what stands in front of a chunk, D its text."""
    return sum(CONTEXT_WEIGHT if weight == "A" else 1.0 for weight in weights)


def _tsvector(context: Sequence[str], body: Sequence[str]) -> str:
    """The literal of a tsvector; every occurrence is a position of its own, context at weight A."""
    places: dict[str, list[str]] = defaultdict(list)
    taken: Counter[str] = Counter()
    for weight, found in (("A", context), ("", body)):
        for term in found:
            if taken[term] < _MOST_POSITIONS:
                taken[term] += 1
                places[term].append(f"{min(_MOST_POSITION, taken[term])}{weight}")
    return " ".join(f"{_quoted(term)}:{','.join(where)}" for term, where in places.items())


def _quoted(term: str) -> str:
    doubled = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


def _literal(vector: Vectors) -> str:
    return f"[{','.join(f'{float(number):.7g}' for number in vector)}]"


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise IndexUnreadableError(
            f"The {what} index in PostgreSQL cannot be used ({reason}): install the extension, let an administrator "
            "run CREATE EXTENSION vector, or set rag.vectors and rag.lexical back"
        ) from error


def _telling(counts: Mapping[str, int]) -> list[str]:
    """Known terms by how many chunks hold them, rarest first; those in very many only while few others are left."""
    known = sorted((term for term, held in counts.items() if held), key=lambda term: counts[term])
    return [term for at, term in enumerate(known) if at < _KEEP_TERMS or counts[term] <= _MANY_CHUNKS]
