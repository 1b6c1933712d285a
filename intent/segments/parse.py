"""Tag rules read from data: a small language without code, every mistake named with its place and a remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from intent.segments.conditions import (
    DATES,
    MISSING,
    NUMBERS,
    SETS,
    TEXTS,
    All,
    Any_,
    Compare,
    Condition,
    Dated,
    Missing,
    Not,
    Some,
    window,
)

DEEPEST = 8
MOST_PARTS = 200  # of one rule: it is asked of every client
LONGEST_DAYS = 1830
KINDS = ("holding", "event", "intent")
DATED_KINDS = ("event", "intent")  # items with a day: they are asked for within a window, so that it can be read
OPS: Mapping[str, Sequence[str]] = {
    "number": (*NUMBERS, MISSING),
    "text": (*TEXTS, MISSING),
    "set": (*SETS, MISSING),
    "date": (*DATES, MISSING),
}
_ID = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True, kw_only=True)
class FieldRule:
    """A field that rules may ask."""

    name: str
    type: str
    zh: str
    values: tuple[str, ...] = ()
    moves: bool = False


@dataclass(frozen=True, kw_only=True)
class RuleMistake:
    """What is wrong in one place of a rule file."""

    where: str  # tag and path, e.g. "loss_over_20.when.all[1].op"
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {self.remedy}."


@dataclass(frozen=True, kw_only=True)
class TagRule:
    """A tag with its condition."""

    id: str
    zh: str
    owner: str  # who answers for it
    expires: date  # last day on which it is set
    when: Condition
    source: str  # the condition as it was written, as canonical JSON: a change of it is a change of the rule
    about: str = ""


class _WrongError(ValueError):
    """What is wrong at the place being read, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


@cache
def fields() -> Mapping[str, Mapping[str, FieldRule]]:
    """Fields by the kind of thing that has them."""
    raw = yaml.safe_load(files("intent.segments").joinpath("fields.yaml").read_text(encoding="utf-8"))
    return {
        kind: {
            name: FieldRule(name=name, **{**rule, "values": tuple(rule.get("values", ()))})
            for name, rule in named.items()
        }
        for kind, named in raw.items()
    }


def read_rule(raw: Any, where: str) -> tuple[TagRule | None, list[RuleMistake]]:
    """One entry of a rule file; None where it has mistakes."""
    reader = _Reader()
    if not isinstance(raw, dict):
        return None, [RuleMistake(where=where, what="this is no tag", remedy="write id, zh, owner, expires and when")]
    name = raw.get("id")
    where = name if isinstance(name, str) else where
    reader.keys(raw, where, required=("id", "zh", "owner", "expires", "when"), optional=("about",))
    if not (isinstance(name, str) and _ID.fullmatch(name)):
        reader.note(f"{where}.id", f"{name!r} is no id", "use small Latin letters, digits and _, a letter first")
    for key in ("zh", "owner", "about"):
        if key in raw and not (isinstance(raw[key], str) and raw[key].strip()):
            reader.note(f"{where}.{key}", "there is no text", "write one")
    if "expires" in raw and not isinstance(raw["expires"], date):
        reader.note(f"{where}.expires", "this is no day", "write the last day as 2027-12-31")
    when = reader.condition(raw.get("when"), f"{where}.when", "client", 0) if "when" in raw else None
    if reader.mistakes or when is None:
        return None, reader.mistakes
    source = json.dumps(raw["when"], sort_keys=True, ensure_ascii=False, default=str)
    about = raw.get("about", "")
    rule = TagRule(
        id=raw["id"], zh=raw["zh"], owner=raw["owner"], expires=raw["expires"], when=when, source=source, about=about
    )
    return rule, []


class _Reader:
    """Reads one rule and collects its mistakes."""

    def __init__(self) -> None:
        self.mistakes: list[RuleMistake] = []
        self._parts = 0

    def note(self, where: str, what: str, remedy: str) -> None:
        self.mistakes.append(RuleMistake(where=where, what=what, remedy=remedy))

    def keys(self, raw: Mapping[str, Any], where: str, *, required: Sequence[str], optional: Sequence[str]) -> bool:
        """Whether the keys are those that belong here."""
        known = (*required, *optional)
        missing = [key for key in required if key not in raw]
        unknown = [key for key in raw if key not in known]
        for key in missing:
            self.note(where, f"{key} is missing", f"write {key}")
        for key in unknown:
            self.note(where, f"{key!r} does not belong here", _meant(str(key), known))
        return not missing and not unknown

    def condition(self, raw: Any, where: str, kind: str, depth: int) -> Condition | None:
        """None where there was a mistake."""
        self._parts += 1
        if depth > DEEPEST or self._parts > MOST_PARTS:
            if self._parts <= MOST_PARTS + 1:
                self.note(where, "the rule is too large", f"keep to {DEEPEST} levels and {MOST_PARTS} parts")
            return None
        if not isinstance(raw, dict):
            self.note(where, "this is no condition", "write {field, op, value}, all, any, not or some")
            return None
        forms: tuple[tuple[str, Callable[..., Condition | None]], ...] = (
            ("all", self._parts_of), ("any", self._parts_of), ("not", self._not), ("some", self._some),
            ("field", self._leaf),
        )  # fmt: skip
        for key, read in forms:
            if key in raw:
                return read(raw, where, kind, depth)
        self.note(where, "this is no condition", "write {field, op, value}, all, any, not or some")
        return None

    def _parts_of(self, raw: dict[str, Any], where: str, kind: str, depth: int) -> Condition | None:
        key = "all" if "all" in raw else "any"
        if not self.keys(raw, where, required=(key,), optional=()):
            return None
        if not (isinstance(raw[key], list) and raw[key]):
            self.note(f"{where}.{key}", "there are no parts", "write a list of conditions")
            return None
        parts = [self.condition(each, f"{where}.{key}[{n}]", kind, depth + 1) for n, each in enumerate(raw[key])]
        good = [part for part in parts if part is not None]
        if len(good) < len(parts):
            return None
        return All(parts=tuple(good)) if key == "all" else Any_(parts=tuple(good))

    def _not(self, raw: dict[str, Any], where: str, kind: str, depth: int) -> Condition | None:
        if not self.keys(raw, where, required=("not",), optional=()):
            return None
        part = self.condition(raw["not"], f"{where}.not", kind, depth + 1)
        return None if part is None else Not(part=part)

    def _some(self, raw: dict[str, Any], where: str, kind: str, depth: int) -> Condition | None:
        if kind != "client":
            self.note(where, "some stands inside another some", "ask for one kind of thing at a time")
            return None
        asked = raw["some"]
        if asked not in KINDS:
            self.note(f"{where}.some", f"there is no {asked!r}", f"use {', '.join(KINDS)}")
            return None
        windows = ("within_last", "within_next") if asked in DATED_KINDS else ()
        if not self.keys(raw, where, required=("some",), optional=("where", "at_least", "sum", *windows)):
            return None
        before = len(self.mistakes)
        parts: list[Condition] = []
        if "where" in raw:
            inner = self.condition(raw["where"], f"{where}.where", asked, depth + 1)
            parts += [inner] if inner else []
        parts += self._within(raw, where, windows)
        at_least = raw.get("at_least", 1)
        if not isinstance(at_least, int) or isinstance(at_least, bool) or at_least < 1:
            self.note(f"{where}.at_least", "this is no count", "write 1 or more")
        if "sum" in raw and "at_least" in raw:
            self.note(where, "sum and at_least stand together", "ask for one of them, or for both under all")
        total = self._total(raw["sum"], f"{where}.sum", asked) if "sum" in raw else None
        if len(self.mistakes) > before:
            return None
        return Some(kind=asked, where=All(parts=tuple(parts)), at_least=at_least, total=total)

    def _within(self, raw: dict[str, Any], where: str, windows: Sequence[str]) -> Iterator[Condition]:
        given = [key for key in windows if key in raw]
        if windows and len(given) != 1:
            self.note(where, "the window is not clear", f"give one of {' and '.join(windows)}, in days")
        elif given and self._days(raw[given[0]], f"{where}.{given[0]}", given[0]):
            yield Dated(field="day", window=window(given[0], raw[given[0]]))

    def _total(self, raw: Any, where: str, kind: str) -> Compare | None:
        found = self.condition(raw, where, kind, 1)
        if found is None or (isinstance(found, Compare) and isinstance(found.value, Decimal)):
            return found
        self.note(where, "this is no sum", "write {field, op, value} with a field that is a number")
        return None

    def _leaf(self, raw: dict[str, Any], where: str, kind: str, _depth: int) -> Condition | None:
        rule = fields()[kind].get(str(raw["field"]))
        if rule is None:
            self.note(
                f"{where}.field", f"{kind} has no field {raw['field']!r}", _meant(str(raw["field"]), fields()[kind])
            )
            return None
        op = str(raw.get("op"))
        if op not in OPS[rule.type]:
            self.note(
                f"{where}.op",
                f"{op!r} cannot be asked of {rule.name} ({rule.type})",
                f"use {', '.join(OPS[rule.type])}",
            )
            return None
        wanted = {MISSING: (), **dict.fromkeys(DATES, ("days",))}.get(op, ("value",))
        if not self.keys(raw, where, required=("field", "op", *wanted), optional=()):
            return None
        if op == MISSING:
            return Missing(field=rule.name)
        if rule.type == "date":
            good = self._days(raw["days"], f"{where}.days", op)
            return Dated(field=rule.name, window=window(op, raw["days"])) if good else None
        try:
            return _compare(rule, op, raw["value"])
        except _WrongError as wrong:
            self.note(f"{where}.value", wrong.what, wrong.remedy)
            return None

    def _days(self, value: Any, where: str, op: str) -> bool:
        least = 1 if op == "within_last" else 0
        good = isinstance(value, int) and not isinstance(value, bool) and least <= value <= LONGEST_DAYS
        if not good:
            self.note(where, f"{value!r} is no number of days", f"write a whole number from {least} to {LONGEST_DAYS}")
        return good


def _compare(rule: FieldRule, op: str, value: Any) -> Compare:
    if rule.type == "number":
        return Compare(field=rule.name, by=NUMBERS[op], value=_number(value), moves_daily=rule.moves)
    if rule.type == "set":
        return Compare(field=rule.name, by=SETS[op], value=_text(value))
    if op != "is" and not (isinstance(value, list) and value):
        raise _WrongError("this is no list", f"write [..., ...] after {op}")
    said = (_text(value),) if op == "is" else tuple(map(_text, value))
    unknown = [each for each in said if rule.values and each not in rule.values and op != "contains"]
    if unknown:
        raise _WrongError(f"{rule.name} is never {unknown[0]!r}", f"use {', '.join(rule.values)}")
    return Compare(field=rule.name, by=TEXTS[op], value=said[0] if op == "is" else said)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _WrongError(f"{value!r} is no text", 'write it in quotes, e.g. "990001"')
    return value


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _WrongError(f"{value!r} is no number", "write it as 1234.56 without quotes")
    found = Decimal(str(value))
    if not found.is_finite():
        raise _WrongError(f"{value!r} is no finite number", "write it as 1234.56")
    return found


def _meant(word: str, known: Any) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f"perhaps you meant {close[0]}" if close else f"use {', '.join(known)}"
