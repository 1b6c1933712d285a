"""Words with numbers in them, and the facts behind each number."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from compliance_filters.finding import BoundFact
from copilot.diagnosis.blocks import Block
from copilot.diagnosis.rounding import percent
from copilot.diagnosis.sheets import cell


@dataclass
class Bound:
    """Collects a fact for each number that is said."""

    facts: list[BoundFact] = field(default_factory=list)

    def percent(self, name: str, fraction: float, *, entity: str | None = None, period: str | None = None) -> str:
        return self.say(name, percent(fraction), "%", entity=entity, period=period)

    def say(self, name: str, value: Decimal, unit: str, *, entity: str | None = None, period: str | None = None) -> str:
        self.facts.append(BoundFact(name=name, value=value, unit=unit, entity=entity, period=period))
        return cell(value, unit) if unit == "元" else f"{value}{unit}"


@dataclass(frozen=True, kw_only=True)
class BoundPart:
    """A section of a report with the facts behind its numbers; empty where nothing is known."""

    blocks: tuple[Block, ...] = ()
    facts: tuple[BoundFact, ...] = ()
    names: tuple[str, ...] = ()  # that may hold numbers: 沪深300
