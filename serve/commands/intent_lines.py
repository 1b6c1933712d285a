"""Lines for a labeller, behind options of `tougu intent data`: probable errors, doubtful and taught lines, outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from serve.commands.context import Context, print_json, progress_bar

if TYPE_CHECKING:
    from intent.corpus.label_errors import Suspect
    from intent.corpus.uncertain import Hesitation
    from intent.leads.lead import Lead
    from serve.wiring import House

MARKS = {"interest": "+", "decline": "-", "existing": "="}


def errors(house: House, data: Path | None, *, split: str, top: int, export: Path | None, as_json: bool) -> None:
    """Lines whose labels what lines like them are labelled contradicts, the surest first."""
    from intent.corpus.label_errors import label_errors
    from intent.corpus.utterances import as_json as as_row
    from intent.corpus.utterances import labels_json, load_labelled

    _refuse_existing(export)
    lines = load_labelled(house.taxonomy, data).of(split)
    if not lines:
        raise typer.BadParameter(f"There is no line of the split {split}: name another with --split.")
    with progress_bar() as bar:
        task = bar.add_task("errors", total=None, note="")
        found = label_errors(
            lines, house.taxonomy.ids, progress=lambda done, of, _: bar.update(task, completed=done, total=of)
        )
    rows = [{**as_row(s.item), "suggested": labels_json(s.says), "sure": s.sure} for s in found.suspects]
    if as_json:
        print_json({"lines": found.lines, "folds": found.folds, "by_batch": found.by_batch, "suspects": rows})
    elif not export:
        for suspect in found.suspects[:top]:
            typer.echo(_suspect(suspect))
    if export:
        write(export, rows)
    typer.echo(
        f"{len(rows)} of {found.lines} lines contradict the others"
        f"{_shown(top, len(rows)) if not (export or as_json) else ''}; "
        f"each was read by a model of {'other authors' if found.by_batch else 'other lines'} alone",
        err=True,
    )


def uncertain(house: House, file: Path, *, top: int, export: Path | None, as_json: bool) -> None:
    """Unlabelled lines nearest to a threshold of the active classifier, no two alike."""
    from intent.corpus.uncertain import as_row, hesitations, load_unlabelled

    _refuse_existing(export)
    lines = load_unlabelled(file)
    with progress_bar() as bar:
        task = bar.add_task("read", total=None, note="")
        found = hesitations(
            lines,
            house.classifier.read_many,
            house.taxonomy,
            progress=lambda done, of, _: bar.update(task, completed=done, total=of),
        )
    chosen = found[:top]
    if as_json:
        print_json([as_row(each) for each in chosen])
    elif not export:
        for each in chosen:
            typer.echo(_hesitation(each))
    if export:
        write(export, [as_row(each) for each in chosen])
    typer.echo(
        f"{len(chosen)} of {len(lines)} lines to label next (read by {house.classifier.version})"
        f"{f', written to {export}: fill intents' if export else ''}",
        err=True,
    )


def taught(house: House, file: Path, *, export: Path | None) -> None:
    """Lines that the chat model labels, each with how sure it was, to train on beside people's."""
    from intent.corpus.taught import ChatTeacher
    from intent.corpus.uncertain import load_unlabelled
    from intent.corpus.utterances import as_json as as_row
    from prompts.settings import ChatTask

    if export is None:
        raise typer.BadParameter("--ask writes a file to train on: name it with --export.")
    _refuse_existing(export)
    model = house.chat(ChatTask.VERIFY)
    if model is None:
        raise typer.BadParameter("No chat model is set for the task verify: set chat.base_url and chat.model.")
    lines = load_unlabelled(file)
    rows: list[dict[str, Any]] = []
    with progress_bar() as bar:
        task = bar.add_task("ask", total=len(lines), note="")
        for item in ChatTeacher(model, house.prompts, house.taxonomy).labelled(lines):
            bar.advance(task)
            rows += [as_row(item)] if item else []
    write(export, rows)
    typer.echo(f"{len(rows)} of {len(lines)} lines labelled by {model.name}, written to {export}", err=True)


def dispositions(context: typer.Context, house: House, out: Path) -> None:
    """Write what staff found out about leads as labelled candidates, identifiers and names of clients masked.

    The export goes into the audit log.
    """
    from compliance_filters.review.marking import masked
    from intent.corpus.outcomes import candidates
    from intent.leads.export import PAGE
    from intent.leads.lead import DISPOSITIONS
    from serve.users import OPERATOR

    _refuse_existing(out)
    shared = context.ensure_object(Context)
    principal, seen = shared.principal(house), shared.seen(house)
    leads: list[Lead] = []
    after = ""
    states = [state.value for state in DISPOSITIONS]
    while page := house.leads.list(principal=principal, states=states, after=after, limit=PAGE):
        seen.export("lead", [(lead.client_id, lead.id) for lead in page])
        leads += page
        after = page[-1].id
    names = house.clients.names(principal=OPERATOR)
    rows = candidates(leads, lambda text: masked(text, names, ())[0], house.taxonomy)
    if not rows:
        raise typer.BadParameter(
            "No lead has an outcome yet: report them with `tougu leads done` or `tougu import dispositions FILE`."
        )
    write(out, rows)
    waiting = sum("review" in row for row in rows)
    typer.echo(f"{len(rows) - waiting} labelled lines and {waiting} that a person must read, written to {out}")


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """JSON Lines, written beside and renamed; an existing file is refused."""
    import json

    _refuse_existing(path)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    beside.replace(path)


def labels_of(labels: Sequence[tuple[str, str]]) -> str:
    """Labels for a reader: + interest, - decline, = existing."""
    return " ".join(f"{intent}{MARKS[polarity]}" for intent, polarity in labels) or "none"


def _suspect(suspect: Suspect) -> str:
    said = _said(suspect.item.id, suspect.item.utterance.context, suspect.item.utterance.text)
    return f"{said}\n{'':>12}{labels_of(suspect.item.gold)}  ->  {labels_of(suspect.says)}  ({suspect.sure:.2f})"


def _hesitation(found: Hesitation) -> str:
    said = _said(found.line.id, found.line.utterance.context, found.line.utterance.text)
    seen = [*found.reading.intents, *found.reading.unsure]
    guesses = "  ".join(f"{each.intent}{MARKS[each.polarity]} {each.confidence:.2f}" for each in seen)
    return f"{said}\n{'':>12}{guesses}  (doubt {found.doubt:.2f})"


def _said(id_: str, context: Sequence[Any], text: str) -> str:
    before = "".join(f"  {turn.speaker.value:>8}  {turn.text}\n" for turn in context)
    return f"{id_}\n{before}  {'client':>8}  {text}"


def _shown(top: int, of: int) -> str:
    return f" ({top} shown: --top N shows more, --export all of them)" if top < of else ""


def _refuse_existing(path: Path | None) -> None:
    if path is not None and path.exists():
        raise typer.BadParameter(f"{path} exists already: name another file, or remove it first.")
