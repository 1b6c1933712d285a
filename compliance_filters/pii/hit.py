"""What a reader of identifiers found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One identifier in the plain view; `kind` is its Chinese name as people are shown it."""

    kind: str
    start: int
    end: int
