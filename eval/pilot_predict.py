"""What the product says of a pilot's calls: read one by one, kept a file a call, sealed before any label is opened."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from compliance_filters.errors import ComplianceError
from eval.case import EvalError
from eval.result import write_beside
from intent.call import Call, CallReading, Speaker, Wish
from intent.errors import AudioError, CallFileError
from intent.recordings import RecordingFile
from intent.speech.formats import from_json
from serve.wiring import House

KINDS = ("lead", "case", "ticket", "consent")
TRANSCRIPT = ".json"  # of `tougu transcribe`
PREDICTIONS, SEALS = "predictions.jsonl", "seals.jsonl"
UNSURE_BELOW = 0.7  # confidence of what was raised
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one call took; processor time is of all threads."""

    audio_s: float  # of the recording; 0 where the call came as a transcript
    seconds: float
    cpu_s: float


@dataclass(frozen=True, kw_only=True)
class Record:
    """One call: what was predicted, what was heard, and what it cost."""

    key: str  # of the file, the models, the rules and the settings
    prediction: dict[str, Any]  # a line of predictions.jsonl
    heard: list[dict[str, Any]]  # turn, second and text of who is not the advisor
    cost: Cost

    @property
    def id(self) -> str:
        return str(self.prediction["id"])

    @property
    def failed(self) -> str:
        """Why the call could not be read; empty otherwise."""
        return str(self.prediction.get("failed", ""))


@dataclass(frozen=True, kw_only=True)
class Seal:
    """The predictions as they stood at one moment."""

    at: str
    sha256: str
    calls: int


def predict(house: House, calls: Sequence[RecordingFile], keep: Path, *, progress: Progress) -> list[Record]:
    """Read every call that is not kept yet. Stopped at any moment, the next run goes on where it was."""
    keep.mkdir(parents=True, exist_ok=True)
    records = []
    for n, call in enumerate(calls):
        progress(n, len(calls), call.path.name)
        records.append(_record(house, call, keep / f"{hashlib.sha256(call.call_id.encode()).hexdigest()[:16]}.json"))
    progress(len(calls), len(calls), "")
    return records


def seal(records: Sequence[Record], folder: Path) -> tuple[Seal, tuple[Seal, ...]]:
    """Write the predictions; the seal, and earlier seals of other predictions. Raises EvalError."""
    text = "".join(json.dumps(record.prediction, ensure_ascii=False) + "\n" for record in records)
    write_beside(folder / PREDICTIONS, text)
    made = Seal(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        calls=len(records),
    )
    earlier = _seals(folder / SEALS)
    same = next((known for known in earlier if known.sha256 == made.sha256), None)
    if same is None:
        lines = [json.dumps(asdict(each)) + "\n" for each in (*earlier, made)]
        write_beside(folder / SEALS, "".join(lines))
    return same or made, tuple(each for each in earlier if each.sha256 != made.sha256)


def _seals(path: Path) -> tuple[Seal, ...]:
    if not path.exists():
        return ()
    try:
        return tuple(Seal(**json.loads(line)) for line in path.read_text("utf-8").splitlines())
    except (ValueError, TypeError) as error:
        raise EvalError(f"{path} is damaged ({type(error).__name__}): write the report to another name.") from error


def _record(house: House, call: RecordingFile, place: Path) -> Record:
    try:
        key = _key(house, call)
    except OSError as error:
        reason = f"{call.path} cannot be read ({error.strerror}): correct calls.csv."
        return Record(
            key="",
            prediction={"id": call.call_id, "failed": reason},
            heard=[],
            cost=Cost(audio_s=0, seconds=0, cpu_s=0),
        )
    if (kept := _kept(place)) and kept.key == key:
        return kept
    made = _read(house, call, key)
    if not made.failed:
        write_beside(place, json.dumps(asdict(made), ensure_ascii=False) + "\n")
    return made


def _kept(place: Path) -> Record | None:
    """A record that an earlier run kept; one that cannot be read is made anew."""
    try:
        raw = json.loads(place.read_text("utf-8"))
        return Record(**{**raw, "cost": Cost(**raw["cost"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _key(house: House, call: RecordingFile) -> str:
    """What the prediction hangs on. Raises OSError."""
    with call.path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    parts = [content, call.call_id, call.advisor_channel, call.call_type, version("tougu"), *models(house)]
    parts.append(house.settings.intent.model_dump_json())
    if not _is_transcript(call):
        parts += [house.transcriber.name, house.settings.speech.model_dump_json()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def models(house: House) -> tuple[str, str]:
    """Versions of what reads a call."""
    return house.classifier.version, house.rule_pack.label


def _read(house: House, recording: RecordingFile, key: str) -> Record:
    started, cpu = time.perf_counter(), time.process_time()
    try:
        call = _call(house, recording)
        reading = house.pipeline.read(call)
    except (AudioError, CallFileError, ComplianceError) as error:
        prediction, heard, audio_s = {"id": recording.call_id, "failed": " ".join(str(error).split())}, [], 0.0
    else:
        prediction, heard = prediction_of(reading, poor=call.transcript.unreadable), _heard(call)
        audio_s = 0.0 if _is_transcript(recording) else call.transcript.duration_s
    cost = Cost(
        audio_s=round(audio_s, 2),
        seconds=round(time.perf_counter() - started, 3),
        cpu_s=round(time.process_time() - cpu, 3),
    )
    return Record(key=key, prediction=prediction, heard=heard, cost=cost)


def _call(house: House, recording: RecordingFile) -> Call:
    """Raises AudioError, CallFileError."""
    if _is_transcript(recording):
        try:
            text = recording.path.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise CallFileError(f"{recording.path} is not UTF-8: transcribe the recording again.") from error
        heard = Call(id=recording.call_id, transcript=from_json(text))
    else:
        heard = house.transcribe(recording.path, advisor_channel=recording.advisor_channel, call_id=recording.call_id)
    return replace(
        heard,
        client_id=recording.client_id,
        advisor_id=recording.advisor_id,
        started_at=datetime.fromisoformat(recording.started_at) if recording.started_at else None,
        call_type=recording.call_type,
    )


def _is_transcript(recording: RecordingFile) -> bool:
    return recording.path.suffix.lower() == TRANSCRIPT


def prediction_of(reading: CallReading, *, poor: str = "") -> dict[str, Any]:
    """A line of predictions.jsonl; `unsure`: leads in doubt that were not raised, and what was raised hesitantly.

    `left_out`: what of the call nobody read; all of it where the transcript is too `poor` to be read, and why.
    """
    hesitant = [wish for wish in reading.wishes if wish.confidence < UNSURE_BELOW]
    return {
        "id": reading.call_id,
        **{f"{kind}s": [_wish(wish) for wish in reading.of(kind)] for kind in KINDS},
        "unsure": [
            *({**_wish(wish), "raised": True} for wish in hesitant),
            *({**_wish(wish), "raised": False} for wish in reading.unsure),
        ],
        "left_out": [*([poor] if poor else []), *reading.left_out],
    }


def _wish(wish: Wish) -> dict[str, Any]:
    return {
        "intent": wish.intent,
        "confidence": round(wish.confidence, 4),
        "product": wish.product,
        "amount": None if wish.amount_cny is None else str(wish.amount_cny),
        "evidence": [{"turn": e.turn, "second": round(e.start_s, 1), "quote": e.quote} for e in wish.evidence],
    }


def _heard(call: Call) -> list[dict[str, Any]]:
    """What the other side of the advisor said."""
    return [
        {"turn": turn.index, "second": round(turn.start_s, 1), "text": turn.text}
        for turn in call.transcript.turns
        if turn.speaker is not Speaker.ADVISOR and turn.text.strip()
    ]
