"""Commands on the audit log: verify, checkpoints, export, dossiers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json

if TYPE_CHECKING:
    from compliance_filters.audit.checkpoint import PublicKey
    from knowledge_base.access import Principal
    from serve.wiring import House

app = typer.Typer(help="The audit log: verify it, export from it, seal, open and erase.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
From = Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD, in China; default: the beginning.")]
To = Annotated[str | None, typer.Option("--to", help="Last day, YYYY-MM-DD, in China; default: today.")]
Client = Annotated[str, typer.Argument(help="Id of the client.")]
Key = Annotated[Path | None, typer.Option("--public-key", help="Public key from elsewhere; default: this home's.")]


@app.command("verify")
def verify(
    context: typer.Context,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Checkpoint, or folder of them, to compare with: shows truncation.")
    ] = None,
    public_key: Key = None,
    payloads: Annotated[bool, typer.Option(help="Also check the texts beside the chain.")] = True,
    as_json: Json = False,
) -> None:
    """Walk the whole chain; any change, deletion, insertion or reordering is found."""
    house, _ = _allowed(context, "verify the audit log")
    report = house.audit.verify(
        checkpoint or house.settings.compliance.audit_checkpoint, public_key=_key(public_key), payloads=payloads
    )
    if as_json:
        print_json({"ok": report.ok, "entries": report.entries, "problems": report.problems})
    else:
        typer.echo(f"{report.entries} entries: {'the chain is whole' if report.ok else '; '.join(report.problems)}")
    if not report.ok:
        raise typer.Exit(1)


@app.command("checkpoint")
def checkpoint(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="File, or a folder that keeps every one, outside this machine.")],
) -> None:
    """Sign the head of the chain into a file, against which a later truncation is found."""
    house, _ = _allowed(context, "write a checkpoint")
    written = house.audit.checkpoint(file)
    typer.echo(f"Checkpoint written to {written}; keep it where the writer of the log cannot reach it.")


@app.command("public-key")
def public_key(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="File to write; default: standard output.")] = None,
) -> None:
    """The key with which anybody verifies checkpoints and dossiers; it is no secret."""
    house, _ = _allowed(context, "read the public key")
    text = str(house.audit.signer.public)
    if file:
        file.write_text(text, encoding="ascii")
    else:
        typer.echo(text, nl=False)


@app.command("export")
def export(
    context: typer.Context,
    client: Client,
    out: Annotated[Path, typer.Option(help="File to write, JSON Lines.")],
    first: From = None,
    last: To = None,
) -> None:
    """Everything that the log holds of a client in a period, texts included, one entry a line."""
    from compliance_filters.audit.log import Access
    from compliance_filters.audit.read import check_readable, entries_of, entry_json
    from serve.rights.exports import AUDIT

    house, principal = _allowed(context, "export from the audit log")
    since, until = _period(first, last)
    check_readable(house.audit, client, principal=principal)
    counted = sum(1 for _ in entries_of(house.audit, client, since=since, until=until, principal=principal))
    mark = house.exports.allow(AUDIT, rows=counted, principal=principal, about=client)
    house.audit.access(Access.EXPORT, actor=principal.user_id, what="audit", items=[(client, str(out.name))])
    entries = entries_of(house.audit, client, since=since, until=until, principal=principal)
    told = ({**entry_json(entry), "export": mark} for entry in entries)
    count = _write_lines(out, (json.dumps(each, ensure_ascii=False) for each in told))
    typer.echo(f"{count} entries written to {out}")


@app.command("dossier")
def dossier(
    context: typer.Context,
    about: Annotated[str, typer.Argument(help="Id of a complaint (`tougu leads cases`), a lead or a client.")],
    first: From = None,
    last: To = None,
    out: Annotated[Path | None, typer.Option(help="File to write; default: dossier-ID.zip.")] = None,
) -> None:
    """What was said, asked, answered, cleared and sent, as one signed file that can be verified anywhere."""
    from copilot.dossier import collect
    from copilot.dossier_file import write_dossier

    house, principal = _allowed(context, "make a dossier")
    since, until = _period(first, last)
    made = collect(
        house.audit, about, since=since, until=until, made_at=datetime.now(UTC), version=metadata.version("tougu"),
        principal=principal,
    )  # fmt: skip
    path = write_dossier(
        made, out or Path(f"dossier-{about}.zip"), signer=house.audit.signer, checkpoint=house.audit.head()
    )
    typer.echo(f"{len(made.moments)} moments, {len(made.entries)} entries: {path}")


@app.command("dossier-verify")
def dossier_verify(
    file: Annotated[Path, typer.Argument(help="A dossier.")], public_key: Key = None, as_json: Json = False
) -> None:
    """Find any changed byte of a dossier; needs no database and no home."""
    from copilot.dossier_file import verify_dossier

    report = verify_dossier(file, public_key=_key(public_key))
    if as_json:
        print_json({"ok": report.ok, "about": report.about, "entries": report.entries,
                    "signed_by": report.signed_by, "problems": report.problems})  # fmt: skip
    else:
        typer.echo(f"{report.about}, {report.entries} entries: {'whole' if report.ok else '; '.join(report.problems)}")
        whose = "the key given" if public_key else "the key inside the file, which proves no origin; give --public-key"
        typer.echo(f"Checked with {whose}: {report.signed_by}", err=True)
    if not report.ok:
        raise typer.Exit(1)


def _allowed(context: typer.Context, act: str) -> tuple[House, Principal]:
    from knowledge_base.access import Role

    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    principal.require(act, Role.COMPLIANCE, Role.SYSTEM)
    return house, principal


def _key(path: Path | None) -> PublicKey | None:
    from compliance_filters.audit.checkpoint import PublicKey

    return PublicKey.read(path) if path else None


def _period(first: str | None, last: str | None) -> tuple[datetime | None, datetime | None]:
    """The first moment of the first day, and the first moment after the last one."""
    from serve.errors import ServeError
    from serve.rooms import SHANGHAI
    from serve.wiring import as_day

    since, until = as_day(first), as_day(last)
    if since and until and until < since:
        raise ServeError(f"The period ends ({last}) before it begins ({first}): exchange the two days.")
    return (
        datetime.combine(since, time(), SHANGHAI) if since else None,
        datetime.combine(until + timedelta(days=1), time(), SHANGHAI) if until else None,
    )


def _write_lines(path: Path, lines: Iterator[str]) -> int:
    """Write beside with mode 0600 and rename: a client's texts are in it; a lone surrogate is escaped."""
    import os

    from serve.errors import ServeError

    if not path.absolute().parent.is_dir():
        raise ServeError(f"The folder {path.parent} does not exist: make it, or name another file.")
    beside, count = path.with_name(f".{path.name}.new"), 0
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            for line in lines:
                file.write(line + "\n")
                count += 1
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return count
