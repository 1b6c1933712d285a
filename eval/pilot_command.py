"""The command `tougu pilot`; light to import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def pilot(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="Folder with calls.csv, recordings or transcripts, and labels.jsonl.")
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", help="Markdown report to write; its predictions go into NAME.files beside it.")
    ] = Path("pilot-report.md"),
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N calls, for a quick look.")] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Take the twelve sample calls instead of a folder.")] = False,
) -> None:
    """Read a firm's own labelled calls blind and report precision, recall and cost; nothing leaves.

    Run it again after a stop: calls that were read are kept.
    """
    from eval.output import bar, shared
    from eval.pilot import run_pilot
    from serve.sample import sample_folder

    if (folder is None) != sample:
        raise typer.BadParameter("Name the folder of your calls, or --sample for the sample calls: one of the two.")
    house = shared(context).house()
    with bar("pilot") as progress:
        text = run_pilot(house, folder or sample_folder() / "calls", out, limit=limit, progress=progress)
    typer.echo(text)
    typer.echo(f"Report written to {out}, predictions and calls to {out.with_name(f'{out.stem}.files')}", err=True)
