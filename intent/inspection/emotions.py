"""The client's emotion turn by turn, by cues: a filter that lets a reader jump, never a score of a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from intent.call import Speaker, Turn
from intent.inspection.data_file import read_data
from intent.inspection.measures import has_times, place_of
from intent.inspection.result import TurnEmotion
from intent.inspection.wording import Wording

EMOTIONS = ("anger", "worry", "hurry", "satisfied")


@dataclass(frozen=True, kw_only=True)
class EmotionCues:
    """The cues of one emotion."""

    id: str
    zh: str
    cues: tuple[re.Pattern[str], ...]


@cache
def load_emotions() -> tuple[EmotionCues, ...]:
    """The cues shipped, the strongest emotion first. Raises InspectionDataError."""
    data = read_data("emotions.yaml", ("version", "emotions"))
    return tuple(
        EmotionCues(id=e.text("id", among=EMOTIONS), zh=e.text("zh"), cues=e.patterns("cues", required=True))
        for e in data.entries("emotions", ("id", "zh", "cues"))
    )


def emotions(turns: Sequence[Turn], cues: Sequence[EmotionCues], wording: Wording) -> tuple[TurnEmotion, ...]:
    """The first emotion that each turn of the client shows; turns that show none are left out."""
    timed = has_times(turns)
    found = ((turn, _first(turn.text, cues, wording)) for turn in turns if turn.speaker is Speaker.CLIENT)
    return tuple(
        TurnEmotion(emotion=shown[0], cue=shown[1], place=place_of(turn, timed=timed)) for turn, shown in found if shown
    )


def _first(text: str, cues: Sequence[EmotionCues], wording: Wording) -> tuple[str, str] | None:
    for each in cues:
        match = wording.find(text, each.cues)
        if match:
            return each.id, match[0]
    return None
