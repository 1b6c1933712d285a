"""Metrics of `tougu eval asr`: character error, roles by seconds, diarization error."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from eval.metrics.counts import Part
from eval.metrics.summed import ratio
from mandarin.numerals import to_digits
from mandarin.script import to_simplified

FRAME_S = 0.01
COLLAR_S = 0.25


@dataclass(frozen=True, kw_only=True)
class Span:
    """Who spoke from when to when, in seconds."""

    role: str
    start_s: float
    end_s: float


def normalise(text: str, *, digits: bool = True) -> str:
    """NFKC, Simplified script, letters and digits only, lower case; numerals as digits unless told otherwise."""
    plain = to_simplified(unicodedata.normalize("NFKC", text)).text
    if digits:
        plain = to_digits(plain).text
    return "".join(c for c in plain.lower() if c.isalnum())


def errors(gold: str, heard: str) -> tuple[int, int]:
    """Levenshtein distance in characters, and characters of gold; both texts already normalised."""
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(gold, heard), len(gold)


@ratio
def cer(pair: tuple[str, str]) -> Part:
    """Character error rate over (gold, heard): all edits over all gold characters, numerals as digits."""
    return errors(normalise(pair[0]), normalise(pair[1]))


@ratio
def cer_strict(pair: tuple[str, str]) -> Part:
    """Character error rate over (gold, heard) with numerals as written."""
    return errors(normalise(pair[0], digits=False), normalise(pair[1], digits=False))


def fitting(options: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Of several ways to lay (gold, heard) in order, the one with the fewest errors.

    Two people who talk at once can be written down in order of time or one after the other; either
    order is right, and interleaving is no error of recognition.
    """
    return min(options, key=lambda pair: errors(normalise(pair[0]), normalise(pair[1]))[0])


def dropped(gold: str, heard: str) -> bool:
    """Implausible coverage: fewer than 30 % or more than 200 % of the gold characters were heard."""
    said, got = len(normalise(gold)), len(normalise(heard))
    return said > 0 and not 0.3 * said <= got <= 2.0 * said


def _frames(spans: Sequence[Span], frames: int, roles: Sequence[str]) -> list[set[str]]:
    heard: list[set[str]] = [set() for _ in range(frames)]
    for span in spans:
        if span.role in roles:
            for i in range(max(0, int(span.start_s / FRAME_S)), min(frames, int(span.end_s / FRAME_S))):
                heard[i].add(span.role)
    return heard


def role_accuracy(gold: Sequence[Span], heard: Sequence[Span]) -> float | None:
    """Share of seconds in which exactly one gold role speaks and somebody is heard, whose role is right."""
    roles = sorted({span.role for span in gold})
    frames = int(max((span.end_s for span in gold), default=0.0) / FRAME_S) + 1
    truth = _frames(gold, frames, roles)
    found = _frames(heard, frames, [*roles, "unknown"])
    judged = [(t, f) for t, f in zip(truth, found, strict=True) if len(t) == 1 and f]
    return sum(t <= f and len(f) == 1 for t, f in judged) / len(judged) if judged else None


def der(gold: Sequence[Span], heard: Sequence[Span]) -> float | None:
    """Diarization error rate: (missed + false alarm + confusion) over gold speech, in seconds.

    Frames within 0.25 s of a gold boundary are left out. Roles are compared by name, so a swapped role is
    confusion (the usual definition would allow any mapping of speakers).
    """
    roles = sorted({span.role for span in gold} | {span.role for span in heard})
    end_s = max([span.end_s for span in (*gold, *heard)], default=0.0)
    frames = int(end_s / FRAME_S) + 1
    truth, found = _frames(gold, frames, roles), _frames(heard, frames, roles)
    near = {
        i
        for span in gold
        for edge in (span.start_s, span.end_s)
        for i in range(int((edge - COLLAR_S) / FRAME_S), int((edge + COLLAR_S) / FRAME_S) + 1)
    }
    wrong = speech = 0
    for i, (t, f) in enumerate(zip(truth, found, strict=True)):
        if i in near:
            continue
        speech += len(t)
        wrong += max(len(t), len(f)) - len(t & f)
    return wrong / speech if speech else None
