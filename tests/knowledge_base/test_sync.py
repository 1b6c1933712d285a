from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge_base import extract, sync_files
from knowledge_base.access import AccessDeniedError
from knowledge_base.catalog import Catalog
from knowledge_base.document import DocumentStatus, DocumentVersion
from knowledge_base.errors import SyncError, UnknownVersionError
from knowledge_base.facts import FactStore
from knowledge_base.sync import SyncReport, reconcile, sync_folder
from knowledge_base.tables import metadata
from tests.knowledge_base.made import SYSTEM, MemoryIndex, advisor, report, sync, write

TODAY = date(2026, 11, 21)


@pytest.fixture
def kb(engine: Engine) -> Engine:
    metadata.create_all(engine)
    return engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "documents"
    made.mkdir()
    return made


def outcomes(done: SyncReport) -> dict[str, str]:
    return {row.path: row.outcome for row in done.rows}


def note(title: str, body: str = "正文一段。", **fields: str) -> str:
    lines = "".join(f"{key}: {value}\n" for key, value in fields.items())
    return f"---\ntitle: {title}\ntype: {fields.pop('type', 'rule')}\n{lines}---\n{body}\n"


def test_added_then_unchanged_then_updated(kb: Engine, folder: Path) -> None:
    index = MemoryIndex()
    path = write(folder, "a.md", note("规则甲"))
    assert outcomes(sync(folder, kb, index)) == {"a.md": "added"}
    assert outcomes(sync(folder, kb, index)) == {"a.md": "unchanged"}
    path.write_text(note("规则甲", "改过的正文。"), encoding="utf-8")
    assert outcomes(sync(folder, kb, index)) == {"a.md": "updated"}
    (version,) = Catalog(kb).in_force(TODAY, principal=SYSTEM)
    assert Catalog(kb).text(version.id, principal=SYSTEM) == "改过的正文。"
    assert index.version_ids() == {version.id}


def test_an_unchanged_file_is_not_opened(kb: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "a.md", note("规则甲"))
    sync(folder, kb)

    def refuse(self: Path) -> bytes:
        raise AssertionError(f"{self} was read")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert outcomes(sync(folder, kb)) == {"a.md": "unchanged"}


def test_a_moved_file_is_not_indexed_again(kb: Engine, folder: Path) -> None:
    index = MemoryIndex()
    path = write(folder, "a.md", note("规则甲"))
    sync(folder, kb, index)
    index.on_add = lambda version: pytest.fail("indexed again")
    path.rename(folder / "b.md")
    assert outcomes(sync(folder, kb, index)) == {"b.md": "moved"}
    (version,) = Catalog(kb).in_force(TODAY, principal=SYSTEM)
    assert version.path == "b.md"


def test_a_copy_is_a_duplicate_and_outlives_the_first_file(kb: Engine, folder: Path) -> None:
    index = MemoryIndex()
    first = write(folder, "a.md", note("规则甲"))
    write(folder, "b.md", note("规则甲"))
    assert outcomes(sync(folder, kb, index)) == {"a.md": "added", "b.md": "duplicate"}
    first.unlink()
    assert outcomes(sync(folder, kb, index, delete=True)) == {"a.md": "removed", "b.md": "unchanged"}
    assert len(Catalog(kb).in_force(TODAY, principal=SYSTEM)) == 1


def test_delete_takes_a_document_out_of_force_and_out_of_the_index(kb: Engine, folder: Path) -> None:
    index = MemoryIndex()
    write(folder, "a.md", note("规则甲"))
    sync(folder, kb, index)
    (folder / "a.md").unlink()
    assert outcomes(sync(folder, kb, index)) == {}
    assert len(index.version_ids()) == 1
    assert outcomes(sync(folder, kb, index, delete=True)) == {"a.md": "removed"}
    assert index.version_ids() == set()
    assert Catalog(kb).in_force(TODAY, principal=SYSTEM) == ()
    write(folder, "a.md", note("规则甲"))
    assert outcomes(sync(folder, kb, index)) == {"a.md": "added"}
    assert len(Catalog(kb).in_force(TODAY, principal=SYSTEM)) == 1


def test_one_broken_file_never_stops_the_rest(kb: Engine, folder: Path) -> None:
    write(folder, "a.md", "")
    (folder / "b.pdf").write_bytes(b"%PDF-1.4 nonsense")
    write(folder, "c.md", note("规则丙"))
    (folder / "link.md").symlink_to(folder / "nowhere.md")
    (folder / "loop").symlink_to(folder)
    done = sync(folder, kb)
    assert outcomes(done) == {
        "a.md": "failed",
        "b.pdf": "failed",
        "c.md": "added",
        "link.md": "failed",
        "loop": "failed",
    }
    assert all(row.reason and row.reason.endswith(".") for row in done.failed)
    again = {row.path: row.reason for row in sync(folder, kb).failed}
    assert "is empty" in (again["a.md"] or "")


def test_a_file_that_changes_while_it_is_read_is_left_for_next_time(
    kb: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "a.md", note("规则甲"))
    honest = Path.read_bytes

    def read_and_touch(self: Path) -> bytes:
        content = honest(self)
        with self.open("a", encoding="utf-8") as more:
            more.write("又写了一行。\n")
        return content

    monkeypatch.setattr(Path, "read_bytes", read_and_touch)
    (row,) = sync(folder, kb).rows
    assert row.outcome == "failed"
    assert "changed while it was read" in (row.reason or "")
    monkeypatch.setattr(Path, "read_bytes", honest)
    assert outcomes(sync(folder, kb)) == {"a.md": "added"}


@pytest.mark.skipif(os.geteuid() == 0, reason="expected: root reads everything")
def test_no_permission_is_a_row(kb: Engine, folder: Path) -> None:
    write(folder, "a.md", note("规则甲")).chmod(0)
    (row,) = sync(folder, kb).rows
    assert "Permission denied" in (row.reason or "")


def test_a_missing_folder_and_a_missing_right(kb: Engine, folder: Path) -> None:
    with pytest.raises(SyncError, match="cannot be read"):
        sync(folder / "nowhere", kb)
    with pytest.raises(AccessDeniedError):
        sync_folder(folder, catalog=Catalog(kb), indexer=MemoryIndex(), principal=advisor())


class Killed(BaseException):
    """Plays a kill: nothing catches it."""


@pytest.mark.parametrize("after_indexing", [False, True])
def test_a_kill_during_indexing_leaves_nothing_half_visible(
    kb: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch, after_indexing: bool
) -> None:
    index = MemoryIndex()
    write(folder, "a.md", note("规则甲"))

    def kill(*args: object, **kwargs: object) -> None:
        raise Killed

    if after_indexing:
        monkeypatch.setattr(Catalog, "commit", kill)
    else:
        index.on_add = kill
    with pytest.raises(Killed):
        sync(folder, kb, index)
    assert Catalog(kb).in_force(TODAY, principal=SYSTEM) == ()
    monkeypatch.undo()
    index.on_add = lambda version: None
    assert len(reconcile(catalog=Catalog(kb), indexer=index, principal=SYSTEM).removed) == after_indexing
    assert index.version_ids() == set()
    assert outcomes(sync(folder, kb, index)) == {"a.md": "added"}
    assert len(Catalog(kb).in_force(TODAY, principal=SYSTEM)) == 1


def test_reconcile_gives_a_lost_index_everything_back(kb: Engine, folder: Path) -> None:
    write(folder, "a.md", note("规则甲"))
    write(folder, "b.md", note("规则乙", "labels", labels="[internal]"))
    sync(folder, kb)
    index = MemoryIndex()
    done = reconcile(catalog=Catalog(kb), indexer=index, principal=SYSTEM)
    assert set(done.indexed_again) == index.version_ids()
    assert len(index.version_ids()) == 2


def test_a_corrected_report_supersedes_the_first_whatever_the_order(kb: Engine, folder: Path) -> None:
    index = MemoryIndex()
    write(folder, "1_new.html", report(growth="3.30%", sent="2025-04-10"))
    write(folder, "2_old.html", report(growth="3.21%", sent="2025-03-28"))
    sync(folder, kb, index)
    (version,) = Catalog(kb).in_force(TODAY, principal=SYSTEM)
    assert version.published_on == date(2025, 4, 10)
    assert index.version_ids() == {version.id}
    assert len(Catalog(kb).versions(principal=SYSTEM, document_id=version.document_id)) == 2


def test_a_superseded_rule_is_in_force_until_the_day_before_its_successor(kb: Engine, folder: Path) -> None:
    index = MemoryIndex()
    write(folder, "1.md", note("旧办法", effective_from="2025-01-01"))
    write(folder, "2.md", note("新办法", "新的正文。", effective_from="2026-06-01", supersedes="旧办法"))
    sync(folder, kb, index)
    catalog = Catalog(kb)

    def titles(day: date) -> list[str]:
        return [version.title for version in catalog.in_force(day, principal=SYSTEM)]

    assert titles(date(2026, 5, 31)) == ["旧办法"]
    assert titles(date(2026, 6, 1)) == ["新办法"]
    old = next(version for version in index.versions.values() if version.title == "旧办法")
    assert (old.status, old.effective_to) == (DocumentStatus.SUPERSEDED, date(2026, 5, 31))


def test_drafts_are_not_searched(kb: Engine, folder: Path) -> None:
    index = MemoryIndex()
    write(folder, "a.md", note("草稿", status="draft"))
    sync(folder, kb, index)
    assert index.version_ids() == set()
    assert Catalog(kb).in_force(TODAY, principal=SYSTEM) == ()


def test_labels_close_a_document_in_every_read(kb: Engine, folder: Path) -> None:
    write(folder, "a.md", note("内部观点", labels="[internal, research]"))
    sync(folder, kb)
    catalog = Catalog(kb)
    (version,) = catalog.in_force(TODAY, principal=SYSTEM)
    for outsider in (advisor(), advisor("A1", "internal")):
        assert catalog.in_force(TODAY, principal=outsider) == ()
        for read in (catalog.version, catalog.text, catalog.parsed, catalog.metadata):
            with pytest.raises(UnknownVersionError):
                read(version.id, principal=outsider)
    insider = advisor("A1", "internal", "research", "more")
    assert catalog.version(version.id, principal=insider) == version


def test_stored_blocks_come_back_as_they_were(kb: Engine, folder: Path) -> None:
    from knowledge_base.parse import parse_file

    path = write(folder, "a.html", report())
    sync(folder, kb)
    (version,) = Catalog(kb).in_force(TODAY, principal=SYSTEM)
    assert Catalog(kb).parsed(version.id, principal=SYSTEM) == parse_file(path)


def test_in_force_narrows_by_product_type_and_period(kb: Engine, folder: Path) -> None:
    write(folder, "a.html", report())
    write(folder, "b.md", note("规则甲"))
    sync(folder, kb)

    def count(**narrow: object) -> int:
        found: tuple[DocumentVersion, ...] = Catalog(kb).in_force(TODAY, principal=SYSTEM, **narrow)  # type: ignore[arg-type]
        return len(found)

    assert count() == 2
    assert count(product_codes=["990001"]) == 1
    assert count(document_types=["rule"]) == 1
    assert count(period="2023") == 0


def test_progress_counts_files(kb: Engine, folder: Path) -> None:
    write(folder, "a.md", note("规则甲"))
    write(folder, "b.md", note("规则乙"))
    seen: list[tuple[int, int, str]] = []
    sync_folder(
        folder,
        catalog=Catalog(kb),
        indexer=MemoryIndex(),
        principal=SYSTEM,
        progress=lambda done, total, path: seen.append((done, total, path)),
    )
    assert seen == [(1, 2, "a.md"), (2, 2, "b.md")]


def test_facts_that_an_earlier_edition_read_are_read_anew_without_indexing(
    kb: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = MemoryIndex()
    write(
        folder,
        "a.md",
        note("星河债券2024年年度报告", "管理费按0.30%的年费率计提。", type="fund_annual", codes="['990071']"),
    )
    with monkeypatch.context() as earlier:
        earlier.setattr(sync_files, "EXTRACTOR", extract.EXTRACTOR - 1)
        earlier.setattr(sync_files, "extract_facts", lambda *args: ())
        sync(folder, kb, index)
    index.on_add = lambda version: pytest.fail("indexed again")
    assert FactStore(kb).in_force(principal=SYSTEM) == ()
    assert outcomes(sync(folder, kb, index)) == {"a.md": "reread"}
    assert [fact.value_text for fact in FactStore(kb).in_force(principal=SYSTEM)] == ["0.30%"]
    assert outcomes(sync(folder, kb, index)) == {"a.md": "unchanged"}
