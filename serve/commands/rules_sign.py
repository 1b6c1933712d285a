"""`tougu rules sign` and `keygen`: an officer adopts an exact version of a rule pack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serve.commands.context import Context


def keygen(folder: Annotated[Path, typer.Argument(help="Folder for the pair.")]) -> None:
    """Make an officer's key pair; the private file stays with the officer, the public one goes into the settings."""
    from compliance_filters.rules.signatures import key_id, read_public_key, write_key_pair

    private, public = write_key_pair(folder)
    typer.echo(f"{private}: keep it where only the officer reaches it")
    typer.echo(f"{public}: name it in compliance.pack_keys (key {key_id(read_public_key(public))})")


def sign(
    context: typer.Context,
    key: Annotated[Path, typer.Option("--key", help="The officer's private key (PEM).")],
    signer: Annotated[str, typer.Option("--signer", help="Name of the officer, written into the signature.")],
    files: Annotated[list[Path] | None, typer.Argument(help="Rule packs to adopt.")] = None,
    shipped: Annotated[bool, typer.Option("--shipped", help="Adopt the pack that ships with the product.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the signatures; default: beside the pack, or the settings'."),
    ] = None,
) -> None:
    """Adopt exact versions of rule packs: write a signature for each."""
    from compliance_filters.rules.signatures import write_signature
    from serve.errors import ServeError

    place = out or context.ensure_object(Context).settings().compliance.pack_signatures
    if not files and not shipped:
        raise ServeError("There is nothing to sign: name rule packs, or give --shipped.")
    if shipped and place is None:
        raise ServeError(
            "A signature of the shipped pack needs a folder: give --out, or set compliance.pack_signatures."
        )
    for path in (*(_shipped_files() if shipped else ()), *(files or ())):
        written = write_signature(
            path, key, signer=signer, folder=out or (place if path not in (files or ()) else None)
        )
        typer.echo(f"{path} signed: {written}")


def _shipped_files() -> tuple[Path, ...]:
    from importlib import resources

    from compliance_filters.rules.shelf import SHIPPED

    folder = resources.files("compliance_filters") / "packs"
    return tuple(Path(str(folder / name)) for name in SHIPPED)
