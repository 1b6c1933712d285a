"""The product's recipe on published sets of intents, with a transformer of two small layers made for the test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from eval.case import EvalError
from eval.result import Result
from eval.suites import public, public_intents
from eval.suites.public_scope import COST, choose_scope
from models.encoders.transformer import SentenceTransformerEncoder
from serve.wiring import House

CHARACTERS = "甲乙丙丁戊己天地人和"
INSIDE, STRANGE = "天地人和", "丁戊己"
MARKS = {"甲": "first", "乙": "second"}


class TinyEncoder(SentenceTransformerEncoder):
    """A random transformer over single characters."""

    def __init__(self) -> None:
        torch.manual_seed(1)
        vocabulary = {"[PAD]": 0, "[UNK]": 1, **{char: n for n, char in enumerate(CHARACTERS, start=2)}}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
        config = BertConfig(
            vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
        )
        fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
        self.name, self.dimension = "tiny/fp32", 16
        self._carried = BertModel(config).eval(), fast

    def transformer(self) -> tuple[Any, Any]:
        return self._carried

    def reader(self) -> tuple[Any, Any]:
        return self._carried


def quiet(*_: object) -> None:
    """Progress that nobody watches."""


@pytest.fixture
def trained_house(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    tiny = replace(
        public_intents.RECIPE,
        rank=4,
        alpha=8,
        frozen_layers=1,
        batch=8,
        learning_rate=1e-2,
        head_learning_rate=2e-2,
        prefix="",
    )
    monkeypatch.setattr(public_intents, "RECIPE", tiny)
    monkeypatch.setattr(public_intents, "LARGE", 5)
    house.encoder = TinyEncoder()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # layers this small lose more to waiting for one another than they gain
    yield house
    torch.set_num_threads(threads)


def rows(n: int, seed: int, *, marks: dict[str, str] = MARKS, around: str = INSIDE) -> list[list[str]]:
    """Texts of five characters with a mark among them, and the label of the mark."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(n):
        mark, label = list(marks.items())[number % len(marks)]
        text = list(rng.choice(list(around), 5))
        text[int(rng.integers(5))] = mark
        made.append(["".join(text), label])
    return made


def banking(folder: Path, house: House, **options: Any) -> Result:
    for name, count, seed in (("train", 240, 1), ("test", 60, 2)):
        lines = "\n".join(",".join(row) for row in sorted(rows(count, seed), key=lambda row: row[1]))
        (folder / f"{name}.csv").write_text(f"text,category\n{lines}\n", encoding="utf-8")
    return public.run(house, "banking77", folder, progress=options.pop("progress", quiet), **options)


def clinc(folder: Path, house: House, *, test_seed: int = 5, tested: int = 40) -> Result:
    strange = {"丙": "oos"}
    parts = {
        "train": rows(200, 1), "val": rows(100, 3), "test": rows(tested, test_seed),
        "oos_train": rows(20, 2, marks=strange, around=STRANGE), "oos_val": rows(30, 4, marks=strange, around=STRANGE),
        "oos_test": rows(tested, test_seed + 1, marks=strange, around=STRANGE),
    }  # fmt: skip
    (folder / "data_full.json").write_text(json.dumps(parts), encoding="utf-8")
    return public.run(house, "clinc150", folder, progress=quiet)


def value(result: Result, name: str) -> float:
    figure: Any = result.metrics[name]
    return float(figure["value"])


def test_labels_are_learnt_and_progress_is_shown(trained_house: House, tmp_path: Path) -> None:
    notes: list[str] = []
    result = banking(tmp_path, trained_house, progress=lambda done, of, note: notes.append(note))
    assert value(result, "accuracy") > 0.9
    assert result.parameters["seed"] == public_intents.RECIPE.seed
    assert result.parameters["train_lines"] + result.parameters["development_lines"] == 240
    assert 0 < result.parameters["development_lines"] < 60
    assert any("epoch 1, batch 1" in note for note in notes)


def test_the_same_seed_gives_the_same_answers(trained_house: House, tmp_path: Path) -> None:
    first, again = (banking(tmp_path, trained_house, limit=100) for _ in range(2))
    assert first.predictions == again.predictions
    assert first.parameters == again.parameters


def test_a_limit_is_one_of_training_lines_too_and_draws_from_all_labels(trained_house: House, tmp_path: Path) -> None:
    result = banking(tmp_path, trained_house, limit=50)
    assert result.parameters["train_lines"] + result.parameters["development_lines"] == 50
    assert result.parameters["labels"] == len(MARKS)
    assert result.data["n"] == 50


def test_out_of_scope_is_told_at_one_threshold(trained_house: House, tmp_path: Path) -> None:
    result = clinc(tmp_path, trained_house)
    assert value(result, "accuracy") > 0.9
    assert value(result, "oos_recall") > 0.9
    assert value(result, "accuracy_without_threshold") >= value(result, "accuracy")
    assert result.parameters["threshold"]["objective"]


def test_the_threshold_comes_from_validation_lines_alone(trained_house: House, tmp_path: Path) -> None:
    first, other = clinc(tmp_path, trained_house), clinc(tmp_path, trained_house, test_seed=50, tested=10)
    assert first.parameters["threshold"] == other.parameters["threshold"]
    assert first.parameters["validation"] == other.parameters["validation"]
    assert first.data["sha256"] != other.data["sha256"]


def test_the_chosen_threshold_keeps_to_its_cost_and_the_better_measure_wins() -> None:
    rng = np.random.default_rng(3)
    outside = np.arange(1200) >= 1000
    right = (np.arange(1200) % 20 > 0) & ~outside
    measured = {
        "useless": rng.normal(0, 1, 1200).astype(np.float32),
        "telling": (rng.normal(0, 1, 1200) + 5 * outside).astype(np.float32),
    }
    scope = choose_scope(measured, right, outside)
    assert list(scope.scales) == ["telling"]
    assert scope.always - COST <= scope.accuracy < scope.always
    assert scope.recall > 0.95
    away = scope.outside(measured)
    assert away[outside].mean() == pytest.approx(scope.recall)
    assert (right & ~away)[~outside].mean() == pytest.approx(scope.accuracy)


def test_nothing_right_in_scope_and_no_strangers_are_survived_or_refused(trained_house: House, tmp_path: Path) -> None:
    measured = {"one": np.array([0.0, 1.0, 2.0], np.float32)}
    scope = choose_scope(measured, np.zeros(3, np.bool_), np.array([False, False, True]))
    assert (scope.accuracy, scope.recall) == (0.0, 1.0)
    parts = {"train": rows(60, 1), "val": rows(20, 3), "test": rows(20, 5), "oos_train": [], "oos_val": [],
             "oos_test": []}  # fmt: skip
    (tmp_path / "data_full.json").write_text(json.dumps(parts), encoding="utf-8")
    with pytest.raises(EvalError, match="none out of scope in val and oos_val"):
        public.run(trained_house, "clinc150", tmp_path, progress=quiet)


def test_an_encoder_without_torch_and_too_few_lines_are_refused(
    house: House, trained_house: House, tmp_path: Path
) -> None:
    with pytest.raises(EvalError, match="give a higher --limit"):
        banking(tmp_path, trained_house, limit=1)
    other = House(house.settings)
    with pytest.raises(EvalError, match=r"needs the encoder on torch, not .*pip install"):
        banking(tmp_path, other)
    other.close()
