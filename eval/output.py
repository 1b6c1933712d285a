"""What the commands of eval and bench share: options, the house, progress, and how results come out."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from eval.result import Result
    from serve.commands.context import Context

_QUIET_S = 5.0  # between two lines of progress

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
    """Progress on standard error as a function (done, total, note) -> None: a bar, or lines where nobody watches."""
    from serve.commands.context import progress_bar

    if not sys.stderr.isatty():
        yield _lines(title)
        return

    with progress_bar() as shown:
        task = shown.add_task(title, total=None, note="")
        yield lambda done, total, note: shown.update(task, completed=done, total=total, note=Path(note).name)


def _lines(title: str) -> Callable[[int, int, str], None]:
    """A bar shows nothing in a file before its end, so that a long run looks dead."""
    told_at = -_QUIET_S

    def tell(done: int, total: int, note: str) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _QUIET_S or done == total:
            told_at = time.monotonic()
            typer.echo(" ".join(filter(None, (title, f"{done}/{total}", Path(note).name))), err=True)

    return tell
