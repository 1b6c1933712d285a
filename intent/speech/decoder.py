"""Any container that PyAV reads as a stream of blocks at 16 kHz; headerless telephony where its format is told."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from intent.errors import AudioError
from intent.speech.converters import converted, needs_converter
from intent.speech.wav_header import wav_claim

SAMPLE_RATE = 16_000
Block = NDArray[np.int16]  # shape (channels, n), 16 kHz
HEADERLESS = frozenset({".al", ".alaw", ".ul", ".ulaw", ".raw", ".pcm", ".vox"})
BAD_PACKETS = 50  # more are not a scratch but another kind of data
RATES = range(4_000, 192_001)
_LAYOUTS = {1: "mono", 2: "stereo"}


@dataclass(frozen=True, kw_only=True)
class RawFormat:
    """What a header would say of headerless telephony."""

    codec: str  # alaw | mulaw
    rate: int  # samples a second
    channels: int = 1

    @classmethod
    def named(cls, text: str) -> RawFormat | None:
        """`alaw:8000`, `mulaw:8000`, with `:2` for stereo; None for nothing. Raises AudioError for anything else."""
        if not text:
            return None
        codec, _, rest = text.partition(":")
        rate, _, channels = rest.partition(":")
        known = codec in ("alaw", "mulaw") and rate.isdigit() and int(rate) in RATES and channels in ("", "1", "2")
        if not known:
            raise AudioError(f"{text} is no raw format: write alaw:8000 or mulaw:8000, with :2 for two channels.")
        return cls(codec=codec, rate=int(rate), channels=int(channels or 1))


@dataclass(kw_only=True)
class SoundStream:
    """A container that is open; `damage` says why reading stopped early, once it did, `skipped` what was read over."""

    codec: str
    rate: int
    container: str
    channels: int
    duration_s: float | None  # as the container claims
    damage: str = ""
    skipped: int = 0  # packets that could not be decoded
    _handle: Any = field(repr=False)
    _stream: Any = field(repr=False)

    def blocks(self) -> Iterator[Block]:
        """The sound from its start, once. What comes before a damage is given; damage from the start is raised."""
        import av
        from av.audio.resampler import AudioResampler

        resampler = AudioResampler(format="s16", layout=self._stream.codec_context.layout, rate=SAMPLE_RATE)
        begun = False
        try:
            for frame in self._frames():
                for block in _resampled(resampler, frame, self.channels):
                    begun = True
                    yield block
        except av.FFmpegError as error:
            if not begun:
                raise
            self.damage = short(error)

    def _frames(self) -> Iterator[Any]:
        import av

        for packet in self._handle.demux(self._stream):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                self.skipped += 1
                if self.skipped > BAD_PACKETS:
                    raise
                continue
            for frame in frames:
                frame.pts = None  # gaps in time stamps must not make the resampler invent or drop sound
                yield frame
        yield None  # what the resampler still holds


@contextmanager
def opened(path: Path, *, raw: RawFormat | None = None) -> Iterator[SoundStream]:
    """Open a recording for one reading. `raw` counts for files without a header alone.

    Raises AudioError, one sentence with the remedy, also for what PyAV raises inside the block.
    """
    check_file(path, raw)
    try:
        import av
    except ImportError as error:
        raise AudioError("The audio decoder PyAV is not installed: install tougu[local].") from error

    told = raw if path.suffix.lower() in HEADERLESS else None
    try:
        with _readable(path) as source, av.open(str(source), mode="r", **_options(source, told)) as container:
            yield _stream(container, path)
    except PermissionError as error:
        raise AudioError(f"{path} cannot be read (permission denied): give this user the right to read it.") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise AudioError(
            f"{path.name} cannot be decoded as sound ({short(error)}): "
            "check that it is a recording, or convert it to WAV with ffmpeg or sox."
        ) from error
    finally:
        gc.collect()  # PyAV's resampler is freed by the cycle collector only


def check_file(path: Path, raw: RawFormat | None = None) -> None:
    """Raise AudioError for what cannot be read, is empty, or has no header while no raw format is told."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise AudioError(f"{path} cannot be read ({error.strerror}): check the path and its permissions.") from error
    if size == 0:
        raise AudioError(f"{path.name} is an empty file: export or copy the recording again.")
    if path.suffix.lower() in HEADERLESS and raw is None:
        raise AudioError(
            f"{path.name} has no header, so its format is unknown: name it with --raw alaw:8000 or --raw mulaw:8000 "
            "(speech.raw), or convert it to WAV with ffmpeg or sox."
        )


def short(error: BaseException) -> str:
    """An error of a library on one line."""
    text = str(getattr(error, "strerror", "") or error)
    return text.split(";")[0].splitlines()[0][:120] if text else type(error).__name__


@contextmanager
def _readable(path: Path) -> Iterator[Path]:
    """The file itself, or a WAV made of it where PyAV was built without its decoder."""
    if not needs_converter(path):
        yield path
        return
    with converted(path) as made:
        yield made


def _options(path: Path, raw: RawFormat | None) -> dict[str, Any]:
    if raw is None:
        claim = wav_claim(path)
        read_on = {"options": {"ignore_length": "1"}} if claim and claim.too_short else {}
        return {"metadata_errors": "ignore", **read_on}
    told = {"sample_rate": str(raw.rate), "ch_layout": _LAYOUTS[raw.channels]}
    return {"format": raw.codec, "options": told}


def _stream(container: Any, path: Path) -> SoundStream:
    if not container.streams.audio:
        raise AudioError(f"{path.name} holds no sound stream: check that it is a recording.")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise AudioError(f"The header of {path.name} names no known codec: export it again, or convert it to WAV.")
    layout = stream.codec_context.layout
    if not layout.nb_channels or not stream.rate:
        raise AudioError(f"The header of {path.name} names no channel or no sample rate: export it again.")
    return SoundStream(
        codec=stream.codec_context.name,
        rate=int(stream.rate),
        container=container.format.name,
        channels=layout.nb_channels,
        duration_s=_claimed_duration_s(container, stream),
        _handle=container,
        _stream=stream,
    )


def _resampled(resampler: Any, frame: Any, channels: int) -> Iterator[Block]:
    for out in resampler.resample(frame):
        interleaved = cast("Block", out.to_ndarray())
        yield interleaved.reshape(-1, channels).T.copy()


def _claimed_duration_s(container: Any, stream: Any) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / 1_000_000 if container.duration else None
