"""The tag rules in use: those shipped, and the firm's own over them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from intent.errors import SegmentError
from intent.segments.conditions import All, Any_, Condition, Dated, Not, Some
from intent.segments.parse import RuleMistake, TagRule, read_rule

SHIPPED = "tags.yaml"


@dataclass(frozen=True, kw_only=True)
class TagRules:
    """Rules by id, in the order of their files."""

    by_id: Mapping[str, TagRule] = field(default_factory=dict)

    def in_force(self, day: date) -> Mapping[str, TagRule]:
        """Those whose last day has not passed."""
        return {name: rule for name, rule in self.by_id.items() if rule.expires >= day}

    def digest(self, day: date) -> Mapping[str, str]:
        """A hash of each condition in force: where it is another, every client is looked at again."""
        return {
            name: hashlib.sha256(rule.source.encode()).hexdigest()[:16] for name, rule in self.in_force(day).items()
        }

    def days_back(self, kind: str) -> int:
        """How many days before today the rules ask about events or intents."""
        asked = (part for rule in self.by_id.values() for part in _somes(rule.when) if part.kind == kind)
        firsts = (dated.window.first for part in asked for dated in _dated(part.where))
        return max((-first for first in firsts if first is not None), default=0)


def check_rules(path: Path | None = None, *, today: date | None = None) -> tuple[TagRules, tuple[RuleMistake, ...]]:
    """The good rules of a file (default: those shipped), and every mistake; with `today` also rules that ended.

    Raises SegmentError for a file that cannot be read.
    """
    found: dict[str, TagRule] = {}
    mistakes: list[RuleMistake] = []
    for n, raw in enumerate(_entries(path)):
        rule, wrong = read_rule(raw, f"tags[{n}]")
        mistakes += wrong
        if rule is None:
            continue
        if rule.id in found:
            mistakes.append(RuleMistake(where=rule.id, what="the id stands twice", remedy="keep one of them"))
        if today is not None and rule.expires < today:
            remedy = "give it a later day, or remove it"
            mistakes.append(
                RuleMistake(where=f"{rule.id}.expires", what=f"the tag ended on {rule.expires}", remedy=remedy)
            )
        found[rule.id] = rule
    return TagRules(by_id=found), tuple(mistakes)


def load_rules(own: Path | None = None) -> TagRules:
    """Rules shipped, and the firm's own file over them. Raises SegmentError naming the first mistake."""
    rules: dict[str, TagRule] = {}
    for path in (None, own) if own else (None,):
        found, mistakes = check_rules(path)
        if mistakes:
            more = f" {len(mistakes) - 1} more: `tougu segments lint` shows them." if len(mistakes) > 1 else ""
            raise SegmentError(f"{path or SHIPPED}, {mistakes[0]}{more}")
        rules |= found.by_id
    return TagRules(by_id=rules)


def _entries(path: Path | None) -> Sequence[Any]:
    place = files("intent.segments").joinpath(SHIPPED) if path is None else path
    try:
        raw = yaml.safe_load(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SegmentError(f"{place} cannot be read ({error}): correct segments.tags.") from error
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise SegmentError(f"{place} is no YAML ({problem}): correct the file.") from error
    tags = raw.get("tags") if isinstance(raw, dict) else None
    if not isinstance(tags, list) or set(raw) != {"tags"}:
        raise SegmentError(f"{place} holds no tags: write `tags:` and a list, as docs/segments.md shows.")
    return tags


def _inside(condition: Condition) -> Iterator[Condition]:
    yield condition
    if isinstance(condition, All | Any_):
        for part in condition.parts:
            yield from _inside(part)
    elif isinstance(condition, Not):
        yield from _inside(condition.part)


def _somes(condition: Condition) -> Iterator[Some]:
    return (part for part in _inside(condition) if isinstance(part, Some))


def _dated(condition: Condition) -> Iterator[Dated]:
    return (part for part in _inside(condition) if isinstance(part, Dated))
