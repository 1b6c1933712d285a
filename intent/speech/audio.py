"""Recordings to sound: any container that PyAV reads, channels kept, 16 kHz, and what is wrong said."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from intent.errors import AudioError

SAMPLE_RATE = 16_000
Samples = NDArray[np.float32]  # shape (n,), -1..1, 16 kHz
RIFF_STREAMED = (0, 0xFFFFFFFF)  # sizes written by recorders that never came back to the header
HEADERLESS = frozenset({".al", ".alaw", ".ul", ".ulaw", ".raw", ".pcm", ".vox"})
SILENT_PEAK = 10 ** (-55 / 20)  # -55 dBFS
DEAD_RATIO = 10 ** (-35 / 20)  # a channel 35 dB below the other carries only its echo
IDENTICAL_RATIO = 10 ** (-40 / 20)  # difference 40 dB below the sound
DURATION_TOLERANCE_S = 1.5
CLIPPED_LEVEL = 32_500  # of 32,768: as loud as the format goes
CLIPPED_RUN = 3  # samples on end at that level
CLIPPED_SHARE = 0.001  # of the samples; loud speech touches the limit now and then


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Decoded sound: int16, shape (channels, n), at 16 kHz; `warnings` are sentences for people."""

    pcm: NDArray[np.int16]
    codec: str = ""
    source_rate: int = SAMPLE_RATE
    warnings: tuple[str, ...] = field(default=())

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


def decode(path: Path, *, max_duration_s: float = 4 * 3600.0) -> Recording:
    """Decode a recording block by block; channels are kept, channels past the second too.

    A truncated file gives what could be decoded and a warning. Raises AudioError, one sentence
    with the remedy, for what is empty, no sound, damaged from the start, or longer than allowed.
    """
    _check_file(path)
    pcm, stream = _decoded(path, max_duration_s)
    if pcm.shape[1] == 0:
        raise AudioError(f"{path.name} holds no sound: its container is there but empty; export it again.")
    warnings = [*_header_warnings(path, stream, pcm.shape[1] / SAMPLE_RATE), *_clipping(pcm)]
    pcm, more = _sort_channels(pcm)
    return Recording(pcm=pcm, codec=stream.codec, source_rate=stream.rate, warnings=(*warnings, *more))


@dataclass(frozen=True, kw_only=True)
class _Stream:
    codec: str
    rate: int
    container: str
    duration_s: float | None  # as the container claims
    damage: str = ""  # decoding stopped early because of this


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise AudioError(f"{path} cannot be read ({error.strerror}): check the path and its permissions.") from error
    if size == 0:
        raise AudioError(f"{path.name} is an empty file: export or copy the recording again.")
    if path.suffix.lower() in HEADERLESS:
        raise AudioError(
            f"{path.name} has no header, so its format is unknown: give it one, for example with "
            f"`sox -t raw -r 8000 -e a-law -c 1 {path.name} {path.stem}.wav`."
        )


def _decoded(path: Path, max_duration_s: float) -> tuple[NDArray[np.int16], _Stream]:
    try:
        import av
    except ImportError as error:
        raise AudioError("The audio decoder PyAV is not installed: install tougu[local].") from error

    try:
        with av.open(str(path), mode="r", metadata_errors="ignore") as container:
            return _read_container(container, path, max_duration_s)
    except PermissionError as error:
        raise AudioError(f"{path} cannot be read (permission denied): give this user the right to read it.") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise AudioError(
            f"{path.name} cannot be decoded as sound ({_short(error)}): "
            "check that it is a recording, or convert it to WAV with ffmpeg or sox."
        ) from error
    finally:
        gc.collect()  # PyAV's resampler is freed by the cycle collector only


def _read_container(container: Any, path: Path, max_duration_s: float) -> tuple[NDArray[np.int16], _Stream]:
    if not container.streams.audio:
        raise AudioError(f"{path.name} holds no sound stream: check that it is a recording.")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise AudioError(f"The header of {path.name} names no known codec: export it again, or convert it to WAV.")
    layout = stream.codec_context.layout
    if not layout.nb_channels or not stream.rate:
        raise AudioError(f"The header of {path.name} names no channel or no sample rate: export it again.")
    blocks, damage = _collect(container, stream, layout.nb_channels, max_duration_s, path)
    about = _Stream(
        codec=stream.codec_context.name,
        rate=int(stream.rate),
        container=container.format.name,
        duration_s=_claimed_duration_s(container, stream),
        damage=damage,
    )
    empty = np.zeros((layout.nb_channels, 0), np.int16)
    return np.concatenate(blocks, axis=1) if blocks else empty, about


def _collect(
    container: Any, stream: Any, channels: int, max_duration_s: float, path: Path
) -> tuple[list[NDArray[np.int16]], str]:
    """Blocks of shape (channels, n); the second value says why decoding stopped early, if it did."""
    import av
    from av.audio.resampler import AudioResampler

    layout = stream.codec_context.layout
    resampler = AudioResampler(format="s16", layout=layout, rate=SAMPLE_RATE)
    blocks: list[NDArray[np.int16]] = []
    total = 0
    damage = ""
    try:
        for block in _blocks(container, stream, resampler, channels):
            total += block.shape[1]
            if total > max_duration_s * SAMPLE_RATE:
                raise AudioError(
                    f"{path.name} is longer than {max_duration_s / 3600:g} h: split it, or raise speech.max_duration_s."
                )
            blocks.append(block)
    except av.FFmpegError as error:
        if not blocks:
            raise
        damage = _short(error)
    return blocks, damage


def _blocks(container: Any, stream: Any, resampler: Any, channels: int) -> Iterator[NDArray[np.int16]]:
    import av

    bad = 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            bad += 1
            if bad > 50:  # not a scratch but another kind of data
                raise
            continue
        for frame in frames:
            frame.pts = None  # gaps in time stamps must not make the resampler invent or drop sound
            yield from _resampled(resampler, frame, channels)
    yield from _resampled(resampler, None, channels)


def _resampled(resampler: Any, frame: Any, channels: int) -> Iterator[NDArray[np.int16]]:
    for out in resampler.resample(frame):
        interleaved = cast("NDArray[np.int16]", out.to_ndarray())
        yield interleaved.reshape(-1, channels).T.copy()


def _claimed_duration_s(container: Any, stream: Any) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / 1_000_000 if container.duration else None


def _header_warnings(path: Path, stream: _Stream, decoded_s: float) -> Iterator[str]:
    if path.suffix.lower() == ".wav" and stream.container != "wav":
        yield f"The file is named .wav but read as {stream.container}; listen before you trust it."
    claimed_s = _riff_duration_s(path) or stream.duration_s
    if stream.damage:
        yield f"The recording is damaged after {decoded_s:.1f} s ({stream.damage}); the rest was not read."
    elif claimed_s and abs(claimed_s - decoded_s) > max(DURATION_TOLERANCE_S, 0.02 * claimed_s):
        yield (
            f"The header claims {claimed_s:.1f} s but {decoded_s:.1f} s could be decoded; "
            "the recording is truncated or its header is wrong."
        )


def _riff_duration_s(path: Path) -> float | None:
    """Length of a WAV by its own header (data bytes / byte rate), None for anything else.

    FFmpeg silently shortens what it reports to the size of the file, so the header is read here.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at, byte_rate = 12, 0
    while at + 8 <= len(head):
        name, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        if name == b"fmt ":
            byte_rate = int.from_bytes(head[at + 16 : at + 20], "little")
        if name == b"data":
            return size / byte_rate if byte_rate and size not in RIFF_STREAMED else None
        at += 8 + size + size % 2
    return None


def _clipping(pcm: NDArray[np.int16]) -> Iterator[str]:
    """A sentence for each channel that was recorded too loudly: its peaks are flat."""
    for n, channel in enumerate(pcm, start=1):
        at_limit = np.flatnonzero(np.abs(channel.astype(np.int32)) >= CLIPPED_LEVEL)
        runs = np.split(at_limit, np.flatnonzero(np.diff(at_limit) > 1) + 1)
        flat = sum(run.size for run in runs if run.size >= CLIPPED_RUN)
        if flat > CLIPPED_SHARE * channel.size:
            share = flat / channel.size
            yield f"Channel {n} is clipped in {share:.1%} of its sound; words may be misheard: record lower."


def _sort_channels(pcm: NDArray[np.int16]) -> tuple[NDArray[np.int16], list[str]]:
    """Drop channels that carry nothing of their own; say what was dropped."""
    if int(np.abs(pcm[:, ::7]).max(initial=0)) < SILENT_PEAK * 32768:
        return pcm[:1], ["The recording is silent."]
    if pcm.shape[0] == 1:
        return pcm, []
    levels = np.array([_rms(channel) for channel in pcm])
    alive = levels > levels.max() * DEAD_RATIO
    if not alive.all():
        dead = ", ".join(str(i + 1) for i in np.flatnonzero(~alive))
        return _first_two(pcm[alive], [f"Channel {dead} is dead; the recording was read without it."])
    if _rms(pcm[0].astype(np.int32) - pcm[1]) < levels.max() * IDENTICAL_RATIO:
        return pcm[:1], ["All channels are identical; the recording was read as mono."]
    return _first_two(pcm, [])


def _first_two(pcm: NDArray[np.int16], warnings: list[str]) -> tuple[NDArray[np.int16], list[str]]:
    if pcm.shape[0] > 2:
        warnings.append(f"The recording has {pcm.shape[0]} channels; only the first two were read.")
    return pcm[:2], warnings


def _rms(channel: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(channel[::3].astype(np.float32))))) if channel.size else 0.0


def _short(error: BaseException) -> str:
    text = str(getattr(error, "strerror", "") or error)
    return text.split(";")[0].splitlines()[0][:120] if text else type(error).__name__
