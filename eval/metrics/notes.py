"""Metrics of `tougu eval notes`: promises of advisors matched by turn, their due dates, and figures of the summary."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from eval.metrics.counts import Part
from eval.metrics.summed import ratio


@dataclass(frozen=True, kw_only=True)
class GoldPromise:
    """One promise: every turn that states it, and the days on which it may rightly be due (None: no day)."""

    turns: frozenset[int]
    due: frozenset[str | None]


@dataclass(frozen=True, kw_only=True)
class FoundPromise:
    """One entry of the note: the turns it cites, and its day."""

    turns: frozenset[int]
    due: str | None


@dataclass(frozen=True, kw_only=True)
class ScoredNote:
    """Gold and note of one call; entries that cite only `neutral` turns count neither way."""

    gold: tuple[GoldPromise, ...]
    found: tuple[FoundPromise, ...]
    neutral: frozenset[int] = frozenset()
    gold_numbers: frozenset[Decimal] = frozenset()  # of summary_points and next_action
    numbers: frozenset[Decimal] = frozenset()  # of the note's text


@ratio
def promise_precision(note: ScoredNote) -> Part:
    """Entries that cite a turn of a gold promise, over all entries."""
    right = [entry for entry in note.found if any(entry.turns & gold.turns for gold in note.gold)]
    wrong = [entry for entry in note.found if entry not in right and not entry.turns & note.neutral]
    return len(right), len(right) + len(wrong)


@ratio
def promise_recall(note: ScoredNote) -> Part:
    """Gold promises that an entry cites a turn of, over all gold promises."""
    return sum(bool(_entries(note, gold)) for gold in note.gold), len(note.gold)


@ratio
def due_exact(note: ScoredNote) -> Part:
    """Found gold promises whose day, or its absence, is right, over all found ones."""
    found = [gold for gold in note.gold if _entries(note, gold)]
    return sum(_day_is_right(note, gold) for gold in found), len(found)


@ratio
def due_exact_dated(note: ScoredNote) -> Part:
    """The same over found gold promises that must have a day."""
    found = [gold for gold in note.gold if None not in gold.due and _entries(note, gold)]
    return sum(_day_is_right(note, gold) for gold in found), len(found)


@ratio
def figures_covered(note: ScoredNote) -> Part:
    """Numbers of the gold summary and next action that stand in the note's text, by value."""
    return len(note.gold_numbers & note.numbers), len(note.gold_numbers)


def _entries(note: ScoredNote, gold: GoldPromise) -> list[FoundPromise]:
    return [entry for entry in note.found if entry.turns & gold.turns]


def _day_is_right(note: ScoredNote, gold: GoldPromise) -> bool:
    return any(entry.due in gold.due for entry in _entries(note, gold))
