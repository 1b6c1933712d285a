"""Short recordings cut from the sample calls, in containers that recorders write: hundreds of files in minutes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from intent.recordings import RecordingFile
from intent.speech.audio import SAMPLE_RATE, decode
from intent.speech.decoder import Block

SHORTEST_S, LONGEST_S = 3.0, 6.0
TRIES = 20  # places looked at for one that is not silent
LOUD = 200.0  # mean magnitude of 16-bit samples
FORMATS = (("wav", "pcm_s16le", 2), ("mp3", "libmp3lame", 1), ("m4a", "aac", 2), ("ogg", "libopus", 1))
SEED = 7


def cut_clips(recordings: list[RecordingFile], folder: Path, wanted: int) -> list[RecordingFile]:
    """`wanted` files of 3-6 s from different places of the recordings, half of them stereo, no two alike."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = random.Random(SEED)
    sounds = cycle([decode(each.path).pcm for each in recordings])
    return [_clip(n, sound, folder, drawn) for n, sound in zip(range(wanted), sounds, strict=False)]


def _clip(n: int, sound: Block, folder: Path, drawn: random.Random) -> RecordingFile:
    suffix, codec, channels = FORMATS[n % len(FORMATS)]
    path = folder / f"clip{n:05d}.{suffix}"
    piece = next(_pieces(sound, drawn))
    if channels == 1:
        piece = piece.astype(np.int32).mean(axis=0, keepdims=True).astype(np.int16)
    _write(path, codec, piece)
    return RecordingFile(path=path, call_id=path.stem, advisor_channel="left" if channels == 2 else None)


def _pieces(sound: Block, drawn: random.Random) -> Iterator[Block]:
    """A stretch in which somebody speaks, or the last that was looked at."""
    for left in reversed(range(TRIES)):
        length = int(drawn.uniform(SHORTEST_S, LONGEST_S) * SAMPLE_RATE)
        start = drawn.randrange(max(1, sound.shape[1] - length))
        piece = sound[:, start : start + length]
        if left == 0 or float(np.abs(piece).mean()) > LOUD:
            yield piece


def _write(path: Path, codec: str, pcm: Block) -> None:
    import av

    layout = "stereo" if pcm.shape[0] == 2 else "mono"
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm.T).reshape(1, -1), format="s16", layout=layout)
    frame.sample_rate = SAMPLE_RATE
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=SAMPLE_RATE, layout=layout)
        for packets in (stream.encode(frame), stream.encode(None)):
            container.mux(packets)
