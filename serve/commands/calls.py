"""Commands of the call way: recordings to leads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json, progress_bar
from serve.commands.groups import GroupWithDefault

if TYPE_CHECKING:
    from intent.call import Call, CallReading
    from intent.recordings import RecordingFile


app = typer.Typer(cls=GroupWithDefault, help="Recordings the whole way: `tougu calls PATH`; notes and tasks of calls.")
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Metadata = Annotated[
    Path | None,
    typer.Option(
        "--metadata",
        help="CSV id,path and, where known, client,advisor,started_at,numbers,direction,advisor_channel,call_type.",
    ),
]


@app.command("read")
def calls(
    context: typer.Context,
    paths: Annotated[list[Path] | None, typer.Argument(help="Recordings, or folders of recordings.")] = None,
    metadata: Metadata = None,
    as_json: Json = False,
) -> None:
    """Take recordings the whole way: transcript, intents with evidence, leads, cases, tickets.

    The word `read` may be left out.
    """
    from intent.errors import AudioError
    from serve.call_lane import REASONS

    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    failed = 0
    read: list[dict[str, object]] = []
    with progress_bar() as bar:
        recordings = recordings_of(paths or [], metadata)
        task = bar.add_task("calls", total=len(recordings), note="")
        for recording in recordings:
            bar.update(task, note=recording.path.name)
            if (hold := house.call_lane.hold_of(recording.client_id) if recording.client_id else None) is not None:
                typer.echo(f"{recording.call_id}: not read, {REASONS[hold.reason]}.", err=True)
                bar.advance(task)
                continue
            try:
                call, reading, recorded = house.take_call(recording, principal=principal)
            except AudioError as error:
                failed += 1
                typer.echo(f"{recording.call_id}: {error}", err=True)
            else:
                shared.seen(house).view("call", [(call.client_id, call.id)])
                read.append(reading_json(call, reading))
                if not as_json:
                    print_reading(call, reading)
                    for line in (
                        *recorded.left_out,
                        *(["already recorded: nothing was changed"] * recorded.already),
                    ):
                        typer.echo(f"  {line}")
            bar.advance(task)
    if as_json:
        print_json(read)
    if failed:
        raise typer.Exit(1)


def recordings_of(paths: list[Path], metadata: Path | None) -> list[RecordingFile]:
    """What metadata names, and what else lies under the paths. Raises ServeError where that is nothing."""
    from intent.recordings import find_recordings, load_call_metadata, with_unique_ids
    from serve.errors import ServeError

    listed = load_call_metadata(metadata) if metadata else []
    named = {recording.path.resolve() for recording in listed}
    found = [recording for recording in find_recordings(paths) if recording.path.resolve() not in named]
    if not listed and not found:
        raise ServeError("No recordings were found: name files, folders with recordings, or --metadata.")
    return with_unique_ids([*listed, *found])


def print_reading(call: Call, reading: CallReading, *, transcript: bool = False) -> None:
    """What a call asks for, with the words and seconds that prove it."""
    typer.echo(f"{call.id}  {call.transcript.duration_s:.0f} s  {len(call.transcript.turns)} turns")
    if call.transcript.unreadable:
        typer.echo(f"  ! please listen: {call.transcript.unreadable}; nothing was read in it, and a task asks for it")
    for warning in (*call.transcript.warnings, *reading.left_out):
        typer.echo(f"  ! {warning}")
    if transcript:
        from intent.speech.formats import line

        for turn in call.transcript.turns:
            typer.echo(f"  {line(turn)}")
    for wish in reading.wishes:
        amount = f" {'约' * wish.amount_about}{wish.amount_cny:,.0f}元" if wish.amount_cny is not None else ""
        product = f" 《{wish.product}》" if wish.product else ""
        what = f"{wish.intent}{product}{amount}{f' {wish.day}' if wish.day else ''}"
        held = f"  [held: {wish.held_because}]" if wish.held_because else ""
        typer.echo(f"  {wish.goes_to:<7} {what}  {wish.confidence:.2f}  {wish.urgency}{held}")
        for evidence in wish.evidence[:2]:
            typer.echo(f"          {evidence.start_s:6.1f}-{evidence.end_s:.1f} s 「{evidence.quote}」")
    for finding in (each for each in reading.findings if not each.confidential):
        typer.echo(f"  advisor {finding.rule} ({finding.disposition}) 「{finding.quote}」")
    if reading.inspection:
        from serve.commands.inspection import verdict_line

        typer.echo(f"  inspect {verdict_line(reading.inspection)}")


def reading_json(call: Call, reading: CallReading) -> dict[str, object]:
    """The same for programs."""
    from dataclasses import asdict, replace

    told = replace(reading, findings=tuple(each for each in reading.findings if not each.confidential))
    return {"id": call.id, "transcript": asdict(call.transcript), "reading": asdict(told)}
