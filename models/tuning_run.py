"""The inner loop of tuning: frozen layers read once, the rest and the head trained, its state kept between epochs."""

from __future__ import annotations

import hashlib
import math
import pickle
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelDamagedError
from models.objective import Objective, Targets
from models.tuned import pooled, tokenize

Progress = Callable[[int, int, str], None]
UNFINISHED = "unfinished.pt"
_AT_ONCE = 64  # texts read or scored together


@dataclass(frozen=True, kw_only=True)
class TuningSettings:
    """Of the training run; the defaults were chosen on a development split (docs/compliance.md)."""

    rank: int = 16
    alpha: int = 32
    frozen_layers: int = 6  # the lower layers stay as they are, so that each text passes them once
    dropout: float = 0.05  # of what the low-rank factors see
    head_dropout: float = 0.0
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
    parts: bool = False  # texts have two parts (models/parts.py)
    device: str = "cpu"


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Texts with their targets; `weights` (texts,) scale the loss of a text."""

    texts: tuple[str, ...]
    targets: Targets
    weights: NDArray[np.float32] | None = None


@dataclass(frozen=True, kw_only=True)
class State:
    """What the frozen layers make of a text, in half precision: (tokens, width), and its masks (parts, tokens)."""

    tokens: Any
    masks: Any


def split_at(base: Any, layers: int) -> tuple[Any, Any]:
    """A BertModel's first `layers` layers (with its embeddings) as they are, and a copy of the rest in full precision.

    The second takes the states of the first as `inputs_embeds`; both build their attention masks themselves. Neither
    has a pooler: nothing here asks it, and one shared by both would have to be of both precisions.
    """
    import copy

    import torch

    class Given(torch.nn.Module):
        def forward(self, input_ids: Any = None, inputs_embeds: Any = None, **_: Any) -> Any:
            return inputs_embeds

    lower = copy.copy(base)
    lower._modules = {**base._modules, "encoder": copy.copy(base.encoder), "pooler": None}
    lower.encoder._modules = {"layer": base.encoder.layer[:layers]}
    upper = copy.copy(base)
    upper._modules = {
        **base._modules, "embeddings": Given(), "encoder": copy.deepcopy(base.encoder), "pooler": None,
    }  # fmt: skip
    upper.encoder.layer = upper.encoder.layer[layers:]
    return lower.eval(), upper.float()


class States:
    """Reads texts through the frozen layers."""

    def __init__(self, lower: Any, tokenizer: Any, settings: TuningSettings) -> None:
        self._lower, self._tokenizer, self._settings = lower, tokenizer, settings

    def of(self, texts: Sequence[str], progress: Progress) -> list[State]:
        """A state a text, in order."""
        import torch

        found: dict[int, State] = {}
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        settings = self._settings
        with torch.inference_mode():
            for at in range(0, len(order), _AT_ONCE):
                rows = order[at : at + _AT_ONCE]
                tokens = tokenize(
                    self._tokenizer, settings.prefix, [texts[i] for i in rows], settings.max_tokens,
                    parts=settings.parts,
                )  # fmt: skip
                inputs = {name: values.to(settings.device) for name, values in tokens.inputs.items()}
                states = self._lower(**inputs).last_hidden_state.half().cpu()
                masks = torch.stack(tokens.masks, dim=1)
                for n, row in enumerate(rows):
                    size = int(tokens.inputs["attention_mask"][n].sum())
                    found[row] = State(tokens=states[n, :size].clone(), masks=masks[n, :, :size].clone())
                progress(0, settings.epochs, f"reading, {min(at + _AT_ONCE, len(texts))} of {len(texts)} texts")
        return [found[row] for row in range(len(texts))]


@dataclass(frozen=True, kw_only=True)
class Done:
    """How far a run has come: epochs, the best figure so far, and epochs without a better one."""

    epochs: int = 0
    best: float = -1.0
    waited: int = 0


class Run:
    """One training run: model, optimiser and schedule."""

    def __init__(
        self, model: Any, head: Any, objective: Objective, settings: TuningSettings, *, half: bool = False
    ) -> None:
        """half: products in bfloat16, where the processor has units for them; weights stay in full precision."""
        import torch

        self._half = half
        self._model, self._head, self._objective, self._settings = model, head, objective, settings
        self._parameters = [p for p in model.parameters() if p.requires_grad]
        self._optimiser = torch.optim.AdamW(
            [
                {"params": self._parameters, "lr": settings.learning_rate},
                {"params": head.parameters(), "lr": settings.head_learning_rate},
            ],
            weight_decay=settings.weight_decay,
        )
        self._rates = [group["lr"] for group in self._optimiser.param_groups]
        self._dropped = torch.nn.Dropout(settings.head_dropout)

    def begin_at(self, tensors: Mapping[str, Any]) -> None:
        """Take the head and the factors of an earlier model. Raises ModelDamagedError where these have no place."""
        import torch

        own = self.tensors()
        if lost := tensors.keys() - own.keys():
            raise ModelDamagedError(
                f"the earlier model changed {min(lost)}, which stays frozen here",
                remedy="train with at most as many frozen layers as it had",
            )
        with torch.no_grad():
            for name, values in tensors.items():
                own[name].copy_(values)

    def epoch(self, train: Examples, states: Sequence[State], epoch: int, progress: Progress) -> float:
        """One pass in batches of like length, in random order; returns the mean loss."""
        import torch

        batches = _batches(train.texts, self._settings.batch, seed=self._settings.seed + epoch)
        total = len(batches) * self._settings.epochs
        loss_sum = 0.0
        self._model.train()
        self._dropped.train()
        for number, rows in enumerate(batches):
            self._schedule((epoch * len(batches) + number) / total)
            targets = torch.tensor(train.targets[rows], device=self._settings.device)
            losses = self._objective.loss(self._logits([states[i] for i in rows]), targets)
            if train.weights is not None:
                losses = losses * torch.tensor(train.weights[rows], device=losses.device)
            loss = losses.mean()
            self._optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
            self._optimiser.step()
            loss_sum += float(loss.detach())
            progress(epoch, self._settings.epochs, f"epoch {epoch + 1}, batch {number + 1} of {len(batches)}")
        return loss_sum / max(1, len(batches))

    def score(self, states: Sequence[State]) -> NDArray[np.float32]:
        """Logits of shape (texts, labels)."""
        import torch

        self._model.eval()
        self._dropped.eval()
        found = np.zeros((len(states), self._head.out_features), np.float32)
        order = sorted(range(len(states)), key=lambda i: len(states[i].tokens))
        with torch.inference_mode():
            for at in range(0, len(order), _AT_ONCE):
                rows = order[at : at + _AT_ONCE]
                found[rows] = self._logits([states[i] for i in rows]).cpu().numpy()
        return found

    def tensors(self) -> dict[str, Any]:
        """Head and low-rank factors by the names of the transformer's own modules."""
        named = {}
        for name, parameter in self._model.named_parameters():
            if parameter.requires_grad:
                module, _, factor = name.removeprefix("base_model.model.").partition(".lora_")
                named[f"{self._in_base(module)}.lora_{factor[0]}"] = parameter
        return {**named, "head.weight": self._head.weight, "head.bias": self._head.bias}

    def save(self, path: Path, done: Done, key: str) -> None:
        """Keep what is needed to go on after this epoch; written beside and renamed."""
        import torch

        beside = path.with_name(f".{path.name}.new")
        state = {
            "key": key,
            "done": asdict(done),
            "trained": [parameter.detach() for parameter in self._parameters],
            "head": self._head.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "random": torch.get_rng_state(),
        }
        torch.save(state, beside)
        beside.replace(path)

    def resume(self, path: Path, key: str) -> Done | None:
        """Go on where `save` left off; None where nothing was left, or it was of other data or settings."""
        import torch

        try:
            state = torch.load(path, map_location=self._settings.device, weights_only=True)
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError):
            return None
        if state.get("key") != key:
            return None
        with torch.no_grad():
            for parameter, kept in zip(self._parameters, state["trained"], strict=True):
                parameter.copy_(kept)
        self._head.load_state_dict(state["head"])
        self._optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"].cpu())
        return Done(**state["done"])

    def _in_base(self, module: str) -> str:
        """The module's name in the whole transformer: its layers are counted from the first frozen one."""
        before, layer, after = re.split(r"(?<=layer\.)(\d+)", module, maxsplit=1)
        return f"{before}{int(layer) + self._settings.frozen_layers}{after}"

    def _logits(self, states: Sequence[State]) -> Any:
        import torch

        device, pad = self._settings.device, torch.nn.utils.rnn.pad_sequence
        padded = pad([state.tokens for state in states], batch_first=True).float().to(device)
        masks = pad([state.masks.T for state in states], batch_first=True).to(device)  # (batch, tokens, parts)
        with torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=self._half):
            found = self._model(inputs_embeds=padded, attention_mask=masks.sum(2)).last_hidden_state
        return self._head(self._dropped(pooled(found.float(), masks.unbind(2))))

    def _schedule(self, done: float) -> None:
        """Linear warm-up, then half a cosine down to a twentieth."""
        warm = self._settings.warmup
        factor = done / warm if done < warm else 0.05 + 0.475 * (1 + math.cos(math.pi * (done - warm) / (1 - warm)))
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * max(factor, 1e-3)


def fingerprint(
    train: Examples, development: Examples, settings: TuningSettings, labels: Sequence[str], start: str = ""
) -> str:
    """Of everything that decides a run's outcome; an unfinished run goes on only with the same. `start`: a digest."""
    digest = hashlib.sha256(repr((asdict(settings), tuple(labels), start)).encode())
    for part in (train, development):
        digest.update("\n".join(part.texts).encode("utf-8", "surrogatepass"))
        digest.update(np.ascontiguousarray(part.targets).tobytes())
        if part.weights is not None:
            digest.update(np.ascontiguousarray(part.weights).tobytes())
    return digest.hexdigest()


def _batches(texts: Sequence[str], size: int, *, seed: int) -> list[list[int]]:
    """Batches of texts of like length (little padding), the same for the same seed, in random order."""
    rng = np.random.default_rng(seed)
    jitter = rng.normal(0, 6, len(texts))
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]) + jitter[i])
    batches = [order[at : at + size] for at in range(0, len(order), size)]
    rng.shuffle(batches)
    return batches
