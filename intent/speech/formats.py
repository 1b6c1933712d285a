"""Transcripts as files: json (read back), srt, vtt and txt."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any

from intent.call import Repair, Speaker, SpokenNumber, Transcript, Turn
from intent.errors import CallFileError

NAMES = {Speaker.ADVISOR: "投顾", Speaker.CLIENT: "客户", Speaker.UNKNOWN: "未知"}


def to_json(transcript: Transcript) -> str:
    """Every field of the transcript, and its marks beside; `from_json` reads it back."""
    told = {**dataclasses.asdict(transcript), "marks": transcript.marks}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def from_json(text: str) -> Transcript:
    """Read what `to_json` wrote. Raises CallFileError for anything else."""
    try:
        raw: dict[str, Any] = json.loads(text)
        read = tuple(_turn(turn) for turn in raw.pop("turns"))
        raw.pop("marks", None)  # they follow from the rest
        return Transcript(turns=read, **{**raw, "warnings": tuple(raw.get("warnings", ()))})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CallFileError(
            f"This is not a transcript as tougu writes it ({error}): transcribe the recording again."
        ) from error


def _turn(raw: dict[str, Any]) -> Turn:
    repairs = tuple(Repair(**repair) for repair in raw.get("repairs", ()))
    numbers = tuple(SpokenNumber(**number) for number in raw.get("numbers", ()))
    return Turn(**{**raw, "speaker": Speaker(raw["speaker"]), "repairs": repairs, "numbers": numbers})


def to_srt(transcript: Transcript) -> str:
    """SubRip: numbered cues, comma before the milliseconds."""
    return "\n".join(
        f"{n}\n{clock(t.start_s, ',')} --> {clock(t.end_s, ',')}\n{NAMES[t.speaker]}：{t.text}\n"
        for n, t in enumerate(transcript.turns, start=1)
    )


def to_vtt(transcript: Transcript) -> str:
    """WebVTT with the speaker as voice tag."""
    cues = (
        f"{clock(t.start_s, '.')} --> {clock(t.end_s, '.')}\n<v {NAMES[t.speaker]}>{_escape(t.text)}\n"
        for t in transcript.turns
    )
    return "WEBVTT\n\n" + "\n".join(cues)


def to_txt(transcript: Transcript) -> str:
    """One line a turn: [mm:ss] speaker：text."""
    return "".join(f"{line(turn)}\n" for turn in transcript.turns)


def line(turn: Turn) -> str:
    """One turn as people read it."""
    return f"[{int(turn.start_s) // 60:02d}:{int(turn.start_s) % 60:02d}] {NAMES[turn.speaker]}：{turn.text}"


WRITERS: dict[str, Callable[[Transcript], str]] = {
    "json": to_json,
    "srt": to_srt,
    "vtt": to_vtt,
    "txt": to_txt,
}


def writers(names: Sequence[str]) -> dict[str, Callable[[Transcript], str]]:
    """The writers asked for. Raises CallFileError for an unknown format."""
    unknown = [name for name in names if name not in WRITERS]
    if unknown:
        raise CallFileError(f"There is no transcript format {unknown[0]}: use {', '.join(WRITERS)}.")
    return {name: WRITERS[name] for name in names}


def clock(second: float, mark: str) -> str:
    """hh:mm:ss and milliseconds after `mark`."""
    ms = round(second * 1000)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}{mark}{ms % 1000:03d}"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
