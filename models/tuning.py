"""Tuning the shared encoder for labels of its own: low-rank changes and a multi-label head, on one or two cores."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelUnavailableError
from models.tuned import TunedCard, mean_pooled, tokenize, write_tuned

log = logging.getLogger(__name__)
Targets = NDArray[np.float32]  # (texts, labels): 1 = it holds, 0 = it does not
Progress = Callable[[int, int, str], None]
_AT_ONCE = 64  # texts read or scored together
_CHANGED = r".*\.layer\.\d+\..*(query|key|value|dense)"  # every linear layer of every BertLayer


@dataclass(frozen=True, kw_only=True)
class TuningSettings:
    """Of the training run; the defaults were chosen on a development split (docs/compliance.md)."""

    rank: int = 16
    alpha: int = 32
    frozen_layers: int = 6  # the lower layers stay as they are, so that each text passes them once
    dropout: float = 0.05
    epochs: int = 5
    batch: int = 32
    learning_rate: float = 1e-3
    head_learning_rate: float = 3e-3
    weight_decay: float = 0.01
    warmup: float = 0.08  # share of all steps
    smoothing: float = 0.02  # of the targets, against over-confidence
    max_tokens: int = 128
    patience: int = 2  # epochs without a better development figure
    seed: int = 7
    prefix: str = "query: "


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Texts with their targets; `weights` (texts,) scale the loss of a text."""

    texts: tuple[str, ...]
    targets: Targets
    weights: NDArray[np.float32] | None = None


def tune(
    folder: Path,
    encoder: tuple[Any, Any],
    *,
    family: str,
    labels: Sequence[str],
    train: Examples,
    development: Examples,
    settings: TuningSettings,
    progress: Progress = lambda done, of, note: None,
) -> TunedCard:
    """Train and write the best epoch (by mean average precision on `development`) into `folder`.

    `encoder` is the loaded transformer and its tokenizer; it is not changed. The order of texts, the
    dropout and the head follow the seed. Raises ModelUnavailableError without torch and peft.
    """
    try:
        import torch
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise ModelUnavailableError(
            f"training needs torch and peft ({error})", remedy="run: pip install 'tougu[local,train]'"
        ) from error
    torch.manual_seed(settings.seed)
    base, tokenizer = encoder
    lower, upper = split_at(base, settings.frozen_layers)
    model = get_peft_model(
        upper,
        LoraConfig(r=settings.rank, lora_alpha=settings.alpha, lora_dropout=settings.dropout, target_modules=_CHANGED),
    )
    head = torch.nn.Linear(base.config.hidden_size, len(labels))
    torch.nn.init.zeros_(head.weight)
    with torch.no_grad():  # start at the base rate of each label
        rate = np.clip(train.targets.mean(0), 1e-3, 1 - 1e-3)
        head.bias.copy_(torch.tensor(np.log(rate / (1 - rate))))
    run = _Run(model, head, settings)
    states = _States(lower, tokenizer, settings)
    known, unseen = states.of(train.texts, progress), states.of(development.texts, progress)
    best, waited = -1.0, 0
    card = TunedCard(
        family=family, labels=tuple(labels), rank=settings.rank, alpha=settings.alpha,
        prefix=settings.prefix, max_tokens=settings.max_tokens,
    )  # fmt: skip
    sealed = card
    for epoch in range(settings.epochs):
        loss = run.epoch(train, known, epoch, progress)
        figure = mean_average_precision(run.score(unseen), development.targets)
        log.info("epoch %d: loss %.4f, development mean average precision %.4f", epoch + 1, loss, figure)
        progress(epoch + 1, settings.epochs, f"epoch {epoch + 1}: loss {loss:.4f}, development {figure:.4f}")
        if figure > best:
            best, waited = figure, 0
            sealed = write_tuned(folder, card, run.tensors())
        else:
            waited += 1
            if waited > settings.patience:
                break
    return sealed


def split_at(base: Any, layers: int) -> tuple[Any, Any]:
    """Copies of a BertModel's first `layers` layers (with its embeddings) and of the rest, in full precision.

    The second takes the states of the first as `inputs_embeds`; both build their attention masks themselves.
    """
    import copy

    import torch

    class Given(torch.nn.Module):
        def forward(self, input_ids: Any = None, inputs_embeds: Any = None, **_: Any) -> Any:
            return inputs_embeds

    lower = copy.copy(base)
    lower._modules = {**base._modules, "encoder": copy.copy(base.encoder)}
    lower.encoder._modules = {"layer": base.encoder.layer[:layers]}
    upper = copy.copy(base)
    upper._modules = {**base._modules, "embeddings": Given(), "encoder": copy.deepcopy(base.encoder)}
    upper.encoder.layer = upper.encoder.layer[layers:]
    return lower.eval(), upper.float()


class _States:
    """What the frozen layers make of a text, kept in half precision: (tokens, width) a text."""

    def __init__(self, lower: Any, tokenizer: Any, settings: TuningSettings) -> None:
        self._lower, self._tokenizer, self._settings = lower, tokenizer, settings

    def of(self, texts: Sequence[str], progress: Progress) -> list[Any]:
        import torch

        found: list[Any] = [None] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        with torch.inference_mode():
            for at in range(0, len(order), _AT_ONCE):
                rows = order[at : at + _AT_ONCE]
                settings = self._settings
                tokens = tokenize(self._tokenizer, settings.prefix, [texts[i] for i in rows], settings.max_tokens)
                states = self._lower(**tokens).last_hidden_state.half()
                for row, state, size in zip(rows, states, tokens["attention_mask"].sum(1).tolist(), strict=True):
                    found[row] = state[:size].clone()
                progress(0, settings.epochs, f"reading, {min(at + _AT_ONCE, len(texts))} of {len(texts)} texts")
        return found


class _Run:
    """One training run: model, optimiser and schedule."""

    def __init__(self, model: Any, head: Any, settings: TuningSettings) -> None:
        import torch

        self._model, self._head, self._settings = model, head, settings
        self._parameters = [p for p in model.parameters() if p.requires_grad]
        self._optimiser = torch.optim.AdamW(
            [
                {"params": self._parameters, "lr": settings.learning_rate},
                {"params": head.parameters(), "lr": settings.head_learning_rate},
            ],
            weight_decay=settings.weight_decay,
        )
        self._rates = [group["lr"] for group in self._optimiser.param_groups]

    def epoch(self, train: Examples, states: list[Any], epoch: int, progress: Progress) -> float:
        """One pass in batches of like length, in random order; returns the mean loss."""
        import torch

        batches = _batches(train.texts, self._settings.batch, seed=self._settings.seed + epoch)
        total = len(batches) * self._settings.epochs
        loss_sum = 0.0
        self._model.train()
        for number, rows in enumerate(batches):
            self._schedule((epoch * len(batches) + number) / total)
            targets = torch.tensor(train.targets[rows])
            smooth = self._settings.smoothing
            losses = torch.nn.functional.binary_cross_entropy_with_logits(
                self._logits([states[i] for i in rows]),
                targets * (1 - 2 * smooth) + smooth,
                reduction="none",
            ).sum(1)
            if train.weights is not None:
                losses = losses * torch.tensor(train.weights[rows])
            loss = losses.mean()
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
            self._optimiser.step()
            loss_sum += float(loss.detach())
            progress(epoch, self._settings.epochs, f"epoch {epoch + 1}, batch {number + 1} of {len(batches)}")
        return loss_sum / max(1, len(batches))

    def score(self, states: list[Any]) -> NDArray[np.float32]:
        """Logits of shape (texts, labels)."""
        import torch

        self._model.eval()
        found = np.zeros((len(states), self._head.out_features), np.float32)
        order = sorted(range(len(states)), key=lambda i: len(states[i]))
        with torch.inference_mode():
            for at in range(0, len(order), _AT_ONCE):
                rows = order[at : at + _AT_ONCE]
                found[rows] = self._logits([states[i] for i in rows]).numpy()
        return found

    def tensors(self) -> dict[str, Any]:
        """Head and low-rank factors by the names of the transformer's own modules."""
        named = {}
        for name, parameter in self._model.named_parameters():
            if parameter.requires_grad:
                module, _, factor = name.removeprefix("base_model.model.").partition(".lora_")
                named[f"{self._in_base(module)}.lora_{factor[0]}"] = parameter
        return {**named, "head.weight": self._head.weight, "head.bias": self._head.bias}

    def _in_base(self, module: str) -> str:
        """The module's name in the whole transformer: its layers are counted from the first frozen one."""
        before, layer, after = re.split(r"(?<=layer\.)(\d+)", module, maxsplit=1)
        return f"{before}{int(layer) + self._settings.frozen_layers}{after}"

    def _logits(self, states: list[Any]) -> Any:
        import torch

        padded = torch.nn.utils.rnn.pad_sequence(states, batch_first=True).float()
        mask = torch.nn.utils.rnn.pad_sequence([torch.ones(len(s), dtype=torch.long) for s in states], batch_first=True)
        return self._head(mean_pooled(self._model(inputs_embeds=padded, attention_mask=mask).last_hidden_state, mask))

    def _schedule(self, done: float) -> None:
        """Linear warm-up, then half a cosine down to a twentieth."""
        warm = self._settings.warmup
        factor = done / warm if done < warm else 0.05 + 0.475 * (1 + math.cos(math.pi * (done - warm) / (1 - warm)))
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * max(factor, 1e-3)


def mean_average_precision(scores: NDArray[np.float32], targets: Targets) -> float:
    """Mean over labels that occur of the area under precision and recall (Manning et al., 2008, ch. 8)."""
    from sklearn.metrics import average_precision_score

    columns = [c for c in range(targets.shape[1]) if targets[:, c].any()]
    return float(np.mean([average_precision_score(targets[:, c], scores[:, c]) for c in columns]))


def _batches(texts: Sequence[str], size: int, *, seed: int) -> list[list[int]]:
    """Batches of texts of like length (little padding), the same for the same seed, in random order."""
    rng = np.random.default_rng(seed)
    jitter = rng.normal(0, 6, len(texts))
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]) + jitter[i])
    batches = [order[at : at + size] for at in range(0, len(order), size)]
    rng.shuffle(batches)
    return batches
