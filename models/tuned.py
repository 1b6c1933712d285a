"""A tuned encoder: low-rank changes to the shared encoder and a multi-label head; texts to probabilities."""

from __future__ import annotations

import copy
import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.encoder import Encoder
from models.encoders.remembering import RememberingEncoder
from models.encoders.transformer import SentenceTransformerEncoder
from models.encoders.vectors import readable
from models.errors import ModelDamagedError, ModelUnavailableError
from models.lazy import Lazy
from models.memory import give_back
from models.parts import parted
from models.scorer import Probabilities
from models.spread import spread_over

WEIGHTS, CARD = "adapter.safetensors", "card.json"
_TOKENIZED_AT_ONCE = 1_024  # texts; all of these are padded to one length for a moment
_PASS = 8  # tokens that cost as much as one more pass through the layers
REMEDY = "run: pip install 'tougu[local]'"


@dataclass(frozen=True, kw_only=True)
class TunedCard:
    """What was tuned, on what, and how; lies beside the weights."""

    family: str  # of the encoder that the changes belong to
    labels: tuple[str, ...]
    rank: int
    alpha: int
    prefix: str  # stands before every text, as at training
    max_tokens: int
    sha256: str = ""  # of the weights file
    parts: bool = False  # texts have two parts (models/parts.py), and the head sees the mean of each


def _named(folder: Path) -> str:
    """Enough of its path to tell it from others: `semantic/model`."""
    return f"{folder.parent.name}/{folder.name}"


def write_tuned(folder: Path, card: TunedCard, tensors: Mapping[str, Any]) -> TunedCard:
    """Write weights (half precision) and card into `folder`; returns the card with the weights' hash."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: t.detach().to(torch.float16).contiguous() for name, t in tensors.items()}, folder / WEIGHTS)
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    sealed = TunedCard(**{**asdict(card), "labels": card.labels, "sha256": digest})
    (folder / CARD).write_text(json.dumps(asdict(sealed), ensure_ascii=False, indent=2) + "\n", "utf-8")
    return sealed


def read_card(folder: Path) -> TunedCard:
    """Raises ModelDamagedError when there is none or it cannot be read."""
    try:
        raw = json.loads((folder / CARD).read_text("utf-8"))
        return TunedCard(**{**raw, "labels": tuple(raw["labels"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelDamagedError(
            f"the tuned model {_named(folder)} has no readable card ({type(error).__name__})",
            remedy="install tougu again, or point the settings at a whole model folder",
        ) from error


class TunedEncoder:
    """Scores by the shared encoder with its low-rank changes merged in; loads at the first text.

    The word embeddings, four fifths of the weights, stay those of the shared encoder; only the
    layers are copied. Raises ModelUnavailableError without torch, ModelDamagedError when the
    weights do not fit their card or the encoder.
    """

    def __init__(
        self,
        folder: Path,
        encoder: Callable[[], tuple[Any, Any]],
        family: str,
        *,
        batch: int = 32,
    ) -> None:
        """`encoder` gives the loaded transformer (a BertModel) and its tokenizer when first needed."""
        card = read_card(folder)
        if card.family != family:
            raise ModelDamagedError(
                f"the tuned model {_named(folder)} was made for the encoder {card.family}, but the encoder is {family}",
                remedy="set the encoder back, train the model again, or do without it (compliance.profile: rules, or "
                "intent.method: rules)",
            )
        self.labels = card.labels
        self.version = card.sha256[:12]
        self._card = card
        self._folder = folder
        self._encoder = encoder
        self._batch = batch
        self._loaded = Lazy(self._load)
        self._one_at_a_time = threading.Lock()  # fast tokenizers refuse concurrent padding changes

    def load(self) -> None:
        """See Scorer."""
        self._loaded.get()

    def score(self, texts: Sequence[str]) -> Probabilities:
        """Probabilities by text and label, each label by itself."""
        return np.asarray(1 / (1 + np.exp(-self.logits(texts))), np.float32)

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """What the head gives, shape (texts, labels); batches are made of texts of like length."""
        import torch

        found = np.zeros((len(texts), len(self.labels)), np.float32)
        if not texts:
            return found
        model, head, tokenizer = self._loaded.get()
        card = self._card
        with self._one_at_a_time, torch.inference_mode():
            spread_over(len(texts))
            for at in range(0, len(texts), _TOKENIZED_AT_ONCE):
                some = readable(texts[at : at + _TOKENIZED_AT_ONCE])
                tokens = tokenize(tokenizer, card.prefix, some, card.max_tokens, parts=card.parts)
                for rows in like_length(tokens.inputs["attention_mask"].sum(1).tolist(), self._batch):
                    batch = tokens.of(rows)
                    logits = head(pooled(model(**batch.inputs).last_hidden_state.float(), batch.masks))
                    found[np.array(rows) + at] = logits.numpy()
        return found

    def _load(self) -> tuple[Any, Any, Any]:
        try:
            import torch
            from safetensors.torch import load_file
        except ImportError as error:
            raise ModelUnavailableError(f"the tuned model {_named(self._folder)} needs torch", remedy=REMEDY) from error
        base, tokenizer = self._encoder()
        weights = self._folder / WEIGHTS
        if not weights.is_file() or hashlib.sha256(weights.read_bytes()).hexdigest() != self._card.sha256:
            raise ModelDamagedError(
                f"the weights of the tuned model {_named(self._folder)} are missing or changed",
                remedy="install it again",
            )
        tensors = load_file(weights)
        model = _with_own_layers(base)
        merge(model, tensors, self._card.alpha / self._card.rank)
        head = torch.nn.Linear(tensors["head.weight"].shape[1], len(self.labels))
        head.load_state_dict({"weight": tensors["head.weight"].float(), "bias": tensors["head.bias"].float()})
        del base, tensors
        give_back()
        return model.eval(), head.eval(), tokenizer


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """A padded batch: what the transformer takes, and what is pooled, one mask (batch, tokens) a part."""

    inputs: Mapping[str, Any]
    masks: tuple[Any, ...]

    def of(self, rows: Sequence[int]) -> Tokens:
        """Some of the texts, padded to the longest of these."""
        width = int(self.inputs["attention_mask"][rows].sum(1).max())
        return Tokens(
            inputs={name: values[rows, :width] for name, values in self.inputs.items()},
            masks=tuple(mask[rows, :width] for mask in self.masks),
        )


def like_length(counts: Sequence[int], most: int) -> list[list[int]]:
    """Texts (rows of `counts`, their tokens) in batches of at most `most`, shortest first.

    A batch ends where a longer text would add more padding than a pass costs; without any there is no mask either, and
    attention takes the faster kernel.
    """
    batches: list[list[int]] = []
    for row in sorted(range(len(counts)), key=counts.__getitem__):
        last = batches[-1] if batches else []
        if not last or len(last) == most or len(last) * (counts[row] - counts[last[-1]]) > _PASS:
            batches.append(last := [])
        last.append(row)
    return batches


def tokenize(tokenizer: Any, prefix: str, texts: Sequence[str], max_tokens: int, *, parts: bool = False) -> Tokens:
    """Texts as tokens; longer texts are cut, of two parts the longer one first."""
    import torch

    pairs = [parted(text) for text in texts]
    judged = [prefix + text for text, _ in pairs] if parts else [prefix + text for text in texts]
    before = [said for _, said in pairs] if parts else None
    found = tokenizer(judged, before, padding=True, truncation=True, max_length=max_tokens, return_tensors="pt")
    inputs, mask = dict(found), found["attention_mask"]
    if not parts:
        return Tokens(inputs=inputs, masks=(mask,))
    second = torch.tensor([[of == 1 for of in found.sequence_ids(row)] for row in range(len(texts))], dtype=mask.dtype)
    return Tokens(inputs=inputs, masks=(mask * (1 - second), mask * second))


def pooled(states: Any, masks: Sequence[Any]) -> Any:
    """Means of the token states (batch, tokens, width) over each mask, side by side; zero for an empty part."""
    import torch

    weights = [mask.unsqueeze(-1).to(states.dtype) for mask in masks]
    return torch.cat([(states * weight).sum(1) / weight.sum(1).clamp(min=1) for weight in weights], dim=1)


def merge(model: Any, tensors: Mapping[str, Any], scale: float) -> None:
    """Add scale * B @ A to each changed matrix, in full precision (Hu et al., LoRA, 2021, equation 3)."""
    import torch

    modules = dict(model.named_modules())
    with torch.no_grad():
        for name in [n.removesuffix(".lora_A") for n in tensors if n.endswith(".lora_A")]:
            weight = modules[name].weight
            change = tensors[f"{name}.lora_B"].float() @ tensors[f"{name}.lora_A"].float()
            weight.copy_((weight.float() + scale * change).to(weight.dtype))


def _with_own_layers(base: Any) -> Any:
    """The transformer with its layers copied and its embeddings shared."""
    shared = {id(p): p for p in base.embeddings.parameters()} | {id(b): b for b in base.embeddings.buffers()}
    return copy.deepcopy(base, shared)


def transformer_of(encoder: Encoder) -> SentenceTransformerEncoder | None:
    """What a tuned model can be merged into; None for an encoder without torch."""
    carrier = encoder.inner if isinstance(encoder, RememberingEncoder) else encoder
    return carrier if isinstance(carrier, SentenceTransformerEncoder) else None


def load_tuned(folder: Path, encoder: Encoder) -> TunedEncoder:
    """The tuned model in `folder` on the weights of `encoder`, both untouched until the first text.

    Raises ModelDamagedError when the model was made for another encoder; scoring raises
    ModelUnavailableError where the encoder is not one of torch.
    """

    def reader() -> tuple[Any, Any]:
        carrier = transformer_of(encoder)
        if carrier is None:
            raise ModelUnavailableError(
                f"the tuned model {_named(folder)} needs an encoder on torch, not {encoder.name}",
                remedy="run: pip install 'tougu[local]' and leave the encoder at its default",
            )
        return carrier.reader()

    return TunedEncoder(folder, reader, encoder.name.partition("/")[0])
