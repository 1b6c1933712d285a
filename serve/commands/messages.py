"""`tougu messages`: the firm's message archive against what the gate had cleared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from serve.commands.context import Context, print_json

if TYPE_CHECKING:
    from copilot.messages.archive import MessageArchive

app = typer.Typer(no_args_is_help=True, help="What was sent to clients, matched to what was cleared.")
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Day = Annotated[str | None, typer.Option("--day", help="A day of China, YYYY-MM-DD; by default yesterday.")]


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The archive, one JSON object a line; see docs/messages.md.")],
    form: Annotated[
        Literal["jsonl", "wecom"], typer.Option("--format", help="jsonl, or wecom: records that were decrypted.")
    ] = "jsonl",
    contacts: Annotated[
        Path | None, typer.Option("--contacts", help="With wecom: CSV of external_userid and client_id.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Import an archive; what was imported before is not taken twice, and a broken import goes on where it was."""
    from dataclasses import asdict

    shared = context.ensure_object(Context)
    house = shared.house()
    done = house.messages.take(_archive(file, form, contacts), principal=shared.principal(house))
    if as_json:
        print_json({**asdict(done), "added": done.added})
        return
    typer.echo(
        f"{done.added} messages: {done.exact} as cleared, {done.near} but for spaces, emoji or a greeting, "
        f"{done.unmatched} never cleared; {done.known} known before."
    )
    for why, count in sorted(done.left_out.items()):
        typer.echo(f"left out: {count} {why}", err=True)


@app.command()
def unmatched(context: typer.Context, day: Day = None, as_json: Json = False) -> None:
    """What was sent and never cleared, with what the gate says of it now, the gravest first."""
    from serve.routes.messages import message_json, yesterday
    from serve.times import shown
    from serve.wiring import as_day

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.messages.unmatched(as_day(day) or yesterday(house), principal=shared.principal(house))
    shared.seen(house).view("message", [(each.client_id, each.id) for each in found])
    if as_json:
        print_json([message_json(house, each) for each in found])
        return
    for each in found:
        rules = ",".join(each.rules) or "-"
        typer.echo(f"{shown(each.sent_at)}  {each.user_id} -> {each.client_id}  {each.outcome}  {rules}")
        typer.echo(f"    {each.text if each.text is not None else '(sealed)'}")
    if not found:
        typer.echo("Every message of that day had been cleared, or none was imported.", err=True)


@app.command()
def report(context: typer.Context, day: Day = None, as_json: Json = False) -> None:
    """Said, cleared and sent of a day, client by client."""
    from dataclasses import asdict

    from copilot.messages.reconcile import reconcile
    from serve.routes.messages import yesterday
    from serve.wiring import as_day

    shared = context.ensure_object(Context)
    house = shared.house()
    of = as_day(day) or yesterday(house)
    rows = reconcile(house.audit, of, principal=shared.principal(house))
    shared.seen(house).view("reconciliation", [(row.client_id, of.isoformat()) for row in rows])
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    for row in rows:
        typer.echo(
            f"{row.client_id}  calls {row.calls} (violations {row.violations})  cleared {row.cleared} held {row.held}  "
            f"sent {row.sent}: matched {row.matched}, unmatched {row.unmatched}"
        )
    if not rows:
        typer.echo(f"Nothing was said, cleared or sent on {of}.", err=True)


def _archive(file: Path, form: str, contacts: Path | None) -> MessageArchive:
    from copilot.messages.archive import JsonlArchive
    from copilot.messages.wecom import WeComFile, read_contacts
    from serve.errors import ServeError

    if form == "jsonl":
        return JsonlArchive(file)
    if contacts is None:
        raise ServeError("WeCom names clients by its own ids: give --contacts, a CSV of external_userid and client_id.")
    return WeComFile(file, read_contacts(contacts))
