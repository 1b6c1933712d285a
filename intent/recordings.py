"""Recordings to work on: found under folders, or named by a CSV of call metadata."""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePath

from intent.errors import CallFileError
from intent.speech.decoder import HEADERLESS

RECORDINGS = frozenset(
    {
        ".wav",
        ".mp3",
        ".m4a",
        ".aac",
        ".mp4",
        ".opus",
        ".ogg",
        ".oga",
        ".flac",
        ".wma",
        ".amr",
        ".webm",
        ".gsm",
        ".awb",
    }
)
COLUMNS = (
    "id", "path", "client_id", "advisor_id", "started_at", "numbers", "direction", "advisor_channel", "call_type",
)  # fmt: skip
SHORT = {"client": "client_id", "advisor": "advisor_id"}  # other names of columns
DIRECTIONS = ("", "inbound", "outbound", "internal")
_NUMBER = re.compile(r"\+?[\d\-() ]{3,24}")
BLOCK = 1 << 20  # bytes read at once


@dataclass(frozen=True, kw_only=True)
class RecordingFile:
    """One recording to transcribe, with what call metadata says of it."""

    path: Path
    call_id: str
    client_id: str | None = None
    advisor_id: str | None = None
    started_at: str | None = None  # ISO 8601 with zone
    advisor_channel: str | None = None  # left | right
    call_type: str | None = None  # id of a checklist
    direction: str | None = None  # inbound | outbound | internal
    numbers: tuple[str, ...] = ()  # of both ends, the caller's first; nobody writes them into a row or a file


def find_recordings(paths: Sequence[Path]) -> list[RecordingFile]:
    """Recordings under files and folders, folders searched through, sorted; ids are relative paths.

    Raises CallFileError for a path that is not there or a folder that cannot be read.
    """
    found: list[RecordingFile] = []
    for path in paths:
        if path.is_dir():
            files = sorted(p for p in _walk(path) if p.suffix.lower() in RECORDINGS | HEADERLESS)
            found += [RecordingFile(path=p, call_id=str(p.relative_to(path).with_suffix(""))) for p in files]
        elif path.is_file():
            found.append(RecordingFile(path=path, call_id=path.stem))
        else:
            raise CallFileError(f"{path} is no file and no folder: correct the path.")
    return with_unique_ids(found)


def load_call_metadata(path: Path) -> list[RecordingFile]:
    """Recordings named by a CSV with `id, path` and optional columns; paths are relative to the CSV.

    Columns: id, path, client (or client_id), advisor (or advisor_id), started_at (ISO 8601 with zone), numbers (of both
    ends, by semicolon, the caller's first), direction (inbound, outbound, internal), advisor_channel (left, right),
    call_type (id of a checklist); all but id and path may be empty or absent. Raises CallFileError naming the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            return list(_each_once(path, ((reader.line_num, _long(row)) for row in reader)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CallFileError(f"The call metadata {path} cannot be read ({error}): correct the file.") from error


def content_hash(path: Path) -> str:
    """SHA-256 of a recording, in hexadecimal. Raises CallFileError where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError as error:
        raise CallFileError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    return digest.hexdigest()


def _each_once(path: Path, rows: Iterable[tuple[int, dict[str, str | None]]]) -> Iterator[RecordingFile]:
    """A recording a row. An id names the files of its transcript, so that two calls must not share one."""
    lines: dict[str, int] = {}
    for line, row in rows:
        recording = _from_row(path, line, row)
        if (first := lines.setdefault(recording.call_id, line)) != line:
            raise CallFileError(f"Line {line} of {path} has the id {recording.call_id} of line {first}: give another.")
        yield recording


def _from_row(path: Path, line: int, row: dict[str, str | None]) -> RecordingFile:
    values = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if not values["id"] or not values["path"]:
        raise CallFileError(f"Line {line} of {path} lacks an id or a path: give both.")
    if PurePath(values["id"]).is_absolute() or ".." in PurePath(values["id"]).parts:
        raise CallFileError(f"Line {line} of {path} has an id that leaves the folder of transcripts: give another.")
    if values["advisor_channel"] not in {"", "left", "right"}:
        raise CallFileError(f"Line {line} of {path} has advisor_channel {values['advisor_channel']}: left or right.")
    _check_time(values["started_at"], path, line)
    if values["direction"] not in DIRECTIONS:
        raise CallFileError(
            f"Line {line} of {path} has direction {values['direction']}: inbound, outbound or internal."
        )
    numbers = tuple(each.strip() for each in values["numbers"].split(";") if each.strip())
    if not all(_NUMBER.fullmatch(each) for each in numbers):
        raise CallFileError(f"Line {line} of {path} has numbers that are none: give telephone numbers by semicolon.")
    return RecordingFile(
        path=path.parent / values["path"],
        call_id=values["id"],
        client_id=values["client_id"] or None,
        advisor_id=values["advisor_id"] or None,
        started_at=values["started_at"] or None,
        advisor_channel=values["advisor_channel"] or None,
        call_type=values["call_type"] or None,
        direction=values["direction"] or None,
        numbers=numbers,
    )


def _long(row: dict[str, str | None]) -> dict[str, str | None]:
    """The row with its columns by their long names; where both are given, the long one counts."""
    return {**{SHORT[name]: value for name, value in row.items() if name in SHORT}, **row}


def _check_time(value: str, path: Path, line: int) -> None:
    try:
        zoned = not value or datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        zoned = False
    if not zoned:
        raise CallFileError(f"Line {line} of {path} has started_at {value}: give ISO 8601 with a zone.")


def _walk(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise CallFileError(f"{error.filename} cannot be read ({error.strerror}): check its permissions.")

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        yield from (Path(place) / name for name in sorted(names) if not name.startswith("."))


def with_unique_ids(found: Sequence[RecordingFile]) -> list[RecordingFile]:
    """a.wav and a.mp3 must not write one file: the second takes its ending into the id; earlier ones keep theirs."""
    taken: set[str] = set()
    unique = []
    for recording in found:
        name = recording.call_id
        if name in taken:
            name = f"{name}.{recording.path.suffix.lstrip('.').lower()}"
        while name in taken:
            name += "_"
        taken.add(name)
        unique.append(replace(recording, call_id=name))
    return unique
