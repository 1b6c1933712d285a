"""`tougu rules train`: the semantic rules, trained on labelled sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serve.commands.context import Context, progress_bar


def train(
    context: typer.Context,
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", help="Labelled sentences (JSON Lines), added to the shipped ones; may be given again."),
    ] = None,
    only: Annotated[bool, typer.Option("--only", help="Train on --data alone, without the shipped sentences.")] = False,
    out: Annotated[Path, typer.Option("--out", help="Folder for the model.")] = Path("semantic-model"),
    start: Annotated[
        Path | None, typer.Option(help="Folder of a model to go on from, in fewer passes, instead of from nothing.")
    ] = None,
    fresh: Annotated[
        list[str] | None,
        typer.Option(
            help="With --start: a batch that it has not seen; may be given again. Of others a third is repeated."
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Most passes over the data; default: 5, with --start 2.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed; the same data and seed give the same model.")] = 7,
) -> None:
    """Tune the semantic rules on your own sentences, calibrate them, and print how they do on the development split."""
    from dataclasses import replace

    from compliance_filters.semantic.dataset import SHIPPED, load_all
    from compliance_filters.semantic.train import GOING_ON, train_semantic
    from models.encoders.transformer import SentenceTransformerEncoder
    from models.tuning_run import TuningSettings
    from serve.errors import ServeError

    _check(data, only=only, start=start, fresh=fresh)
    house = context.ensure_object(Context).house()
    encoder = house.encoder
    if not isinstance(encoder, SentenceTransformerEncoder):
        raise ServeError("Training needs the encoder on torch: run pip install 'tougu[local,train]'.")
    sentences = load_all([*([] if only else [SHIPPED]), *(data or [])], known=house.rule_pack.rules)
    unknown = sorted(set(fresh or ()) - {item.batch for item in sentences.items})
    if unknown:
        raise ServeError(f"No sentence is of the batch {unknown[0]}: give --fresh the name of a batch of the data.")
    usual = GOING_ON if start else TuningSettings()
    settings = replace(usual, seed=seed, epochs=epochs or usual.epochs)
    with progress_bar() as bar:
        task = bar.add_task("train", total=settings.epochs, note="")
        trained = train_semantic(
            out,
            sentences,
            encoder,
            house.rule_pack,
            settings=settings,
            start=start,
            fresh=fresh or (),
            progress=lambda done, total, note: bar.update(task, completed=done, total=total, note=note),
        )
    for name, figure in trained.figures["development"].items():
        typer.echo(f"{name:<20} {figure}")
    typer.echo(f"use it with TOUGU_COMPLIANCE__SEMANTIC_MODEL={out}")


def _check(data: list[Path] | None, *, only: bool, start: Path | None, fresh: list[str] | None) -> None:
    """Options that contradict each other are told before anything is loaded. Raises ServeError."""
    from serve.errors import ServeError

    if only and not data:
        raise ServeError("There is nothing to train on: give --data, or leave out --only.")
    if fresh and start is None:
        raise ServeError("--fresh names what the model of --start has not seen: give --start, or leave out --fresh.")
    if start is not None and not start.is_dir():
        raise ServeError(
            f"There is no folder {start} to go on from: give --start one that tougu rules train has written."
        )
