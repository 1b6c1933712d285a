"""An encoder of two small layers, made for tests: real code, no weights of the product."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from intent.classifier.train import TUNING, TrainingSettings
from models.encoders.transformer import SentenceTransformerEncoder
from models.tuning_run import TuningSettings
from tests.intent.labelled_lines import lines

SETTINGS = TrainingSettings(
    noise=0.0,
    tuning=TuningSettings(
        parts=TUNING.parts, rank=4, alpha=8, frozen_layers=0, dropout=0.0, epochs=12, batch=8,
        learning_rate=1e-2, head_learning_rate=3e-2, patience=12, prefix="",
    ),
)  # fmt: skip


@cache
def tiny_encoder() -> SentenceTransformerEncoder:
    """One for all tests of a process; nobody changes it."""
    return SentenceTransformerEncoder(_folder(), "fp32", family="tiny")


def _folder() -> Path:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(1)
    place = Path(mkdtemp(prefix="tiny-encoder-"))
    characters = sorted({character for line in lines() for character in line["text"]})
    vocabulary = {"[PAD]": 0, "[UNK]": 1, **{char: n for n, char in enumerate(characters, start=2)}}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(place / "bert")
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    fast.save_pretrained(place / "bert")
    parts = Transformer(str(place / "bert"))
    SentenceTransformer(modules=[parts, Pooling(32)]).save(str(place / "encoder"))
    return place / "encoder"
