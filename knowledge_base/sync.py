"""Bring a folder of documents into the catalog and the index, and keep the two in agreement.

Order makes it safe against a kill at any point: a version is staged (nobody sees it), indexed, and
only then committed together with the row of its file; what a kill leaves behind is done again or
removed by `reconcile`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge_base.access import Principal
from knowledge_base.catalog import WRITERS, Catalog
from knowledge_base.errors import SyncError
from knowledge_base.parse import EXTENSIONS, REFUSED
from knowledge_base.settings import KnowledgeBaseSettings
from knowledge_base.sync_files import ALL_DOCUMENTS, FileSync
from knowledge_base.sync_files import Indexer as Indexer
from knowledge_base.sync_files import Instructs as Instructs
from knowledge_base.sync_files import SyncRow as SyncRow

_NAMED = EXTENSIONS | REFUSED.keys()  # an old format is a row that says so, anything else is no document
Progress = Callable[[int, int, str], None]  # files done, files in all, path


@dataclass(frozen=True, kw_only=True)
class SyncReport:
    """A row per file, in the order of their paths."""

    folder: str
    rows: tuple[SyncRow, ...]

    def count(self, outcome: str) -> int:
        return sum(1 for row in self.rows if row.outcome == outcome)

    @property
    def failed(self) -> tuple[SyncRow, ...]:
        return tuple(row for row in self.rows if row.outcome == "failed")


@dataclass(frozen=True, kw_only=True)
class ReconcileReport:
    """Versions put back into the index, and versions taken out of it."""

    indexed_again: tuple[str, ...]
    removed: tuple[str, ...]


def sync_folder(
    folder: Path,
    *,
    catalog: Catalog,
    indexer: Indexer,
    principal: Principal,
    progress: Progress | None = None,
    delete: bool = False,
    settings: KnowledgeBaseSettings | None = None,
    instructs: Instructs | None = None,
) -> SyncReport:
    """Add what is new or changed; with `delete`, withdraw what is gone. Unchanged files cost a stat.

    A document in which `instructs` finds an instruction to a model is kept as text, with a warning.
    A file that fails is a row of the report and the rest goes on. Raises SyncError when the folder
    itself cannot be read, AccessDeniedError when the principal may not store documents.
    """
    principal.require("sync documents", *WRITERS)
    root = _readable_folder(folder)
    reconcile(catalog=catalog, indexer=indexer, principal=principal)
    job = FileSync(
        root=root,
        catalog=catalog,
        indexer=indexer,
        principal=principal,
        settings=settings or KnowledgeBaseSettings(),
        instructs=instructs,
    )
    found = list(_walk(root))
    job.present = {path for path, reason in found if reason is None}
    rows = []
    for number, (path, reason) in enumerate(found, start=1):
        rows.append(SyncRow(path=path, outcome="failed", reason=reason) if reason else job.one(path))
        if progress is not None:
            progress(number, len(found), path)
    if delete:
        rows += job.remove_missing()
    return SyncReport(folder=str(root), rows=tuple(sorted(rows, key=lambda row: row.path)))


def sync_file(
    folder: Path,
    path: str,
    *,
    catalog: Catalog,
    indexer: Indexer,
    principal: Principal,
    settings: KnowledgeBaseSettings | None = None,
    instructs: Instructs | None = None,
    stated: Mapping[str, Any] | None = None,
) -> SyncRow:
    """Bring one file of a folder into catalog and index; running it twice comes to the same.

    `stated` holds fields of Metadata that win over what the document says of itself. Raises SyncError when the folder
    cannot be read, AccessDeniedError.
    """
    principal.require("sync documents", *WRITERS)
    root, present = documents_in(folder)
    job = FileSync(
        root=root,
        catalog=catalog,
        indexer=indexer,
        principal=principal,
        settings=settings or KnowledgeBaseSettings(),
        instructs=instructs,
        stated=stated or {},
        present=set(present),
    )
    return job.one(path)


def documents_in(folder: Path) -> tuple[Path, tuple[str, ...]]:
    """The folder's absolute path, and the documents in it. Raises SyncError when it cannot be read."""
    root = _readable_folder(folder)
    return root, tuple(path for path, reason in _walk(root) if reason is None)


def reconcile(*, catalog: Catalog, indexer: Indexer, principal: Principal) -> ReconcileReport:
    """Make the index hold exactly the versions that the catalog calls committed and searchable.

    It works on all documents, whatever labels the principal holds.
    """
    principal.require("reconcile the index", *WRITERS)
    wanted = catalog.indexed_ids(principal=ALL_DOCUMENTS)
    held = indexer.version_ids()
    for version_id in sorted(held - wanted):
        indexer.remove(version_id)
    again = []
    for version_id in sorted(wanted - held):
        indexer.add(
            catalog.version(version_id, principal=ALL_DOCUMENTS),
            catalog.parsed(version_id, principal=ALL_DOCUMENTS),
        )
        again.append(version_id)
    return ReconcileReport(indexed_again=tuple(again), removed=tuple(sorted(held - wanted)))


def _readable_folder(folder: Path) -> Path:
    try:
        root = folder.resolve(strict=True)
        os.scandir(root).close()
    except OSError as error:
        raise SyncError(
            f"The folder {folder} cannot be read ({error.strerror}); check the path and its permissions."
        ) from error
    return root


def _walk(root: Path) -> Iterator[tuple[str, str | None]]:
    """Files of known kinds (path, None), and (path, reason) for what cannot be entered or looped."""
    problems: list[tuple[str, str]] = []
    visited: set[tuple[int, int]] = set()

    def failed(error: OSError) -> None:
        name = os.path.relpath(str(error.filename), root)
        problems.append((name, f"The folder cannot be read ({error.strerror}); give read permission."))

    for current, folders, names in os.walk(root, followlinks=True, onerror=failed):
        status = os.stat(current)
        if (status.st_dev, status.st_ino) in visited:
            problems.append((os.path.relpath(current, root), "A link leads back to a folder already read."))
            folders.clear()
            continue
        visited.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if Path(name).suffix.lower() in _NAMED and not name.startswith((".", "~$")):
                yield os.path.relpath(os.path.join(current, name), root), None
    yield from problems
