"""Transcripts of calls that are not read yet: when reading fails, hearing is not done again.

A transcript lies here from its making until the call is recorded, encrypted under the key of the client's texts.
"""

from __future__ import annotations

import hashlib
import logging
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from intent.call import Transcript
from intent.errors import CallFileError
from intent.speech.formats import from_json, to_json

log = logging.getLogger("tougu.speech")


class Vault(Protocol):
    """Encrypts under the key of a client, which erasure reaches; without a client under the firm's own."""

    def seal(self, text: bytes, *, client_id: str | None, bound_to: str) -> bytes: ...

    def open(self, sealed: bytes, *, bound_to: str) -> bytes | None:
        """None where the key is sealed or destroyed, or where the bytes were changed."""
        ...


class KeptTranscripts:
    """One file a transcript in a folder of its own."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        self._folder, self._vault = folder, vault

    def get(self, *key: str) -> Transcript | None:
        """The transcript kept under `key` (recording, engine, channel), None where there is none that can be read."""
        path = self._path(key)
        try:
            opened = self._vault.open(path.read_bytes(), bound_to=path.name)
            return None if opened is None else from_json(opened.decode("utf-8"))
        except FileNotFoundError:
            return None
        except (CallFileError, OSError, UnicodeDecodeError) as error:
            log.warning("a kept transcript cannot be read", extra={"error": type(error).__name__})
            return None

    def keep(self, transcript: Transcript, *key: str, client_id: str | None) -> None:
        """Write it whole or not at all: beside, flushed, renamed; mode 600."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(key)
        sealed = self._vault.seal(to_json(transcript).encode(), client_id=client_id, bound_to=path.name)
        beside = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            private = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(private, "wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)

    def drop(self, *key: str) -> None:
        """Forget it: the call is recorded."""
        self._path(key).unlink(missing_ok=True)

    def forget(self, before: datetime) -> None:
        """Remove what was made before `before`: of calls that were given up and never tried again."""
        for path in self._folder.glob("*") if self._folder.is_dir() else ():
            with suppress(FileNotFoundError):  # a call was recorded meanwhile
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()

    def _path(self, key: tuple[str, ...]) -> Path:
        return self._folder / f"{hashlib.sha256('|'.join(key).encode()).hexdigest()[:40]}.sealed"
