"""`tougu check`: a text judged by the gate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json

if TYPE_CHECKING:
    from compliance_filters.finding import Target

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
CHANNELS = ("sidebar", "client", "export")
OUTCOME_ZH = {
    "pass": "通过",
    "revise": "已补充提示后通过",
    "return": "退回修改",
    "review": "待合规复核",
    "block": "拦截",
}


def check(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A text file in UTF-8, or - for standard input.")],
    target: Annotated[str, typer.Option(help="answer, report, advisor_message, advisor_speech, client_input.")] = (
        "advisor_message"
    ),
    client: Annotated[str | None, typer.Option(help="Client the text is meant for.")] = None,
    product: Annotated[list[str] | None, typer.Option(help="Code of a product the text speaks of.")] = None,
    channel: Annotated[str, typer.Option(help="sidebar (to the advisor), client or export.")] = "sidebar",
    by_hand: Annotated[bool, typer.Option("--by-hand", help="A person wrote every word: no AI label is due.")] = False,
    as_json: Json = False,
) -> None:
    """Judge a text by the compliance rules; the exit code is 2 when it may not be delivered."""
    from compliance_filters.finding import Draft

    channel_of(channel)
    shared = context.ensure_object(Context)
    text = read_text(file)
    house = shared.house()
    principal = shared.principal(house)
    draft = Draft(text=text, target=target_of(target), by=principal.user_id, generated=not by_hand)
    verdict = house.check(draft, client_id=client, product_codes=product or [], channel=channel, principal=principal)
    if as_json:
        from serve.routes.wire import VerdictOut

        print_json({**VerdictOut.of(verdict).model_dump(), "text": verdict.cleared and verdict.cleared.text})
    else:
        typer.echo(f"结论：{OUTCOME_ZH[verdict.outcome.word]}（{verdict.outcome.word}）")
        for finding in verdict.findings:
            typer.echo(f"  [{finding.rule}] 「{finding.quote}」{finding.reason}（{finding.law}）")
            if finding.suggestion:
                typer.echo(f"      可改为：{finding.suggestion}")
        for error in verdict.errors:
            typer.echo(f"  未能判断：{error}")
        if verdict.review_id:
            typer.echo(f"  复核编号：{verdict.review_id}")
        if verdict.audit_id:
            typer.echo(f"  审计编号：{verdict.audit_id}")
    if verdict.cleared is None:
        raise typer.Exit(2)


def target_of(name: str) -> Target:
    """Raises ServeError for a target that does not exist."""
    from compliance_filters.finding import Target
    from serve.errors import ServeError

    if name not in set(Target):
        raise ServeError(f"There is no target {name}: choose from {', '.join(Target)}.")
    return Target(name)


def channel_of(name: str) -> str:
    """Raises ServeError for a channel that does not exist."""
    from serve.errors import ServeError

    if name not in CHANNELS:
        raise ServeError(f"There is no channel {name}: choose from {', '.join(CHANNELS)}.")
    return name


def read_text(file: str) -> str:
    """A text file, or standard input for -. Raises ServeError for a folder, for what is no text, and for no words."""
    from serve.errors import ServeError
    from serve.routes.wire import is_blank

    named = "Standard input" if file == "-" else file
    if file != "-" and Path(file).is_dir():
        raise ServeError(f"{file} is a folder: name a text file in it.")
    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ServeError(f"{named} is not UTF-8 from line {line} on: convert it and run the command again.") from error
    if is_blank(text):
        raise ServeError(f"{named} is empty: there is nothing to read.")
    return text
