"""What sync knows of the files of a folder: state, version, and why one could not be read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select
from sqlalchemy.sql.elements import ColumnElement

from knowledge_base.tables import files


@dataclass(frozen=True, kw_only=True)
class FileRecords:
    """The rows of `files` of one folder; paths are relative to it."""

    engine: Engine
    root: Path

    def of(self, path: str) -> Row[Any] | None:
        """The row of a file; None for one that was never looked at."""
        query = select(files).where(*self._is(path))
        with self.engine.connect() as connection:
            return connection.execute(query).first()

    def all(self) -> Sequence[Row[Any]]:
        """The rows of all files known."""
        query = select(files).where(files.c.folder == str(self.root))
        with self.engine.connect() as connection:
            return connection.execute(query).all()

    def holding(self, version_id: str | None) -> set[str]:
        """Paths of this folder that hold the content; of other folders with their whole path."""
        query = select(files.c.folder, files.c.path).where(files.c.version_id == version_id)
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        return {row.path if row.folder == str(self.root) else os.path.join(row.folder, row.path) for row in rows}

    def put(
        self,
        connection: Connection,
        path: str,
        status: os.stat_result,
        version_id: str | None,
        reason: str | None = None,
    ) -> None:
        """Keep a file's state, what it holds and why it could not be read, in the caller's transaction."""
        connection.execute(delete(files).where(*self._is(path)))
        connection.execute(
            insert(files).values(
                folder=str(self.root),
                path=path,
                size_bytes=status.st_size,
                mtime_ns=status.st_mtime_ns,
                version_id=version_id,
                reason=reason,
            )
        )

    def remember(
        self, path: str, status: os.stat_result, version_id: str | None, forget: set[str] | None = None
    ) -> None:
        """Keep a file's state, and forget the paths where its content lay before."""
        with self.engine.begin() as connection:
            for old in forget or set():
                connection.execute(delete(files).where(*self._is(old)))
            self.put(connection, path, status, version_id)

    def remember_failure(self, path: str, reason: str) -> None:
        """Keep the reason with the file's state, so that a broken file also costs a stat next time."""
        try:
            status = (self.root / path).stat()
        except OSError:
            return
        known = self.of(path)
        with self.engine.begin() as connection:
            self.put(connection, path, status, known.version_id if known else None, reason)

    def forget(self, path: str) -> None:
        """Drop the row of a file that is gone."""
        with self.engine.begin() as connection:
            connection.execute(delete(files).where(*self._is(path)))

    def _is(self, path: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        return files.c.folder == str(self.root), files.c.path == path
