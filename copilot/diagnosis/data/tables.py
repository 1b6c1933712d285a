"""Rows of a CSV or Parquet file as text cells, so that every reader has one way to parse and to complain."""

from __future__ import annotations

import csv
from collections.abc import Callable
from math import isfinite, nan
from pathlib import Path
from typing import Any, TypeVar

from copilot.diagnosis.errors import DiagnosisError, NavFileError

Row = TypeVar("Row")
SUFFIXES = (".csv", ".parquet")
_EMPTY = frozenset({"", "-", "--", "nan", "NaN", "None", "<NA>"})


def table_file(folder: Path, name: str) -> Path | None:
    """`name.csv`, else `name.parquet` in the folder; None where there is neither, or the name leaves the folder."""
    if not name or name != Path(name).name or name.startswith("."):
        return None
    return next((path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").is_file()), None)


def parsed(path: Path, read: Callable[[dict[str, str]], Row], needed: set[str]) -> list[Row | None]:
    """All rows of a table; None where a row cannot be read.

    Raises NavFileError when the file cannot be opened or lacks a needed column.
    """
    rows, columns = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    missing = needed - set(columns)
    if missing:
        raise NavFileError(f"{path.name} has no column {'、'.join(sorted(missing))}: see the documented format.")
    return [_attempt(read, row) for row in rows]


def number(raw: str | None) -> float:
    """A number, NaN for an empty cell. Raises ValueError for anything else."""
    cell = (raw or "").strip().rstrip("%").replace(",", "")
    if cell in _EMPTY:
        return nan
    value = float(cell)
    if not isfinite(value):
        raise ValueError(f"{raw!r} is no finite number")
    return value


def _csv(path: Path) -> tuple[list[dict[str, str]], list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            return list(reader), list(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NavFileError(f"{path.name} cannot be read as a UTF-8 CSV file ({error}): check the path.") from error


def _parquet(path: Path) -> tuple[list[dict[str, str]], list[str]]:
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise DiagnosisError(
            f"{path.name} is a Parquet file: install tougu[parquet], or save it as CSV UTF-8."
        ) from error
    try:
        table = parquet.read_table(path)
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        raise NavFileError(f"{path.name} cannot be read as a Parquet file ({error}): check the file.") from error
    columns = {name: [_cell(value) for value in table.column(name).to_pylist()] for name in table.column_names}
    names = list(columns)
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns.values(), strict=True)], names


def _cell(value: Any) -> str:
    """A Parquet value as CSV would write it; a moment is its day."""
    if value is None:
        return ""
    return value.date().isoformat() if hasattr(value, "date") else str(value)


def _attempt(read: Callable[[dict[str, str]], Row], row: dict[str, str]) -> Row | None:
    try:
        return read(row)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
