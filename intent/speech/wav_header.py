"""What the header of a WAV file claims of its sound, against the bytes that are there.

FFmpeg silently shortens what a header claims to the size of the file, and reads nothing behind what it claims: a
recorder that wrote its header once, and never came back to it, would lose most of the call.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

STREAMED = (0, 0xFFFFFFFF)  # sizes that say: until the end of the file
HEAD = 4096  # bytes in which the chunk of the sound begins
HIDDEN_S = 1.5  # sound behind the claimed end that is not passed over as padding


@dataclass(frozen=True, kw_only=True)
class WavClaim:
    """Seconds by the file's own header."""

    duration_s: float | None  # None where the header leaves it open, or names no bytes a second
    absent: float = 0.0  # share of the claimed bytes that are not in the file
    hidden_s: float = 0.0  # of bytes behind the claimed end that are no chunk of the format

    @property
    def too_short(self) -> bool:
        return self.hidden_s > HIDDEN_S


def wav_claim(path: Path) -> WavClaim | None:
    """Read the header of a WAV file; None for anything else, or where it names no sound."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
            return None
        at, byte_rate = 12, 0
        while at + 8 <= len(head):
            name, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
            if name == b"fmt ":
                byte_rate = int.from_bytes(head[at + 16 : at + 20], "little")
            if name == b"data":
                return _claim(file, at + 8, size, byte_rate)
            at += 8 + size + size % 2
    return None


def _claim(file: BinaryIO, start: int, size: int, byte_rate: int) -> WavClaim:
    if size in STREAMED:
        return WavClaim(duration_s=None)
    if not byte_rate:  # as some recorders leave it for ADPCM
        return WavClaim(duration_s=None, absent=max(0.0, 1 - (file.seek(0, 2) - start) / size))
    return WavClaim(duration_s=size / byte_rate, hidden_s=_hidden(file, start + size + size % 2) / byte_rate)


def _hidden(file: BinaryIO, end: int) -> int:
    """Bytes behind the claimed end, 0 where another chunk begins there as it should."""
    left = file.seek(0, 2) - end
    if left <= 0:
        return 0
    file.seek(end)
    following = file.read(8)
    name, size = following[:4], int.from_bytes(following[4:8], "little")
    return 0 if all(32 <= byte < 127 for byte in name) and size <= left else left
