"""Puts a model folder in place once: locked between processes, built beside, synced, renamed."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from models.errors import ModelUnavailableError

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
BLOCK_BYTES = 1 << 20
SPARE_BYTES = 64 << 20  # left free on the disk after an assembly


def assemble(cache_dir: Path, folder_name: str, *, needed_bytes: int, build: Callable[[Path], None]) -> Path:
    """Return `cache_dir/folder_name`, built by `build(temporary folder)` unless it is already whole.

    Two processes that start together build once: the second waits for the first and takes its result.
    Raises ModelUnavailableError when the folder cannot be written.
    """
    target = cache_dir / folder_name
    if is_whole(target):
        return target
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with _locked(cache_dir / f".{folder_name}.lock"):
            if not is_whole(target):
                _remove_leftovers(cache_dir, folder_name)
                require_space(cache_dir, needed_bytes)
                _build_and_rename(target, build)
    except OSError as error:
        raise _translated(error, cache_dir) from error
    return target


def is_whole(folder: Path) -> bool:
    """Cheap look, without hashing: the manifest is there and every file has its size."""
    files = read_manifest(folder)
    return bool(files) and all(_size(folder / file["path"]) == file["size_bytes"] for file in files)


def read_manifest(folder: Path) -> list[dict[str, Any]]:
    """What was assembled: path, size_bytes and sha256 of each file; empty when there is no manifest."""
    try:
        files: list[dict[str, Any]] = json.loads((folder / MANIFEST).read_text("utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return files


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def require_space(folder: Path, needed_bytes: int) -> None:
    """Raises ModelUnavailableError when the disk under `folder` would be too full."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes + SPARE_BYTES:
        raise ModelUnavailableError(
            f"the disk of {folder} is too full for a model: {free >> 20} MB are free and "
            f"{(needed_bytes + SPARE_BYTES) >> 20} MB are needed",
            remedy="free some space or set another cache folder",
        )


def _build_and_rename(target: Path, build: Callable[[Path], None]) -> None:
    working = target.parent / f".{target.name}.{os.getpid()}.tmp"
    working.mkdir()
    logger.info("assembling model folder", extra={"folder": target.name})
    try:
        build(working)
        _write_manifest(working)
        _sync(working)
        _set_aside(target)
        working.rename(target)
        _sync_path(target.parent)
    finally:
        shutil.rmtree(working, ignore_errors=True)


def _write_manifest(folder: Path) -> None:
    files = [
        {
            "path": path.relative_to(folder).as_posix(),
            "size_bytes": path.stat().st_size,
            "sha256": sha256_of(path),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    (folder / MANIFEST).write_text(json.dumps({"files": files}, indent=1), "utf-8")


def _sync(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        _sync_path(path)


def _sync_path(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _set_aside(target: Path) -> None:
    """A damaged folder is renamed before it is deleted: a reader never sees half of it."""
    if target.exists():
        aside = target.parent / f".{target.name}.{os.getpid()}.old.tmp"
        target.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _remove_leftovers(cache_dir: Path, folder_name: str) -> None:
    """Folders of a process that was killed; nobody else writes them while the lock is held."""
    for leftover in cache_dir.glob(f".{folder_name}.*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Exclusive between processes and between threads; the kernel lets go when the holder dies."""
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _translated(error: OSError, cache_dir: Path) -> ModelUnavailableError:
    if error.errno == errno.ENOSPC:
        return ModelUnavailableError(
            f"the disk of {cache_dir} filled up while a model was written (nothing was left behind)",
            remedy="free some space or set another cache folder",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
        return ModelUnavailableError(
            f"the model cache {cache_dir} cannot be written ({error.strerror})",
            remedy="give this user the right to write there or set another cache folder",
        )
    return ModelUnavailableError(
        f"a model could not be written to {cache_dir} ({error.strerror or error})",
        remedy="look at the disk and try again",
    )
