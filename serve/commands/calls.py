"""Commands of the call way: recordings to transcripts, and to leads."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json, progress_bar
from serve.commands.groups import GroupWithDefault

if TYPE_CHECKING:
    from intent.archive import Progress
    from intent.call import Call, CallReading
    from intent.recordings import RecordingFile


class Engine(StrEnum):
    """What runs the workers of a batch."""

    LOCAL = "local"
    RAY = "ray"


app = typer.Typer(cls=GroupWithDefault, help="Recordings the whole way: `tougu calls PATH`; notes and tasks of calls.")
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Metadata = Annotated[
    Path | None,
    typer.Option("--metadata", help="CSV id,path,client_id,advisor_id,started_at,direction,advisor_channel,call_type."),
]


def transcribe(
    context: typer.Context,
    paths: Annotated[list[Path] | None, typer.Argument(help="Recordings, or folders of recordings.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for the transcripts.")] = Path("transcripts"),
    formats: Annotated[str, typer.Option("--format", help="json,srt,vtt,txt")] = "json,txt",
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Worker processes.")] = 1,
    engine: Annotated[
        Engine, typer.Option("--engine", help="Processes of this machine, or Ray actors.")
    ] = Engine.LOCAL,
    metadata: Metadata = None,
    retry_failed: Annotated[bool, typer.Option(help="Try quarantined recordings again.")] = False,
    as_json: Json = False,
) -> None:
    """Transcribe recordings in a batch that can be stopped and resumed."""
    from serve.batch import transcribe_batch

    shared = context.ensure_object(Context)
    settings, house = shared.settings(), shared.house()
    recordings = _recordings(paths or [], metadata)
    shared.seen(house).export("transcript", [(recording.client_id, recording.call_id) for recording in recordings])
    pace = _Pace()
    with progress_bar() as bar:
        task = bar.add_task("transcribe", total=len(recordings), note="")
        outcomes = transcribe_batch(
            house,
            settings,
            recordings,
            out=out,
            formats=[name.strip() for name in formats.split(",") if name.strip()],
            workers=jobs,
            engine=engine.value,
            retry_failed=retry_failed,
            on_progress=lambda p: bar.update(
                task,
                completed=p.done + p.quarantined,
                total=p.total,
                note=pace.told(p),
            ),
        )
    failed = [outcome for outcome in outcomes if outcome.reason]
    if as_json:
        print_json([{"id": o.call_id, "path": o.path, "state": o.state, "outputs": o.outputs, "audio_s": o.audio_s,
                     "turns": o.turns, "warnings": o.warnings, "reason": o.reason} for o in outcomes])  # fmt: skip
    else:
        minutes = sum(outcome.audio_s for outcome in outcomes) / 60
        typer.echo(
            f"{len(outcomes) - len(failed)} transcribed ({minutes:.1f} minutes), {len(failed)} failed; see {out}"
        )
        for outcome in outcomes:
            for line in (*outcome.warnings, *([outcome.reason] if outcome.reason else [])):
                typer.echo(f"  {outcome.call_id}: {line}", err=True)
    if failed:
        raise typer.Exit(1)


class _Pace:
    """How fast a batch goes; what an earlier run had done is not counted as this one's work."""

    def __init__(self) -> None:
        self._began: tuple[float, Progress] | None = None

    def told(self, progress: Progress) -> str:
        """Hours of audio done in all, seconds of audio a second, and the time left at this pace."""
        now = time.monotonic()
        began_at, first = self._began = self._began or (now, progress)
        spent_s = max(now - began_at, 1e-9)
        over = progress.done + progress.quarantined - first.done - first.quarantined
        told = f"{progress.audio_s / 3600:.2f} h of audio"
        if not over:
            return told
        left_s = spent_s / over * (progress.total - progress.done - progress.quarantined)
        return f"{told}, {(progress.audio_s - first.audio_s) / spent_s:.0f}x, {left_s / 60:.0f} min left"


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
        recordings = _recordings(paths or [], metadata)
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


def _recordings(paths: list[Path], metadata: Path | None) -> list[RecordingFile]:
    from intent.recordings import find_recordings, load_call_metadata
    from serve.errors import ServeError

    listed = load_call_metadata(metadata) if metadata else []
    named = {recording.path.resolve() for recording in listed}
    found = [recording for recording in find_recordings(paths) if recording.path.resolve() not in named]
    if not listed and not found:
        raise ServeError("No recordings were found: name files, folders with recordings, or --metadata.")
    return [*listed, *found]


def print_reading(call: Call, reading: CallReading, *, transcript: bool = False) -> None:
    """What a call asks for, with the words and seconds that prove it."""
    typer.echo(f"{call.id}  {call.transcript.duration_s:.0f} s  {len(call.transcript.turns)} turns")
    for warning in call.transcript.warnings:
        typer.echo(f"  ! {warning}")
    if transcript:
        from intent.speech.formats import line

        for turn in call.transcript.turns:
            typer.echo(f"  {line(turn)}")
    for wish in reading.wishes:
        amount = f" {wish.amount_cny:,.0f}元" if wish.amount_cny is not None else ""
        product = f" 《{wish.product}》" if wish.product else ""
        held = f"  [held: {wish.held_because}]" if wish.held_because else ""
        typer.echo(f"  {wish.goes_to:<7} {wish.intent}{product}{amount}  {wish.confidence:.2f}  {wish.urgency}{held}")
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
