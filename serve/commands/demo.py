"""The command `tougu demo`: what the product does, on sample content, in a minute or two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, progress_bar

if TYPE_CHECKING:
    from serve.demo import DemoResult


def demo(
    context: typer.Context,
    calls: Annotated[int, typer.Option(min=0, max=12, help="Sample calls to transcribe.")] = 2,
) -> None:
    """Show the three ways on fictional sample content; opens no port and changes nothing but <home>/demo."""
    from serve.demo import demo_home, run_demo

    house = context.ensure_object(Context).house()
    with progress_bar() as bar:
        tasks = {
            name: bar.add_task(name, total=None, note="", visible=False) for name in ("documents", "report", "calls")
        }

        def step(what: str, done: int, total: int) -> None:
            bar.update(tasks[what], completed=done, total=total, visible=True)

        result = run_demo(house, calls=calls, step=step)
    _print(result)
    typer.echo(f"\n{result.seconds:.0f} s. To look around in the browser: TOUGU_HOME={demo_home(house)} tougu serve")
    if result.calls:
        server = house.settings.server
        typer.echo(f"To hear what proves a lead, there: http://{server.host}:{server.port}/calls/{result.told}")


def _title(text: str) -> None:
    typer.secho(f"\n== {text}", bold=True)


def _print(result: DemoResult) -> None:
    from serve.commands.calls import print_reading
    from serve.commands.knowledge import print_reply
    from serve.demo import written_into

    _title("Call way: recording -> turns -> intents -> leads, cases and tickets (fictional calls)")
    if result.left_out:
        typer.echo(f"No call was read: {result.left_out}")
    for call, reading in result.calls:
        print_reading(call, reading, transcript=call.id == result.told)
        typer.echo(f"  written into the script: {', '.join(written_into(call.id)) or 'nothing to raise'}")
    _title("Question way: a cited answer that the gate has cleared")
    typer.echo(f"问：{result.question}")
    print_reply(result.reply)
    _title("The gate: a text that is not delivered")
    typer.echo(f"原文：{result.blocked.original}")
    for finding in result.blocked.findings:
        typer.echo(f"  {finding.outcome.word}  [{finding.rule}] 「{finding.quote}」{finding.reason}（{finding.law}）")
    _title("Report way: NAV -> metrics -> draft -> gate -> PDF")
    for line in result.report.report.summary:
        typer.echo(f"  {line}")
    typer.echo(f"  gate: {result.report.verdict.outcome.word}; {result.pdf}")
