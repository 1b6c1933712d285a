"""Keyword rules with polarity, clause by clause: the baseline classifier, and features of the heads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from intent.call import Polarity
from intent.classifier.taxonomy import Taxonomy
from intent.classifier.utterance import MOST_BY_WORDS
from intent.classifier.withdrawals import Withdrawal, Withdrawals
from intent.errors import RulesError

_CLAUSE = re.compile(r"[，。！？；,!?;…\n]+|(?<!\d)\.(?!\d)")
Pattern = re.Pattern[str]


@dataclass(frozen=True, kw_only=True)
class RuleHit:
    """An intent found in one clause; `cued` when a word of wanting or refusing stood by."""

    intent: str
    polarity: Polarity
    quote: str
    cued: bool


@dataclass(frozen=True, kw_only=True)
class _IntentRule:
    any: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]


@dataclass(frozen=True, kw_only=True)
class _Cues:
    clause: tuple[Pattern, ...]
    whole: tuple[Pattern, ...]


class Rules:
    """The compiled rule file; reading is pure and thread-safe."""

    def __init__(self, raw: Mapping[str, Any], taxonomy: Taxonomy) -> None:
        """Raises RulesError for an unknown intent, a missing part or a broken pattern."""
        try:
            self._intents = {id_: _rule(id_, entry) for id_, entry in raw["intents"].items()}
            self._cues = {Polarity(name): _cues(name, entry) for name, entry in raw["polarity"].items()}
            self._replies = {name: _compiled(f"replies.{name}", p) for name, p in raw["replies"].items()}
            self._pressing = frozenset(raw["urgency"]["pressing"])
            patterns = {name: raw["urgency"][name] for name in ("high", "later", "condition")}
            self._withdrawals = Withdrawals(raw["withdrawals"])
            self._urgency = {name: _compiled(f"urgency.{name}", p) for name, p in patterns.items()}
            self.confidence = {name: float(value) for name, value in raw["confidence"].items()}
            unpolar = set(raw["unpolar"])
        except (KeyError, TypeError, ValueError, AttributeError, re.error) as error:
            raise RulesError(f"The rule file lacks a part or holds a bad value: {error}.") from error
        unknown = [
            id_
            for id_ in (*self._intents, *unpolar, *self._pressing, *self._withdrawals.intents)
            if id_ not in taxonomy
        ]
        if unknown:
            raise RulesError(f"The rule file names the intent {unknown[0]}, which the taxonomy lacks.")
        self.version = f"rules-{raw.get('version', 1)}"
        self._polar = {i.id for i in taxonomy if i.is_lead} - unpolar

    def hits(self, text: str) -> tuple[RuleHit, ...]:
        """Every intent of one utterance, each at most once; a wish outweighs a refusal of the same."""
        clauses = split_clauses(text[:MOST_BY_WORDS])
        whole = "".join(clauses)
        found: dict[str, RuleHit] = {}
        for at, clause in enumerate(clauses):
            for id_, quote in self._in_clause(clause):
                hit = self._hit(id_, quote, clauses, at, whole)
                if id_ not in found or hit.polarity is Polarity.INTEREST:
                    found[id_] = hit
        return tuple(found.values())

    def is_yes(self, text: str) -> bool:
        """True for a whole utterance that only agrees: 行，那就办吧."""
        bare = text.strip()
        return bool(self._replies["agrees"].fullmatch(bare) and self._replies["agrees_needs"].search(bare))

    def is_no(self, text: str) -> bool:
        """True for a whole utterance that only refuses: 不用了，谢谢."""
        return self._replies["refuses"].fullmatch(text.strip()) is not None

    @property
    def withdrawal_reach(self) -> int:
        """Turns before a withdrawal without a verb of its own in which it finds its object."""
        return self._withdrawals.reach

    def withdrawal(self, text: str) -> Withdrawal:
        """What a turn takes back by a verb alone, or without any; never what it wishes in the same words."""
        text = text[:MOST_BY_WORDS]
        found = self._withdrawals.found(split_clauses(text))
        if not found.intents:
            return found
        wished = {hit.intent for hit in self.hits(text) if hit.cued and hit.polarity is Polarity.INTEREST}
        return replace(found, intents=found.intents - wished)

    def proposals(self, text: str) -> tuple[str, ...]:
        """Intents that an advisor's turn proposes; empty where the turn proposes nothing."""
        if not self._replies["proposal"].search(text[:MOST_BY_WORDS]):
            return ()
        return tuple(hit.intent for hit in self.hits(text) if hit.intent in self._polar)

    def urgency(self, intent: str, texts: Sequence[str]) -> str:
        """low, normal or high, by the intent and the words of its evidence in order.

        What the last words put off is low, and so is what they make depend on something, unless haste was spoken of.
        """
        last = texts[-1] if texts else ""
        haste = self._urgency["high"]
        if self._urgency["later"].search(last) and not haste.search(last):
            return "low"
        if intent in self._pressing or any(haste.search(text) for text in texts):
            return "high"
        return "low" if self._urgency["condition"].search(last) else "normal"

    def _in_clause(self, clause: str) -> Iterable[tuple[str, str]]:
        for id_, rule in self._intents.items():
            if any(pattern.search(clause) for pattern in rule.unless):
                continue
            for pattern in rule.any:
                if match := pattern.search(clause):
                    yield id_, match.group()
                    break

    def _hit(self, id_: str, quote: str, clauses: Sequence[str], at: int, whole: str) -> RuleHit:
        if id_ not in self._polar:
            return RuleHit(intent=id_, polarity=Polarity.INTEREST, quote=quote, cued=True)
        near = clauses[at : at + 2] if self._continues(clauses, at) else clauses[at : at + 1]
        for polarity in (Polarity.DECLINE, Polarity.EXISTING, Polarity.INTEREST):
            if self._cued(polarity, near, whole) and not self._overruled(polarity, near):
                return RuleHit(intent=id_, polarity=polarity, quote=quote, cued=True)
        return RuleHit(intent=id_, polarity=Polarity.INTEREST, quote=quote, cued=False)

    def _continues(self, clauses: Sequence[str], at: int) -> bool:
        """The next clause speaks of the same thing unless it names an intent of its own."""
        return at + 1 < len(clauses) and not any(True for _ in self._in_clause(clauses[at + 1]))

    def _cued(self, polarity: Polarity, near: Sequence[str], whole: str) -> bool:
        cues = self._cues[polarity]
        return any(p.search(c) for c in near for p in cues.clause) or any(p.search(whole) for p in cues.whole)

    def _overruled(self, polarity: Polarity, near: Sequence[str]) -> bool:
        """以前买过，现在还想买: what is wanted now outweighs what was."""
        return polarity is Polarity.EXISTING and any(
            p.search(c) for c in near for p in self._cues[Polarity.INTEREST].clause
        )


def split_clauses(text: str) -> list[str]:
    """Clauses between sentence marks, spaces removed."""
    return [bare for part in _CLAUSE.split(text) if (bare := re.sub(r"\s+", "", part))]


def load_rules(taxonomy: Taxonomy, path: Path | None = None) -> Rules:
    """The rules of `path`, the shipped ones by default. Raises RulesError."""
    if path is None:
        return Rules(_shipped(), taxonomy)
    try:
        return Rules(yaml.safe_load(path.read_text("utf-8")), taxonomy)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise RulesError(f"The rule file {path} cannot be read ({error}): correct the path or the file.") from error


@cache
def _shipped() -> dict[str, Any]:
    text = resources.files("intent.classifier").joinpath("rules.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def _rule(id_: str, entry: Mapping[str, Any]) -> _IntentRule:
    return _IntentRule(
        any=tuple(_compiled(id_, p) for p in entry["any"]),
        unless=tuple(_compiled(id_, p) for p in entry.get("unless", ())),
    )


def _cues(name: str, entry: Mapping[str, Any]) -> _Cues:
    return _Cues(
        clause=tuple(_compiled(name, p) for p in entry["clause"]),
        whole=tuple(_compiled(name, p) for p in entry["whole"]),
    )


def _compiled(where: str, pattern: str) -> Pattern:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise RulesError(f"The rule {where} holds a pattern that does not compile ({error}): {pattern}") from error
