"""Data files of the inspection: read as YAML, field by field; every complaint names file, entry and remedy."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from intent.errors import InspectionDataError


class Entry:
    """One mapping of a data file."""

    def __init__(self, where: str, raw: object, known: Collection[str] | None = None) -> None:
        """`known`: the field names that may stand here, None for any. Raises InspectionDataError."""
        self.where = where
        if not isinstance(raw, Mapping):
            raise self.error("holds no fields", "write `name: value` lines")
        self.raw: Mapping[str, Any] = raw
        unknown = [] if known is None else sorted(str(name) for name in raw if name not in known)
        if unknown:
            raise self.error(f"has the unknown field {unknown[0]}", f"use {', '.join(sorted(known or ()))}")

    def error(self, what: str, remedy: str) -> InspectionDataError:
        return InspectionDataError(f"{self.where} {what}: {remedy}.")

    def __contains__(self, name: str) -> bool:
        return name in self.raw

    def text(self, name: str, default: str | None = None, *, among: Collection[str] = ()) -> str:
        """A text that is not empty; one of `among` where those are given."""
        value = self.raw.get(name, default)
        if not isinstance(value, str) or (not value.strip() and value != default):
            raise self.error(f"has no text in {name}", "write one")
        if among and value not in among:
            raise self.error(f"has {name} {value}", f"use one of {', '.join(among)}")
        return value

    def number(self, name: str, default: float | None = None, *, low: float = 0.0, high: float = 1000.0) -> float:
        value = self.raw.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.error(f"has no number from {low:g} to {high:g} in {name}", "write one")
        return float(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.raw.get(name, default)
        if not isinstance(value, bool):
            raise self.error(f"has {name} {value}", "write true or false")
        return value

    def words(self, name: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts."""
        value = self.raw.get(name, [])
        if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
            raise self.error(f"has no list of texts in {name}", "write `[one, two]`")
        if required and not value:
            raise self.error(f"has an empty {name}", "write at least one text")
        return tuple(value)

    def patterns(self, name: str, *, required: bool = False) -> tuple[re.Pattern[str], ...]:
        """A list of regular expressions."""
        return tuple(self.compiled(pattern) for pattern in self.words(name, required=required))

    def alternatives(self, name: str) -> tuple[tuple[re.Pattern[str], ...], ...]:
        """Alternatives: each a pattern, or a list of patterns that all must be found."""
        value = self.raw.get(name)
        if not isinstance(value, list) or not value:
            raise self.error(f"has no patterns in {name}", "write at least one")
        listed = [each if isinstance(each, list) else [each] for each in value]
        if not all(each and all(isinstance(word, str) and word for word in each) for each in listed):
            raise self.error(f"has an alternative in {name} that is no text", "write texts, or lists of texts")
        return tuple(tuple(self.compiled(word) for word in each) for each in listed)

    def compiled(self, pattern: str) -> re.Pattern[str]:
        try:
            return re.compile(pattern)
        except re.error as error:
            raise self.error(f"has the broken pattern {pattern} ({error})", "correct the expression") from error

    def entry(self, name: str, known: Collection[str] | None = None) -> Entry:
        return Entry(f"{self.where}, {name}", self.raw.get(name), known)

    def entries(self, name: str, known: Collection[str]) -> list[Entry]:
        """A list of mappings; each is called by its `id` where it has one."""
        value = self.raw.get(name)
        if not isinstance(value, list) or not value:
            raise self.error(f"has no list in {name}", "write at least one entry")
        return [Entry(f"{self.where}, {name} {_called(n, each)}", each, known) for n, each in enumerate(value)]

    def numbers(self, name: str) -> dict[str, float]:
        """Numbers by name."""
        inner = self.entry(name)
        return {key: inner.number(key) for key in inner.raw}

    def named(self, name: str) -> dict[str, Entry]:
        """Mappings by name, in the order of the file."""
        inner = self.entry(name)
        return {key: inner.entry(key) for key in inner.raw}


def read_data(name: str, known: Collection[str], path: Path | None = None) -> Entry:
    """A whole file: the firm's at `path`, else the one shipped as `data/<name>`. Raises InspectionDataError."""
    where = str(path or name)
    try:
        text = (path or resources.files("intent.inspection").joinpath("data", name)).read_text("utf-8")
        return Entry(where, yaml.safe_load(text), known)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InspectionDataError(f"{where} cannot be read ({reason}): correct the path or the file.") from error


def _called(number: int, raw: object) -> str:
    return str(raw["id"]) if isinstance(raw, Mapping) and "id" in raw else str(number + 1)
