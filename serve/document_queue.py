"""Documents through the job queue: one row a file, so that a killed worker loses none and a bad one stops none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.errors import PoisonJobError
from knowledge_base.document import DocumentStatus
from knowledge_base.errors import SyncError
from knowledge_base.sync import documents_in, sync_file
from knowledge_base.sync_files import SyncRow
from serve.users import OPERATOR

if TYPE_CHECKING:
    from jobs.worker import Task
    from serve.wiring import House

DOCUMENTS = "documents"
DAYS = ("effective_from", "effective_to", "published_on", "retain_until")


class DocumentQueue:
    """Puts files before the worker; a file that waits, or was done and has not changed since, is not put twice."""

    def __init__(self, house: House) -> None:
        self._house = house

    def put_folder(self, folder: Path) -> tuple[str, ...]:
        """A row for each document of a folder; returns the ids. Raises SyncError where too many wait already."""
        root, found = documents_in(folder)
        return tuple(self.put(root, path) for path in found)

    def put(
        self, root: Path, path: str, stated: Mapping[str, Any] | None = None, *, started_by: str | None = None
    ) -> str:
        """One file; `stated` are catalog fields that win over what the document says of itself (days in ISO form).

        Raises SyncError where too many wait already.
        """
        waiting, most = self._house.jobs.counts(DOCUMENTS).open, self._house.settings.knowledge.max_waiting
        if waiting >= most:
            raise SyncError(f"{waiting} documents wait already; let `tougu worker` catch up, or raise max_waiting.")
        status = (root / path).stat()
        seen = f"{root}\0{path}\0{status.st_size}\0{status.st_mtime_ns}\0{sorted((stated or {}).items())}"
        key = hashlib.sha256(seen.encode()).hexdigest()
        return self._house.jobs.enqueue(
            DOCUMENTS, key, {"folder": str(root), "path": path, "stated": dict(stated or {})}, started_by=started_by
        )


class DocumentHandler:
    """The work of one file: parsed, staged, indexed, committed. Run twice it comes to the same."""

    def __init__(self, house: House) -> None:
        self._house = house

    def __call__(self, task: Task) -> dict[str, Any]:
        house, payload = self._house, task.job.payload
        if task.job.attempts > 1:  # a worker that was killed may have left in the index what the catalogue retired
            house.reconcile_index(principal=OPERATOR)
        row = sync_file(
            Path(payload["folder"]),
            payload["path"],
            catalog=house.catalog,
            indexer=house.index,
            principal=OPERATOR,
            settings=house.settings.knowledge,
            instructs=house.instructions.instructs,
            stated=stated_fields(payload["stated"]),
        )
        _raise_failure(row)
        house.find_conflicts(principal=OPERATOR)
        house.learn_names()
        return {"outcome": row.outcome, "version_id": row.version_id, "warnings": list(row.warnings)}


def stated_fields(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Catalog fields from JSON: days, labels and status as the catalog has them."""
    fields = dict(raw)
    for name in DAYS:
        if fields.get(name):
            fields[name] = date.fromisoformat(fields[name])
    if "labels" in fields:
        fields["labels"] = tuple(fields["labels"])
    if "status" in fields:
        fields["status"] = DocumentStatus(fields["status"])
    return fields


def _raise_failure(row: SyncRow) -> None:
    """What cannot get better by itself is put aside at once, with its reason; the rest is tried again."""
    if row.outcome == "failed" and row.again:
        raise SyncError(row.reason or "")
    if row.outcome == "failed":
        raise PoisonJobError(row.reason or "")
