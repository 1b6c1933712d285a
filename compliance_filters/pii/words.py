"""The words of `words.yaml`, compiled once."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any

import yaml

_SENTENCE_END = re.compile(r"[。！？!?\n;；]")
_LABEL_REACH = 28  # characters before a number in which it is named
_CLOSE = 8  # characters, without a comma, between a number and a label that makes it innocent


@cache
def words() -> dict[str, Any]:
    """The data file, read once."""
    text = (resources.files("compliance_filters") / "pii" / "words.yaml").read_text("utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    return data


@cache
def _labels() -> re.Pattern[str]:
    groups = words()["labels"]
    return re.compile("|".join(f"(?P<{name}>{'|'.join(patterns)})" for name, patterns in groups.items()))


def label_before(view: str, start: int) -> str | None:
    """What the words before `start`, in its sentence, call the number: a key of `labels`, or None."""
    window = view[max(0, start - _LABEL_REACH) : start]
    window = _SENTENCE_END.split(window)[-1]
    last: re.Match[str] | None = None
    for last in _labels().finditer(window):  # noqa: B007 - the last one is wanted
        pass
    if last is None:
        return None
    between = window[last.end() :]
    if last.lastgroup == "innocent" and (len(between) > _CLOSE or "," in between):
        return None
    return last.lastgroup


def label_behind(view: str, end: int) -> str | None:
    """What the words right behind a number call it, as in 139 000 02345是您的手机号."""
    behind = _SENTENCE_END.split(view[end : end + _CLOSE])[0]
    found = _labels().search(behind)
    return found.lastgroup if found and "," not in behind[: found.start()] else None


@cache
def amount_after() -> re.Pattern[str]:
    """A unit behind a number, which makes it an amount."""
    return re.compile(words()["amount_after"])
