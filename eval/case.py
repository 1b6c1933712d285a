"""Reading evaluation files: UTF-8 JSON Lines, with the place of every mistake."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


class EvalError(Exception):
    """An evaluation cannot be run as asked; the message names the file, the line and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Cases:
    """The items of one file and what identifies it in a report."""

    path: str
    sha256: str
    items: tuple[dict[str, Any], ...]


def load_cases(path: Path, *, required: Sequence[str]) -> Cases:
    """Read a JSON Lines file whose objects all carry `required` and a unique `id`.

    Raises EvalError with file, line and remedy.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise EvalError(f"{path} cannot be read ({error.strerror}): check the path given to --data.") from error
    try:
        lines = raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise EvalError(f"{path} is not UTF-8 (byte {error.start}): convert it first.") from error
    items = [_item(path, n, line, required) for n, line in enumerate(lines, 1) if line.strip()]
    if not items:
        raise EvalError(f"{path} holds no item: one JSON object a line is expected.")
    _refuse_doubles(path, items)
    return Cases(path=str(path), sha256=hashlib.sha256(raw).hexdigest(), items=tuple(items))


def only_split(cases: Cases, split: str) -> Cases:
    """The items of one split. Raises EvalError where there is none."""
    items = tuple(item for item in cases.items if item.get("split") == split)
    if not items:
        known = ", ".join(sorted({str(item["split"]) for item in cases.items if "split" in item})) or "none"
        raise EvalError(f"{cases.path} has no item of the split {split}: name one that it has ({known}).")
    return replace(cases, items=items)


def _item(path: Path, n: int, line: str, required: Sequence[str]) -> dict[str, Any]:
    try:
        item = json.loads(line)
    except json.JSONDecodeError as error:
        raise EvalError(f"{path}, line {n}: not JSON ({error.msg}): correct or remove the line.") from error
    missing = [name for name in ("id", *required) if not isinstance(item, dict) or name not in item]
    if missing:
        raise EvalError(f"{path}, line {n}: the field {missing[0]} is missing: see docs/evaluation.md for the format.")
    loaded: dict[str, Any] = item
    return loaded


def _refuse_doubles(path: Path, items: Sequence[dict[str, Any]]) -> None:
    seen: dict[str, int] = {}
    for n, item in enumerate(items, 1):
        if item["id"] in seen:
            raise EvalError(
                f"{path}: the id {item['id']} stands in items {seen[item['id']]} and {n}: give each its own."
            )
        seen[item["id"]] = n
