"""An upload of sound looked at while it arrives: what it is by its first bytes, and how long by its header.

Whoever sends hours, or a letter, is told after the first block and not after the last one.
"""

from __future__ import annotations

import struct
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

HEAD_BYTES = 4096  # of the file, that tell what it is
MOST_FIELDS_BYTES = 64 * 1024  # of form fields before the file
FILE_PART = b'name="file"'
# Kinds of files that no player takes for sound, by their first bytes.
NO_SOUND = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "an archive or an Office document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed archive",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
    b"{": "JSON",
    b"SQLite format": "a database",
}


class Peeking:
    """Passes a multipart body on, and raises HTTPException as soon as the file in it cannot be taken."""

    def __init__(self, receive: Receive, *, content_length: int | None, max_duration_s: float) -> None:
        self._receive, self._length, self._longest_s = receive, content_length, max_duration_s
        self._head: bytes | None = b""

    async def __call__(self) -> Message:
        message = await self._receive()
        if self._head is not None and message["type"] == "http.request":
            self._head += message.get("body", b"")
            self._look(last=not message.get("more_body", False))
        return message

    def _look(self, *, last: bool) -> None:
        assert self._head is not None
        start = self._start_of_file(self._head)
        if start is None:
            if last or len(self._head) > MOST_FIELDS_BYTES:
                self._head = None  # the form says what is wrong with it
            return
        first = self._head[start : start + HEAD_BYTES]
        if len(first) < HEAD_BYTES and not last:
            return
        self._head = None
        refuse_no_sound(first)
        seconds = riff_seconds(first, self._length)
        if seconds is not None and seconds > self._longest_s:
            raise too_long(seconds, self._longest_s)

    @staticmethod
    def _start_of_file(body: bytes) -> int | None:
        part = body.find(FILE_PART)
        end = body.find(b"\r\n\r\n", part) if part >= 0 else -1
        return end + 4 if end >= 0 else None


def refuse_no_sound(first: bytes) -> None:
    """Raise HTTPException 415 for what is plainly something else, whatever its name says."""
    start = first.removeprefix(b"\xef\xbb\xbf").lstrip()
    for sign, what in NO_SOUND.items():
        if start[: len(sign)].lower() == sign.lower():
            raise HTTPException(415, f"The file is {what} and no recording: send sound, e.g. wav, mp3, m4a, ogg, flac.")


def riff_seconds(first: bytes, content_length: int | None) -> float | None:
    """Seconds of a WAV by the byte rate of its header; the smaller of what header and upload hold. None of others."""
    if first[:4] != b"RIFF" or first[8:12] != b"WAVE" or (place := first.find(b"fmt ")) < 0:
        return None
    fields = first[place + 8 : place + 24]
    if len(fields) < 16:
        return None
    (rate,) = struct.unpack_from("<I", fields, 8)
    (claimed,) = struct.unpack_from("<I", first, 4)
    size = min(claimed, content_length) if content_length is not None else claimed
    return size / rate if rate and claimed != 0xFFFFFFFF else None


def refuse_long(path: Path, longest_s: float) -> None:
    """Raise HTTPException 413 for a file whose container claims to be longer; what claims nothing is decoded."""
    import av

    try:
        with av.open(str(path)) as container:
            claimed_s = container.duration / av.time_base if container.duration else None
    except (av.FFmpegError, OSError, ValueError):
        return  # the decoder says what is wrong
    if claimed_s is not None and claimed_s > longest_s:
        raise too_long(claimed_s, longest_s)


def too_long(seconds: float, longest_s: float) -> HTTPException:
    return HTTPException(
        413,
        f"The recording is {seconds / 60:.0f} minutes long, and at most {longest_s / 60:.0f} are taken "
        "(speech.max_duration_s): cut it.",
    )
