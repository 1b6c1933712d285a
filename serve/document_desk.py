"""Documents as an editor sees and brings them: list, preview, upload, history; with the rights of one person."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledge_base.describe import describe
from knowledge_base.document import DocumentVersion, ParsedDocument
from knowledge_base.errors import EditorError, UnknownVersionError
from knowledge_base.metadata import Metadata
from knowledge_base.parse import EXTENSIONS, parse_bytes
from serve.document_queue import DOCUMENTS
from serve.job_desk import started_by
from serve.knowledge_desk import EDITORS
from serve.ways.documents import ADDED

if TYPE_CHECKING:
    from jobs.leases import Job
    from knowledge_base.access import Principal
    from serve.wiring import House

_EMPTY = ParsedDocument(title="", text="", blocks=())


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a file would become."""

    metadata: Metadata
    parsed: ParsedDocument
    instructs: bool  # holds an instruction to a model: it stays text and is never quoted


@dataclass(frozen=True, kw_only=True)
class OpenedVersion:
    """A version with its history."""

    version: DocumentVersion
    metadata: Metadata
    parsed: ParsedDocument
    versions: tuple[DocumentVersion, ...]  # of the same document, the newest first, itself included
    facts: int
    erased: bool


class DocumentDesk:
    """What one editor does with documents. Every method raises AccessDeniedError for who is none."""

    def __init__(self, house: House, principal: Principal) -> None:
        self._house, self._principal = house, principal

    def list(self, words: str = "", *, status: str = "", limit: int = 200) -> tuple[DocumentVersion, ...]:
        """Versions whose title, path or codes hold the words, the newest first."""
        self._require()
        found = self._house.catalog.versions(principal=self._principal)
        kept = (version for version in found if not status or version.status == status)
        asked = words.strip().lower()
        matching = [v for v in kept if asked in f"{v.title}\0{v.path}\0{' '.join(v.product_codes)}".lower()]
        return tuple(matching[:limit])

    def open(self, version_id: str) -> OpenedVersion:
        """Raises UnknownVersionError."""
        self._require()
        house, principal = self._house, self._principal
        version = house.catalog.version(version_id, principal=principal)
        erased = house.catalog.is_erased(version_id)
        return OpenedVersion(
            version=version,
            metadata=house.catalog.metadata(version_id, principal=principal),
            parsed=_EMPTY if erased else house.catalog.parsed(version_id, principal=principal),
            versions=house.catalog.versions(principal=principal, document_id=version.document_id),
            facts=len(house.facts.of_version(version_id, principal=principal)),
            erased=erased,
        )

    def preview(self, name: str, content: bytes) -> Preview:
        """Parse a file without storing it. Raises ParseError, EditorError."""
        self._require()
        safe = _file_name(name)
        parsed = parse_bytes(content, name=safe, settings=self._house.settings.knowledge)
        instructs = self._house.instructions.instructs(parsed.text)
        return Preview(metadata=describe(safe, content, parsed), parsed=parsed, instructs=instructs)

    def upload(self, name: str, content: bytes, stated: Mapping[str, Any]) -> Job:
        """Keep a readable file in home and put it before the worker. Raises ParseError, EditorError, SyncError.

        A file of the same name that the editor may not read is not replaced.
        """
        safe = _file_name(name)
        self.preview(safe, content)
        if not self._principal.may_read(stated.get("labels", ())):
            raise EditorError("Only labels that one holds may be put on a document.", zh="只能添加您本人持有的标签。")
        folder = self._house.settings.home / "documents" / ADDED
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / safe).exists() and not self._reads_file(safe):
            raise EditorError(
                f"A file {safe} is there already; choose another name.", zh="已有同名文件，请换一个文件名。"
            )
        beside = folder / f".{safe}.{os.getpid()}.new"
        beside.write_bytes(content)
        os.replace(beside, folder / safe)
        job_id = self._house.document_queue.put(folder.resolve(), safe, stated, started_by=started_by(self._principal))
        self._house.audit.append(
            event="knowledge.document.uploaded",
            actor=self._principal.user_id,
            data={"file": safe, "bytes": len(content), "job": job_id, **stated},
        )
        return self._house.jobs.get(job_id)

    def job(self, job_id: str) -> Job:
        """Raises UnknownJobError for one that somebody else brought, UnknownVersionError for a job of another queue."""
        self._require()
        job = self._house.job_desk.get(job_id, principal=self._principal)
        if job.queue != DOCUMENTS:
            raise UnknownVersionError(job_id)
        return job

    def _reads_file(self, name: str) -> bool:
        return any(version.path == name for version in self._house.catalog.versions(principal=self._principal))

    def _require(self) -> None:
        self._principal.require("work on documents", *EDITORS)


def _file_name(name: str) -> str:
    """The last part of a name, of a known kind. Raises EditorError."""
    safe = Path(name.replace("\\", "/")).name.strip()
    if not safe or safe.startswith((".", "~")) or Path(safe).suffix.lower() not in EXTENSIONS:
        kinds = " ".join(sorted(EXTENSIONS))
        raise EditorError(
            f"{safe or 'A file without a name'} is of no kind that is read: {kinds}.", zh=f"只能上传这些格式：{kinds}"
        )
    return safe
