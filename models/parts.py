"""A text in two parts: what is judged, and what was said before it, in one string that every scorer takes."""

from __future__ import annotations

PART = "\x1e"  # the record separator of ISO 646: nobody says it


def joined(text: str, before: str = "") -> str:
    """Both parts in one string; a separator inside either of them becomes a space."""
    return f"{text.replace(PART, ' ')}{PART}{before.replace(PART, ' ')}"


def parted(text: str) -> tuple[str, str]:
    """What is judged and what came before it; the second is empty where the text has one part."""
    judged, _, before = text.partition(PART)
    return judged, before
