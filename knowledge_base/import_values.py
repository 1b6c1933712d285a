"""Fields of the CSV files that can be imported: what a column may hold, and its text read as a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

_DEAREST_PERCENT = 10
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, kw_only=True)
class ColumnRule:
    """What one column may hold."""

    name: str
    type: str
    about: str
    required: bool = False
    default: str | None = None
    one_of: tuple[str, ...] = ()
    minimum: Decimal | None = None
    longest: int | None = None  # characters
    refers: str | None = None


class BadValueError(ValueError):
    """A field that cannot be read: what is wrong, never the value, and what to write."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


def read_value(column: ColumnRule, text: str, known_clients: Set[str]) -> Any:
    """The typed value of a field. Raises BadValueError with what is wrong and what to write."""
    text = text or column.default or ""
    if not text:
        if column.required:
            raise BadValueError("The field is empty.", f"Give {column.name}: {column.about}")
        return [] if column.type == "list" else None
    if column.one_of and text not in column.one_of:
        raise BadValueError("The value is none of those allowed.", f"Use {', '.join(column.one_of)}.")
    if column.refers == "clients" and text not in known_clients:
        raise BadValueError("No such client has been imported.", "Import clients first or correct the id.")
    if column.longest is not None and len(text) > column.longest:
        raise BadValueError("The text is too long.", f"Use at most {column.longest} characters.")
    value = _READERS[column.type](text)
    if column.minimum is not None and value < column.minimum:
        raise BadValueError("The number is too small.", f"Use {column.minimum} or more.")
    return value


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise BadValueError("The value is no number.", "Write it as 1234.56.") from None
    if not value.is_finite():
        raise BadValueError("The value is no finite number.", "Write it as 1234.56.")
    return value


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadValueError("The value is no date.", "Write it as 2025-03-31.") from None


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadValueError("The value is no moment.", "Write it as 2025-03-31T09:30:00+08:00.") from None
    if moment.tzinfo is None:
        raise BadValueError("The moment has no time zone.", "Write it as 2025-03-31T09:30:00+08:00.")
    return moment.astimezone(UTC)


def _bool(text: str) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False, "是": True, "否": False}
    if text.lower() not in known:
        raise BadValueError("The value is neither true nor false.", "Write true or false.")
    return known[text.lower()]


def _code(text: str) -> str:
    if not (text.isascii() and text.isalnum() and len(text) <= 20):
        raise BadValueError("The value is no code.", "Write digits and Latin letters only, e.g. 990001.")
    return text.zfill(6) if text.isdigit() else text


def _share_code(text: str) -> str:
    if not re.fullmatch(r"\d{5,6}", text, re.ASCII):
        raise BadValueError("The value is no code of a share.", "Write all its digits: 000001, for Hong Kong 00700.")
    return text


def _sha256(text: str) -> str:
    if not _SHA256.fullmatch(text):
        raise BadValueError("The value is no SHA-256.", "Write its 64 hex digits.")
    return text.lower()


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise BadValueError("The value is no whole number.", "Write it as 36.")
    return int(text)


def _tiers(text: str) -> list[list[str | None]]:
    """[below, per cent] as plain texts, rising; None = without bound, which only the last tier has."""
    tiers: list[list[str | None]] = []
    last = Decimal(0)
    for part in _list(text):
        below, found, rate = (one.strip() for one in part.partition(":"))
        if not found or (tiers and tiers[-1][0] is None):
            raise BadValueError("The tiers cannot be read.", "Write them as 7:1.5;30:0.75;:0 with rising bounds.")
        if below and _decimal(below) <= last:
            raise BadValueError("The bounds of the tiers do not rise.", "Write them as 7:1.5;30:0.75;:0.")
        if not 0 <= _decimal(rate) <= _DEAREST_PERCENT:
            raise BadValueError("A rate of the tiers is no fee.", "Write per cent between 0 and 10: 1.5 for 1.5 %.")
        last = _decimal(below) if below else last
        tiers.append([str(_decimal(below)) if below else None, str(_decimal(rate))])
    return tiers


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.replace("；", ";").split(";") if part.strip()]


_READERS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "code": _code,
    "share_code": _share_code,
    "sha256": _sha256,
    "date": _date,
    "time": _time,
    "decimal": _decimal,
    "bool": _bool,
    "list": _list,
    "count": _count,
    "tiers": _tiers,
}
