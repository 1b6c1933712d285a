"""A folder's tokenizer with only those pieces that the texts need: Chinese reports use a tenth of what many tongues do.

A Unigram model splits a text into pieces that are parts of it (Kudo, 2018). Pieces with a character that a text does
not hold can therefore be left out, and the split stays the very same. A quarter of a million pieces weigh 280 MB in
`tokenizers`; those of Chinese, digits and capitals weigh 30. A text with other letters makes the vocabulary grow.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_SIGNS = r"\u00a1-\u00bf\u00d7\u00f7\u2000-\u2bff\u3000-\u303f\ufe0f\uff00-\uffef\U0001f000-\U0001faff"
_CHINESE = r"\u3400-\u4dbf\u4e00-\u9fff"
ALPHABETS = (rf"0-9A-Z\s!-/:-@\[-`{{-~{_SIGNS}{_CHINESE}", rf"\x00-\x7f{_SIGNS}{_CHINESE}")  # then everything
_PREFIX = re.compile("(?:query|passage): ")  # of the e5 family: before every text, in small letters
_PREFIXES = ("▁query:", "▁passage:")  # the same as words; the mark stands for the space before


Ids = NDArray[np.int64]


class Batch(dict[str, Any]):
    """Padded tensors (texts, tokens) by name, as a transformer takes them."""

    def __init__(self, tensors: dict[str, Any], sequences: Sequence[Sequence[int | None]]) -> None:
        super().__init__(tensors)
        self._sequences = sequences

    def sequence_ids(self, row: int) -> Sequence[int | None]:
        """Of each token of a text: which of the two parts it belongs to; None for marks and padding."""
        return self._sequences[row]


class Pieces:
    """Texts to padded token ids, as the fast tokenizer of transformers gives them; loads at the first text."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError or ValueError when the folder's tokenizer cannot be read."""
        config = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
        self._file = folder / "tokenizer.json"
        self._pad = str(config.get("pad_token") or "[PAD]")
        self._names = config.get("model_input_names") or _names(str(config.get("tokenizer_class", "")))
        self._level = 0
        self._turn = threading.Lock()  # a vocabulary may grow, and length and padding are the tokenizer's own state
        self._ids, self._tokenizer = self._read()

    @property
    def size(self) -> int:
        """How many pieces are at hand."""
        return len(self._ids)

    def __call__(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, *, max_length: int | None = None, **_: Any
    ) -> Batch:
        """Padded to the longest, cut after `max_length` tokens, of two parts the longer one first; other wishes of
        callers (`padding`, `return_tensors`) are always granted."""
        import torch

        given = list(texts) if pairs is None else list(zip(texts, pairs, strict=True))
        with self._turn:
            while not all(self._covers(text) for text in [*texts, *(pairs or ())]):
                self._level += 1
                self._ids, self._tokenizer = self._read()
            if max_length is not None:
                self._tokenizer.enable_truncation(max_length)
            self._tokenizer.enable_padding(pad_id=self._tokenizer.token_to_id(self._pad), pad_token=self._pad)
            found, ids = self._tokenizer.encode_batch(given), self._ids
        columns = {
            "input_ids": ids[np.array([one.ids for one in found])],
            "token_type_ids": np.array([one.type_ids for one in found]),
            "attention_mask": np.array([one.attention_mask for one in found]),
        }
        tensors = {name: torch.from_numpy(columns[name].astype(np.int64)) for name in self._names}
        return Batch(tensors, [one.sequence_ids for one in found])

    @property
    def _alphabet(self) -> str | None:
        return ALPHABETS[self._level] if self._level < len(ALPHABETS) else None

    def _covers(self, text: str) -> bool:
        """Whether no piece of the text can be missing."""
        if self._alphabet is None:
            return True
        normalizer = self._tokenizer.normalizer
        plain = text if normalizer is None else normalizer.normalize_str(text)
        return re.fullmatch(f"[{self._alphabet}]*", _PREFIX.sub("", plain, count=1)) is not None

    def _read(self) -> tuple[Ids, Tokenizer]:
        """The tokenizer of the level, and the id in the folder's vocabulary of each of its own."""
        from tokenizers import Tokenizer

        if self._alphabet is not None:
            whole = json.loads(self._file.read_text("utf-8"))
            if whole["model"]["type"] == "Unigram":
                kept = _kept(whole, self._alphabet)
                return np.array(kept, np.int64), Tokenizer.from_str(json.dumps(_cut(whole, kept), ensure_ascii=False))
            self._level = len(ALPHABETS)
        tokenizer = Tokenizer.from_file(str(self._file))
        return np.arange(tokenizer.get_vocab_size(with_added_tokens=True), dtype=np.int64), tokenizer


def _names(tokenizer_class: str) -> list[str]:
    """What transformers hands a model where the folder does not say: BERT's own tokenizers alone tell parts apart."""
    return ["input_ids", *(["token_type_ids"] if tokenizer_class.startswith("Bert") else []), "attention_mask"]


def _kept(whole: dict[str, Any], alphabet: str) -> list[int]:
    """Ids of the pieces that texts of this alphabet can have, ascending.

    The least likely piece is among them: what an unknown character costs is reckoned from it.
    """
    pieces = whole["model"]["vocab"]
    fits = re.compile(f"[{alphabet}]*").fullmatch
    least = min(range(len(pieces)), key=lambda n: pieces[n][1])
    marks = {least, whole["model"]["unk_id"], *(one["id"] for one in whole["added_tokens"])}
    found = [
        n
        for n, (piece, _) in enumerate(pieces)
        if n in marks or fits(piece) or any(piece in prefix for prefix in _PREFIXES)
    ]
    return found + sorted(n for n in marks if n >= len(pieces))  # marks that were added to the vocabulary's end


def _cut(whole: dict[str, Any], kept: Sequence[int]) -> dict[str, Any]:
    """The tokenizer's file with these pieces only, under new ids."""
    new = {old: n for n, old in enumerate(kept)}
    model, processor = whole["model"], whole.get("post_processor") or {}
    specials = {
        name: {**one, "ids": [new[n] for n in one["ids"]]} for name, one in processor.get("special_tokens", {}).items()
    }
    return {
        **whole,
        "added_tokens": [{**one, "id": new[one["id"]]} for one in whole["added_tokens"]],
        "post_processor": {**processor, "special_tokens": specials} if specials else whole.get("post_processor"),
        "model": {
            **model,
            "unk_id": new[model["unk_id"]],
            "vocab": [model["vocab"][n] for n in kept if n < len(model["vocab"])],
        },
    }
