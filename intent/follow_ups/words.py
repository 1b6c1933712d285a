"""What the client's words tell of a fault and of a consent: patterns as data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from intent.errors import FollowUpDataError
from knowledge_base.consents import Purpose


@dataclass(frozen=True, kw_only=True)
class Outages:
    """Which words name which system, and when faults belong together."""

    intent: str
    window: timedelta
    least_tickets: int
    systems: tuple[tuple[str, str, re.Pattern[str]], ...]  # id, Chinese name, words; the last one takes the rest

    def system_of(self, quotes: Iterable[str]) -> str:
        """The first system that the words name."""
        said = "\n".join(quotes)
        return next((id_ for id_, _, words in self.systems if words.search(said)), self.systems[-1][0])

    @property
    def names(self) -> Mapping[str, str]:
        return {id_: zh for id_, zh, _ in self.systems}


@dataclass(frozen=True, kw_only=True)
class ConsentWords:
    """Which words take back which consent."""

    purposes: Mapping[Purpose, re.Pattern[str]]

    def taken_back(self, quotes: Iterable[str]) -> tuple[Purpose, ...]:
        """The purposes that the words speak of; empty where they name none."""
        said = "\n".join(quotes)
        return tuple(purpose for purpose, words in self.purposes.items() if words.search(said))


@cache
def load_outages(path: Path | None = None) -> Outages:
    """The shipped file or a firm's own. Raises FollowUpDataError."""
    told = _read(path, "outages.yaml")
    try:
        return Outages(
            intent=told["intent"],
            window=timedelta(minutes=told["window_minutes"]),
            least_tickets=told["least_tickets"],
            systems=tuple((each["id"], each["zh"], re.compile(each["words"])) for each in told["systems"]),
        )
    except (KeyError, TypeError, re.error) as error:
        raise FollowUpDataError(f"The file of faults is broken at {error}: correct it.") from error


@cache
def load_consent_words(path: Path | None = None) -> ConsentWords:
    """The shipped file or a firm's own. Raises FollowUpDataError."""
    told = _read(path, "consents.yaml")
    try:
        return ConsentWords(purposes={Purpose(name): re.compile(words) for name, words in told["purposes"].items()})
    except (KeyError, ValueError, re.error) as error:
        raise FollowUpDataError(f"The file of consents is broken at {error}: correct it.") from error


def _read(path: Path | None, shipped: str) -> Mapping[str, Any]:
    source = path or files("intent.follow_ups") / "data" / shipped
    try:
        found: Mapping[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise FollowUpDataError(f"{source} cannot be read ({type(error).__name__}): correct the file.") from error
    return found
