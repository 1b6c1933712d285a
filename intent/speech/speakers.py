"""Who speaks: which channel is the advisor's, and the two voices of a mono recording."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import numpy as np
import yaml
from numpy.typing import NDArray

from intent.call import Speaker
from intent.speech.audio import Samples
from intent.speech.transcribe import Segment, Word
from intent.speech.voices import split_voices

CUE_LIMIT = 3  # occurrences of one cue that count
SURE_MARGIN = 2.0  # weights by which the advisor's words must outweigh the other's
CROSSTALK_DB = 18.0
# Semitones between two voices of a mono recording. On mixes of sample calls a man and a woman lie 5-14
# apart, the halves of one voice up to 3.2; nearer voices are not told apart rather than guessed.
MIN_PITCH_GAP = 4.5
PHRASE_PAUSE_S = 0.15  # between words; the shortest in which speakers change

Roles = tuple[Speaker, ...]  # one a voice (a channel, or a cluster of a mono recording)


@dataclass(frozen=True, kw_only=True)
class RoleReading:
    """Which voice is whose, how that is known, and what a reader must know."""

    roles: Roles
    roles_from: str  # metadata | settings | words | unknown
    warnings: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class _Cue:
    pattern: re.Pattern[str]
    weight: float


def stereo_roles(texts: Sequence[str], *, advisor_channel: int | None, known_from: str = "settings") -> RoleReading:
    """Roles of two channels; `advisor_channel` 0 or 1 where settings or call metadata name it."""
    if advisor_channel is not None:
        return RoleReading(roles=_roles(advisor_channel), roles_from=known_from)
    return roles_from_words(texts)


def roles_from_words(texts: Sequence[str]) -> RoleReading:
    """Tell the advisor among two voices from what each said; unknown where the words do not tell."""
    scores = [advisor_score(text) for text in texts]
    if len(scores) != 2 or abs(scores[0] - scores[1]) < SURE_MARGIN:
        return RoleReading(
            roles=(Speaker.UNKNOWN,) * len(texts),
            roles_from="unknown",
            warnings=("Which voice is the advisor is not known; every turn is read as possibly the client's.",),
        )
    return RoleReading(
        roles=_roles(0 if scores[0] > scores[1] else 1),
        roles_from="words",
        warnings=("Which voice is the advisor was told from the words.",),
    )


def advisor_score(text: str) -> float:
    """Weighted cues of an advisor minus those of a client in everything one voice said."""
    bare = re.sub(r"\s+", "", text)
    cues = _cues()
    return _weight(bare, cues["advisor"]) - _weight(bare, cues["client"])


def without_crosstalk(segments: Sequence[Segment], own: Samples, other: Samples) -> tuple[Segment, ...]:
    """Drop words that sound far louder on the other channel: they are its echo.

    Both channels: float32, shape (n,), 16 kHz, on one clock.
    """
    kept = []
    for segment in segments:
        words = tuple(w for w in segment.words if not _echo(w, own, other))
        if words or not segment.words:
            text = "".join(w.text for w in words) if words else segment.text
            kept.append(
                Segment(
                    text=text,
                    start_s=segment.start_s,
                    end_s=segment.end_s,
                    words=words,
                    confidence=segment.confidence,
                )
            )
    return tuple(kept)


def by_voice(segments: Sequence[Segment], samples: Samples) -> tuple[tuple[Segment, ...], ...]:
    """The segments of a mono recording by voice: two tuples, or one where two voices are not told apart.

    Speakers change at pauses, so a phrase between two goes whole to the voice heard in most of its words.
    """
    split = split_voices(samples)
    if split is None or split.pitch_gap < MIN_PITCH_GAP:
        return (tuple(segments),)
    voices: tuple[list[Segment], list[Segment]] = ([], [])
    for segment in segments:
        words = segment.words or (Word(text=segment.text, start_s=segment.start_s, end_s=segment.end_s),)
        for phrase in phrases(words):
            heard = [split.label_at((w.start_s + w.end_s) / 2) for w in phrase]
            voices[round(sum(heard) / len(heard))].append(_of_words(phrase, segment.confidence))
    return tuple(tuple(v) for v in voices if v)


def phrases(words: Sequence[Word]) -> list[list[Word]]:
    """Runs of words without a pause of PHRASE_PAUSE_S between them."""
    runs: list[list[Word]] = []
    for word in words:
        if runs and word.start_s - runs[-1][-1].end_s < PHRASE_PAUSE_S:
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def _of_words(words: Sequence[Word], confidence: float | None) -> Segment:
    return Segment(
        text="".join(w.text for w in words),
        start_s=words[0].start_s,
        end_s=words[-1].end_s,
        words=tuple(words),
        confidence=confidence,
    )


def _roles(advisor: int) -> Roles:
    return (Speaker.ADVISOR, Speaker.CLIENT) if advisor == 0 else (Speaker.CLIENT, Speaker.ADVISOR)


def _weight(text: str, cues: Sequence[_Cue]) -> float:
    return sum(cue.weight * min(CUE_LIMIT, len(cue.pattern.findall(text))) for cue in cues)


def _echo(word: Word, own: Samples, other: Samples) -> bool:
    start, end = int(word.start_s * 16_000), int(word.end_s * 16_000) + 1
    mine, theirs = _level_db(own[start:end]), _level_db(other[start:end])
    return theirs - mine > CROSSTALK_DB


def _level_db(samples: NDArray[np.float32]) -> float:
    if samples.size == 0:
        return -120.0
    return float(10 * np.log10(np.mean(np.square(samples)) + 1e-12))


@cache
def _cues() -> dict[str, tuple[_Cue, ...]]:
    raw = yaml.safe_load(resources.files("intent.speech").joinpath("data", "cues.yaml").read_text("utf-8"))
    return {
        role: tuple(_Cue(re.compile(entry["pattern"]), float(entry["weight"])) for entry in raw[role])
        for role in ("advisor", "client")
    }
