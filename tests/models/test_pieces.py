"""A cut vocabulary splits texts as the whole one does, and grows when a text needs more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from models.encoders.pieces import Pieces

MARKS = ["<s>", "<pad>", "</s>", "<unk>"]
WORDS = ["▁", "▁query:", "q", "基", "金", "基金", "▁基金", "赎回", "赎", "回", "▁F", "F", "O", "FO", "3", "fund", "f",
         "u", "n", "d", "ф", "о", "фонд", "н", "д"]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pieces")
    vocabulary = [(mark, 0.0) for mark in MARKS] + [(word, -1.0 - n / 8) for n, word in enumerate(WORDS)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", bos_token="<s>", eos_token="</s>",
        mask_token="<mask>", model_input_names=["input_ids", "attention_mask"],
    ).save_pretrained(place)  # fmt: skip
    return place


def whole(folder: Path, texts: list[str], pairs: list[str] | None = None) -> Any:
    fast = PreTrainedTokenizerFast.from_pretrained(folder)
    return fast(texts, pairs, padding=True, truncation=True, max_length=12, return_tensors="pt")


CHINESE = ["query: 基金赎回", "query: ＦＯ基金３", "query: 基𠀀金"]


@pytest.mark.parametrize("more", [[], ["query: 基金 fund"], ["query: фонд"]], ids=["chinese", "latin", "cyrillic"])
def test_ids_are_those_of_the_whole_vocabulary(folder: Path, more: list[str]) -> None:
    pieces, texts = Pieces(folder), [*CHINESE, *more]
    cut, full = pieces(texts, max_length=12), whole(folder, texts)
    assert set(cut) == set(full)
    assert all(torch.equal(cut[name], full[name]) for name in full)


def test_pairs_are_cut_and_told_apart_in_the_same_way(folder: Path) -> None:
    pairs = ["query: 赎回赎回赎回赎回赎回", "基", ""]
    cut, full = Pieces(folder)(CHINESE, pairs, max_length=12), whole(folder, CHINESE, pairs)
    assert torch.equal(cut["input_ids"], full["input_ids"])
    assert [list(cut.sequence_ids(row)) for row in range(3)] == [list(full.sequence_ids(row)) for row in range(3)]


def test_what_chinese_does_not_need_is_left_out_until_a_text_needs_it(folder: Path) -> None:
    pieces = Pieces(folder)
    sizes = [pieces.size]
    for text in ("query: 基金", "基金 fund", "фонд", "基金"):
        pieces([text])
        sizes.append(pieces.size)
    assert sizes[0] == sizes[1] < sizes[2] < sizes[3] == sizes[4] == len(MARKS) + len(WORDS) + 1


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("BertTokenizerFast", ["input_ids", "token_type_ids", "attention_mask"]),
        ("TokenizersBackend", ["input_ids", "attention_mask"]),
    ],
)
def test_a_tokenizer_of_another_kind_is_read_whole(tmp_path: Path, kind: str, names: list[str]) -> None:
    tokenizer = Tokenizer(models.WordLevel({"[PAD]": 0, "[UNK]": 1, "甲": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"pad_token": "[PAD]", "tokenizer_class": kind}))
    found = Pieces(tmp_path)(["甲乙", "甲"])
    assert found["input_ids"].tolist() == [[2, 1], [2, 0]]
    assert list(found) == names
