"""Commands of the intent model: train, predict, look into data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from serve.commands.context import Context, print_json, progress_bar

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
    from intent.classifier.labelled import utterance_of

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


@app.command("data")
def intent_data(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option("--data", help="Labelled utterances; default: the shipped ones.")] = None,
    search: Annotated[str | None, typer.Option(help="Only lines with this text.")] = None,
    intent: Annotated[str | None, typer.Option(help="Only lines with this intent.")] = None,
    split: Annotated[str | None, typer.Option(help="train, calibration or dev (test stays closed).")] = None,
    as_json: Json = False,
) -> None:
    """Counts of labelled data, or the lines that fit; a bad line is named with its number."""
    from collections import Counter

    from intent.classifier.labelled import load_labelled

    items = load_labelled(context.ensure_object(Context).house().taxonomy, data).items
    if search or intent or split:
        open_items = (item for item in items if item.split != "test")
        chosen = [
            item
            for item in open_items
            if (not search or search in item.utterance.text)
            and (not intent or intent in dict(item.gold))
            and (not split or item.split == split)
        ]
        if as_json:
            print_json([{"id": i.id, "text": i.utterance.text, "split": i.split, "intents": i.gold} for i in chosen])
            return
        for item in chosen:
            typer.echo(f"{item.id}  {item.utterance.text}  {item.gold}")
        return
    by_split = Counter(item.split for item in items)
    by_intent = Counter(pair for item in items for pair in item.gold)
    if as_json:
        print_json({"splits": by_split, "intents": {f"{i} {p}": n for (i, p), n in sorted(by_intent.items())}})
        return
    typer.echo("  ".join(f"{name} {count}" for name, count in by_split.items()))
    for (name, polarity), count in sorted(by_intent.items()):
        typer.echo(f"{name:<24} {polarity:<9} {count}")
