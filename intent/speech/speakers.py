"""Who speaks: which channel is the advisor's, and the voices of a mono recording."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import groupby
from operator import itemgetter

import numpy as np
import yaml
from numpy.typing import NDArray

from intent.call import Speaker
from intent.speech.audio import SAMPLE_RATE, Samples
from intent.speech.transcribe import Segment, Word
from intent.speech.voice_frames import VoiceFrames
from intent.speech.voices import split_frames

CUE_LIMIT = 3  # occurrences of one cue that count
SURE_MARGIN = 2.0  # weights by which the advisor's words must outweigh the other's
CROSSTALK_DB = 18.0  # louder on the other channel: an echo, whatever it sounds like
# A codec at a low bit rate (Opus at 18-22 kbit/s) mixes its channels: what leaks is 0-17 dB below its origin and
# correlates with it at 0.7-1.0; two people who talk at once correlate below 0.1 (measured on the sample calls).
LEAK_CORRELATION = 0.6
LEAK_LAG = 400  # samples, 25 ms: the longest way round by a line or a codec
LEAK_WINDOW_S = 0.4  # shortest stretch that is compared
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
        return RoleReading(roles=_roles(advisor_channel, 2), roles_from=known_from)
    return roles_from_words(texts)


def roles_from_words(texts: Sequence[str]) -> RoleReading:
    """Tell the advisor among two or more voices from what each said; unknown where the words do not tell.

    Everybody else is read as the client: whoever sits beside them speaks on their side of the line.
    """
    scores = [advisor_score(text) for text in texts]
    best, *others = sorted(scores, reverse=True)
    if not others or best - others[0] < SURE_MARGIN:
        return RoleReading(
            roles=(Speaker.UNKNOWN,) * len(texts),
            roles_from="unknown",
            warnings=("Which voice is the advisor is not known; every turn is read as possibly the client's.",),
        )
    return RoleReading(
        roles=_roles(scores.index(best), len(scores)),
        roles_from="words",
        warnings=("Which voice is the advisor was told from the words.",),
    )


def advisor_score(text: str) -> float:
    """Weighted cues of an advisor minus those of a client in everything one voice said."""
    bare = re.sub(r"\s+", "", text)
    cues = _cues()
    return _weight(bare, cues["advisor"]) - _weight(bare, cues["client"])


def without_crosstalk(segments: Sequence[Segment], own: Samples, other: Samples) -> tuple[Segment, ...]:
    """Drop words that are an echo of the other channel: far louder there, or louder there and the same sound.

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


@dataclass(frozen=True, kw_only=True)
class MonoVoices:
    """The segments of a mono recording by voice; one voice holds all where no second one is sure."""

    voices: tuple[tuple[Segment, ...], ...]
    clear: float = 0.0  # share of the speech whose voice is clear, 0..1


def by_voice(segments: Sequence[Segment], frames: VoiceFrames) -> MonoVoices:
    """Give each phrase to the voice heard in it; `frames` describe the sound the segments were heard in.

    Speakers change at pauses, so the words between two go whole to one voice; words are cut where the voice changes.
    """
    split = split_frames(frames)
    if split is None or split.voices == 1:
        return MonoVoices(voices=(tuple(segments),))
    voices: list[list[Segment]] = [[] for _ in range(split.voices)]
    for segment in segments:
        words = segment.words or (Word(text=segment.text, start_s=segment.start_s, end_s=segment.end_s),)
        for phrase in phrases(words):
            labels = [split.label_between(w.start_s, w.end_s) for w in phrase]
            for voice, run in _runs(phrase, labels):
                voices[voice].append(_of_words(run, segment.confidence))
    return MonoVoices(voices=tuple(tuple(v) for v in voices if v), clear=split.clear)


def _runs(words: Sequence[Word], labels: Sequence[int]) -> Iterator[tuple[int, list[Word]]]:
    """Neighbouring words of one voice; a single word between two of another voice is that voice's."""
    told = list(labels)
    for i in range(1, len(told) - 1):
        if told[i - 1] == told[i + 1]:
            told[i] = told[i - 1]
    for voice, run in groupby(zip(told, words, strict=True), key=itemgetter(0)):
        yield voice, [word for _, word in run]


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


def _roles(advisor: int, voices: int) -> Roles:
    return tuple(Speaker.ADVISOR if voice == advisor else Speaker.CLIENT for voice in range(voices))


def _weight(text: str, cues: Sequence[_Cue]) -> float:
    return sum(cue.weight * min(CUE_LIMIT, len(cue.pattern.findall(text))) for cue in cues)


def _echo(word: Word, own: Samples, other: Samples) -> bool:
    middle, half = (word.start_s + word.end_s) / 2, max(word.end_s - word.start_s, LEAK_WINDOW_S) / 2
    start, end = max(0, int((middle - half) * SAMPLE_RATE)), int((middle + half) * SAMPLE_RATE) + 1
    mine, theirs = own[start:end], other[start:end]
    louder_db = _level_db(theirs) - _level_db(mine)
    return louder_db > CROSSTALK_DB or (louder_db > 0 and correlation(mine, theirs) > LEAK_CORRELATION)


def correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """The greatest normalised cross-correlation of two equally long sounds within LEAK_LAG samples, 0..1."""
    if not first.size:
        return 0.0
    size = 1 << (first.size + LEAK_LAG).bit_length()
    crossed = np.fft.irfft(np.fft.rfft(first, size) * np.conj(np.fft.rfft(second, size)), size)
    near = np.concatenate([crossed[-LEAK_LAG:], crossed[: LEAK_LAG + 1]])
    return float(np.abs(near).max() / (np.linalg.norm(first) * np.linalg.norm(second) + 1e-9))


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
