"""What every command shares: lazy access to the house, progress bars, and errors as one line."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

    from knowledge_base.access import Principal
    from serve.seen import Seen
    from serve.settings import Settings
    from serve.wiring import House

HOUSE_PACKAGES = (
    "models", "mandarin", "jobs", "prompts", "knowledge_base", "rag",
    "compliance_filters", "intent", "copilot", "serve", "eval",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Context:
    """The options that stand before the command."""

    config: Path | None = None
    user: str | None = None

    def settings(self) -> Settings:
        from serve.settings import load_settings

        return load_settings(self.config)

    def house(self, *, service: bool = False) -> House:
        """The house; a command that ends by itself logs warnings only, since it reports on its own."""
        from serve.logs import configure
        from serve.wiring import House

        settings = self.settings()
        configure(settings.log, quiet=not service)
        return House(settings)

    def principal(self, house: House) -> Principal:
        return house.users.principal(self.user)

    def seen(self, house: House) -> Seen:
        """Where a command writes down what it is about to show of clients."""
        from serve.seen import Seen

        return Seen(house, self.principal(house))


def fail(error: Exception) -> NoReturn:
    """Print one line and end with a code that is not zero."""
    typer.echo(f"tougu: {one_line(error)}", err=True)
    sys.exit(1)


def one_line(error: BaseException) -> str:
    """What happened, why, and what to do, on one line."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"The disk is full ({error.filename or 'while writing'}): free some space and run the command again."
    if isinstance(error, PermissionError) and error.filename:
        return f"No permission for {error.filename}: change its permissions or run as its owner."
    if isinstance(error, IsADirectoryError) and error.filename:
        return f"{error.filename} is a folder: name a file in it."
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"{error.filename} does not exist: check the path."
    text = " ".join(str(error).split())
    if type(error).__module__.split(".")[0] in HOUSE_PACKAGES and text:
        return text
    return f"{type(error).__name__}: {text or 'no detail'}. Run `tougu --traceback ...` for the details."


def print_json(value: Any) -> None:
    """Machine-readable output: one JSON document on standard output and nothing else."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> str:
    from serve.times import iso

    return str(iso(value)) if isinstance(value, datetime) else str(value)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A progress bar on standard error, so that standard output stays clean for data."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bar:
        try:
            yield bar
        except BaseException:
            bar.live.transient = True  # the bar goes away: the line of the error stands alone
            raise
