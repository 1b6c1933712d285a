"""A transformer with its word embeddings left in the file: mapped, not read, so that only the rows used cost memory.

Four fifths of a multilingual encoder's weights are word embeddings, and Chinese reports touch few of them. Processes
that map the same file share what they touch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def load_transformer(folder: Path, *, half: bool) -> tuple[Any, Any]:
    """The transformer of a folder in evaluation mode, and its tokenizer; without what sentence-transformers adds.

    `half`: everything but the word embeddings in bfloat16; their rows are rounded as they are looked up, which gives
    the very numbers that rounding the table gives. Raises what transformers raises.
    """
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
