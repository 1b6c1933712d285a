"""Makes a chat model of a few megabytes with random weights, for the tests of the boundary against a real server.

It needs no download: its tokenizer is trained here on the repository's own pages. What it says is noise; that it is
streamed, constrained to a schema and refused as by a large one is what the tests look at.

    python scripts/tiny_chat_model.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORDS = 4000  # of the vocabulary
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] or '' }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def main(folder: Path) -> None:
    """Write tokenizer, configuration and weights."""
    import torch
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM, set_seed

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_trained(), eos_token="<|im_end|>", pad_token="<|endoftext|>", model_max_length=2048
    )
    tokenizer.chat_template = CHATML
    set_seed(17)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=64,
        max_position_embeddings=2048,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
    )
    model = Qwen3ForCausalLM(config)
    with torch.no_grad():
        model.get_input_embeddings().weight[tokenizer.all_special_ids] = 0  # noise that would end at once is no reply
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)


def _trained():  # type: ignore[no-untyped-def]
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=WORDS,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    pages = sorted(str(page) for page in [*ROOT.glob("*.md"), *ROOT.glob("prompts/templates/*.md")])
    tokenizer.train(pages, trainer)
    return tokenizer


if __name__ == "__main__":
    main(Path(sys.argv[1]))
