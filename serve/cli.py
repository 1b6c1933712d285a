"""The command line `tougu`. Importing it loads nothing heavy: each command imports what it needs."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from serve.commands import (
    admin,
    audit,
    call_queue,
    calls,
    compliance,
    day,
    deliveries,
    demo,
    erasure,
    inspection,
    intents,
    knowledge,
    leads,
    messages,
    mistakes,
    notes,
    prompts,
    reports,
    review,
    rights,
    rules,
    rules_explain,
    rules_sign,
    scoring,
    segments,
    semantic,
    service,
    transcribe,
)
from serve.commands.context import Context, fail

app = typer.Typer(
    name="tougu",
    help="投顾: advisor copilot and call-intent service that runs on your own machines.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command()(demo.demo)
app.command()(service.serve)
app.command()(service.worker)
app.command()(transcribe.transcribe)
calls.app.command("inspect")(inspection.inspect)
calls.app.command("forget")(call_queue.forget)
for call_command in (call_queue.waiting, call_queue.unassigned, call_queue.assign, call_queue.aside, call_queue.kept,
                     call_queue.again, call_queue.failed, call_queue.mask):  # fmt: skip
    calls.app.command()(call_command)
calls.app.command("requeue")(call_queue.requeue)
calls.app.command("original")(transcribe.original)
calls.app.command("note")(notes.note)
calls.app.command("tasks")(notes.tasks)
app.add_typer(calls.app, name="calls")
for score_command in (scoring.train, scoring.scorer, scoring.rescore, scoring.explain, scoring.drift):
    leads.app.command()(score_command)
app.add_typer(leads.app, name="leads")
app.add_typer(segments.app, name="segments")
app.add_typer(knowledge.app, name="kb")
app.command()(knowledge.ask)
app.command()(reports.diagnose)
app.command()(reports.peers)
app.command()(day.day)
app.command()(day.product)
app.add_typer(messages.app, name="messages")
app.add_typer(deliveries.app, name="deliveries")
app.command()(compliance.check)
app.add_typer(intents.app, name="intent")
rules.app.command("explain")(rules_explain.explain)
rules.app.command("keygen")(rules_sign.keygen)
rules.app.command("sign")(rules_sign.sign)
rules.app.command("train")(semantic.train)
app.add_typer(rules.app, name="rules")
review.app.command("mark")(mistakes.mark)
review.app.command("mistakes")(mistakes.mistakes)
app.add_typer(review.app, name="review")
for step in (erasure.status, erasure.seal, erasure.hold, erasure.destroy):
    audit.app.command()(step)
audit.app.command("open")(erasure.open_)
app.add_typer(audit.app, name="audit")
for login_command in (rights.password, rights.invite, rights.authenticator, rights.sessions, rights.logout,
                      rights.lockouts, rights.unlock):  # fmt: skip
    admin.users_app.command()(login_command)
app.add_typer(prompts.app, name="prompts")
app.add_typer(admin.users_app, name="users")
app.add_typer(rights.keys_app, name="keys")
app.add_typer(admin.models_app, name="models")
app.command()(admin.doctor)
app.command()(admin.config)
app.command(name="import")(admin.import_)
app.command()(admin.backup)
app.command()(admin.restore)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tougu {metadata.version('tougu')}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", help="TOML file with settings; see `tougu config`.")
    ] = None,
    user: Annotated[
        str | None, typer.Option("--as", help="Act as this user (see `tougu users`); default: the operator.")
    ] = None,
    traceback: Annotated[bool, typer.Option("--traceback", help="Show the full Python traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that stand before every command."""
    context.obj = Context(config=config, user=user)


@cache
def _add_commands_of_other_packages() -> None:
    """`eval`, `bench` and `pilot` come from the floor above, which this package may not import; added once."""
    for entry in metadata.entry_points(group="tougu.commands"):
        command = entry.load()
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=entry.name)
        else:
            app.command(name=entry.name)(command)


def main() -> None:
    """Run the command line; whatever goes wrong ends in one line on standard error."""
    try:
        _add_commands_of_other_packages()
        app()
    except KeyboardInterrupt:
        typer.echo("Stopped; run the same command again to go on where it stopped.", err=True)
        sys.exit(130)
    except BrokenPipeError:  # the reader of a pipe left, e.g. `tougu ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:
        if "--traceback" in sys.argv:
            raise
        fail(error)


if __name__ == "__main__":
    main()
