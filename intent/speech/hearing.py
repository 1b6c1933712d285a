"""A recording heard window by window: each channel transcribed, music and echoes removed, the samples dropped."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from intent.speech.audio import Recording, Sound
from intent.speech.edges import fitted
from intent.speech.quality import without_held, without_silent
from intent.speech.speakers import without_crosstalk
from intent.speech.transcribe import Segment, TakesSeveral, Transcriber, Transcription, Word
from intent.speech.voice_frames import VoiceFrames, one_after_the_other, voice_frames

IMPLAUSIBLE_SHARE = 0.2  # of a channel's speech; with more of it in doubtful windows the whole is in doubt
LEAK = "{} words were heard on both channels, louder on one; they were kept there."

Voices = Sequence[Sequence[Segment]]
OnWindow = Callable[[float], None]  # is told the seconds of sound that are done


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What was heard on each channel; times are seconds from the start of the recording."""

    channels: tuple[Transcription, ...]  # as transcribed, without what was written over music
    own: Voices  # of each channel, without the other's echo
    frames: VoiceFrames | None  # of the voices of a mono recording; in memory only
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Window:
    start_s: float
    heard: tuple[Transcription, ...]  # times from the window's start
    own: Voices
    frames: VoiceFrames | None


def hear(
    sound: Sound, transcriber: Transcriber, *, hotwords: Sequence[str] = (), on_window: OnWindow = lambda done_s: None
) -> Heard:
    """Transcribe a recording a window at a time. Raises TranscriptionError, or AudioError where its file is gone."""
    windows: list[_Window] = []
    for window, texts in _transcribed(sound, transcriber, hotwords):
        windows.append(_heard(window, texts))
        on_window(window.start_s + window.duration_s)
    channels = tuple(_whole(windows, n) for n in range(sound.channels))
    own = tuple(_shifted([(w.start_s, w.own[n]) for w in windows]) for n in range(sound.channels))
    leaked = _words([c.segments for c in channels]) - _words(own)
    frames = [(w.start_s, w.frames) for w in windows if w.frames is not None]
    return Heard(
        channels=channels,
        own=own,
        frames=one_after_the_other(frames) if frames else None,
        warnings=(*(w for c in channels for w in c.warnings), *([LEAK.format(leaked)] * (leaked > 0))),
    )


def _transcribed(
    sound: Sound, transcriber: Transcriber, hotwords: Sequence[str]
) -> Iterator[tuple[Recording, list[Transcription]]]:
    """The windows in order, each with the text of its channels.

    With an engine that takes several sounds at once the next windows are on their way meanwhile, as many as it takes.
    """
    options = {"hotwords": hotwords} if hotwords else {}
    at_once = transcriber.at_once if isinstance(transcriber, TakesSeveral) else 1
    if at_once == 1:
        for window in sound.windows():
            channels = range(window.channels)
            yield window, [transcriber.transcribe(window.channel(n), **options) for n in channels]
        return
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="transcribe")
    under_way: deque[tuple[Recording, list[Future[Transcription]]]] = deque()
    try:
        for window in sound.windows():
            while under_way and _open(under_way) + window.channels > at_once:
                yield _finished(under_way.popleft())
            sounds = [window.channel(n) for n in range(window.channels)]
            under_way.append((window, [pool.submit(transcriber.transcribe, each, **options) for each in sounds]))
        while under_way:
            yield _finished(under_way.popleft())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # where one failed, what is asked for still is not waited for


def _open(under_way: Sequence[tuple[Recording, list[Future[Transcription]]]]) -> int:
    return sum(len(futures) for _, futures in under_way)


def _finished(each: tuple[Recording, list[Future[Transcription]]]) -> tuple[Recording, list[Transcription]]:
    window, futures = each
    return window, [future.result() for future in futures]


def _heard(window: Recording, texts: Sequence[Transcription]) -> _Window:
    samples = [window.channel(n) for n in range(window.channels)]
    said = [without_silent(text, each) for text, each in zip(texts, samples, strict=True)]
    heard = tuple(without_held(text, each, window.start_s) for text, each in zip(said, samples, strict=True))
    if len(samples) == 1:
        return _Window(start_s=window.start_s, heard=heard, own=[heard[0].segments], frames=voice_frames(samples[0]))
    left, right = samples
    own = tuple(
        fitted(without_crosstalk(text.segments, mine, theirs), mine, theirs)
        for text, mine, theirs in zip(heard, (left, right), (right, left), strict=True)
    )
    return _Window(start_s=window.start_s, heard=heard, own=own, frames=None)


def _whole(windows: Sequence[_Window], channel: int) -> Transcription:
    """One channel of all windows, in the language of most of its speech."""
    parts = [(w.start_s, w.heard[channel]) for w in windows]
    if len(parts) == 1:
        return parts[0][1]
    speech_s = sum(p.speech_s for _, p in parts)
    doubtful_s = sum(p.speech_s for _, p in parts if p.implausible)
    languages: Counter[str] = Counter()
    for _, part in parts:
        languages[part.language] += int(part.speech_s * 1000)
    return Transcription(
        segments=_shifted([(start_s, part.segments) for start_s, part in parts]),
        speech_s=speech_s,
        language=languages.most_common(1)[0][0],
        warnings=tuple(f"From {_clock(start_s)} on: {w}" for start_s, part in parts for w in part.warnings),
        implausible=speech_s > 0 and doubtful_s >= IMPLAUSIBLE_SHARE * speech_s,
    )


def _shifted(parts: Sequence[tuple[float, Sequence[Segment]]]) -> tuple[Segment, ...]:
    """Segments of windows with their times from the start of the recording."""
    return tuple(_later(segment, start_s) if start_s else segment for start_s, part in parts for segment in part)


def _later(segment: Segment, by_s: float) -> Segment:
    words = tuple(_word_later(word, by_s) for word in segment.words)
    return replace(segment, start_s=segment.start_s + by_s, end_s=segment.end_s + by_s, words=words)


def _word_later(word: Word, by_s: float) -> Word:
    return replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s)


def _words(voices: Voices) -> int:
    return sum(len(segment.words) for voice in voices for segment in voice)


def _clock(second: float) -> str:
    return f"{int(second) // 3600}:{int(second) // 60 % 60:02d}:{int(second) % 60:02d}"
