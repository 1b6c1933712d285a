"""Tuning the shared encoder for labels of its own: low-rank changes and a multi-label head, on one or two cores."""

from __future__ import annotations

import copy
import logging
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelDamagedError, ModelUnavailableError
from models.objective import HoldsOrNot, Objective
from models.tuned import WEIGHTS, TunedCard, read_card, write_tuned
from models.tuning_run import (
    UNFINISHED,
    Done,
    Examples,
    Progress,
    Run,
    States,
    TuningSettings,
    fingerprint,
    split_at,
)

log = logging.getLogger(__name__)
_LAYER = re.compile(r"\blayer\.(\d+)\.")
_CHANGED = r".*\.layer\.\d+\..*(query|key|value|dense)"  # every linear layer of every BertLayer


def tune(
    folder: Path,
    encoder: tuple[Any, Any],
    *,
    family: str,
    labels: Sequence[str],
    train: Examples,
    development: Examples,
    settings: TuningSettings,
    objective: Objective | None = None,
    start: Path | None = None,
    progress: Progress = lambda done, of, note: None,
) -> TunedCard:
    """Train and write the best epoch (by the objective's figure on `development`) into `folder`.

    `labels` name the outputs of the head. Without an `objective` each holds or not, independent of the others.
    `start` is a tuned model to go on from, of the same encoder and labels; layers that it left alone begin unchanged.

    `encoder` is the loaded transformer and its tokenizer; it is not changed. Where its layers are in half precision,
    training multiplies in half, too. The order of texts, the dropout and the head follow the seed. A run that was
    stopped goes on after its last whole epoch when it is started again with the same folder, data and settings. Raises
    ModelUnavailableError without torch, peft or the device, ModelDamagedError for a `start` of another make.
    """
    aim = objective or HoldsOrNot(settings.smoothing)
    base, tokenizer = encoder
    lower, model, head = _networks(base, len(labels), aim.bias(train.targets), settings)
    run = Run(model, head, aim, settings, half=next(base.encoder.parameters()).dtype.itemsize == 2)
    states = States(lower, tokenizer, settings)
    card = TunedCard(
        family=family, labels=tuple(labels), rank=settings.rank, alpha=settings.alpha,
        prefix=settings.prefix, max_tokens=settings.max_tokens, parts=settings.parts,
    )  # fmt: skip
    if start:
        run.begin_at(_factors(start, card))
    known, unseen = states.of(train.texts, progress), states.of(development.texts, progress)
    key = fingerprint(train, development, settings, labels, read_card(start).sha256 if start else "")
    unfinished = folder / UNFINISHED
    done = run.resume(unfinished, key) or Done()
    while done.epochs < settings.epochs and done.waited < settings.patience:
        loss = run.epoch(train, known, done.epochs, progress)
        figure = aim.figure(run.score(unseen), development.targets)
        note = f"epoch {done.epochs + 1}: loss {loss:.4f}, development {figure:.4f}"
        log.info(note)
        progress(done.epochs + 1, settings.epochs, note)
        better = figure > done.best
        if better:
            write_tuned(folder, card, run.tensors())
        done = Done(epochs=done.epochs + 1, best=max(figure, done.best), waited=0 if better else done.waited + 1)
        run.save(unfinished, done, key)
    unfinished.unlink(missing_ok=True)
    return read_card(folder)


def lowest_changed(start: Path) -> int:
    """The lowest layer that an earlier model changed, counted from 0: to go on from it, no more may be frozen."""
    from safetensors import safe_open

    with safe_open(start / WEIGHTS, framework="np") as tensors:
        names = tensors.keys()
    return min(int(found[1]) for name in names if (found := _LAYER.search(name)))


def _factors(start: Path, card: TunedCard) -> Mapping[str, Any]:
    """The tensors of an earlier model that is of the same make as `card`. Raises ModelDamagedError."""
    from safetensors.torch import load_file

    earlier = read_card(start)
    if replace(earlier, sha256="", max_tokens=card.max_tokens) != card:
        raise ModelDamagedError(
            f"the model {start.name} cannot be gone on from: it is of another encoder, other labels or another rank",
            remedy="train from the beginning (without a start), or start from a model of this make",
        )
    return load_file(start / WEIGHTS)


def _networks(base: Any, outputs: int, bias: NDArray[np.float32], settings: TuningSettings) -> tuple[Any, Any, Any]:
    """The layers that stay, the upper ones with their low-rank changes, and a head of zeros that starts at `bias`;
    all on the device, seeded."""
    try:
        import torch
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise ModelUnavailableError(
            f"training needs torch and peft ({error})", remedy="run: pip install 'tougu[local,train]'"
        ) from error
    torch.manual_seed(settings.seed)
    lower, upper = split_at(base, settings.frozen_layers)
    changes = LoraConfig(
        r=settings.rank, lora_alpha=settings.alpha, lora_dropout=settings.dropout, target_modules=_CHANGED
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks by a name that transformers is about to change
        model = get_peft_model(upper, changes)
    head = torch.nn.Linear(base.config.hidden_size * (2 if settings.parts else 1), outputs)
    torch.nn.init.zeros_(head.weight)
    with torch.no_grad():
        head.bias.copy_(torch.tensor(bias))
    if settings.device != "cpu":
        lower = copy.deepcopy(lower)  # the shared encoder stays where it is
    try:
        for part in (lower, model, head):
            part.to(settings.device)  # in place
    except (RuntimeError, AssertionError) as error:
        raise ModelUnavailableError(
            f"the device {settings.device} cannot be used ({error})", remedy="train with --device cpu"
        ) from error
    return lower, model, head
