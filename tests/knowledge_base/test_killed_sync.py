"""kill -9 in the middle of a sync: nothing half visible, and the next sync puts catalog and index in agreement."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from knowledge_base.access import system_principal
from knowledge_base.catalog import Catalog
from knowledge_base.sync import reconcile, sync_folder
from models.encoders.hashing import HashEncoder
from rag.index import SearchIndex

PROGRAM = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import create_engine
from knowledge_base.access import system_principal
from knowledge_base.catalog import Catalog
from knowledge_base.editor_tables import metadata
from knowledge_base.sync import sync_folder
from models.encoders.hashing import HashEncoder
from rag.index import SearchIndex

where, moment = Path(sys.argv[1]), sys.argv[2]
engine = create_engine(f"sqlite:///{where / 'kb.db'}")
metadata.create_all(engine)
index = SearchIndex(where / "index", HashEncoder())
moments = {"indexing": (SearchIndex, "add"), "committing": (Catalog, "commit"), "forgetting": (SearchIndex, "remove")}
target, name = moments[moment]
honest, calls = getattr(target, name), []

def killed(self, *given, **named):
    calls.append(name)
    if len(calls) == (1 if moment == "forgetting" else 2):
        os.kill(os.getpid(), signal.SIGKILL)
    return honest(self, *given, **named)

setattr(target, name, killed)
sync_folder(where / "documents", catalog=Catalog(engine), indexer=index, principal=system_principal(), delete=True)
"""
ALL, DAY = system_principal(), date(2026, 11, 21)


def killed_at(where: Path, moment: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(where), moment], capture_output=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.parametrize("moment", ["indexing", "committing", "forgetting"])
def test_a_kill_leaves_nothing_half_done(tmp_path: Path, moment: str) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    for n in range(3):
        (documents / f"{n}.md").write_text(f"# 文件{n}\n\n第{n}份文件的正文。\n", encoding="utf-8")
    engine = create_engine(f"sqlite:///{tmp_path / 'kb.db'}")
    catalog, index = Catalog(engine), SearchIndex(tmp_path / "index", HashEncoder())

    def sync() -> dict[str, str]:
        done = sync_folder(documents, catalog=catalog, indexer=index, principal=ALL, delete=True)
        return {row.path: row.outcome for row in done.rows}

    if moment == "forgetting":
        from knowledge_base.editor_tables import metadata

        metadata.create_all(engine)
        sync()
        (documents / "2.md").unlink()
    killed_at(tmp_path, moment)
    visible = {version.id for version in catalog.in_force(DAY, principal=ALL)}
    assert len(visible) == (2 if moment == "forgetting" else 1)
    reconcile(catalog=catalog, indexer=index, principal=ALL)
    assert index.version_ids() == visible, "the index holds what the catalog calls committed, and nothing else"
    index.align()
    assert len(index._current_vectors().ids()) == index.stats().chunks == len(visible)
    assert set(sync().values()) <= {"added", "unchanged"}
    assert len(index.version_ids()) == (2 if moment == "forgetting" else 3)
    index.close()
    engine.dispose()
