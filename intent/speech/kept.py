"""Transcripts of calls that are not read yet: when reading fails, hearing is not done again.

A transcript lies here from its making until the call is recorded, readable by the service's own user alone.
"""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path

from intent.call import Transcript
from intent.errors import CallFileError
from intent.speech.formats import from_json, to_json

log = logging.getLogger("tougu.speech")


class KeptTranscripts:
    """One file a transcript in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, *key: str) -> Transcript | None:
        """The transcript kept under `key` (recording, engine, channel), None where there is none that can be read."""
        path = self._path(key)
        try:
            return from_json(path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (CallFileError, OSError, UnicodeDecodeError) as error:
            log.warning("a kept transcript cannot be read", extra={"error": type(error).__name__})
            return None

    def keep(self, transcript: Transcript, *key: str) -> None:
        """Write it whole or not at all: beside, flushed, renamed; mode 600."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(key)
        beside = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            private = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(private, "w", encoding="utf-8") as file:
                file.write(to_json(transcript))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)

    def drop(self, *key: str) -> None:
        """Forget it: the call is recorded."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: tuple[str, ...]) -> Path:
        return self._folder / f"{hashlib.sha256('|'.join(key).encode()).hexdigest()[:40]}.json"
