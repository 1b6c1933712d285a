"""Tuning and the tuned model, on a transformer of two small layers made for the test."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from models.encoders.hashing import HashEncoder
from models.errors import ModelDamagedError, ModelUnavailableError
from models.objective import mean_average_precision
from models.parts import joined
from models.scorer import ScriptedScorer
from models.tuned import CARD, WEIGHTS, TunedEncoder, like_length, load_tuned, read_card
from models.tuning import tune
from models.tuning_run import UNFINISHED, Examples, TuningSettings

CHARACTERS = "甲乙丙丁戊己天地人和"
SETTINGS = TuningSettings(
    rank=4,
    alpha=8,
    frozen_layers=1,
    epochs=6,
    batch=8,
    learning_rate=1e-2,
    head_learning_rate=2e-2,
    prefix="",
    dropout=0.0,
)
LABELS = ("has.甲", "has.乙")


@pytest.fixture(scope="module")
def base() -> tuple[Any, Any]:
    torch.manual_seed(1)
    vocabulary = {"[PAD]": 0, "[UNK]": 1, **{char: n for n, char in enumerate(CHARACTERS, start=2)}}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    return BertModel(config).eval(), fast


def made(n: int, seed: int) -> Examples:
    rng = np.random.default_rng(seed)
    texts = tuple("".join(rng.choice(list(CHARACTERS), 6)) for _ in range(n))
    targets = np.array([["甲" in text, "乙" in text] for text in texts], np.float32)
    return Examples(texts=texts, targets=targets)


@pytest.fixture(scope="module")
def folder(base: tuple[Any, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tuned") / "model"
    tune(place, base, family="tiny", labels=LABELS, train=made(160, 1), development=made(60, 2), settings=SETTINGS)
    return place


def opened(folder: Path, base: tuple[Any, Any]) -> TunedEncoder:
    return TunedEncoder(folder, lambda: base, "tiny")


def test_it_learns_and_the_written_model_scores_as_well(folder: Path, base: tuple[Any, Any]) -> None:
    unseen = made(80, 3)
    scores = opened(folder, base).score(unseen.texts)
    assert scores.shape == (80, 2)
    assert mean_average_precision(scores, unseen.targets) > 0.9


def test_an_encoder_in_half_precision_is_tuned_and_stays_as_it_was(base: tuple[Any, Any], tmp_path: Path) -> None:
    half = deepcopy(base[0]).to(torch.bfloat16)
    settings = replace(SETTINGS, epochs=1)
    tune(
        tmp_path, (half, base[1]), family="tiny", labels=LABELS, train=made(16, 1), development=made(8, 2),
        settings=settings,
    )  # fmt: skip
    assert {values.dtype for values in half.parameters()} == {torch.bfloat16}


def test_the_shared_encoder_is_unchanged_and_its_embeddings_are_not_copied(folder: Path, base: tuple[Any, Any]) -> None:
    before = base[0].encoder.layer[0].output.dense.weight.clone()
    scorer = opened(folder, base)
    scorer.score(["甲"])
    model = scorer._loaded.get()[0]
    assert torch.equal(base[0].encoder.layer[0].output.dense.weight, before)
    assert model.embeddings.word_embeddings.weight is base[0].embeddings.word_embeddings.weight
    assert not torch.equal(model.encoder.layer[1].output.dense.weight, base[0].encoder.layer[1].output.dense.weight)


def test_order_and_company_of_texts_do_not_matter(folder: Path, base: tuple[Any, Any]) -> None:
    scorer = opened(folder, base)
    together = scorer.score(["甲乙丙", "天", "地人和甲甲甲甲甲"])
    alone = np.vstack([scorer.score([text]) for text in ("甲乙丙", "天", "地人和甲甲甲甲甲")])
    assert np.allclose(together, alone, atol=1e-5)
    assert scorer.score([]).shape == (0, 2)


def test_the_same_seed_gives_the_same_weights(base: tuple[Any, Any], folder: Path, tmp_path: Path) -> None:
    tune(tmp_path, base, family="tiny", labels=LABELS, train=made(160, 1), development=made(60, 2), settings=SETTINGS)
    assert read_card(tmp_path).sha256 == read_card(folder).sha256


def test_training_goes_on_from_a_model_with_more_layers_free_but_not_with_fewer(
    base: tuple[Any, Any], folder: Path, tmp_path: Path
) -> None:
    settings = replace(SETTINGS, frozen_layers=0, epochs=1, learning_rate=1e-6, head_learning_rate=1e-6)
    tune(
        tmp_path, base, family="tiny", labels=LABELS, train=made(16, 4), development=made(60, 2), settings=settings,
        start=folder,
    )  # fmt: skip
    unseen = made(80, 3)
    went_on, before = (opened(place, base).score(unseen.texts) for place in (tmp_path, folder))
    assert np.allclose(went_on, before, atol=1e-2)
    with pytest.raises(ModelDamagedError, match=r"layer\.0\..* stays frozen here"):
        tune(
            tmp_path / "fewer", base, family="tiny", labels=LABELS, train=made(16, 4), development=made(8, 2),
            settings=SETTINGS, start=tmp_path,
        )  # fmt: skip


def test_training_does_not_go_on_from_a_model_of_another_make(
    base: tuple[Any, Any], folder: Path, tmp_path: Path
) -> None:
    def going_on(settings: TuningSettings, labels: tuple[str, ...] = LABELS) -> None:
        tune(
            tmp_path, base, family="tiny", labels=labels, train=made(16, 1), development=made(8, 2),
            settings=settings, start=folder,
        )  # fmt: skip

    with pytest.raises(ModelDamagedError, match="another encoder, other labels or another rank"):
        going_on(SETTINGS, ("has.乙", "has.甲"))
    with pytest.raises(ModelDamagedError, match="another rank"):
        going_on(replace(SETTINGS, rank=2))


def test_changed_weights_another_encoder_and_a_missing_card_are_refused(
    folder: Path, base: tuple[Any, Any], tmp_path: Path
) -> None:
    (tmp_path / CARD).write_text((folder / CARD).read_text("utf-8"), "utf-8")
    (tmp_path / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-1] + b"x")
    with pytest.raises(ModelDamagedError, match="missing or changed"):
        opened(tmp_path, base).score(["甲"])
    with pytest.raises(ModelDamagedError, match="made for the encoder tiny"):
        TunedEncoder(folder, lambda: base, "other")
    with pytest.raises(ModelDamagedError, match="no readable card"):
        read_card(tmp_path / "nowhere")


def test_an_encoder_without_torch_cannot_carry_it(folder: Path, tmp_path: Path) -> None:
    encoder = HashEncoder()
    card = (folder / CARD).read_text("utf-8").replace('"tiny"', f'"{encoder.name}"')
    (tmp_path / CARD).write_text(card, "utf-8")
    with pytest.raises(ModelUnavailableError, match="needs an encoder on torch"):
        load_tuned(tmp_path, encoder).score(["甲"])


def test_the_double_scores_by_the_words_it_was_given() -> None:
    scorer = ScriptedScorer(LABELS, {"甲": {"has.甲": 0.9}})
    assert scorer.score(["甲乙", "乙"]).tolist() == [[pytest.approx(0.9), 0.0], [0.0, 0.0]]


def test_what_came_before_is_told_from_what_is_judged(base: tuple[Any, Any], tmp_path: Path) -> None:
    def in_parts(n: int, seed: int) -> Examples:
        alone, before = made(n, seed), made(n, seed + 100)
        texts = tuple(joined(a, b) for a, b in zip(alone.texts, before.texts, strict=True))
        return Examples(texts=texts, targets=np.stack([alone.targets[:, 0], before.targets[:, 0]], axis=1))

    settings = replace(SETTINGS, parts=True, epochs=8)
    unseen = in_parts(80, 3)
    tune(
        tmp_path, base, family="tiny", labels=("now.甲", "before.甲"), train=in_parts(240, 1),
        development=in_parts(60, 2), settings=settings,
    )  # fmt: skip
    scores = opened(tmp_path, base).score(unseen.texts)
    assert mean_average_precision(scores, unseen.targets) > 0.9
    assert np.array_equal(scores > 0.5, opened(tmp_path, base).score([*unseen.texts, "甲"])[:-1] > 0.5)


def test_a_stopped_run_goes_on_after_its_last_whole_epoch(folder: Path, base: tuple[Any, Any], tmp_path: Path) -> None:
    notes: list[str] = []

    def stop_in_the_fourth(done: int, of: int, note: str) -> None:
        notes.append(note)
        if note.startswith("epoch 4, batch 2"):
            raise KeyboardInterrupt

    def trained(progress: Any) -> None:
        tune(
            tmp_path, base, family="tiny", labels=LABELS, train=made(160, 1), development=made(60, 2),
            settings=SETTINGS, progress=progress,
        )  # fmt: skip

    with pytest.raises(KeyboardInterrupt):
        trained(stop_in_the_fourth)
    assert (tmp_path / UNFINISHED).is_file()
    notes.clear()
    trained(lambda done, of, note: notes.append(note))
    assert not any(note.startswith(("epoch 1", "epoch 2", "epoch 3")) for note in notes)
    assert not (tmp_path / UNFINISHED).exists()
    assert read_card(tmp_path).sha256 == read_card(folder).sha256, "as if it had never been stopped"


def test_training_ends_when_passes_bring_nothing_more(base: tuple[Any, Any], tmp_path: Path) -> None:
    notes: list[str] = []
    still = replace(SETTINGS, epochs=9, patience=1, learning_rate=0.0, head_learning_rate=0.0)
    tune(
        tmp_path, base, family="tiny", labels=LABELS, train=made(40, 1), development=made(20, 2),
        settings=still, progress=lambda done, of, note: notes.append(note),
    )  # fmt: skip
    assert [note[:8] for note in notes if "development" in note] == ["epoch 1:", "epoch 2:"]


def test_a_device_that_is_not_there_is_one_sentence(base: tuple[Any, Any], tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="train with --device cpu"):
        tune(
            tmp_path, base, family="tiny", labels=LABELS, train=made(40, 1), development=made(20, 2),
            settings=replace(SETTINGS, device="cuda:99"),
        )  # fmt: skip


def test_batches_hold_texts_of_one_length_where_there_are_enough() -> None:
    counts = [5] * 9 + [7] * 3 + [6] + [4] * 44
    batches = like_length(counts, 32)
    assert sorted(row for rows in batches for row in rows) == list(range(len(counts)))
    assert [sorted({counts[row] for row in rows}) for rows in batches] == [[4], [4], [5], [6, 7]]
    assert max(map(len, batches)) == 32


def test_a_text_scores_alike_in_any_company(folder: Path, base: tuple[Any, Any]) -> None:
    texts = ("甲", "乙丙丁", "戊己天地人和甲乙丙", *made(40, 4).texts)
    together = opened(folder, base).score(texts)
    alone = np.concatenate([opened(folder, base).score([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-5)
