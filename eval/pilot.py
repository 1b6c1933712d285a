"""A firm's own calls, labelled blind by its people: read first, sealed, then scored, in one report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.case import EvalError
from eval.pilot_predict import Progress, Record, models, predict, seal
from eval.pilot_report import Pilot, calls_csv, report
from eval.pilot_score import load_labels
from eval.result import write_beside
from intent.errors import CallFileError
from intent.recordings import RecordingFile, load_call_metadata
from serve.wiring import House

CALLS, LABELS = "calls.csv", "labels.jsonl"


def run_pilot(house: House, folder: Path, out: Path, *, progress: Progress, limit: int | None = None) -> str:
    """Read the calls of `calls.csv` (the first `limit`), seal the predictions, score them against `labels.jsonl`.

    Paths in calls.csv are recordings, or transcripts that `tougu transcribe` wrote as JSON. Predictions are kept a
    file a call in the folder NAME.files beside the report, so that a killed run goes on; labels are opened only after
    all of them were written with their hash. Nothing goes into the database, nothing leaves the machine. Returns the
    report's text. Raises EvalError.
    """
    calls = _calls(folder / CALLS)
    beside = out.with_name(f"{out.stem}.files")
    records = predict(house, calls[:limit], beside / "calls", progress=progress)
    sealed, earlier = seal(records, beside)
    if not (folder / LABELS).is_file():
        raise EvalError(
            f"There is no {LABELS} in {folder}: the predictions of {sealed.calls} calls are sealed (SHA-256 "
            f"{sealed.sha256}), so label the calls and run the same command again."
        )
    labels = load_labels(folder / LABELS, house.taxonomy, {call.call_id for call in calls})
    pilot = Pilot(records=records, labels=labels, seal=sealed, earlier=earlier, versions=_versions(house, records))
    if not pilot.judged:
        raise EvalError(f"No call of {CALLS} was both read and labelled{_why(records)}: nothing can be scored.")
    text = report(pilot)
    write_beside(beside / CALLS, calls_csv(pilot))
    write_beside(out, text)
    return text


def _calls(path: Path) -> list[RecordingFile]:
    try:
        calls = load_call_metadata(path)
    except CallFileError as error:
        raise EvalError(str(error)) from error
    if not calls:
        raise EvalError(f"{path} lists no call: give id and path of each, see docs/pilot.md.")
    return calls


def _versions(house: House, records: Sequence[Record]) -> str:
    heard = [house.transcriber.name] if any(record.cost.audio_s for record in records) else []
    return "; ".join([*heard, *models(house)])


def _why(records: Sequence[Record]) -> str:
    failed = [record.failed for record in records if record.failed]
    return f" ({failed[0].rstrip('.')})" if failed else ""
