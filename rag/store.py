"""The index folder's own SQLite file: chunk rows, their terms and their vectors, one transaction each."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from knowledge_base.document import DocumentVersion
from models.encoder import Vectors
from rag.errors import IndexUnreadableError
from rag.filter import Filter, conditions, ids_of
from rag.lexical import FtsLexical, Ids, LexicalEntry
from rag.names import CatalogueWords
from rag.passage import Chunk
from rag.rows import CHUNK_COLUMNS, chunk_of, chunk_row, iso

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS versions (
        no INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, document_id TEXT NOT NULL,
        title TEXT NOT NULL, document_type TEXT NOT NULL, period TEXT,
        effective_from TEXT, effective_to TEXT, content_key TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS version_codes (
        no INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE, code TEXT NOT NULL,
        PRIMARY KEY (no, code)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS version_labels (
        no INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE, label TEXT NOT NULL,
        PRIMARY KEY (no, label)) WITHOUT ROWID""",
    # AUTOINCREMENT: an id is never used twice, so a stale vector can never stand for another chunk
    """CREATE TABLE IF NOT EXISTS chunks (
        id INTEGER PRIMARY KEY AUTOINCREMENT, no INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
        ordinal INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, page INTEGER, anchor TEXT,
        context TEXT NOT NULL, text TEXT NOT NULL, tables TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS chunks_no ON chunks (no)",
    """CREATE TABLE IF NOT EXISTS vectors (
        id INTEGER PRIMARY KEY REFERENCES chunks ON DELETE CASCADE, vector BLOB NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS version_codes_code ON version_codes (code)",
    "CREATE TABLE IF NOT EXISTS catalogue_names (name TEXT PRIMARY KEY) WITHOUT ROWID",
    *FtsLexical.CREATE,
)
_LAYOUT = 3  # raise with the schema: what is missing in an older file is made when it is opened


class ChunkStore:
    """Rows of chunks.sqlite3. One connection a thread; a write is one immediate transaction."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "chunks.sqlite3"
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._spans: tuple[str, dict[int, tuple[int, int]]] | None = None
        self._words: tuple[str, CatalogueWords] | None = None
        self.lexical = FtsLexical(self.connection)

    def connection(self) -> sqlite3.Connection:
        """This thread's connection. Raises IndexUnreadableError when the file cannot be opened."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            with _translated(self.path):
                found = self._open()
            self._local.connection = found
            self._opened.append(found)
        return found

    def close(self) -> None:
        for connection in self._opened:
            connection.close()
        self._opened.clear()
        self._local = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; readers see the state before until it commits."""
        connection = self.connection()
        with _translated(self.path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def meta(self, key: str) -> str | None:
        row = self.connection().execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def content_key(self, version_id: str) -> str | None:
        """The key the version's chunks were made under; None when it is not indexed."""
        row = self.connection().execute("SELECT content_key FROM versions WHERE id = ?", (version_id,))
        found = row.fetchone()
        return str(found[0]) if found else None

    def version_ids(self) -> set[str]:
        return {str(row[0]) for row in self.connection().execute("SELECT id FROM versions")}

    def insert(
        self,
        connection: sqlite3.Connection,
        version: DocumentVersion,
        chunks: Sequence[Chunk],
        vectors: Vectors,
        key: str,
    ) -> None:
        """Write a version with its chunks, terms and vectors inside the caller's transaction."""
        no = connection.execute(
            "INSERT INTO versions (id, document_id, title, document_type, content_key) VALUES (?, ?, ?, ?, ?)",
            (version.id, version.document_id, version.title, version.document_type, key),
        ).lastrowid
        self.describe(connection, version)
        for chunk, vector in zip(chunks, vectors, strict=True):
            id_ = connection.execute(
                'INSERT INTO chunks (no, ordinal, start, "end", page, anchor, context, text, tables) '
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (no, int(chunk.id.rpartition("#")[2]), *chunk_row(chunk)),
            ).lastrowid
            blob = np.asarray(vector, dtype="<f4").tobytes()
            connection.execute("INSERT INTO vectors (id, vector) VALUES (?, ?)", (id_, blob))
            self.lexical.add([self.entry(int(id_ or 0), chunk.context, chunk.text)])

    def describe(self, connection: sqlite3.Connection, version: DocumentVersion) -> None:
        """Write what the catalog says of an indexed version: validity, labels, codes, period."""
        connection.execute(
            "UPDATE versions SET document_id = ?, title = ?, document_type = ?, period = ?, "
            "effective_from = ?, effective_to = ? WHERE id = ?",
            (
                version.document_id,
                version.title,
                version.document_type,
                version.period,
                iso(version.effective_from),
                iso(version.effective_to),
                version.id,
            ),
        )
        no = connection.execute("SELECT no FROM versions WHERE id = ?", (version.id,)).fetchone()[0]
        for table, column, values in (
            ("version_codes", "code", version.product_codes),
            ("version_labels", "label", version.labels),
        ):
            connection.execute(f"DELETE FROM {table} WHERE no = ?", (no,))
            rows = [(no, value) for value in dict.fromkeys(values)]
            connection.executemany(f"INSERT INTO {table} (no, {column}) VALUES (?, ?)", rows)

    def delete(self, connection: sqlite3.Connection, version_id: str) -> None:
        """Delete a version with everything of it; unknown ids are ignored."""
        ids = connection.execute(
            "SELECT c.id FROM chunks c JOIN versions v ON v.no = c.no WHERE v.id = ?", (version_id,)
        ).fetchall()
        self.lexical.remove([row[0] for row in ids])
        connection.execute("DELETE FROM versions WHERE id = ?", (version_id,))

    def touch(self, connection: sqlite3.Connection) -> None:
        """Count a change, so that other processes notice."""
        now = datetime.now(UTC).isoformat()
        _set_meta(connection, "generation", str(int(self.meta("generation") or 0) + 1))
        _set_meta(connection, "updated_at", now)

    def set_meta(self, connection: sqlite3.Connection, key: str, value: str) -> None:
        _set_meta(connection, key, value)

    def entry(self, id_: int, context: str, text: str) -> LexicalEntry:
        """What is searched of a chunk, the catalogue's names in it marked."""
        return LexicalEntry(id=id_, context=context, text=text, names=self.words().found(f"{context}\n{text}"))

    def words(self) -> CatalogueWords:
        """The names that are terms of their own, as they were last learnt by any process."""
        learnt = self.meta("names") or ""
        if self._words is None or self._words[0] != learnt:
            rows = self.connection().execute("SELECT name FROM catalogue_names")
            self._words = (learnt, CatalogueWords(str(row[0]) for row in rows))
        return self._words[1]

    def learn(self, connection: sqlite3.Connection, names: Iterable[str]) -> list[int]:
        """Take these for the catalogue's names; returns the chunks whose terms that changed, already written anew."""
        new, old = CatalogueWords(names), self.words()
        changed = CatalogueWords(new.names ^ old.names)
        if not changed.names:
            return []
        connection.execute("DELETE FROM catalogue_names")
        connection.executemany("INSERT INTO catalogue_names (name) VALUES (?)", [(name,) for name in new.names])
        self.set_meta(connection, "names", secrets.token_hex(8))
        rows = connection.execute("SELECT id, context, text FROM chunks")
        touched = [row for row in rows if changed.found(f"{row[1]}\n{row[2]}")]
        self.lexical.remove([row[0] for row in touched])
        self.lexical.add([self.entry(*row) for row in touched])
        return [row[0] for row in touched]

    def allowed(self, narrow: Filter) -> Ids:
        """Ids of the chunks a search may look at, sorted."""
        where, values = conditions(narrow)
        spans = self._chunk_spans()
        rows = self.connection().execute(f"SELECT v.no FROM versions v WHERE {where}", values)
        return ids_of([spans[no] for (no,) in rows if no in spans])

    def _chunk_spans(self) -> dict[int, tuple[int, int]]:
        """First and last chunk id of each version, which a transaction writes in one go: kept until the next change."""
        generation = self.meta("generation") or "0"
        held = self._spans
        if held is None or held[0] != generation:
            rows = self.connection().execute("SELECT no, min(id), max(id) FROM chunks GROUP BY no")
            held = self._spans = (generation, {no: (first, last) for no, first, last in rows})
        return held[1]

    def titles(self, narrow: Filter, *, limit: int) -> tuple[str, ...]:
        """Titles a search may look at, latest period first."""
        where, values = conditions(narrow)
        rows = self.connection().execute(
            f"SELECT DISTINCT v.title FROM versions v WHERE {where} ORDER BY v.period DESC, v.title LIMIT :limit",
            {**values, "limit": limit},
        )
        return tuple(str(row[0]) for row in rows)

    def chunks(self, ids: Sequence[int]) -> dict[int, Chunk]:
        """Chunks by id; an id that was deleted meanwhile is missing."""
        rows = self.connection().execute(
            f"SELECT {CHUNK_COLUMNS} "
            "FROM chunks c JOIN versions v ON v.no = c.no "
            "WHERE c.id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
        return {row[0]: chunk_of(row) for row in rows}

    def chunk_at(self, version_id: str, offset: int, narrow: Filter) -> Chunk | None:
        """The allowed chunk of a version that holds the character at `offset`."""
        where, values = conditions(narrow)
        row = self.connection().execute(
            f"SELECT {CHUNK_COLUMNS} FROM chunks c JOIN versions v ON v.no = c.no "
            f'WHERE v.id = :version AND c.start <= :offset AND c."end" > :offset AND {where}',
            {**values, "version": version_id, "offset": offset},
        )
        found = row.fetchone()
        return chunk_of(found) if found else None

    def chunk_with(self, version_id: str, words: str, narrow: Filter) -> Chunk | None:
        """The first allowed chunk of a version whose text holds these words as they stand."""
        where, values = conditions(narrow)
        row = self.connection().execute(
            f"SELECT {CHUNK_COLUMNS} FROM chunks c JOIN versions v ON v.no = c.no "
            f"WHERE v.id = :version AND instr(c.text, :words) > 0 AND {where} ORDER BY c.start LIMIT 1",
            {**values, "version": version_id, "words": words},
        )
        found = row.fetchone()
        return chunk_of(found) if found else None

    def periods(self, narrow: Filter) -> tuple[str, ...]:
        """Periods that the allowed documents of the products asked for report on."""
        where, values = conditions(narrow)
        rows = self.connection().execute(
            f"SELECT DISTINCT v.period FROM versions v WHERE v.period IS NOT NULL AND {where} ORDER BY v.period", values
        )
        return tuple(str(row[0]) for row in rows)

    def vector_ids(self) -> Ids:
        rows = self.connection().execute("SELECT id FROM vectors ORDER BY id")
        return np.array([row[0] for row in rows], dtype=np.int64)

    def vector_blobs(self, ids: Ids) -> Iterator[tuple[int, bytes]]:
        rows = self.connection().execute(
            "SELECT id, vector FROM vectors WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
            (json.dumps(ids.tolist()),),
        )
        yield from rows

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        if connection.execute("PRAGMA user_version").fetchone()[0] < _LAYOUT:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('id', ?)", (secrets.token_hex(4),))
            connection.execute(f"PRAGMA user_version = {_LAYOUT}")
            connection.execute("COMMIT")
        return connection


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise IndexUnreadableError(
            f"The search index {path} cannot be used ({error}): check the folder's rights and free space, "
            "or delete the folder and sync again"
        ) from error


def _set_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))
