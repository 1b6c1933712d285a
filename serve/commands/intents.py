"""Commands of the intent model: train, predict, look into data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from serve.commands.context import Context, print_json, progress_bar
from serve.commands.intent_data import intent_data

app = typer.Typer(help="The intent model and its data.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


@app.command("train")
def intent_train(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option("--data", help="Labelled utterances; default: the shipped ones.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for the model.")] = Path("intent-model"),
    seed: Annotated[int, typer.Option(help="Seed; the same data and seed give the same weights.")] = 7,
) -> None:
    """Train the heads, compare methods on the development split, write model and card."""
    from intent.classifier.train import train

    house = context.ensure_object(Context).house()
    with progress_bar() as bar:
        task = bar.add_task("train", total=None, note="")
        card = train(
            data,
            house.encoder,
            out,
            taxonomy=house.taxonomy,
            seed=seed,
            progress=lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
        )
    for method, splits in card.figures.items():
        for split, figures in splits.items():
            shown = "  ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in figures.items())
            typer.echo(f"{method:<9} {split:<5} {shown}")
    typer.echo(f"best on the development split: {card.best}; use it with TOUGU_INTENT__MODEL_DIR={out}")


@app.command("predict")
def intent_predict(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="Text file, one utterance a line, or - for standard input.")],
    as_json: Json = False,
) -> None:
    """Intents of single utterances."""
    from intent.corpus.utterances import utterance_of

    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    house = context.ensure_object(Context).house()
    found = house.classifier.read_many([utterance_of(line) for line in lines])
    rows = [
        {"text": line, "intents": [{"id": i.intent, "polarity": i.polarity, "confidence": i.confidence} for i in read]}
        for line, read in zip(lines, found, strict=True)
    ]
    if as_json:
        print_json(rows)
        return
    for line, read in zip(lines, found, strict=True):
        shown = ", ".join(f"{i.intent} {i.polarity} {i.confidence:.2f}" for i in read) or "none"
        typer.echo(f"{line}\t{shown}")


app.command("data")(intent_data)
