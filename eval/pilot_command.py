"""The command `tougu pilot`; light to import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def pilot(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder with calls.csv, its recordings, and labels.jsonl.")],
    out: Annotated[Path, typer.Option("--out", help="Markdown report to write.")] = Path("pilot-report.md"),
) -> None:
    """Read a firm's own labelled calls blind and report precision and recall with intervals; nothing leaves."""
    from eval.pilot import run_pilot
    from serve.commands.context import Context, progress_bar

    house = context.ensure_object(Context).house()
    with progress_bar() as bar:
        task = bar.add_task("pilot", total=None, note="")
        text = run_pilot(
            house,
            folder,
            out,
            progress=lambda done, total, name: bar.update(task, completed=done, total=total, note=name),
        )
    typer.echo(text)
    typer.echo(f"Report written to {out}", err=True)
