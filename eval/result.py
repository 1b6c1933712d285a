"""The result of a suite: one JSON object, or a table for people."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from eval.case import Cases
from eval.interval import Interval, with_interval
from eval.metrics.summed import Metric

VERSION = 2  # of the formats in docs/evaluation.md
Item = TypeVar("Item")
Figure = float | int | Interval | dict[str, float | None] | None


@dataclass(frozen=True, kw_only=True)
class Result:
    """What `--json` writes, and the predictions that `--predictions` writes."""

    suite: str
    data: dict[str, Any]
    metrics: dict[str, Figure]
    by: dict[str, dict[str, Any]] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    unscored: int = 0
    seconds: float = 0.0
    predictions: tuple[dict[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The object of the evaluation contract."""
        return {
            "suite": self.suite,
            "version": VERSION,
            "data": self.data,
            "model": self.model,
            "parameters": self.parameters,
            "metrics": self.metrics,
            "by": self.by,
            "unscored": self.unscored,
            "seconds": round(self.seconds, 2),
        }


def data_of(*cases: Cases) -> dict[str, Any]:
    """Path, hash and size of what was read; several files are joined by a comma."""
    return {
        "path": ",".join(c.path for c in cases),
        "sha256": ",".join(c.sha256 for c in cases),
        "n": sum(len(c.items) for c in cases),
    }


def figures(items: Sequence[Item], metrics: Mapping[str, Metric[Item]]) -> dict[str, Figure]:
    """Every metric with its interval; an undefined one is None, never 0."""
    return {name: with_interval(items, metric) for name, metric in metrics.items()}


def grouped(groups: dict[str, list[Item]], metrics: Mapping[str, Metric[Item]]) -> dict[str, Any]:
    """Metrics by group without intervals (groups are often small), with the size of each."""
    return {
        name: {"n": len(items), **{key: _rounded(metric(items)) for key, metric in metrics.items()}}
        for name, items in sorted(groups.items())
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def write(result: Result | dict[str, Any], target: str) -> None:
    """Write the object to a file (beside, then renamed) or, for `-`, to standard output."""
    body = result.as_json() if isinstance(result, Result) else result
    text = json.dumps(body, ensure_ascii=False, indent=2)
    if target == "-":
        sys.stdout.write(text + "\n")
    else:
        write_beside(Path(target), text + "\n")


def write_predictions(result: Result, path: Path) -> None:
    """A line an item, so that anybody can score it again."""
    write_beside(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in result.predictions))


def write_beside(path: Path, text: str) -> None:
    """Nothing half-written: a temporary file in the same folder, then a rename."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def table(result: Result) -> str:
    """The figures for a person: value, interval, and what could not be scored."""
    lines = [f"{result.suite}: {result.data['n']} items, {result.seconds:.1f} s"]
    lines += [f"  {name:<28} {_cell(value)}" for name, value in result.metrics.items()]
    if result.unscored:
        lines.append(f"  {'unscored':<28} {result.unscored}")
    lines += [f"  {item}: {told['reason']}" for item, told in result.by.get("broken", {}).items()]
    return "\n".join(lines)


def _cell(value: Figure) -> str:
    if value is None:
        return "-      (nothing to score)"
    if isinstance(value, dict) and "low" in value:
        return f"{value['value']:.3f}  [{value['low']:.3f}, {value['high']:.3f}]"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_number(number)}" for key, number in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float | int) else "-"
