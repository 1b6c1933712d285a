"""Files of published sets: found, read and hashed, with one line on what is missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from eval.case import EvalError

T = TypeVar("T")


def published_file(folder: Path, name: str) -> Path:
    """The file of that name in the set's folder. Raises EvalError when it is not there."""
    path = folder / name
    if not path.is_file():
        raise EvalError(f"{path} does not exist: --data names the folder with the published files of the set.")
    return path


def read_published(path: Path) -> Any:
    """A published JSON file. Raises EvalError when it is none."""
    return _read(path, json.loads)


def read_published_lines(path: Path) -> list[Any]:
    """A published file of one JSON object a line. Raises EvalError when a line is none."""
    return _read(path, lambda text: [json.loads(line) for line in text.splitlines() if line.strip()])


def _read(path: Path, parse: Callable[[str], T]) -> T:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EvalError(f"{path} is not readable as published ({error}): fetch the file again.") from error


def digests(files: Sequence[Path]) -> str:
    """SHA-256 of each file, joined by a comma."""
    return ",".join(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
