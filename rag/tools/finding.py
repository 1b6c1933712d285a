"""What a tool found: sentences with their places, and values that can be computed with."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rag.cite import Place
from rag.from_facts import Stated


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence, or a passage word for word, with where it stands."""

    text: str
    places: tuple[Place, ...]  # of a computed one the places of everything that went into it
    value: Stated | None = None  # of a single value: it can be computed with
    about: Mapping[str, object] = field(default_factory=dict, hash=False, compare=False)  # in fields, for programs


@dataclass(frozen=True, kw_only=True)
class Found:
    """The result of a call; `note` says what was not found, or why."""

    findings: tuple[Finding, ...] = ()
    note: str = ""


class Notebook:
    """What the calls of one run found, each once; values have names (v1, v2) by which `calculate` takes them.

    Only the latest `most` are kept. Safe between threads.
    """

    def __init__(self, most: int = 500) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._findings: dict[Finding, str] = {}  # in order, each with its value's name or ""
        self._values: dict[str, Stated] = {}
        self._named = 0

    def write(self, findings: Sequence[Finding]) -> tuple[str, ...]:
        """Keep findings; returns the name of each one's value, "" for one without."""
        with self._lock:
            names = tuple(self._name(finding) for finding in findings)
            for old in list(self._findings)[: -self._most]:
                self._values.pop(self._findings.pop(old), None)
            return names

    def value(self, name: str) -> Stated | None:
        """The value of that name; None for one that no call of this run gave."""
        with self._lock:
            return self._values.get(name.strip().lower())

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found so far, in order."""
        with self._lock:
            return tuple(self._findings)

    def _name(self, finding: Finding) -> str:
        known = self._findings.get(finding)
        if known is not None:
            return known
        name = ""
        if finding.value is not None:
            self._named += 1
            name = f"v{self._named}"
            self._values[name] = finding.value
        self._findings[finding] = name
        return name
