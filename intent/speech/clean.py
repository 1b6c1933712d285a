"""Words of each speaker to turns: cut at pauses, put in order of time, joined where nobody else spoke."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from intent.call import Speaker, Turn
from intent.speech.punctuation import punctuated
from intent.speech.transcribe import Segment, Word

SENTENCE_END = "。！？!?…"
_HAN_GAP = re.compile(r"(?<=[\u3400-\u9fff，。！？、：；])\s+|\s+(?=[\u3400-\u9fff，。！？、：；])")


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """Words of one speaker between two pauses."""

    speaker: Speaker
    text: str
    start_s: float
    end_s: float
    confidence: float | None
    voice: int = 0  # tells two speakers of unknown role apart


def turns(voices: Iterable[tuple[Speaker, Sequence[Segment]]], *, pause_s: float = 1.2) -> tuple[Turn, ...]:
    """Turns in order of their start, indexed from 0.

    A voice's words are cut where it is silent for `pause_s`; neighbours of one speaker are joined
    again unless twice that lies between. Overlaps stay: a turn may start before the last one ends.
    """
    said = [
        replace(utterance, voice=voice)
        for voice, (speaker, segments) in enumerate(voices)
        for utterance in utterances(speaker, segments, pause_s=pause_s)
    ]
    said.sort(key=lambda u: (u.start_s, u.end_s))
    joined: list[Utterance] = []
    for utterance in said:
        if joined and _belongs(joined[-1], utterance, 2 * pause_s):
            joined[-1] = _join(joined[-1], utterance)
        else:
            joined.append(utterance)
    return _numbered(joined)


def by_sentence(segments: Sequence[Segment], *, pause_s: float) -> tuple[Turn, ...]:
    """Turns of unknown speakers that share one voice, cut at short pauses and sentence ends, not joined."""
    found = [
        cut
        for segment in segments
        for piece in _sentences(segment)
        for cut in utterances(Speaker.UNKNOWN, [piece], pause_s=pause_s)
    ]
    found.sort(key=lambda u: (u.start_s, u.end_s))
    return _numbered(found)


def utterances(speaker: Speaker, segments: Sequence[Segment], *, pause_s: float) -> list[Utterance]:
    """Cut one voice's segments at pauses between words; a segment without words stays whole."""
    found: list[Utterance] = []
    for segment in segments:
        words = segment.words or (Word(text=segment.text, start_s=segment.start_s, end_s=segment.end_s),)
        run: list[Word] = []
        for word in words:
            if run and word.start_s - run[-1].end_s >= pause_s:
                found.append(_utterance(speaker, run, segment.confidence))
                run = []
            run.append(word)
        found.append(_utterance(speaker, run, segment.confidence))
    return [u for u in found if u.text]


def tidy(text: str) -> str:
    """Spaces beside Chinese characters removed, half-width sentence marks between them widened."""
    text = _HAN_GAP.sub("", text.strip())
    for narrow, wide in ((",", "，"), ("?", "？"), ("!", "！"), (";", "；")):
        text = re.sub(rf"(?<=[\u3400-\u9fff]){re.escape(narrow)}", wide, text)
    return text


def _sentences(segment: Segment) -> list[Segment]:
    """The segment cut after words that end a sentence."""
    pieces: list[list[Word]] = [[]]
    for word in segment.words:
        pieces[-1].append(word)
        if word.text.rstrip().endswith(tuple(SENTENCE_END)):
            pieces.append([])
    return [replace(segment, words=tuple(piece)) for piece in pieces if piece] or [segment]


def _numbered(said: Sequence[Utterance]) -> tuple[Turn, ...]:
    return tuple(
        Turn(
            index=i, speaker=u.speaker, text=u.text, start_s=u.start_s, end_s=u.end_s, confidence=u.confidence
        )
        for i, u in enumerate(said)
    )  # fmt: skip


def _utterance(speaker: Speaker, words: Sequence[Word], confidence: float | None) -> Utterance:
    known = [w.probability for w in words if w.probability is not None]
    return Utterance(
        speaker=speaker,
        text=punctuated(words, tidy("".join(w.text for w in words))),
        start_s=round(words[0].start_s, 3),
        end_s=round(max(w.end_s for w in words), 3),
        confidence=round(sum(known) / len(known), 4) if known else confidence,
    )


def _belongs(last: Utterance, following: Utterance, gap_s: float) -> bool:
    return last.voice == following.voice and following.start_s - last.end_s < gap_s


def _join(first: Utterance, second: Utterance) -> Utterance:
    pair = [u.confidence for u in (first, second) if u.confidence is not None]
    mark = "" if first.text[-1] in SENTENCE_END + "，、；" else "，"
    return replace(
        first,
        text=f"{first.text}{mark}{second.text}",
        end_s=max(first.end_s, second.end_s),
        confidence=round(sum(pair) / len(pair), 4) if pair else None,
    )
