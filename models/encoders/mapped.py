"""A transformer for reading alone: its word embeddings stay in the file, and nothing is imported that training needs.

Four fifths of a multilingual encoder's weights are word embeddings, and Chinese reports touch few of them. Processes
that map the same file share what they touch.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_WEIGHTS = "model.safetensors"
_WORDS = "embeddings.word_embeddings.weight"


def load_reader(folder: Path, *, half: bool) -> tuple[Any, Any]:
    """The transformer of a folder in evaluation mode, and its tokenizer, called as those of transformers are.

    `half`: everything but the word embeddings in bfloat16; their rows are rounded as they are looked up, which gives
    the very numbers that rounding the table gives. What is no plain BERT in one file is read by transformers. Raises
    what torch, safetensors, tokenizers and transformers raise.
    """
    from models.encoders.bert import Shape
    from models.encoders.pieces import Pieces

    shape = Shape.of(json.loads((folder / "config.json").read_text("utf-8")))
    if shape is None or not (folder / _WEIGHTS).is_file() or not (folder / "tokenizer.json").is_file():
        return by_transformers(folder, half=half)
    return _bert(folder / _WEIGHTS, shape, half=half), Pieces(folder)


def _bert(file: Path, shape: Any, *, half: bool) -> Any:
    """The layers are read and rounded, the words alone stay in the file."""
    import torch
    from safetensors import safe_open

    from models.encoders.bert import Bert

    dtype = torch.bfloat16 if half else torch.float32
    with safe_open(file, "pt") as stored:  # its mapping goes with it, and with that the pages that were touched
        names = {name.removeprefix("bert."): name for name in stored.keys()}  # noqa: SIM118
        found = {name: stored.get_tensor(names[name]).to(dtype, copy=True) for name in names.keys() - {_WORDS}}
    with safe_open(file, "pt") as stored:
        found[_WORDS] = stored.get_tensor(names[_WORDS]).to(torch.float32)
    return Bert(shape, found).eval()


def by_transformers(folder: Path, *, half: bool) -> tuple[Any, Any]:
    """The same for any architecture, and as training needs it. Raises what transformers raises."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    places: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    model = AutoModel.from_pretrained(str(folder), use_safetensors=True, dtype=torch.float32, **places)
    if half:
        words = model.get_input_embeddings()
        model.set_input_embeddings(torch.nn.Identity())  # kept out of the conversion
        model.to(torch.bfloat16)
        words.register_forward_hook(_rounded)
        model.set_input_embeddings(words)
    return model.eval(), AutoTokenizer.from_pretrained(str(folder), **places)


def _rounded(module: Any, inputs: Any, output: Any) -> Any:
    import torch

    return output.to(torch.bfloat16)
