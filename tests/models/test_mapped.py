"""Word embeddings left in the file: the numbers are those of the whole model, in full and in half precision."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from models.encoders.mapped import load_reader


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bert")
    torch.manual_seed(3)
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "甲": 2, "乙": 3}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(place)
    config = BertConfig(vocab_size=4, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
    BertModel(config).save_pretrained(place)
    return place


@pytest.mark.parametrize("half", [False, True])
def test_it_says_what_the_whole_model_says(folder: Path, half: bool) -> None:
    whole = BertModel.from_pretrained(folder).to(torch.bfloat16 if half else torch.float32).eval()
    mapped, tokenizer = load_reader(folder, half=half)
    tokens = tokenizer(["甲乙", "乙"], padding=True, return_tensors="pt")
    with torch.inference_mode():
        assert torch.equal(mapped(**tokens).last_hidden_state, whole(**tokens).last_hidden_state)


def test_in_half_precision_the_table_stays_as_the_file_has_it(folder: Path) -> None:
    model, _ = load_reader(folder, half=True)
    assert model.embeddings.word_embeddings.weight.dtype is torch.float32
    assert model.encoder.layer[0].output.dense.weight.dtype is torch.bfloat16


def test_another_architecture_is_read_by_transformers(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = (folder / "config.json").read_text("utf-8")
    (tmp_path / "config.json").write_text(config.replace('"gelu"', '"relu"'), "utf-8")
    model, tokenizer = load_reader(tmp_path, half=True)
    tokens = tokenizer(["甲乙", "乙"], padding=True, return_tensors="pt")
    whole = BertModel.from_pretrained(tmp_path).to(torch.bfloat16).eval()
    with torch.inference_mode():
        assert torch.equal(model(**tokens).last_hidden_state, whole(**tokens).last_hidden_state)


def test_reading_imports_nothing_that_training_needs(folder: Path) -> None:
    asked = f"""
import sys
from pathlib import Path
from models.encoders.mapped import load_reader
model, tokenizer = load_reader(Path({str(folder)!r}), half=False)
model(**tokenizer(["甲"]))
assert not {{"transformers", "sympy", "scipy"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", asked], check=True)
