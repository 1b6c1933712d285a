"""Looks at a model's folder: is it complete, and is it the one that was put there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from models.assembly import read_manifest, sha256_of
from models.entries import ModelEntry
from models.errors import ModelDamagedError, ModelUnavailableError
from models.wheels import locate_exact


def usable_folder(entry: ModelEntry) -> Path:
    """The entry's own folder, which has the files its slot requires. Raises ModelUnavailableError."""
    folder = entry.folder
    if folder is None or not folder.is_dir():
        raise ModelUnavailableError(
            f"the folder {folder} for {entry.slot} does not exist or cannot be entered",
            remedy="correct its path in the settings",
        )
    missing = [pattern for pattern in entry.requires if not any(folder.glob(pattern))]
    if missing:
        names = ", ".join(pattern.removeprefix("**/") for pattern in missing)
        raise ModelUnavailableError(
            f"the folder {folder} is not a usable model for {entry.slot}: it has no {names} "
            "(pickled weights are not accepted)",
            remedy="point the settings at a complete folder",
        )
    return folder


def verify_files(entry: ModelEntry, folder: Path) -> int:
    """Hash everything that has a registered or recorded checksum; returns how many files that were.

    Raises ModelDamagedError for the first file that differs.
    """
    if entry.source == "wheel" and entry.assembly == "in-place":
        return len([locate_exact(entry, file) for file in entry.files])
    expected = {str(file["path"]): str(file["sha256"]) for file in read_manifest(folder)}
    expected.update({file.path: file.sha256 for file in entry.assembled})
    _compare(entry, folder, expected)
    return len(expected)


def nearest_existing(folder: Path) -> Path:
    """The folder, or its nearest parent that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def _compare(entry: ModelEntry, folder: Path, expected: Mapping[str, str]) -> None:
    for path, sha256 in expected.items():
        if not (folder / path).is_file() or sha256_of(folder / path) != sha256:
            raise ModelDamagedError(
                f"the file {path} of {entry.name} in {folder} is not the one that belongs there",
                remedy="delete that folder; a model from packages is assembled again by itself",
            )
