"""The wave of a recording, as a page draws it: how loud each part of each channel is. Computed once, then kept."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intent.speech.decoder import RawFormat

FOLDER = "peaks"  # in home
BUCKETS = 480  # bars of the whole recording
LOUDEST = 100


def peaks(path: Path, folder: Path, *, max_duration_s: float, raw: RawFormat | None = None) -> dict[str, object]:
    """`duration_s`, and `channels`: for each channel `BUCKETS` numbers from 0 to 100. Raises AudioError.

    Kept in `folder` under what the file is now; they hold no sound from which a word could be heard.
    """
    kept = _place(path, folder)
    if not kept.is_file():
        _keep(kept, _measured(path, max_duration_s, raw))
    found: dict[str, object] = json.loads(kept.read_text("utf-8"))
    return found


def forget(path: Path, folder: Path) -> None:
    """Remove what is kept of a recording; before the recording itself goes."""
    if path.is_file():
        _place(path, folder).unlink(missing_ok=True)


def _place(path: Path, folder: Path) -> Path:
    status = path.stat()
    name = hashlib.sha256(f"{path}\n{status.st_size}\n{status.st_mtime_ns}".encode()).hexdigest()
    return folder / f"{name}.json"


def _measured(path: Path, max_duration_s: float, raw: RawFormat | None) -> dict[str, object]:
    import numpy as np

    from intent.speech.audio import open_sound

    sound = open_sound(path, max_duration_s=max_duration_s, raw=raw)
    loud = np.zeros((sound.channels, BUCKETS), np.float32)
    for window in sound.windows():
        for index in range(sound.channels):
            level = np.abs(window.channel(index))
            at = (window.start_s + np.arange(level.size) * (window.duration_s / max(level.size, 1))) / sound.duration_s
            bucket = np.minimum((at * BUCKETS).astype(np.int64), BUCKETS - 1)
            np.maximum.at(loud[index], bucket, level)
    scale = LOUDEST / max(float(loud.max(initial=0.0)), 0.05)  # what is all but silent stays flat
    return {"duration_s": sound.duration_s, "channels": np.rint(loud * scale).astype(int).tolist()}


def _keep(path: Path, found: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(found, separators=(",", ":")), "utf-8")
    beside.replace(path)
