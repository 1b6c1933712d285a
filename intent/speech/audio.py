"""Recordings to sound: channels kept, 16 kHz, what is wrong said; a long one is read a window at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from intent.errors import AudioError
from intent.speech.decoder import HEADERLESS, SAMPLE_RATE, Block, RawFormat, SoundStream, opened
from intent.speech.ogg_end import breaks_off
from intent.speech.survey import Survey
from intent.speech.wav_header import wav_claim
from intent.speech.windows import WINDOW_S, cuts, in_chunks

__all__ = ["HEADERLESS", "SAMPLE_RATE", "Recording", "Samples", "Sound", "StreamedRecording", "decode", "open_sound"]

Samples = NDArray[np.float32]  # shape (n,), -1..1, 16 kHz
ABSENT = 0.02  # share of the claimed bytes that may be missing
DURATION_TOLERANCE_S = 1.5
MAX_DURATION_S = 6 * 3600.0


class Sound(Protocol):
    """A recording that can be listened to a window at a time, so that its length does not bound the memory."""

    @property
    def channels(self) -> int: ...

    @property
    def duration_s(self) -> float: ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for people."""
        ...

    @property
    def salvaged(self) -> bool:
        """Whether it is damaged, truncated, or its header lies: what could be decoded may not be the whole."""
        ...

    def windows(self) -> Iterator[Recording]:
        """Stretches of at most WINDOW_S in order, cut at silences; together they are the whole."""
        ...


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Decoded sound: int16, shape (channels, n), at 16 kHz; `warnings` are sentences for people."""

    pcm: Block
    codec: str = ""
    source_rate: int = SAMPLE_RATE
    warnings: tuple[str, ...] = field(default=())
    salvaged: bool = False
    start_s: float = 0.0  # of a window, in its recording

    @property
    def channels(self) -> int:
        return int(self.pcm.shape[0])

    @property
    def duration_s(self) -> float:
        return float(self.pcm.shape[1]) / SAMPLE_RATE

    def channel(self, index: int) -> Samples:
        """One channel as float32 in -1..1, shape (n,)."""
        samples: Samples = self.pcm[index].astype(np.float32) / np.float32(32768)
        return samples

    def windows(self) -> Iterator[Recording]:
        """See Sound. Nothing is copied."""
        if self.duration_s <= WINDOW_S:
            yield self
            return
        survey = Survey(self.channels)
        for chunk in in_chunks(iter([self.pcm])):
            survey.add(chunk)
        yield from _between([self.pcm], cuts(survey.levels()), tuple(range(self.channels)))


@dataclass(frozen=True, kw_only=True)
class StreamedRecording:
    """A recording longer than a window, looked through once; its sound is decoded again whenever it is listened to."""

    path: Path
    raw: RawFormat | None
    kept: tuple[int, ...]  # channels of the file that are read
    duration_s: float
    cuts_s: tuple[float, ...]  # inner borders of the windows, seconds
    codec: str
    source_rate: int
    warnings: tuple[str, ...]
    salvaged: bool

    @property
    def channels(self) -> int:
        return len(self.kept)

    def windows(self) -> Iterator[Recording]:
        """See Sound. Raises AudioError where the file is gone or changed meanwhile."""
        heard_s = 0.0
        with opened(self.path, raw=self.raw) as stream:
            for window in _between(in_chunks(stream.blocks()), self.cuts_s, self.kept):
                heard_s = window.start_s + window.duration_s
                yield window
        if heard_s < self.duration_s - DURATION_TOLERANCE_S:
            raise AudioError(f"{self.path.name} changed while it was read: transcribe it again once it is complete.")


def decode(path: Path, *, max_duration_s: float = MAX_DURATION_S, raw: RawFormat | None = None) -> Recording:
    """The whole recording in memory, 115 MB an hour and channel. For what may be long there is `open_sound`.

    A truncated file gives what could be decoded and a warning. Raises AudioError, one sentence
    with the remedy, for what is empty, no sound, damaged from the start, or longer than allowed.
    """
    sound = open_sound(path, max_duration_s=max_duration_s, raw=raw, window_s=math.inf)
    assert isinstance(sound, Recording)  # an endless window holds everything
    return sound


def open_sound(
    path: Path,
    *,
    max_duration_s: float = MAX_DURATION_S,
    raw: RawFormat | None = None,
    window_s: float = WINDOW_S,
) -> Recording | StreamedRecording:
    """A recording to listen to: up to `window_s` it is kept in memory, a longer one is read through and dropped.

    `raw`: the format of files without a header. Raises AudioError as `decode` does.
    """
    with opened(path, raw=raw) as stream:
        survey, pcm = _looked_through(stream, path, max_duration_s, window_s)
    if survey.samples == 0:
        raise AudioError(f"{path.name} holds no sound: its container is there but empty; export it again.")
    kept, sorted_out = survey.kept()
    harm = _harm(path, stream, survey.duration_s)
    warnings = (*_misnamed(path, stream), *([harm] * bool(harm)), *survey.clipping(), *sorted_out)
    if pcm is not None:
        return Recording(
            pcm=pcm[list(kept)],
            codec=stream.codec,
            source_rate=stream.rate,
            warnings=warnings,
            salvaged=bool(harm),
        )
    return StreamedRecording(
        path=path,
        raw=raw,
        kept=kept,
        duration_s=survey.duration_s,
        cuts_s=cuts(survey.levels()),
        codec=stream.codec,
        source_rate=stream.rate,
        warnings=warnings,
        salvaged=bool(harm),
    )


def _looked_through(
    stream: SoundStream, path: Path, max_duration_s: float, window_s: float
) -> tuple[Survey, Block | None]:
    """What the whole sound is like, and the sound itself while it is no longer than `window_s`."""
    survey = Survey(stream.channels)
    held: list[Block] | None = []
    for chunk in in_chunks(stream.blocks()):
        survey.add(chunk)
        if survey.duration_s > max_duration_s:
            raise AudioError(
                f"{path.name} is longer than {max_duration_s / 3600:g} h: split it, or raise speech.max_duration_s."
            )
        if held is not None:
            held = [*held, chunk] if survey.duration_s <= window_s else None
    empty = np.zeros((stream.channels, 0), np.int16)
    return survey, None if held is None else np.concatenate([empty, *held], axis=1)


def _between(chunks: Iterable[Block], cuts_s: Sequence[float], kept: Sequence[int]) -> Iterator[Recording]:
    """Windows of the channels `kept` between the cuts; the last one goes on to the end of the sound."""
    borders = [round(cut_s * SAMPLE_RATE) for cut_s in cuts_s]
    held: list[Block] = []
    start, at = 0, 0
    for chunk in chunks:
        held.append(chunk[list(kept)] if len(kept) < chunk.shape[0] else chunk)
        at += chunk.shape[1]
        while borders and at >= borders[0]:
            whole = np.concatenate(held, axis=1) if len(held) > 1 else held[0]
            size = borders[0] - start
            yield Recording(pcm=whole[:, :size], start_s=start / SAMPLE_RATE)
            start, held = borders.pop(0), [whole[:, size:]]
    if sum(piece.shape[1] for piece in held):
        yield Recording(pcm=np.concatenate(held, axis=1) if len(held) > 1 else held[0], start_s=start / SAMPLE_RATE)


def _misnamed(path: Path, stream: SoundStream) -> Iterator[str]:
    if path.suffix.lower() == ".wav" and stream.container != "wav":
        yield f"The file is named .wav but read as {stream.container}; listen before you trust it."


def _harm(path: Path, stream: SoundStream, decoded_s: float) -> str:
    """What is wrong with a recording of which only a part may have been decoded; empty where nothing is."""
    claim = wav_claim(path)
    claimed_s = (claim.duration_s if claim else None) or stream.duration_s
    if stream.damage:
        return f"The recording is damaged after {decoded_s:.1f} s ({stream.damage}); the rest was not read."
    if claimed_s and abs(claimed_s - decoded_s) > max(DURATION_TOLERANCE_S, 0.02 * claimed_s):
        return (
            f"The header claims {claimed_s:.1f} s but {decoded_s:.1f} s could be decoded; "
            "the recording is truncated or its header is wrong."
        )
    if claim and claim.absent > ABSENT:
        return f"The header claims more sound than the file holds; {decoded_s:.1f} s could be decoded."
    if stream.skipped:
        return f"{stream.skipped} damaged pieces were left out; {decoded_s:.1f} s of the recording could be decoded."
    if breaks_off(path):
        return f"The recording breaks off after {decoded_s:.1f} s: its last page is missing."
    return ""
