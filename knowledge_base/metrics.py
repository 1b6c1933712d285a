"""The metrics that facts state and questions ask for, read from metrics.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One attribute of facts; see the head of metrics.yaml for the fields."""

    id: str
    label: str
    kind: str  # flow | point | constant
    value: str  # number | percent | money | words
    synonyms: tuple[str, ...]
    rows: tuple[str, ...]
    unit: str | None = None


@cache
def metrics() -> dict[str, Metric]:
    """All metrics by id."""
    raw = yaml.safe_load(files("knowledge_base").joinpath("metrics.yaml").read_text(encoding="utf-8"))
    return {
        name: Metric(
            id=name,
            label=fields["label"],
            kind=fields["kind"],
            value=fields["value"],
            synonyms=tuple(fields["synonyms"]),
            rows=tuple(fields["rows"]),
            unit=fields.get("unit"),
        )
        for name, fields in raw.items()
    }


@cache
def metric_of_row() -> dict[str, str]:
    """Metric id by the label of a table row."""
    return {row: metric.id for metric in metrics().values() for row in metric.rows}
