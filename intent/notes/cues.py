"""The words by which the note is read, loaded once from cues.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@dataclass(frozen=True, kw_only=True)
class Cues:
    """Compiled patterns; see cues.yaml for what each is for."""

    own: re.Pattern[str]
    acts: Mapping[str, re.Pattern[str]]
    not_promised: Mapping[str, re.Pattern[str]]
    to_me: re.Pattern[str]
    question: re.Pattern[str]
    offer: re.Pattern[str]
    accepts: re.Pattern[str]
    refuses: re.Pattern[str]
    agrees: re.Pattern[str]
    request: re.Pattern[str]
    asked_acts: Mapping[str, re.Pattern[str]]
    not_requested: re.Pattern[str]
    withdrawn: re.Pattern[str]
    withdrawn_acts: Mapping[str, str]
    given_up: re.Pattern[str]
    retracts: re.Pattern[str]
    client_acts: Mapping[str, re.Pattern[str]]
    client_time: re.Pattern[str]
    beside: re.Pattern[str]
    visit: re.Pattern[str]
    account: re.Pattern[str]

    def act_in(self, text: str) -> tuple[str, re.Match[str]] | None:
        """The first act of the list that the words name, with the words."""
        return next(((name, found) for name, p in self.acts.items() if (found := p.search(text))), None)


@cache
def load_cues() -> Cues:
    """The shipped cues."""
    raw = yaml.safe_load(files("intent.notes").joinpath("cues.yaml").read_text("utf-8"))
    words = {"{you}": raw["you"], "{firm}": raw["firm"]}
    return Cues(withdrawn_acts=raw.pop("withdrawn_acts"), **_compiled(raw, words))


def _compiled(raw: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    return {name: _pattern(value, words) for name, value in raw.items() if name not in ("you", "firm")}


def _pattern(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _pattern(each, words) for name, each in value.items()}
    text = "|".join(value) if isinstance(value, list) else value
    for name, pattern in words.items():
        text = text.replace(name, pattern)
    return re.compile(text)
