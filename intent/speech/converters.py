"""AMR where PyAV was built without its decoder: through ffmpeg or sox, if one of them is installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from intent.errors import AudioError

MAGIC = {b"#!AMR-WB": "amrwb", b"#!AMR": "amrnb"}  # heads of files, the longer one first
TIMEOUT_S = 600.0  # a telephone call takes a second


def needs_converter(path: Path) -> bool:
    """Whether the file is AMR and PyAV cannot decode it."""
    codec = _amr(path)
    return codec is not None and not decodes(codec)


@contextmanager
def converted(path: Path) -> Iterator[Path]:
    """A WAV of the recording in a folder that is removed afterwards.

    Raises AudioError where neither program is installed, or where the one that is refuses the file.
    """
    with tempfile.TemporaryDirectory(prefix="tougu-audio-") as folder:
        made = Path(folder) / "call.wav"
        _run(_command(path.absolute(), made), path)
        yield made


@cache
def decodes(codec: str) -> bool:
    """Whether this build of PyAV holds a decoder of that name."""
    import av

    try:
        av.Codec(codec, "r")
    except (av.FFmpegError, ValueError):  # UnknownCodecError is a ValueError
        return False
    return True


def _amr(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            head = file.read(9)
    except OSError:
        return None  # opening it says why
    return next((codec for magic, codec in MAGIC.items() if head.startswith(magic)), None)


def _command(path: Path, made: Path) -> list[str]:
    if program := shutil.which("ffmpeg"):
        return [program, "-nostdin", "-v", "error", "-y", "-i", str(path), str(made)]
    if program := shutil.which("sox"):
        return [program, str(path), str(made)]
    raise AudioError(
        f"{path.name} is AMR, which this build of PyAV cannot decode: install ffmpeg or sox, or convert it to WAV."
    )


def _run(command: list[str], path: Path) -> None:
    program = Path(command[0]).name
    try:
        ran = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise AudioError(
            f"{path.name} was not converted by {program} within {TIMEOUT_S:g} s: convert it to WAV by hand."
        ) from error
    except OSError as error:
        raise AudioError(f"{program} does not start ({error.strerror}): install it again.") from error
    if ran.returncode != 0:
        said = (ran.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {ran.returncode}"])[-1]
        raise AudioError(f"{path.name} was refused by {program} ({said[:120]}): check that it is a recording.")
