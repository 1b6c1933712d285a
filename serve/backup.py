"""A consistent, verified copy of everything the firm cannot make again, taken while the service runs.

The database is copied first, by its own means, then the files: a file that a row speaks of is there.
The cache (converted weights) is left out, since it is made again from the registry.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from knowledge_base.access import Principal, Role
from serve.database import schema_state
from serve.postgres_dump import BackupError, dump, restore_dump

MANIFEST = "manifest.json"
FORMAT = 1
SQLITE_NAME = "tougu.db"
DUMP_NAME = "tougu.pgdump"
LEFT_OUT = frozenset({"cache", MANIFEST})  # of the top level of home
TRIES = 20
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """One file of a backup."""

    path: str  # relative, with forward slashes
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup holds."""

    format: int
    made_at: str  # ISO 8601, UTC
    made_by: str
    version: str  # of the program
    database: str  # sqlite or postgresql
    schema: str | None  # revision of the database
    files: tuple[FileEntry, ...]

    @property
    def size_bytes(self) -> int:
        return sum(entry.size_bytes for entry in self.files)


def backup(home: Path, engine: Engine, target: Path, *, principal: Principal) -> Manifest:
    """Copy database and files into the new folder `target`; written beside, verified, then renamed.

    Raises AccessDeniedError, and BackupError when the target is taken, lies in home, or the disk is full.
    """
    principal.require("make a backup", Role.OPERATIONS, Role.SYSTEM)
    target = target.absolute()
    _refuse_target(home.resolve(), target)
    with _beside(target) as partial:
        _copy_database(engine, partial)
        _copy_files(home, partial, _live_database_files(home, engine))
        manifest = Manifest(
            format=FORMAT,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            made_by=principal.user_id,
            version=_program_version(),
            database=engine.dialect.name,
            schema=schema_state(engine).current,
            files=tuple(_describe(partial)),
        )
        _write_manifest(partial, manifest)
        verify(partial)
    return manifest


def verify(target: Path) -> Manifest:
    """Compare every file with the manifest. Raises BackupError naming the first that differs."""
    manifest = _read_manifest(target)
    present = {path.relative_to(target).as_posix() for path in _files(target)} - {MANIFEST}
    listed = {entry.path: entry for entry in manifest.files}
    if wrong := sorted(present.symmetric_difference(listed)):
        state = "is missing" if wrong[0] in listed else "does not belong to it"
        raise BackupError(f"The backup {target} is not whole: {wrong[0]} {state}; use another backup.")
    for entry in manifest.files:
        path = target / entry.path
        if path.stat().st_size != entry.size_bytes or _sha256(path) != entry.sha256:
            raise BackupError(
                f"The backup {target} is damaged: {entry.path} is not what was saved; use another backup."
            )
    return manifest


def restore(target: Path, home: Path, *, force: bool = False, engine: Engine | None = None) -> Manifest:
    """Verify the backup `target` and put it in the place of `home`; the service must not be running.

    The new home is written beside and renamed, so that a broken restore leaves the old one. With `force`
    a home that is not empty is kept beside, as `<home>.before-restore-<time>`. `engine`: where a backup
    of PostgreSQL is put back; its tables are replaced in one transaction. Raises BackupError.
    """
    manifest = verify(target)
    home = home.absolute()
    if home.is_dir() and any(home.iterdir()) and not force:
        raise BackupError(f"{home} is not empty: restore into another home, or replace it with --force.")
    if manifest.database == "postgresql" and engine is None:
        raise BackupError("This is a backup of PostgreSQL: set database_url to the database that takes it.")
    with _beside(home, replace=True) as partial:
        for entry in manifest.files:
            if entry.path != DUMP_NAME:
                _copy_file(target / entry.path, partial / entry.path)
        _keep_cache(home, partial)
        if manifest.database == "postgresql" and engine is not None:
            restore_dump(engine, target / DUMP_NAME, force=force)
    return manifest


def _refuse_target(home: Path, target: Path) -> None:
    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise BackupError(f"{target} exists already: name a new folder.")
    if target.resolve().is_relative_to(home):
        raise BackupError(f"{target} lies inside the home {home}: name a folder elsewhere, best another disk.")


@contextmanager
def _beside(place: Path, *, replace: bool = False) -> Iterator[Path]:
    """A new folder next to `place` that takes its name when the block ends well, and vanishes otherwise."""
    partial: Path | None = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".partial", dir=place.parent))
        yield partial
        _sync(partial)
        if replace and place.exists():
            _set_aside(place)
        partial.rename(place)
        _sync(place.parent)
    except OSError as error:
        raise BackupError(_explain(error, place)) from error
    finally:
        if partial is not None and partial.exists():
            shutil.rmtree(partial, ignore_errors=True)


def _set_aside(place: Path) -> None:
    if any(place.iterdir()):
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        place.rename(place.with_name(f"{place.name}.before-restore-{stamp}"))
    else:
        place.rmdir()


def _explain(error: OSError, place: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"The disk of {place} is full: free some space; nothing was changed."
    if error.errno in (errno.EBUSY, errno.EXDEV):
        return f"{place} is a mount point and cannot be renamed: name a folder inside it instead."
    return f"{error.filename or place} cannot be read or written ({error.strerror}): check its permissions."


def _live_database_files(home: Path, engine: Engine) -> frozenset[Path]:
    """The database under the service's hands; its copy was taken by other means."""
    name = engine.url.database if engine.dialect.name == "sqlite" and engine.url.database else None
    database = Path(name).resolve() if name else home.resolve() / SQLITE_NAME
    return frozenset(database.with_name(database.name + end) for end in ("", "-wal", "-shm", "-journal"))


def _copy_database(engine: Engine, partial: Path) -> None:
    if engine.dialect.name == "sqlite":
        _copy_sqlite(engine, partial / SQLITE_NAME)
    else:
        dump(engine, partial / DUMP_NAME)


def _copy_sqlite(engine: Engine, copy: Path) -> None:
    """The database as of one moment; writers go on beside it."""
    source = engine.raw_connection()
    try:
        with closing(sqlite3.connect(copy)) as target:
            source.driver_connection.backup(target)  # type: ignore[union-attr]
            target.execute("PRAGMA journal_mode=DELETE")
            found = target.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        raise BackupError(f"The database cannot be copied ({error}): see `tougu doctor`.") from error
    finally:
        source.close()
    if found != "ok":
        raise BackupError(f"The database is damaged ({found}): stop the service, restore an older backup.")
    copy.chmod(0o600)


def _copy_files(home: Path, partial: Path, live: frozenset[Path]) -> None:
    for top in sorted(home.iterdir()):
        if top.name not in LEFT_OUT and not top.name.startswith("."):
            _copy_settled(top, partial / top.name, live)


def _copy_settled(source: Path, target: Path, live: frozenset[Path]) -> None:
    """Copy a file or folder, and what changed meanwhile again, until the copy is the whole of one moment."""
    copied: dict[Path, tuple[int, int]] = {}
    for _ in range(TRIES):
        seen = _snapshot(source, live)
        if seen == copied:
            return
        for gone in copied.keys() - seen.keys():
            (target / gone).unlink()
        copied = {path: mark for path, mark in copied.items() if seen.get(path) == mark}
        for path in seen.keys() - copied.keys():
            with suppress(FileNotFoundError):  # removed since; the next look says so
                _copy_file(source / path, target / path)
                copied[path] = seen[path]
    raise BackupError(f"{source} kept changing while it was copied: try again when no import is running.")


def _snapshot(top: Path, live: frozenset[Path]) -> dict[Path, tuple[int, int]]:
    """Size and time of change of every file by its path under `top`, to notice what changes."""
    seen = {}
    for path in _files(top):
        with suppress(FileNotFoundError):
            if path.resolve() not in live:
                stat = path.stat()
                seen[path.relative_to(top)] = (stat.st_size, stat.st_mtime_ns)
    return seen


def _files(top: Path) -> Iterator[Path]:
    """Every regular file at or under `top`. Raises BackupError at a link to a folder below it."""
    if top.is_file():
        yield top
    for folder, folders, names in os.walk(top):
        for name in folders:
            if (link := Path(folder) / name).is_symlink():
                raise BackupError(f"{link} is a link to a folder, which a backup does not follow: move the files.")
        yield from (path for name in names if (path := Path(folder) / name).is_file())


def _copy_file(source: Path, target: Path) -> None:
    """Copy the bytes, readable by the owner alone, and see that they reached the disk."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(source, "rb") as read, open(descriptor, "wb") as write:
        shutil.copyfileobj(read, write, CHUNK_BYTES)
        write.flush()
        os.fsync(write.fileno())


def _keep_cache(home: Path, partial: Path) -> None:
    """Converted weights are kept: they belong to this machine, not to the backup. Linked, not copied."""
    cache = home / "cache"
    if cache.is_dir():
        shutil.copytree(cache, partial / "cache", copy_function=os.link, symlinks=True)


def _describe(folder: Path) -> Iterator[FileEntry]:
    for path in sorted(_files(folder)):
        name = path.relative_to(folder).as_posix()
        yield FileEntry(path=name, size_bytes=path.stat().st_size, sha256=_sha256(path))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
    with (folder / MANIFEST).open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def _read_manifest(target: Path) -> Manifest:
    try:
        raw: dict[str, Any] = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
        files: Sequence[dict[str, Any]] = raw.pop("files")
        manifest = Manifest(**raw, files=tuple(FileEntry(**entry) for entry in files))
    except OSError as error:
        raise BackupError(f"{target} is not a backup ({MANIFEST}: {error.strerror}): name its folder.") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupError(f"{target / MANIFEST} is damaged: use another backup.") from error
    if manifest.format > FORMAT:
        raise BackupError(f"{target} was made by tougu {manifest.version}: restore it with that version.")
    return manifest


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _program_version() -> str:
    try:
        return version("tougu")
    except PackageNotFoundError:
        return "unknown"
