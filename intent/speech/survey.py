"""What a recording is like, gathered chunk by chunk: silence, clipping, dead and identical channels, its levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intent.speech.decoder import SAMPLE_RATE, Block

LEVEL_S = 0.1  # of one value of `levels`
LEVEL = int(LEVEL_S * SAMPLE_RATE)
SILENT_PEAK = 10 ** (-55 / 20)  # -55 dBFS
DEAD_RATIO = 10 ** (-35 / 20)  # a channel 35 dB below the other carries only its echo
IDENTICAL_RATIO = 10 ** (-40 / 20)  # difference 40 dB below the sound
CLIPPED_LEVEL = 32_500  # of 32,768: as loud as the format goes
CLIPPED_RUN = 3  # samples on end at that level
CLIPPED_SHARE = 0.001  # of the samples; loud speech touches the limit now and then


class Survey:
    """Sums over the chunks of one recording; four bytes a tenth of a second are kept, no sound."""

    def __init__(self, channels: int) -> None:
        self.samples = 0
        self._peak = 0
        self._products = np.zeros((channels, channels))  # of each channel with each, summed; energies in the diagonal
        self._flat = np.zeros(channels, np.int64)
        self._levels: list[NDArray[np.float32]] = []

    @property
    def duration_s(self) -> float:
        return self.samples / SAMPLE_RATE

    def add(self, chunk: Block) -> None:
        """The next chunk, shape (channels, n). All but the last hold a whole number of LEVEL samples."""
        sound = chunk.astype(np.float32)
        self.samples += chunk.shape[1]
        self._peak = max(self._peak, int(np.abs(sound[:, ::7]).max(initial=0)))
        exact = chunk.astype(np.float64)
        self._products += exact @ exact.T
        self._flat += [_flat(channel) for channel in sound]
        whole = sound[:, : sound.shape[1] // LEVEL * LEVEL]
        self._levels.append(np.square(whole).mean(axis=0).reshape(-1, LEVEL).mean(axis=1))

    def levels(self) -> NDArray[np.float32]:
        """Mean square of all channels for each whole tenth of a second, of samples in -32768..32767."""
        return np.concatenate(self._levels) if self._levels else np.zeros(0, np.float32)

    def kept(self) -> tuple[tuple[int, ...], list[str]]:
        """The channels that carry something of their own, at most two; what was dropped is said."""
        energy = self._products.diagonal()
        every = tuple(range(len(energy)))
        if self._peak < SILENT_PEAK * 32768:
            return every[:1], ["The recording is silent."]
        if len(every) == 1:
            return every, []
        alive = [n for n in every if energy[n] > energy.max() * DEAD_RATIO**2]
        own = [n for n in alive if not any(self._identical(n, earlier) for earlier in alive if earlier < n)]
        if len(alive) == len(every) and len(own) == 1:
            return every[:1], ["All channels are identical; the recording was read as mono."]
        warnings = [f"Channel {_named(every, alive)} is dead; the recording was read without it."]
        warnings += [f"Channel {_named(alive, own)} is a copy of another; the recording was read without it."]
        told = [len(alive) < len(every), len(own) < len(alive)]
        return _first_two(own, list(compress(warnings, told)))

    def _identical(self, one: int, other: int) -> bool:
        energy = self._products.diagonal()
        difference = energy[one] + energy[other] - 2 * self._products[one, other]
        return bool(difference < energy.max() * IDENTICAL_RATIO**2)

    def clipping(self) -> Iterator[str]:
        """A sentence for each channel that was recorded too loudly: its peaks are flat."""
        for n, flat in enumerate(self._flat, start=1):
            share = flat / self.samples
            if share > CLIPPED_SHARE:
                yield f"Channel {n} is clipped in {share:.1%} of its sound; words may be misheard: record lower."


def _flat(channel: NDArray[Any]) -> int:
    """Samples that stand at the limit for CLIPPED_RUN and more on end."""
    at_limit = np.flatnonzero(np.abs(channel) >= CLIPPED_LEVEL)
    runs = np.split(at_limit, np.flatnonzero(np.diff(at_limit) > 1) + 1)
    return sum(run.size for run in runs if run.size >= CLIPPED_RUN)


def _named(of: Sequence[int], without: Sequence[int]) -> str:
    return ", ".join(str(n + 1) for n in of if n not in without)


def _first_two(alive: list[int], warnings: list[str]) -> tuple[tuple[int, ...], list[str]]:
    if len(alive) > 2:
        warnings.append(f"The recording has {len(alive)} channels; only the first two were read.")
    return tuple(alive[:2]), warnings
