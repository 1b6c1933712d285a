"""The search index: idempotent, filtered inside, nothing deleted comes back, safe against a kill."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from knowledge_base.access import system_principal
from knowledge_base.document import DocumentStatus
from models.encoders.hashing import HashEncoder
from rag.errors import EncoderChangedError, IndexUnreadableError
from rag.index import SearchIndex
from rag.passage import Passage
from rag.retrieve import Query, Retriever
from rag.settings import RagSettings
from tests.rag.documents import ADVISOR, RESEARCHER, TODAY, annual, other, research, rule

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = RagSettings(chunk_chars=120, chunk_min_chars=40)


class CountingEncoder(HashEncoder):
    """Counts the passages it encodes."""

    def __init__(self) -> None:
        super().__init__()
        self.encoded = 0

    def encode_passages(self, texts):  # type: ignore[no-untyped-def]
        self.encoded += len(texts)
        return super().encode_passages(texts)


@pytest.fixture
def index(tmp_path: Path) -> SearchIndex:
    return SearchIndex(tmp_path / "index", CountingEncoder(), SETTINGS)


def search(index: SearchIndex, text: str, principal=ADVISOR, **query):  # type: ignore[no-untyped-def]
    wanted = Query(**{"text": text, "on": TODAY, **query})
    return Retriever(index, index.encoder).search(wanted, principal)


def titles(found: tuple[Passage, ...]) -> set[str]:
    return {passage.chunk.title for passage in found}


def assert_consistent(folder: Path) -> set[str]:
    """Chunks, terms and vectors hold the same ids; every version has all its chunks."""
    connection = sqlite3.connect(folder / "chunks.sqlite3")
    ids = {row[0] for row in connection.execute("SELECT id FROM chunks")}
    assert {row[0] for row in connection.execute("SELECT id FROM vectors")} == ids
    assert {row[0] for row in connection.execute("SELECT rowid FROM chunk_terms")} == ids
    gaps = connection.execute(
        "SELECT v.id FROM versions v LEFT JOIN chunks c ON c.no = v.no "
        "GROUP BY v.no HAVING count(c.id) = 0 OR max(c.ordinal) + 1 <> count(c.id)"
    ).fetchall()
    assert gaps == []
    held = {row[0] for row in connection.execute("SELECT id FROM versions")}
    connection.close()
    return held


def test_what_was_added_is_found_with_all_its_fields(index: SearchIndex) -> None:
    held, parsed = annual(effective_from=date(2025, 3, 31))
    index.add(held, parsed)
    chunk = search(index, "利率债仓位")[0].chunk
    assert "利率债" in chunk.text
    assert parsed.text[chunk.start : chunk.end] == chunk.text
    assert (chunk.version_id, chunk.document_id, chunk.product_codes) == ("v_annual", "d_annual", ("990001",))
    assert (chunk.period, chunk.document_type, chunk.effective_from) == (
        "2024",
        "fund_annual",
        date(2025, 3, 31),
    )


def test_adding_again_encodes_nothing_and_updates_what_the_catalog_says(index: SearchIndex) -> None:
    held, parsed = annual()
    index.add(held, parsed)
    encoded, chunks = index.encoder.encoded, index.stats().chunks  # type: ignore[attr-defined]
    index.add(replace(held, labels=("research",)), parsed)
    assert (index.encoder.encoded, index.stats().chunks) == (encoded, chunks)  # type: ignore[attr-defined]
    assert search(index, "利率债") == ()
    assert search(index, "利率债", RESEARCHER) != ()


def test_a_version_that_changed_is_replaced(index: SearchIndex) -> None:
    held, parsed = annual()
    index.add(held, parsed)
    index.add(replace(held, title="新的标题"), parsed)
    assert titles(search(index, "利率债")) == {"新的标题"}
    assert_consistent(index.folder)


def test_labels_are_applied_inside_both_indexes(index: SearchIndex) -> None:
    index.add(*annual())
    index.add(*research())
    narrow = Retriever(index, index.encoder).narrow(Query(text="", on=TODAY), ADVISOR)
    allowed = index.allowed(narrow)
    vector = index.encoder.encode_queries(["接班人赵启明"])[0]
    found = [*index.search_terms("接班人赵启明", k=50, allowed=allowed)]
    found += index.search_vector(vector, k=50, allowed=allowed)
    assert not any("赵启明" in chunk.text for chunk in index.chunks([id_ for id_, _ in found]).values())
    assert "赵启明" in search(index, "接班人赵启明", RESEARCHER)[0].chunk.text
    assert "赵启明" in search(index, "接班人赵启明", system_principal())[0].chunk.text


@pytest.mark.parametrize(
    ("fields", "on", "found"),
    [
        ({"effective_to": date(2025, 12, 31)}, TODAY, False),
        ({"effective_to": TODAY}, TODAY, True),
        ({"effective_from": TODAY + timedelta(days=1)}, TODAY, False),
        ({"effective_to": date(2025, 12, 31)}, date(2025, 6, 1), True),
        ({"status": DocumentStatus.SUPERSEDED, "effective_to": date(2025, 12, 31)}, date(2025, 6, 1), True),
        ({"status": DocumentStatus.SUPERSEDED}, TODAY, False),
        ({"status": DocumentStatus.DRAFT}, TODAY, False),
        ({"status": DocumentStatus.WITHDRAWN}, TODAY, False),
    ],
)
def test_only_what_is_in_force_on_the_day_is_found(
    index: SearchIndex, fields: dict[str, object], on: date, found: bool
) -> None:
    index.add(*annual())
    index.add(*rule(**fields))
    assert ("到账" in "".join(p.chunk.text for p in search(index, "赎回几天到账", on=on))) is found


def test_superseding_takes_a_version_out_without_encoding(index: SearchIndex) -> None:
    held, parsed = rule()
    index.add(held, parsed)
    index.add(replace(held, status=DocumentStatus.SUPERSEDED, effective_to=date(2025, 12, 31)), parsed)
    assert search(index, "赎回到账") == ()
    index.add(replace(held, status=DocumentStatus.WITHDRAWN), parsed)
    assert index.version_ids() == set()


def test_nothing_of_a_removed_version_is_found(index: SearchIndex) -> None:
    index.add(*annual())
    index.add(*rule())
    assert search(index, "赎回到账")[0].chunk.version_id == "v_rule"
    index.remove("v_rule")
    index.remove("v_rule")
    assert index.version_ids() == {"v_annual"}
    assert all(p.chunk.version_id == "v_annual" for p in search(index, "赎回款T+3个工作日到账"))
    assert_consistent(index.folder)
    assert "到账" not in "".join(
        str(row) for row in index.store.connection().execute("SELECT * FROM chunk_terms").fetchall()
    )


def test_another_process_sees_additions_and_removals(index: SearchIndex) -> None:
    index.add(*annual())
    reader = SearchIndex(index.folder, HashEncoder(), SETTINGS)
    assert search(reader, "利率债") != ()
    index.add(*rule())
    assert search(reader, "赎回到账")[0].chunk.version_id == "v_rule"
    index.remove("v_rule")
    assert all(p.chunk.version_id == "v_annual" for p in search(reader, "赎回到账"))


@pytest.mark.parametrize("harm", ["delete", "damage", "stale"])
def test_the_vector_file_may_be_missing_damaged_or_stale(index: SearchIndex, harm: str) -> None:
    index.add(*annual())
    search(index, "利率债")
    (file,) = index.folder.glob("vectors-*.faiss")
    if harm == "delete":
        file.unlink()
    elif harm == "damage":
        file.write_bytes(b"xx")
    else:
        index.add(*rule())
        index.remove("v_annual")
    reader = SearchIndex(index.folder, HashEncoder(), SETTINGS)
    allowed = reader.allowed(Retriever(reader, reader.encoder).narrow(Query(text="", on=TODAY), ADVISOR))
    vector = reader.encoder.encode_queries(["利率债"])[0]
    hits = reader.search_vector(vector, k=100, allowed=allowed)
    assert sorted(id_ for id_, _ in hits) == allowed.tolist() == reader.store.vector_ids().tolist()


def test_a_changed_encoder_is_an_error_with_the_remedy(index: SearchIndex) -> None:
    index.add(*annual())
    changed = SearchIndex(index.folder, HashEncoder(64), SETTINGS)
    with pytest.raises(EncoderChangedError, match="--reindex"):
        search(changed, "利率债")
    with pytest.raises(EncoderChangedError, match="hash-256"):
        changed.add(*rule())
    changed.clear()
    changed.add(*rule())
    assert search(changed, "赎回到账")[0].chunk.version_id == "v_rule"


def test_stats(index: SearchIndex) -> None:
    assert index.stats().encoder is None
    assert index.stats().age_s(datetime.now(UTC)) is None
    index.add(*annual())
    index.add(*other())
    stats = index.stats()
    assert (stats.versions, stats.encoder) == (2, "hash-256")
    assert stats.chunks == len(index.store.vector_ids()) > 3
    assert stats.size_bytes > 0
    assert 0 <= (stats.age_s(datetime.now(UTC)) or 0) < 60


def test_a_folder_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(IndexUnreadableError, match="check the folder's rights"):
        SearchIndex(tmp_path / "file" / "index", HashEncoder()).version_ids()


def test_a_broken_database_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "chunks.sqlite3").write_bytes(b"no database at all" * 100)
    with pytest.raises(IndexUnreadableError, match="cannot be used"):
        SearchIndex(tmp_path, HashEncoder()).version_ids()


KILLED = """
import itertools, sys
from pathlib import Path
from dataclasses import replace
from models.encoders.hashing import HashEncoder
from rag.index import SearchIndex
from rag.settings import RagSettings
from tests.rag.documents import annual
index = SearchIndex(Path(sys.argv[1]), HashEncoder(), RagSettings(chunk_chars=120, chunk_min_chars=40))
version, parsed = annual()
for n in itertools.count():
    index.add(replace(version, id=f"v_{n}", title=f"第{n}份"), parsed)
    if n % 3 == 2:
        index.remove(f"v_{n - 1}")
    print(n, flush=True)
"""


@pytest.mark.parametrize("delay_s", [0.003, 0.011, 0.02])
def test_a_kill_during_add_leaves_the_index_whole(tmp_path: Path, delay_s: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert process.stdout is not None
    for _ in range(6):
        last = int(process.stdout.readline())
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    index = SearchIndex(tmp_path, HashEncoder(), SETTINGS)
    held = assert_consistent(tmp_path)
    assert {f"v_{n}" for n in range(last) if n % 3 != 1} <= held
    assert search(index, "利率债仓位", k=100) != ()
    index.add(*annual())
    assert "v_annual" in index.version_ids()
    assert np.array_equal(index.store.vector_ids(), np.sort(index.store.vector_ids()))
    index.close()
