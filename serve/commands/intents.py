"""Commands of the intent model: read lines, train, and choose which model reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serve.commands.context import Context, print_json, progress_bar
from serve.commands.intent_data import intent_data

if TYPE_CHECKING:
    from rich.progress import Progress

    from intent.classifier.shelf import Figures
    from intent.classifier.utterance import Utterance
    from models.encoders.transformer import SentenceTransformerEncoder
    from serve.wiring import House

app = typer.Typer(help="The intent model and its data.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Why = Annotated[str, typer.Option(help="Why; kept with the activation.")]
MARKS = {"interest": "+", "decline": "-", "existing": "="}


@app.command("train")
def intent_train(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option("--data", help="Labelled utterances; default: the shipped ones.")] = None,
    with_shipped: Annotated[bool, typer.Option(help="Add the shipped training lines to those of --data.")] = False,
    out: Annotated[Path, typer.Option("--out", help="Folder for the model.")] = Path("intent-model"),
    base: Annotated[Path | None, typer.Option(help="Folder of another encoder (BERT kind) to tune.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:1.")] = "cpu",
    seed: Annotated[int, typer.Option(help="Seed; the same data and seed give the same weights.")] = 7,
    start: Annotated[
        str | None, typer.Option(help="Go on from this model (see `tougu intent models`) instead of from nothing.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes; default: 4, or 2 with --start.")] = None,
    frozen: Annotated[
        int, typer.Option(min=0, help="Lower layers that stay as they are; those a --start changed never do.")
    ] = 6,
    precision: Annotated[float, typer.Option(min=0.5, max=0.999, help="Wanted of leads.")] = 0.92,
    compare: Annotated[bool, typer.Option(help="Also train the frozen-encoder baseline, for the table.")] = False,
    activate: Annotated[bool, typer.Option(help="Let the model read when the gate lets it pass.")] = False,
) -> None:
    """Train on labelled lines, compare methods on the development split, write model and card, register it.

    Stopped (Ctrl-C, power), the same command goes on after the last whole pass.
    """
    from dataclasses import replace

    from intent.classifier.card import methods_table, without_lines
    from intent.classifier.train import GOING_ON, TUNING, TrainingSettings, train

    house = context.ensure_object(Context).house()
    tuning = GOING_ON if start else TUNING
    settings = TrainingSettings(
        precision=precision,
        tuning=replace(tuning, seed=seed, device=device, epochs=epochs or tuning.epochs, frozen_layers=frozen),
    )
    with progress_bar() as bar:
        card = train(
            data,
            _encoder(house, base),
            out,
            taxonomy=house.taxonomy,
            settings=settings,
            with_shipped=with_shipped,
            compare=compare,
            start=house.intent_models.place(start) if start else None,
            progress=_passes_shown(bar),
        )
    typer.echo("\n".join(methods_table(card)))
    if empty := without_lines(card):
        typer.echo(empty)
    version = house.intent_models.add(out)
    typer.echo(f"{version}: best on the development split is {card.best}; the card is {out / 'CARD.md'}.")
    if activate:
        _activate(house, version, by=context.ensure_object(Context).principal(house).user_id, why="trained")
    else:
        typer.echo(f"let it read: tougu intent activate {version} --why ...")


def _passes_shown(bar: Progress) -> Callable[[int, int, str], None]:
    """Moves the bar; in a log, where no bar is seen, a line a whole pass."""
    task, passed = bar.add_task("train", total=None, note=""), 0

    def show(done: int, of: int, note: str) -> None:
        nonlocal passed
        bar.update(task, completed=done, total=of, note=note)
        if done > passed and not bar.console.is_terminal:
            bar.console.print(note)
        passed = done

    return show


@app.command("models")
def intent_models(context: typer.Context, as_json: Json = False) -> None:
    """The models here, which reads, and who chose it."""
    from dataclasses import asdict

    shelf = context.ensure_object(Context).house().intent_models
    history = shelf.history()
    active = history[-1].version if history else "shipped"
    if as_json:
        print_json({"active": active, "versions": shelf.versions(), "history": [asdict(step) for step in history]})
        return
    for version in shelf.versions():
        typer.echo(f"{'*' if version == active else ' '} {version}")
    for step in history:
        typer.echo(f"  {step.at}  {step.by}  {step.version}  {step.why}")


@app.command("activate")
def intent_activate(
    context: typer.Context, version: Annotated[str, typer.Argument(help="See `tougu intent models`.")], why: Why
) -> None:
    """Let another model read, when it is not worse than the active one on the frozen set."""
    shared = context.ensure_object(Context)
    house = shared.house()
    _activate(house, version, by=shared.principal(house).user_id, why=why)


@app.command("rollback")
def intent_rollback(context: typer.Context, why: Why) -> None:
    """Go back to the model that read before."""
    shared = context.ensure_object(Context)
    house = shared.house()
    step = house.intent_models.rollback(by=shared.principal(house).user_id, at=datetime.now(UTC), why=why)
    typer.echo(f"{step.version} reads from the next start of the service on.")


@app.command("predict")
def intent_predict(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="Text, a line each, or JSON Lines with text and context; - reads both.")],
    as_json: Json = False,
) -> None:
    """Intents of single utterances."""
    from serve.routes.intents import read_json, unread

    house = context.ensure_object(Context).house()
    lines = _lines(file)
    found = house.classifier.read_many(lines)
    if as_json:
        places = {intent.id: intent.goes_to for intent in house.taxonomy}
        print_json(
            [
                {"text": line.text, **read_json(reading, places), "unread_chars": unread(line.text)}
                for line, reading in zip(lines, found, strict=True)
            ]
        )
        return
    for line, reading in zip(lines, found, strict=True):
        sure = [f"{i.intent}{MARKS[i.polarity]} {i.confidence:.2f}" for i in reading.intents]
        doubt = [f"({i.intent}? {i.confidence:.2f})" for i in reading.unsure]
        cut = f"  [{unread(line.text)} characters not read]" if unread(line.text) else ""
        typer.echo(f"{line.text[:80]}\t{', '.join([*sure, *doubt]) or 'none'}{cut}")


app.command("data")(intent_data)


def _encoder(house: House, base: Path | None) -> SentenceTransformerEncoder:
    from intent.errors import ClassifierError
    from models.encoders.transformer import SentenceTransformerEncoder
    from models.tuned import transformer_of

    if base is not None:
        return SentenceTransformerEncoder(base, "fp32", family=base.name)
    encoder = transformer_of(house.encoder)
    if encoder is None:
        raise ClassifierError(
            f"The encoder {house.encoder.name} cannot be tuned: install torch (pip install 'tougu[local,train]') "
            "and leave models.encoder_kind at its default."
        )
    return encoder


def _activate(house: House, version: str, *, by: str, why: str) -> None:
    step = house.intent_models.activate(version, _measured(house), by=by, at=datetime.now(UTC), why=why)
    shown = ", ".join(f"{name} {step.figures[name]:.3f}" for name in ("lead_precision", "lead_recall", "lead_f05"))
    alone = "" if step.compared else "; nothing to compare it with, since the active model is of another taxonomy"
    typer.echo(f"{step.version} reads from the next start of the service on ({shown} on the frozen set{alone}).")


def _measured(house: House) -> Any:
    """A model's figures on the frozen set of the settings, the shipped development split by default."""
    from intent.classifier.choose import load_classifier
    from intent.classifier.figures import method_figures
    from intent.corpus.utterances import load_labelled

    frozen = house.settings.intent.frozen_set
    labelled = load_labelled(house.taxonomy, frozen)
    items = labelled.items if frozen else labelled.of("dev")

    def measure(folder: Path) -> Figures:
        chosen = load_classifier(
            house.settings.intent, folder, taxonomy=house.taxonomy, rules=house.intent_rules,
            encoder=lambda: house.encoder,
        )  # fmt: skip
        return method_figures(items, chosen.read_many([item.utterance for item in items]), house.taxonomy)

    return measure


def _lines(file: str) -> list[Utterance]:
    """Utterances of a text or of JSON Lines. Raises ServeError, TrainingDataError."""
    import json

    from intent.corpus.utterances import utterance_of
    from intent.errors import TrainingDataError
    from serve.commands.compliance import read_text

    lines = [line.strip() for line in read_text(file).splitlines() if line.strip()]
    found = []
    for n, line in enumerate(lines, 1):
        try:
            raw = json.loads(line) if line.startswith("{") else {"text": line}
            found.append(utterance_of(raw["text"], raw.get("context", ())))
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingDataError(
                f"{file}, line {n} cannot be read ({error}): write a text, or an object with text and context."
            ) from error
    return found
