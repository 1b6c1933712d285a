"""Bring a folder of documents into the catalog and the index, and keep the two in agreement."""

from __future__ import annotations

from typing import Protocol

from knowledge_base.document import DocumentVersion, ParsedDocument


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
