"""How a call is scored, as data: points, limits, words, what passes, and what a reviewer's hour may cost."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from intent.call import SpeechFinding
from intent.inspection.data_file import Entry, read_data
from intent.inspection.emotions import EMOTIONS

# Abilities and the measures each may lose points by; those in _LIMITED have a limit beside.
_MEASURED: Mapping[str, Collection[str]] = {
    "listened": ("talk_share", "monologue_s", "interruption"),
    "answered": ("unanswered",),
    "explained_risk": ("no_risk_word",),
    "courteous": ("no_greeting", "rude"),
    "pace": ("chars_per_s", "longest_silence_s", "silence_share"),
}
_LIMITED = ("talk_share", "monologue_s", "chars_per_s", "longest_silence_s", "silence_share")
_WORDS = ("question", "product", "risk", "greeting", "rude")
_SEVERITIES = ("high", "medium", "low")
_FIELDS = (
    "version", "layers", "cap", "abilities", "least_turns", "words", "violations", "items", "segments", "passes",
    "budget_s_per_hour",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Penalty:
    """Points lost where a measure lies above a limit, or each time something happens (`above` 0)."""

    lose: float
    above: float


@dataclass(frozen=True, kw_only=True)
class AbilityRule:
    """One ability: its points, and what loses some of them."""

    id: str
    zh: str
    points: float
    penalties: dict[str, Penalty]


@dataclass(frozen=True, kw_only=True)
class Violations:
    """Points of spoken violations."""

    severity: dict[str, float]
    rules: dict[str, float]  # by the beginning of the rule's id
    critical: tuple[str, ...]

    def points(self, finding: SpeechFinding) -> float:
        """By the longest beginning of the rule that is named, else by severity."""
        named = [name for name in self.rules if finding.rule.startswith(name)]
        return self.rules[max(named, key=len)] if named else self.severity[finding.severity]

    def is_critical(self, finding: SpeechFinding) -> bool:
        return finding.rule.startswith(self.critical)


@dataclass(frozen=True, kw_only=True)
class SegmentRules:
    """What is worth listening to; lengths in seconds, the rest in points."""

    length_s: float
    merge_s: float
    missing: float  # share of an item's points
    emotions: dict[str, float]
    doubt: float
    doubts: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, kw_only=True)
class PassRules:
    """What a call needs so that nobody has to listen."""

    score: float
    doubts: int
    estimated_roles: bool
    unknown_type: bool
    anger: bool
    suspected: bool


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """A whole scoring file."""

    version: str
    layers: dict[str, float]  # ability and business; weights that add up to 1
    cap: float
    abilities: tuple[AbilityRule, ...]
    least_turns: int  # of the client, before shares are judged
    words: dict[str, tuple[re.Pattern[str], ...]]
    violations: Violations
    items: dict[str, float]  # state -> share of the item's weight
    segments: SegmentRules
    passes: PassRules
    budget_s_per_hour: float


def load_scoring(path: Path | None = None) -> Scoring:
    """The scoring of a file, the one shipped by default. Raises InspectionDataError naming entry and remedy."""
    data = read_data("scoring.yaml", _FIELDS, path)
    words = data.entry("words", _WORDS)
    items = data.entry("items", ("missing", "refused", "unclear", "late"))
    return Scoring(
        version=data.text("version"),
        layers=_layers(data.entry("layers", ("ability", "business"))),
        cap=data.number("cap", high=100),
        abilities=_abilities(data),
        least_turns=int(data.number("least_turns")),
        words={name: words.patterns(name, required=True) for name in _WORDS},
        violations=_violations(data.entry("violations", ("severity", "rules", "critical"))),
        items={name: items.number(name, high=1) for name in ("missing", "refused", "unclear", "late")},
        segments=_segments(data.entry("segments")),
        passes=_passes(data.entry("passes")),
        budget_s_per_hour=data.number("budget_s_per_hour", high=3600),
    )


def _layers(entry: Entry) -> dict[str, float]:
    layers = {name: entry.number(name, high=1) for name in ("ability", "business")}
    if abs(sum(layers.values()) - 1) > 1e-6:
        raise entry.error("does not add up to 1", "change one of the two weights")
    return layers


def _abilities(data: Entry) -> tuple[AbilityRule, ...]:
    named = data.named("abilities")
    unknown = [name for name in named if name not in _MEASURED]
    if unknown:
        raise data.error(f"has the unknown ability {unknown[0]}", f"use {', '.join(_MEASURED)}")
    abilities = tuple(_ability(name, entry) for name, entry in named.items())
    if abs(sum(each.points for each in abilities) - 100) > 1e-6:
        raise data.error("has abilities whose points are not 100 together", "change their points")
    return abilities


def _ability(name: str, entry: Entry) -> AbilityRule:
    Entry(entry.where, entry.raw, ("zh", "points", *_MEASURED[name]))
    return AbilityRule(
        id=name,
        zh=entry.text("zh"),
        points=entry.number("points", high=100),
        penalties={
            measure: _penalty(entry.entry(measure, ("above", "lose")), limited=measure in _LIMITED)
            for measure in _MEASURED[name]
            if measure in entry
        },
    )


def _penalty(entry: Entry, *, limited: bool) -> Penalty:
    return Penalty(lose=entry.number("lose", high=100), above=entry.number("above", None if limited else 0.0))


def _violations(entry: Entry) -> Violations:
    severity = entry.entry("severity", _SEVERITIES)
    return Violations(
        severity={name: severity.number(name, high=100) for name in _SEVERITIES},
        rules=entry.numbers("rules"),
        critical=entry.words("critical"),
    )


def _segments(entry: Entry) -> SegmentRules:
    entry = Entry(entry.where, entry.raw, ("length_s", "merge_s", "missing", "emotions", "doubt", "doubts"))
    emotions = entry.entry("emotions", EMOTIONS)
    return SegmentRules(
        length_s=entry.number("length_s", low=1, high=120),
        merge_s=entry.number("merge_s", low=1, high=300),
        missing=entry.number("missing", high=1),
        emotions={name: emotions.number(name, high=100) for name in EMOTIONS if name in emotions},
        doubt=entry.number("doubt", high=100),
        doubts=entry.patterns("doubts"),
    )


def _passes(entry: Entry) -> PassRules:
    entry = Entry(entry.where, entry.raw, ("score", "doubts", "estimated_roles", "unknown_type", "anger", "suspected"))
    return PassRules(
        score=entry.number("score", high=100),
        doubts=int(entry.number("doubts")),
        estimated_roles=entry.flag("estimated_roles"),
        unknown_type=entry.flag("unknown_type"),
        anger=entry.flag("anger"),
        suspected=entry.flag("suspected"),
    )
