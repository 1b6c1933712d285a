"""The metrics that facts state and questions ask for, read from metrics.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

import yaml


class Subject(StrEnum):
    """What a metric is of."""

    FUND = "fund"
    SHARE = "share"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One attribute of facts; see the head of metrics.yaml for the fields."""

    id: str
    label: str
    kind: str  # flow | point | constant
    value: str  # number | percent | money | words
    synonyms: tuple[str, ...]
    patterns: tuple[str, ...]
    rows: tuple[str, ...]
    unit: str | None = None
    of: Subject = Subject.FUND
    opinion: bool = False  # a view on a share: see docs/shares.md for who is told


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
            patterns=tuple(fields.get("patterns", ())),
            rows=tuple(fields["rows"]),
            unit=fields.get("unit"),
            of=Subject(fields.get("of", Subject.FUND)),
            opinion=fields.get("opinion", False),
        )
        for name, fields in raw.items()
    }


@cache
def metric_of_row(of: Subject = Subject.FUND, *, opinion: bool = False) -> dict[str, str]:
    """Metric id by the label of a table row, in documents on such a subject."""
    told = (metric for metric in metrics().values() if metric.of is of and metric.opinion is opinion)
    return {row: metric.id for metric in told for row in metric.rows}
