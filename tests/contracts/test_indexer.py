"""What sync relies on in an index: adding replaces, removing forgives, ids tell what is held."""

from __future__ import annotations

from dataclasses import replace

import pytest

from knowledge_base.document import DocumentStatus, DocumentVersion
from knowledge_base.parse import parse_bytes
from knowledge_base.sync import Indexer
from tests.knowledge_base.made import MemoryIndex

PARSED = parse_bytes("# 标题\n\n正文一段。\n".encode(), name="a.md")
VERSION = DocumentVersion(
    id="v_1",
    document_id="d_1",
    path="a.md",
    title="标题",
    document_type="rule",
    period=None,
    product_codes=(),
    publisher=None,
    published_on=None,
    effective_from=None,
    effective_to=None,
    status=DocumentStatus.IN_FORCE,
    labels=(),
    content_sha256="0" * 64,
)


class IndexerContract:
    """Subclass with a fixture `index` for each implementation."""

    def test_added_versions_are_held(self, index: Indexer) -> None:
        index.add(VERSION, PARSED)
        index.add(replace(VERSION, id="v_2"), PARSED)
        assert index.version_ids() == {"v_1", "v_2"}

    def test_adding_again_replaces(self, index: Indexer) -> None:
        index.add(VERSION, PARSED)
        index.add(replace(VERSION, labels=("internal",)), PARSED)
        assert index.version_ids() == {"v_1"}

    def test_removing_is_complete_and_forgiving(self, index: Indexer) -> None:
        index.add(VERSION, PARSED)
        index.remove("v_1")
        index.remove("v_1")
        assert index.version_ids() == set()


class TestMemoryIndex(IndexerContract):
    @pytest.fixture
    def index(self) -> Indexer:
        return MemoryIndex()
