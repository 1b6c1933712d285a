"""`tougu bench`: light to import, heavy only when run."""

from __future__ import annotations

import typer

bench_app = typer.Typer(help="Time the product against a baseline in the same run.", no_args_is_help=True)
