"""`tougu transcribe`: archives of recordings to files of transcripts; `tougu calls original`: words behind masks."""

from __future__ import annotations

import time
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.calls import Json, Metadata, recordings_of
from serve.commands.context import Context, print_json, progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intent.archive import Outcome, Progress
    from intent.recordings import RecordingFile
    from serve.settings import Settings
    from serve.wiring import House

AUDIT_IDS = "a_"
MARKS = {"no_speech": "without speech", "salvaged": "salvaged", "listen": "too poor to read: please listen"}
WATCHED_FROM = 20  # recordings; for fewer a worker process of its own is not worth its start


class Engine(StrEnum):
    """What runs the workers of a batch."""

    LOCAL = "local"
    RAY = "ray"


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
    raw: Annotated[
        str, typer.Option("--raw", help="Format of files without a header: alaw:8000 or mulaw:8000, :2 for stereo.")
    ] = "",
    retry_failed: Annotated[bool, typer.Option(help="Try quarantined recordings again.")] = False,
    as_json: Json = False,
) -> None:
    """Transcribe recordings in a batch that can be stopped and resumed."""
    from serve.batch import transcribe_batch

    shared = context.ensure_object(Context)
    settings, house = _with_raw(shared.settings(), raw), shared.house()
    recordings = _allowed(house, recordings_of(paths or [], metadata))
    shared.seen(house).export("transcript", [(recording.client_id, recording.call_id) for recording in recordings])
    pace = Pace()
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
            watched=len(recordings) >= WATCHED_FROM,
            retry_failed=retry_failed,
            on_progress=lambda p: bar.update(
                task,
                completed=p.done + p.quarantined,
                total=p.total,
                note=pace.told(p),
            ),
        )
    if as_json:
        print_json([{"id": o.call_id, "path": o.path, "state": o.state, "outputs": o.outputs, "audio_s": o.audio_s,
                     "turns": o.turns, "warnings": o.warnings, "marks": o.marks,
                     "reason": o.reason} for o in outcomes])  # fmt: skip
    else:
        _tell(outcomes, out, pace)
    if any(outcome.reason for outcome in outcomes):
        raise typer.Exit(1)


def original(
    context: typer.Context,
    kept: Annotated[str, typer.Argument(help="`originals` of a transcript, or the id of a call that was read.")],
    as_json: Json = False,
) -> None:
    """Show the words behind the masks of a transcript or a call; it is logged who opened them."""
    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    if kept.startswith(AUDIT_IDS):
        found = house.originals.open(kept, principal=principal)
    else:
        found = house.originals_of_call(kept, principal=principal)
    if as_json:
        print_json({"id": found.call_id, "turns": found.texts})
        return
    for index, text in found.texts.items():
        typer.echo(f"{found.call_id}  {index}  {text}")


def _allowed(house: House, recordings: Sequence[RecordingFile]) -> list[RecordingFile]:
    """Those that may be analysed; of the others no word is transcribed, as in the fresh lane. Each is told."""
    from functools import cache

    from serve.call_lane import REASONS

    hold_of = cache(house.call_lane.hold_of)
    allowed = []
    for recording in recordings:
        if (hold := hold_of(recording.client_id) if recording.client_id else None) is None:
            allowed.append(recording)
        else:
            typer.echo(f"{recording.call_id}: not transcribed, {REASONS[hold.reason]}.", err=True)
    return allowed


def _with_raw(settings: Settings, raw: str) -> Settings:
    from intent.speech.decoder import RawFormat

    if not raw:
        return settings
    RawFormat.named(raw)  # raises in one line, before anything is begun
    return settings.model_copy(update={"speech": settings.speech.model_copy(update={"raw": raw})})


def _tell(outcomes: Sequence[Outcome], out: Path, pace: Pace) -> None:
    failed = [outcome for outcome in outcomes if outcome.reason]
    minutes = sum(outcome.audio_s for outcome in outcomes) / 60
    done = len(outcomes) - len(failed)
    typer.echo(f"{done} transcribed ({minutes:.1f} minutes), {len(failed)} failed{pace.summed()}; see {out}")
    marks = Counter(mark for outcome in outcomes for mark in outcome.marks)
    if marks:
        typer.echo("  " + ", ".join(f"{marks[mark]} {told}" for mark, told in MARKS.items() if marks[mark]))
    for outcome in outcomes:
        for line in (*outcome.warnings, *([outcome.reason] if outcome.reason else [])):
            typer.echo(f"  {outcome.call_id}: {line}", err=True)


class Pace:
    """How fast a batch goes; what an earlier run had done is not counted as this one's work."""

    def __init__(self) -> None:
        self._began: tuple[float, Progress] | None = None
        self._last: tuple[float, Progress] | None = None

    def told(self, progress: Progress) -> str:
        """Hours of audio done in all, seconds of audio a second, and the time left at this pace."""
        now = time.monotonic()
        began_at, first = self._began = self._began or (now, progress)
        self._last = now, progress
        spent_s = max(now - began_at, 1e-9)
        over = progress.done + progress.quarantined - first.done - first.quarantined
        told = f"{progress.audio_s / 3600:.2f} h of audio"
        if not over:
            return told
        left_s = spent_s / over * (progress.total - progress.done - progress.quarantined)
        return f"{told}, {(progress.audio_s - first.audio_s) / spent_s:.0f}x, {left_s / 60:.0f} min left"

    def summed(self) -> str:
        """What this run alone did, once it is over; nothing where all had been done before."""
        if self._began is None or self._last is None:
            return ""
        spent_s, audio_s = self._last[0] - self._began[0], self._last[1].audio_s - self._began[1].audio_s
        if not audio_s:
            return ""
        speed = audio_s / max(spent_s, 1e-9)
        return f", this run {audio_s / 3600:.2f} h of audio in {spent_s / 60:.1f} min ({speed:.0f}x)"
