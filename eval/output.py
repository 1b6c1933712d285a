"""What the commands of eval and bench share: options, the house, progress, and how results come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from eval.result import Result
    from serve.commands.context import Context

Json = Annotated[str | None, typer.Option("--json", help="Write one JSON object to a file, or - for standard output.")]
Predictions = Annotated[Path | None, typer.Option("--predictions", help="Write what was predicted, a line an item.")]


def shared(context: typer.Context) -> Context:
    """The options that stood before the command."""
    from serve.commands.context import Context

    return context.ensure_object(Context)


def own_cases(name: str) -> Path:
    """A file of the project's own cases."""
    from importlib.resources import files

    return Path(str(files("eval") / "cases" / name))


def print_result(context: typer.Context, result: Result, json: str | None, predictions: Path | None) -> None:
    """Write what was asked for; a table unless the JSON went to standard output."""
    from eval.result import table, write, write_predictions

    _keep(result, shared(context).settings().home)
    if predictions:
        write_predictions(result, predictions)
    if json:
        write(result, json)
    if json is None:
        typer.echo(table(result))


def _keep(result: Result, home: Path) -> None:
    """The last result of a suite stays in home, for the page of evaluations; a home that is not there stays so."""
    from datetime import UTC, datetime
    from importlib.metadata import version

    from eval.result import write

    if not home.is_dir():
        return
    kept = home / "evaluations" / f"{result.suite.replace('/', '-')}.json"
    kept.parent.mkdir(exist_ok=True)
    told = {**result.as_json(), "at": datetime.now(UTC).isoformat(timespec="seconds"), "tougu": version("tougu")}
    write(told, str(kept))


@contextmanager
def bar(title: str) -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar on standard error as a function (done, total, note) -> None."""
    from serve.commands.context import progress_bar

    with progress_bar() as shown:
        task = shown.add_task(title, total=None, note="")
        yield lambda done, total, note: shown.update(task, completed=done, total=total, note=Path(note).name)
