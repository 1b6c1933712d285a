"""Transcripts to inspect, from files: what `tougu transcribe` writes, and labelled calls of the evaluation."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intent.call import Speaker, Transcript, Turn
from intent.errors import CallFileError

ENDINGS = (".json", ".jsonl")
TEST = "test"  # a split that was looked at is spent


@dataclass(frozen=True, kw_only=True)
class ReadCall:
    """One transcript of a file."""

    id: str
    transcript: Transcript
    call_type: str | None = None
    split: str | None = None
    broken: bool | None = None  # whether a person found a violation; None where the file does not say


def read_transcripts(paths: Sequence[Path]) -> tuple[ReadCall, ...]:
    """The calls of files and folders (`.json`, `.jsonl`), in order.

    Forms: a transcript of `tougu transcribe`; a line of the evaluation (`id, turns: i, role, text, start, end`, and
    `gold`); what `tougu calls --json` prints. Times may be left out. Raises CallFileError naming file and line.
    """
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise CallFileError("No transcripts were found: name .json or .jsonl files, or folders with them.")
    return tuple(call for file in files for call in _calls_of(file))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.suffix in ENDINGS and file.name != "manifest.jsonl")
    if path.suffix not in ENDINGS:
        raise CallFileError(f"{path} is no transcript: name .json or .jsonl, or run tougu transcribe first.")
    return [path]


def _calls_of(file: Path) -> Iterator[ReadCall]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CallFileError(f"{file} cannot be read ({error}): check the path and that it is UTF-8.") from error
    for line, part in _parts(text, file.suffix):
        where = f"Line {line} of {file}" if file.suffix == ".jsonl" else str(file)
        try:
            raw = json.loads(part)
            listed = raw if isinstance(raw, list) else [raw]
            yield from [_call(each, file.stem) for each in listed]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = " ".join(str(error).split())
            raise CallFileError(
                f"{where} is no transcript ({type(error).__name__}: {reason}): give turns with role and text."
            ) from error


def _parts(text: str, suffix: str) -> list[tuple[int, str]]:
    if suffix == ".jsonl":
        return [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    return [(1, text)]


def _call(raw: Mapping[str, Any], name: str) -> ReadCall:
    said = raw.get("transcript", raw)
    turns = tuple(_turn(n, turn) for n, turn in enumerate(said["turns"]))
    if len({turn.index for turn in turns}) < len(turns):
        raise ValueError("two turns have the same index")
    gold = raw.get("gold")
    labelled = isinstance(gold, Mapping) and "advisor_violations" in gold
    return ReadCall(
        id=str(raw.get("id", name)),
        transcript=Transcript(
            turns=turns,
            duration_s=_seconds(said.get("duration_s", max((turn.end_s for turn in turns), default=0.0))),
            warnings=tuple(str(warning) for warning in said.get("warnings", ())),
            roles_from=str(said.get("roles_from", "metadata")),
        ),
        call_type=raw.get("call_type"),
        split=raw.get("split"),
        broken=bool(gold["advisor_violations"]) if isinstance(gold, Mapping) and labelled else None,
    )


def _turn(number: int, raw: Mapping[str, Any]) -> Turn:
    start_s = _seconds(raw.get("start_s", raw.get("start", 0.0)))
    return Turn(
        index=int(raw.get("index", raw.get("i", number))),
        speaker=Speaker(raw["speaker"] if "speaker" in raw else raw["role"]),
        text=str(raw["text"]),
        start_s=start_s,
        end_s=max(start_s, _seconds(raw.get("end_s", raw.get("end", start_s)))),
    )


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"{value} is no time in seconds")
    return float(value)
