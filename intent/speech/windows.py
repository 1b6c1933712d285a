"""A long recording in windows of at most ten minutes, cut where nobody speaks, so that its length costs no memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from intent.speech.decoder import Block
from intent.speech.survey import LEVEL, LEVEL_S

WINDOW_S = 600.0
SEARCH_S = 120.0  # last part of a window in which its end is sought
QUIET_S = 1.0  # length of the quietest stretch, in whose middle the cut lies
CHUNK = 100 * LEVEL  # samples, 10 s: what is handled at once


def in_chunks(blocks: Iterator[Block]) -> Iterator[Block]:
    """Blocks of any size as blocks of CHUNK samples; the last one is shorter."""
    held: list[Block] = []
    size = 0
    for block in blocks:
        held.append(block)
        size += block.shape[1]
        if size < CHUNK:
            continue
        whole = np.concatenate(held, axis=1) if len(held) > 1 else held[0]
        for start in range(0, size - CHUNK + 1, CHUNK):
            yield whole[:, start : start + CHUNK]
        held, size = [whole[:, size - size % CHUNK :]], size % CHUNK
    if size:
        yield np.concatenate(held, axis=1)


def cuts(levels: NDArray[np.float32], *, window_s: float = WINDOW_S) -> tuple[float, ...]:
    """Seconds at which a recording is cut: each window ends in the quietest second of its last SEARCH_S.

    `levels`: mean squares, one each LEVEL_S. Of equally quiet places the last is taken, so that windows are few.
    """
    longest, search, quiet = (round(s / LEVEL_S) for s in (window_s, min(SEARCH_S, window_s / 2), QUIET_S))
    found: list[float] = []
    start = 0
    while len(levels) - start > longest:
        first = start + longest - search
        around = np.convolve(levels[first : start + longest], np.ones(quiet) / quiet, mode="valid")
        last_quietest = int(np.flatnonzero(around <= around.min() * 1.01 + 1e-3)[-1])
        start = first + last_quietest + quiet // 2
        found.append(round(start * LEVEL_S, 1))
    return tuple(found)
