"""The store: names to folders, whole or not at all, and one clear sentence when it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from models.entries import FinishedFile, ModelEntry
from models.errors import ModelDamagedError, ModelUnavailableError, RegistryError
from models.registry import ModelStore
from tests.models.made_up import CONFIG, FIRST, SECOND, sha256


@pytest.fixture
def store(tmp_path: Path, entry: ModelEntry, site: Path) -> ModelStore:
    return ModelStore(tmp_path / "cache", registry={"tiny": entry})


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


class TestJoining:
    def test_joins_the_parts_once(self, store: ModelStore, entry: ModelEntry) -> None:
        folder = store.path("tiny")
        assert (folder / "model.bin").read_bytes() == FIRST + SECOND
        assert (folder / "config.json").read_bytes() == CONFIG
        before = (folder / "model.bin").stat().st_ino
        assert store.path("whisper") == folder
        assert (folder / "model.bin").stat().st_ino == before
        assert folder.name == f"tiny-{entry.fingerprint}"

    def test_assembles_again_when_a_file_was_cut(self, store: ModelStore) -> None:
        folder = store.path("tiny")
        (folder / "model.bin").write_bytes(FIRST)
        assert (store.path("tiny") / "model.bin").read_bytes() == FIRST + SECOND
        assert visible(folder.parent) == [folder.name]

    def test_clears_what_a_killed_process_left(self, store: ModelStore, tmp_path: Path, entry: ModelEntry) -> None:
        leftover = tmp_path / "cache" / f".tiny-{entry.fingerprint}.99999.tmp"
        leftover.mkdir(parents=True)
        (leftover / "model.bin").write_bytes(FIRST)
        store.path("tiny")
        assert not leftover.exists()

    @pytest.mark.parametrize("broken", [b"", b"first half, and more", b"FIRST HALF, "])
    def test_refuses_a_broken_part_and_leaves_nothing(
        self, store: ModelStore, site: Path, tmp_path: Path, broken: bytes
    ) -> None:
        (site / "tougu_tiny_one" / "data" / "model.bin.part1").write_bytes(broken)
        with pytest.raises(ModelDamagedError, match=r"model\.bin\.part1 .* reinstall with: pip install"):
            store.path("tiny")
        assert visible(tmp_path / "cache") == []

    def test_refuses_a_missing_part(self, store: ModelStore, site: Path) -> None:
        (site / "tougu_tiny_two" / "data" / "model.bin.part2").unlink()
        with pytest.raises(ModelDamagedError, match="is missing"):
            store.path("tiny")

    def test_names_the_missing_package_and_the_command(self, tmp_path: Path, entry: ModelEntry) -> None:
        store = ModelStore(tmp_path, registry={"tiny": entry})
        with pytest.raises(ModelUnavailableError, match="tougu-tiny-one is missing; run: pip install tougu-tiny"):
            store.path("tiny")

    def test_names_a_missing_tool(self, tmp_path: Path, entry: ModelEntry, site: Path) -> None:
        store = ModelStore(tmp_path, registry={"tiny": replace(entry, needs=("no_such_module_x.y",))})
        with pytest.raises(ModelUnavailableError, match=r"no_such_module_x\.y is not installed"):
            store.path("tiny")

    def test_refuses_a_whole_that_is_not_the_registered_one(
        self, tmp_path: Path, entry: ModelEntry, site: Path
    ) -> None:
        wrong = FinishedFile(path="model.bin", size_bytes=1, sha256=sha256(b"x"))
        store = ModelStore(tmp_path / "cache", registry={"tiny": replace(entry, assembled=(wrong,))})
        with pytest.raises(ModelDamagedError, match="although its parts are"):
            store.path("tiny")


class TestDisk:
    def test_says_that_the_disk_is_full(
        self, store: ModelStore, tmp_path: Path, free_disk: Callable[[int], None]
    ) -> None:
        free_disk(1 << 20)
        with pytest.raises(ModelUnavailableError, match="too full for a model: 1 MB are free"):
            store.path("tiny")
        assert visible(tmp_path / "cache") == []
        assert not store.check("tiny").ok

    def test_says_that_the_disk_filled_up_while_writing(
        self, store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(ModelUnavailableError, match="filled up"):
            store.path("tiny")
        assert visible(tmp_path / "cache") == []

    def test_says_that_the_cache_is_no_folder(self, entry: ModelEntry, site: Path, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        store = ModelStore(tmp_path / "file" / "cache", registry={"tiny": entry})
        with pytest.raises(ModelUnavailableError, match="cannot be written"):
            store.path("tiny")


class TestCheckAndVerify:
    def test_check_does_not_assemble(self, store: ModelStore, tmp_path: Path) -> None:
        state = store.check("tiny")
        assert state.ok
        assert "at its first use" in state.detail
        assert not (tmp_path / "cache").exists()

    def test_check_sees_the_assembled_folder(self, store: ModelStore) -> None:
        folder = store.path("tiny")
        assert str(folder) in store.check("tiny").detail

    def test_check_gives_the_remedy(self, store: ModelStore, site: Path) -> None:
        (site / "tougu_tiny_one" / "data" / "config.json").write_bytes(b"too long")
        state = store.check("tiny")
        assert not state.ok
        assert state.remedy.startswith("reinstall with: pip install tougu-tiny")

    def test_verify_finds_a_changed_byte_of_the_same_size(self, store: ModelStore) -> None:
        assert store.verify("tiny").ok
        (store.path("tiny") / "model.bin").write_bytes((FIRST + SECOND).upper())
        state = store.verify("tiny")
        assert not state.ok
        assert "model.bin" in state.detail

    def test_verify_hashes_a_model_used_in_place(self, tmp_path: Path, entry: ModelEntry, site: Path) -> None:
        used = replace(entry, assembly="in-place", files=entry.files[:1], assembled=())
        store = ModelStore(tmp_path, registry={"tiny": used})
        assert store.path("tiny") == site / "tougu_tiny_one"
        assert store.verify("tiny").ok
        (site / "tougu_tiny_one" / "data" / "config.json").write_bytes(b"[]")
        assert "altered" in store.verify("tiny").detail


class TestOwnModels:
    def test_a_folder_fills_the_slot_and_the_name(self, tmp_path: Path, entry: ModelEntry) -> None:
        own = tmp_path / "own"
        own.mkdir()
        store = ModelStore(tmp_path / "cache", folders={"whisper": own}, registry={"tiny": entry})
        with pytest.raises(ModelUnavailableError, match=r"has no config\.json, model\.bin"):
            store.path("whisper")
        for name in ("config.json", "model.bin"):
            (own / name).write_bytes(b"{}")
        assert store.path("whisper") == store.path("tiny") == own
        assert "no checksum is registered" in store.verify("whisper").detail

    def test_a_missing_folder_is_said_so(self, tmp_path: Path, entry: ModelEntry) -> None:
        store = ModelStore(tmp_path, folders={"whisper": tmp_path / "gone"}, registry={"tiny": entry})
        assert "does not exist" in store.check("whisper").detail

    def test_the_hub_is_not_asked_unless_allowed(self, tmp_path: Path, entry: ModelEntry) -> None:
        store = ModelStore(tmp_path, hub_ids={"whisper": "Systran/faster-whisper-small"}, registry={"tiny": entry})
        with pytest.raises(ModelUnavailableError, match="which the settings forbid"):
            store.path("whisper")
        assert not store.check("whisper").ok

    def test_an_allowed_hub_that_cannot_be_reached_is_one_sentence(
        self, tmp_path: Path, entry: ModelEntry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unreachable(*_: object, **__: object) -> str:
            raise ConnectionError("no route")

        monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
        store = ModelStore(tmp_path, True, hub_ids={"whisper": "some/model@v1"}, registry={"tiny": entry})
        assert store.check("whisper").ok
        with pytest.raises(ModelUnavailableError, match="could not be downloaded"):
            store.path("whisper")

    def test_an_unknown_name_lists_the_known_ones(self, store: ModelStore) -> None:
        with pytest.raises(RegistryError, match="choose one of tiny, whisper"):
            store.path("nothing")
