"""What a telephone system or a CRM tells of a call: the wire form, and files of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from intent.call_records.numbers import normal
from intent.errors import CallFileError
from intent.recordings import RECORDINGS

ALIASES = {"client": "client_id", "advisor": "advisor_id"}
COLUMNS = (
    "id", "path", "client_id", "advisor_id", "started_at", "duration_s", "direction", "numbers", "from_number",
    "to_number", "extension", "advisor_channel", "call_type",
)  # fmt: skip
ONE_OF = {"direction": ("inbound", "outbound"), "advisor_channel": ("left", "right")}
LONGEST = {"id": 120, "client_id": 64, "advisor_id": 64, "call_type": 40}
LINE_COLUMNS = ("number", "client_id", "advisor_id", "since", "until")
LONGEST_NAME = 40  # of an unknown column, as it is told
FIRST_YEAR, LAST_YEAR = 1970, 2199
MAX_REPORTED = 5
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class CallRecord:
    """One call as it was told; numbers are in clear here, and nowhere after."""

    id: str
    path: str | None = None  # of its recording, as the recorder names it
    client_id: str | None = None
    advisor_id: str | None = None
    started_at: datetime | None = None
    duration_s: float | None = None
    direction: str | None = None  # inbound | outbound
    from_number: str | None = None
    to_number: str | None = None
    extension: str | None = None  # of the advisor
    advisor_channel: str | None = None  # left | right
    call_type: str | None = None

    def numbers(self) -> list[tuple[str, str]]:
        """(role, number): the client's and the advisor's where direction or extension tell them, else `either`."""
        roles = {"inbound": ("client", "advisor"), "outbound": ("advisor", "client")}
        caller, called = roles.get(self.direction or "", ("either", "either"))
        told = [(caller, self.from_number), (called, self.to_number)]
        if self.extension:
            told = [(role, number) for role, number in told if role != "advisor" and number != self.extension]
            told.append(("advisor", self.extension))
        return [(role, number) for role, number in told if number]


def record_of(raw: Mapping[str, Any]) -> CallRecord:
    """A record from named values. Raises ValueError in a phrase that goes after the name of the place.

    The phrase never repeats a number.
    """
    values = _values(raw)
    for name, allowed in ONE_OF.items():
        if values[name] and values[name] not in allowed:
            raise ValueError(f"has {name} {values[name]}: write {' or '.join(allowed)}, or leave it empty")
    for name, longest in LONGEST.items():
        if len(values[name]) > longest:
            raise ValueError(f"has a {name} of more than {longest} characters: shorten it")
    caller, called = _ends(values)
    for name, number in (("from_number", caller), ("to_number", called), ("extension", values["extension"])):
        _check(name, number)
    if not values["id"] and not values["path"]:
        raise ValueError("has no id and no path: give one of them, or both")
    return CallRecord(
        id=values["id"] or Path(values["path"]).stem,
        path=values["path"].replace("\\", "/") or None,
        client_id=values["client_id"] or None,
        advisor_id=values["advisor_id"] or None,
        started_at=_moment(values["started_at"]),
        duration_s=_seconds(values["duration_s"]),
        direction=values["direction"] or None,
        from_number=caller or None,
        to_number=called or None,
        extension=values["extension"] or None,
        advisor_channel=values["advisor_channel"] or None,
        call_type=values["call_type"] or None,
    )


def load_call_records(path: Path, *, name: str | None = None) -> list[CallRecord]:
    """Records of a CSV (columns COLUMNS, `client` and `advisor` for their ids) or of a JSON side file.

    A side file is one object; without a path it speaks of the recording beside it that has its name. `name`: where it
    lies below the watched folder. All or nothing: raises CallFileError naming the first bad lines.
    """
    if path.suffix.lower() == ".json":
        return [_side_file(path, name or path.name)]
    rows = _csv_rows(path, (*COLUMNS, *ALIASES), "a call-detail record")
    return _all_or_nothing(path, rows, record_of)


def load_lines(path: Path) -> list[dict[str, Any]]:
    """Lines of a CSV with LINE_COLUMNS: whose a number is, a client's or an advisor's. Raises CallFileError."""
    return _all_or_nothing(path, _csv_rows(path, LINE_COLUMNS, "a list of phone numbers"), _line)


def _line(raw: Mapping[str, Any]) -> dict[str, Any]:
    number, client, advisor = (str(raw.get(name) or "").strip() for name in LINE_COLUMNS[:3])
    if bool(client) == bool(advisor):
        raise ValueError("names not exactly one of client_id and advisor_id: a number is of one of them")
    if normal_or_phrase("number", number) is None:
        raise ValueError("has no number: give one")
    return {
        "number": number,
        "kind": "client" if client else "advisor",
        "owner_id": client or advisor,
        "since": _day(str(raw.get("since") or "").strip()),
        "until": _day(str(raw.get("until") or "").strip()),
    }


def normal_or_phrase(name: str, number: str) -> str | None:
    try:
        return normal(number)
    except ValueError as error:
        raise ValueError(f"has a {name} that {error}") from None


def _check(name: str, number: str) -> None:
    normal_or_phrase(name, number)


def _side_file(path: Path, name: str) -> CallRecord:
    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(raw, dict):
            raise ValueError("is no object: write {'client_id': ...}")
        beside = name.removesuffix(path.suffix)
        plain = beside.removesuffix(next((e for e in RECORDINGS if beside.lower().endswith(e)), ""))
        # Folders of days hold the same names again: the whole place is the id, without what parts a URL.
        return record_of({"path": beside, "id": plain.replace("/", ":"), **raw})
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CallFileError(f"{path.name} cannot be read ({type(error).__name__}): write one JSON object.") from error
    except ValueError as error:
        raise CallFileError(f"{path.name} {error}.") from None


def _csv_rows(path: Path, columns: Sequence[str], what: str) -> list[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        unknown = [name for name in reader.fieldnames or ("nothing",) if name not in columns]
        if unknown:
            raise CallFileError(f"{path.name} has the column {unknown[0]!r}; {what} has {', '.join(columns)}.")
        return [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        told = type(error).__name__  # the words of a decoder could hold a number
        raise CallFileError(f"{path.name} cannot be read ({told}): save it as CSV in UTF-8.") from error


def _all_or_nothing(
    path: Path, rows: Sequence[tuple[int, dict[str, Any]]], read: Callable[[Mapping[str, Any]], T]
) -> list[T]:
    good: list[T] = []
    bad: list[str] = []
    for line, row in rows:
        try:
            if None in row or None in row.values():
                raise ValueError("has more or fewer fields than the header: quote fields that hold a comma")
            good.append(read(row))
        except ValueError as error:
            bad.append(f"line {line} {error}")
    if bad:
        more = f" and {len(bad) - MAX_REPORTED} more" if len(bad) > MAX_REPORTED else ""
        raise CallFileError(f"{path.name} was not imported: {'; '.join(bad[:MAX_REPORTED])}{more}.")
    return good


def _values(raw: Mapping[str, Any]) -> dict[str, str]:
    named = {ALIASES.get(name, name): value for name, value in raw.items() if value not in (None, "")}
    unknown = sorted(set(named) - set(COLUMNS))
    if unknown:
        raise ValueError(f"has the unknown field {unknown[0][:LONGEST_NAME]!r}: use {', '.join(COLUMNS)}")
    return {name: str(named.get(name, "")).strip() for name in COLUMNS}


def _ends(values: Mapping[str, str]) -> tuple[str, str]:
    """Who rang and who was rung: two columns, or both in `numbers` as caller;called."""
    if not values["numbers"]:
        return values["from_number"], values["to_number"]
    parts = [part.strip() for part in values["numbers"].replace("；", ";").split(";")]
    if len(parts) != 2 or values["from_number"] or values["to_number"]:
        raise ValueError("has numbers that are not two: write caller;called, or from_number and to_number")
    return parts[0], parts[1]


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
        zoned = found is None or (found.tzinfo is not None and FIRST_YEAR <= found.year <= LAST_YEAR)
    except ValueError:
        zoned = False
    if not zoned:
        raise ValueError("has a started_at that is no ISO 8601 with a zone: write 2026-11-03T10:12:40+08:00")
    return found


def _seconds(text: str) -> float | None:
    try:
        found = float(text) if text else None
    except ValueError:
        found = -1.0
    if found is not None and not 0 <= found < 1e6:
        raise ValueError("has a duration_s that is no number of seconds: write 183 or 183.4")
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError("has a day that is none: write 2026-11-03") from None
