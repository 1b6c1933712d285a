"""Backup while the service runs, its verification, and the way back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from jobs.leases import JobStore
from jobs.tables import jobs, metadata
from knowledge_base.access import AccessDeniedError, Principal, Role, system_principal
from serve.backup import MANIFEST, BackupError, backup, restore, verify
from serve.database import open_engine
from tests.postgres import PostgresServer

FILES = {
    "index/current.json": b'{"generation": 3}',
    "index/3/vectors.faiss": bytes(range(256)) * 400,
    "documents/a1/基金季报.html": "<p>云岭基金</p>".encode(),
    "recordings/2026/call-1.wav": b"RIFF" + bytes(50_000),
    "reports/990001.pdf": b"%PDF-1.7",
    "tougu.toml": b"[server]\nport = 8600\n",
    "audit.key": b"0" * 64,
}


def fill(home: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("tougu.db") and path.parts[-2:-1] != ("cache",)
    }


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    fill(home, {**FILES, "cache/encoder.safetensors": b"weights", ".lock": b""})
    return home


@pytest.fixture
def engine(home: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{home}/tougu.db")
    metadata.create_all(engine)
    JobStore(engine).enqueue("calls", "a", {"path": "call-1.wav"})
    yield engine
    engine.dispose()


@pytest.fixture
def saved(home: Path, engine: Engine, tmp_path: Path) -> Path:
    backup(home, engine, tmp_path / "saved", principal=system_principal())
    return tmp_path / "saved"


class TestBackup:
    def test_everything_but_the_cache_is_there_and_verified(self, saved: Path) -> None:
        manifest = verify(saved)
        assert {entry.path for entry in manifest.files} == {*FILES, "tougu.db"}
        assert (manifest.database, manifest.made_by) == ("sqlite", "system")
        assert manifest.size_bytes > 150_000
        assert saved.stat().st_mode & 0o077 == 0, "it holds clients' data"

    def test_it_is_consistent_during_writes(self, home: Path, engine: Engine, tmp_path: Path) -> None:
        """Each transaction adds two rows: no copy holds an odd number of them."""
        store, stop = JobStore(engine), threading.Event()

        def write() -> None:
            n = 0
            while not stop.is_set():
                with engine.begin() as connection:
                    for side in "lr":
                        store.enqueue("calls", f"{n}{side}", {"n": n}, connection=connection)
                fill(home, {f"reports/r{n}.pdf": b"%PDF" * n})
                n += 1
                time.sleep(0.01)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for n in range(3):
                backup(home, engine, tmp_path / f"saved{n}", principal=system_principal())
                copy = open_engine(f"sqlite:///{tmp_path}/saved{n}/tougu.db")
                with copy.connect() as connection:
                    rows = connection.execute(select(func.count()).select_from(jobs)).scalar_one()
                copy.dispose()
                assert rows % 2 == 1  # the first one, and pairs
        finally:
            stop.set()
            writer.join()

    def test_only_operations_may(self, home: Path, engine: Engine, tmp_path: Path) -> None:
        advisor = Principal(user_id="adv-1", roles=frozenset({Role.ADVISOR}))
        with pytest.raises(AccessDeniedError):
            backup(home, engine, tmp_path / "saved", principal=advisor)

    def test_a_taken_or_inner_target_is_refused(self, home: Path, engine: Engine, saved: Path) -> None:
        with pytest.raises(BackupError, match="exists already"):
            backup(home, engine, saved, principal=system_principal())
        with pytest.raises(BackupError, match="inside the home"):
            backup(home, engine, home / "backups" / "today", principal=system_principal())

    def test_a_failure_leaves_nothing(self, home: Path, engine: Engine, tmp_path: Path) -> None:
        (home / "documents" / "elsewhere").symlink_to(tmp_path)
        place = tmp_path / "backups"
        with pytest.raises(BackupError, match="link to a folder"):
            backup(home, engine, place / "today", principal=system_principal())
        assert list(place.iterdir()) == []


class TestVerify:
    def test_a_flipped_byte_is_found(self, saved: Path) -> None:
        path = saved / "index/3/vectors.faiss"
        content = bytearray(path.read_bytes())
        content[777] ^= 1
        path.write_bytes(content)
        with pytest.raises(BackupError, match=r"damaged: index/3/vectors\.faiss"):
            verify(saved)

    def test_missing_and_foreign_files_are_found(self, saved: Path) -> None:
        (saved / "stray.txt").touch()
        with pytest.raises(BackupError, match=r"stray\.txt does not belong"):
            verify(saved)
        (saved / "stray.txt").unlink()
        (saved / "audit.key").unlink()
        with pytest.raises(BackupError, match=r"audit\.key is missing"):
            verify(saved)

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 3}', '{"files": [{}], "format": 1}'])
    def test_a_broken_manifest(self, saved: Path, text: str) -> None:
        (saved / MANIFEST).write_text(text)
        with pytest.raises(BackupError, match="damaged"):
            verify(saved)

    def test_a_folder_that_is_no_backup(self, tmp_path: Path) -> None:
        with pytest.raises(BackupError, match="not a backup"):
            verify(tmp_path)


class TestRestore:
    def test_an_empty_home_becomes_the_same(self, saved: Path, home: Path, tmp_path: Path) -> None:
        restored = tmp_path / "new" / "home"
        restore(saved, restored)
        assert contents(restored) == FILES
        engine = open_engine(f"sqlite:///{restored}/tougu.db")
        assert JobStore(engine).find("calls", "a").payload == {"path": "call-1.wav"}
        engine.dispose()

    def test_a_home_in_use_is_replaced_only_by_force_and_kept(self, saved: Path, home: Path) -> None:
        fill(home, {"reports/later.pdf": b"later"})
        with pytest.raises(BackupError, match="not empty"):
            restore(saved, home)
        restore(saved, home, force=True)
        assert contents(home) == FILES
        assert (home / "cache/encoder.safetensors").read_bytes() == b"weights"
        (kept,) = home.parent.glob("home.before-restore-*")
        assert (kept / "reports/later.pdf").read_bytes() == b"later"

    def test_a_damaged_backup_changes_nothing(self, saved: Path, home: Path) -> None:
        (saved / "audit.key").write_bytes(b"1" * 64)
        before = contents(home)
        with pytest.raises(BackupError, match="damaged"):
            restore(saved, home, force=True)
        assert contents(home) == before

    def test_killed_in_the_middle_the_old_home_stands(self, saved: Path, home: Path) -> None:
        before = contents(home)
        program = (
            "import sys, time, serve.backup as b; from pathlib import Path; copy = b._copy_file\n"
            "def slow(*a): copy(*a); print(a[1], flush=True); time.sleep(0.3)\n"
            "b._copy_file = slow\n"
            "b.restore(Path(sys.argv[1]), Path(sys.argv[2]), force=True)"
        )
        command = [sys.executable, "-c", program, str(saved), str(home)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert contents(home) == before
        restore(saved, home, force=True)
        assert contents(home) == FILES


@pytest.mark.postgres
class TestPostgres:
    @pytest.fixture(autouse=True)
    def client_programs(self, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", f"{postgres_server.bin}{os.pathsep}{os.environ['PATH']}")

    def test_there_and_back(
        self, home: Path, pg_engine: Engine, tmp_path: Path, postgres_server: PostgresServer
    ) -> None:
        metadata.create_all(pg_engine)
        store = JobStore(pg_engine)
        store.enqueue("calls", "a", {"path": "call-1.wav"})
        backup(home, pg_engine, tmp_path / "saved", principal=system_principal())
        store.enqueue("calls", "later", {})
        with pytest.raises(BackupError, match="database_url"):
            restore(tmp_path / "saved", tmp_path / "new")
        with pytest.raises(BackupError, match="has tables already"):
            restore(tmp_path / "saved", tmp_path / "new", engine=pg_engine)
        assert not (tmp_path / "new").exists()
        restore(tmp_path / "saved", tmp_path / "new", engine=pg_engine, force=True)
        assert [job.key for job in store.list("calls")] == ["a"]
        assert contents(tmp_path / "new") == FILES

    def test_without_pg_dump_the_remedy_is_said(
        self, home: Path, pg_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(BackupError, match="pg_dump was not found"):
            backup(home, pg_engine, tmp_path / "saved", principal=system_principal())
        assert not (tmp_path / "saved").exists()
