"""One file on its way into the catalog and the index: staged, indexed, committed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Row, select, update

from knowledge_base.access import Principal, system_principal
from knowledge_base.catalog import Catalog, searchable
from knowledge_base.describe import describe
from knowledge_base.document import DocumentVersion, ParsedDocument
from knowledge_base.errors import ParseError
from knowledge_base.extract import EXTRACTOR, extract_facts
from knowledge_base.facts import FactStore
from knowledge_base.file_records import FileRecords
from knowledge_base.metadata import Metadata, content_hash, document_id_of, version_id_of
from knowledge_base.parse import parse_bytes
from knowledge_base.products import Products
from knowledge_base.settings import KnowledgeBaseSettings
from knowledge_base.tables import versions

ALL_DOCUMENTS = system_principal("sync")  # used only after the caller's right to write was checked


Instructs = Callable[[str], bool]  # whether a text tells a model what to do


class Indexer(Protocol):
    """The search index as sync sees it; each call returns only when what it did survives a crash."""

    def add(self, version: DocumentVersion, parsed: ParsedDocument) -> None:
        """Index a version; a version already indexed is replaced."""
        ...

    def remove(self, version_id: str) -> None:
        """Forget a version; one that is not there is no error."""
        ...

    def version_ids(self) -> set[str]:
        """Versions the index holds."""
        ...


class _UnsettledFileError(ParseError):
    """What failed may pass next time though the file stays as it is, so the failure is not remembered."""


@dataclass(frozen=True, kw_only=True)
class SyncRow:
    """What became of one file."""

    path: str  # relative to the folder
    outcome: str  # added | updated | unchanged | reread | moved | duplicate | removed | failed
    version_id: str | None = None
    reason: str | None = None  # why it failed
    again: bool = False  # what failed may pass next time though the file stays as it is
    warnings: tuple[str, ...] = ()


@dataclass(kw_only=True)
class FileSync:
    """Brings the files of one folder into the catalog and the index, one at a time."""

    root: Path
    catalog: Catalog
    indexer: Indexer
    principal: Principal
    settings: KnowledgeBaseSettings
    instructs: Instructs | None = None  # what it finds is reported; retrieval leaves it out of every answer
    stated: Mapping[str, Any] = field(default_factory=dict)  # fields of Metadata that win over the document's own
    present: set[str] = field(default_factory=set)  # paths that lie in the folder now

    @property
    def records(self) -> FileRecords:
        """What is known of the folder's files."""
        return FileRecords(engine=self.catalog.engine, root=self.root)

    def one(self, path: str) -> SyncRow:
        """Sync one file; whatever goes wrong with it becomes its row."""
        try:
            return self._one(path)
        except _UnsettledFileError as error:
            return SyncRow(path=path, outcome="failed", reason=str(error), again=True)
        except ParseError as error:
            self.records.remember_failure(path, str(error))
            return SyncRow(path=path, outcome="failed", reason=str(error))
        except OSError as error:
            reason = f"{path} cannot be read ({error.strerror or error}); check its permissions."
            return SyncRow(path=path, outcome="failed", reason=reason, again=True)

    def _one(self, path: str) -> SyncRow:
        status = (self.root / path).stat()
        known = self.records.of(path)
        if known is not None and (known.size_bytes, known.mtime_ns) == (status.st_size, status.st_mtime_ns):
            outcome = "unchanged" if known.reason is None else "failed"
            if outcome == "unchanged" and self._is_outdated(known.version_id):
                return self._read_again(path, status, known.version_id)
            return SyncRow(path=path, outcome=outcome, version_id=known.version_id, reason=known.reason)
        content = self._read(path, status)
        version_id = version_id_of(content_hash(content))
        elsewhere = self.records.holding(version_id) - {path}
        if known is not None and known.version_id == version_id:
            self.records.remember(path, status, version_id)
            return SyncRow(path=path, outcome="unchanged", version_id=version_id)
        if elsewhere and self.catalog.is_committed(version_id, principal=ALL_DOCUMENTS):
            return self._same_content(path, status, version_id, elsewhere, known)
        return self._store(path, status, content, known)

    def _read(self, path: str, before: os.stat_result) -> bytes:
        """The bytes of a file. Raises _UnsettledFileError when somebody wrote to it meanwhile."""
        if before.st_size > self.settings.max_file_mb * 2**20:
            raise _UnsettledFileError(
                f"{path} is larger than {self.settings.max_file_mb} MB; split it or raise max_file_mb."
            )
        content = (self.root / path).read_bytes()
        after = (self.root / path).stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise _UnsettledFileError(f"{path} changed while it was read; sync again when it is finished.")
        return content

    def _same_content(
        self, path: str, status: os.stat_result, version_id: str, elsewhere: set[str], known: Row[Any] | None
    ) -> SyncRow:
        """The content is known under another path: the file was moved, or is a copy."""
        gone = {old for old in elsewhere if old not in self.present}
        self.records.remember(path, status, version_id, forget=gone)
        if known is not None and known.version_id not in (None, version_id):
            self._retire(known.version_id, path)
        if gone == elsewhere:
            self.catalog.move(version_id, path, principal=self.principal)
            return SyncRow(path=path, outcome="moved", version_id=version_id)
        return SyncRow(path=path, outcome="duplicate", version_id=version_id)

    def _store(self, path: str, status: os.stat_result, content: bytes, known: Row[Any] | None) -> SyncRow:
        """Stage, index, commit; then let the index forget what the new version replaced."""
        if self.catalog.is_erased(version_id_of(content_hash(content))):
            raise ParseError(f"{path} holds a text that was erased when its time was over; take it out of the folder.")
        parsed = parse_bytes(content, name=path, settings=self.settings)
        metadata = replace(describe(path, content, parsed), **self.stated)
        version = _version(path, content, metadata)
        self._stage(version, parsed, metadata)
        if searchable(version):
            self.indexer.add(version, parsed)
        with self.catalog.engine.begin() as connection:
            retired = self.catalog.commit(version, metadata, principal=self.principal, connection=connection)
            self.records.put(connection, path, status, version.id)
        self._index_again(retired)
        if known is not None and known.version_id not in (None, version.id, *retired):
            self._retire(known.version_id, path)
        replaced = bool(retired) or (known is not None and known.version_id is not None)
        return SyncRow(
            path=path,
            outcome="updated" if replaced else "added",
            version_id=version.id,
            warnings=(*metadata.warnings, *parsed.warnings, *_flagged(parsed, self.instructs)),
        )

    def _is_outdated(self, version_id: str | None) -> bool:
        """Whether an earlier edition of this program read the facts of a version whose text is there."""
        query = select(versions.c.facts_read).where(
            versions.c.id == version_id, versions.c.indexed, versions.c.erased_at.is_(None)
        )
        with self.catalog.engine.connect() as connection:
            row = connection.execute(query).first()
        return row is not None and row.facts_read < EXTRACTOR

    def _read_again(self, path: str, status: os.stat_result, version_id: str) -> SyncRow:
        """Read the facts of a stored version anew; text, chunks and vectors stay, and what editors decided."""
        parsed = self.catalog.parsed(version_id, principal=ALL_DOCUMENTS)
        content = self._read(path, status)
        metadata = replace(describe(path, content, parsed), **self.stated)
        with self.catalog.engine.begin() as connection:
            self._put_facts(version_id, parsed, metadata, connection)
        return SyncRow(path=path, outcome="reread", version_id=version_id)

    def _put_facts(self, version_id: str, parsed: ParsedDocument, metadata: Metadata, connection: Connection) -> None:
        facts = extract_facts(version_id, metadata, parsed)
        FactStore(self.catalog.engine).replace(version_id, facts, principal=self.principal, connection=connection)
        connection.execute(update(versions).where(versions.c.id == version_id).values(facts_read=EXTRACTOR))

    def _stage(self, version: DocumentVersion, parsed: ParsedDocument, metadata: Metadata) -> None:
        engine = self.catalog.engine
        with engine.begin() as connection:
            self.catalog.stage(version, parsed, metadata, principal=self.principal, connection=connection)
            self._put_facts(version.id, parsed, metadata, connection)
            Products(engine).learn(version.id, metadata, principal=self.principal, connection=connection)

    def _index_again(self, version_ids: tuple[str, ...]) -> None:
        """Retired versions: still searched with their last day, or forgotten."""
        for version_id in version_ids:
            version = self.catalog.version(version_id, principal=ALL_DOCUMENTS)
            if searchable(version):
                self.indexer.add(version, self.catalog.parsed(version_id, principal=ALL_DOCUMENTS))
            else:
                self.indexer.remove(version_id)

    def _retire(self, version_id: str, path: str) -> None:
        """Withdraw what a path held before, unless the same content lies elsewhere."""
        if self.records.holding(version_id) - {path}:
            return
        with self.catalog.engine.begin() as connection:
            self.catalog.withdraw(version_id, principal=self.principal, connection=connection)
        self.indexer.remove(version_id)

    def remove_missing(self) -> list[SyncRow]:
        """Withdraw the versions of files that are gone; a folder that cannot be read loses nothing."""
        rows = []
        for row in self.records.all():
            if row.path in self.present or not _is_gone(self.root / row.path):
                continue
            self.records.forget(row.path)
            if row.version_id is not None:
                self._retire(row.version_id, row.path)
            rows.append(SyncRow(path=row.path, outcome="removed", version_id=row.version_id))
        return rows


def _version(path: str, content: bytes, metadata: Metadata) -> DocumentVersion:
    digest = content_hash(content)
    return DocumentVersion(
        id=version_id_of(digest),
        document_id=document_id_of(metadata),
        path=path,
        title=metadata.title,
        document_type=metadata.document_type,
        period=metadata.period,
        product_codes=metadata.product_codes,
        publisher=metadata.publisher,
        published_on=metadata.published_on,
        effective_from=metadata.effective_from,
        effective_to=metadata.effective_to,
        status=metadata.status,
        labels=metadata.labels,
        content_sha256=digest,
    )


def _flagged(parsed: ParsedDocument, instructs: Instructs | None) -> tuple[str, ...]:
    """A warning where the text holds an instruction to a model; the blocks are looked at only then."""
    if instructs is None or not instructs(parsed.text):
        return ()
    at = next((block for block in parsed.blocks if instructs(block.text)), None)
    where = f"page {at.page}" if at and at.page else f"character {at.start}" if at else "several paragraphs"
    return (f"Holds an instruction to a model ({where}): it is text, never obeyed and never quoted; look at it.",)


def _is_gone(path: Path) -> bool:
    """True when the folder says so; a path that cannot be looked at is not gone."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False
