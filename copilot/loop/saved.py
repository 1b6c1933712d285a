"""A report as text and back: what is kept between making, editing, sending and reading it.

Only data classes of the diagnosis can be read back, by name; nothing that is read runs.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from importlib import import_module
from typing import Any

from copilot.diagnosis.report import DiagnosisReport
from copilot.loop.errors import SavedReportError

HOMES = ("copilot.diagnosis.", "compliance_filters.finding")  # modules whose classes may be read back
LARGEST_BYTES = 64 << 20


def packed(report: DiagnosisReport) -> str:
    """The report as text; the measures for programs, which no reader sees, are left out."""
    plain = json.dumps(_plain(replace(report, measures=None)), ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(plain.encode("utf-8", "surrogatepass"), 6)).decode()


def unpacked(text: str) -> DiagnosisReport:
    """The report that was packed. Raises SavedReportError for one of another version of the program."""
    try:
        opener = zlib.decompressobj()
        plain = opener.decompress(base64.b64decode(text), LARGEST_BYTES)
        report = _made(json.loads(plain.decode("utf-8", "surrogatepass")))
        if opener.unconsumed_tail or not isinstance(report, DiagnosisReport):
            raise ValueError("no report")
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, ImportError, zlib.error) as error:
        raise SavedReportError(
            f"The kept report cannot be read by this version ({type(error).__name__}): order the diagnosis again."
        ) from error
    return report


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return {"$": _name(type(value)), "=": value.name}
    if is_dataclass(value) and not isinstance(value, type):
        held = {each.name: _plain(getattr(value, each.name)) for each in fields(value) if each.init}
        return {"$": _name(type(value)), **held}
    if isinstance(value, Decimal):
        return {"$d": str(value)}
    if isinstance(value, date):
        return {"$t": value.isoformat()}
    if isinstance(value, Mapping):
        return {"$m": [[_plain(key), _plain(held)] for key, held in value.items()]}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"a report holds no {type(value).__name__}")


def _made(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_made(each) for each in value)
    if not isinstance(value, dict):
        return value
    if "$d" in value:
        return Decimal(value["$d"])
    if "$t" in value:
        return date.fromisoformat(value["$t"])
    if "$m" in value:
        return {_made(key): _made(held) for key, held in value["$m"]}
    kind = _kind(value["$"])
    if "=" in value:
        return kind[value["="]]
    return kind(**{name: _made(held) for name, held in value.items() if name != "$"})


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _kind(name: str) -> Any:
    module, _, qualname = name.partition(":")
    if not module.startswith(HOMES):
        raise ValueError("a class of another room")
    kind = getattr(import_module(module), qualname)
    if not (isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, Enum))):
        raise ValueError("no data class")
    return kind
