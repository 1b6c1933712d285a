"""Backup of a PostgreSQL database, by the client programs of PostgreSQL."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy import Engine, inspect

from serve.errors import ServeError


class BackupError(ServeError):
    """A copy cannot be made, is not whole, or cannot be put back; the message says what to do."""


def dump(engine: Engine, file: Path) -> None:
    """Write the database as of one moment to `file`. Raises BackupError."""
    _run(engine, "pg_dump", "--format=custom", "--no-owner", f"--file={file}")
    file.chmod(0o600)


def restore_dump(engine: Engine, file: Path, *, force: bool) -> None:
    """Put a dump back, all or nothing. Raises BackupError, also for a filled database without `force`."""
    if inspect(engine).get_table_names() and not force:
        raise BackupError("The database has tables already: use an empty one, or replace them with --force.")
    options = ("--no-owner", "--clean", "--if-exists", "--single-transaction", "--exit-on-error")
    _run(engine, "pg_restore", *options, str(file))


def _run(engine: Engine, program: str, *arguments: str) -> None:
    """Run a client program on the engine's database; the password goes by a private file."""
    if shutil.which(program) is None:
        raise BackupError(f"{program} was not found: install the PostgreSQL client of the server's version.")
    with tempfile.TemporaryDirectory() as folder:
        command = [program, *arguments, f"--dbname={_conninfo(engine, Path(folder))}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise BackupError(f"{program} failed ({reason}): install the client of the server's version or newer.")


def _conninfo(engine: Engine, folder: Path) -> str:
    from psycopg.conninfo import make_conninfo

    _, options = engine.dialect.create_connect_args(engine.url)
    fields = {name: value for name, value in options.items() if name not in ("context", "password")}
    if password := engine.url.password:
        secret = password.replace("\\", "\\\\").replace(":", "\\:")
        passfile = folder / "pgpass"
        passfile.touch(mode=0o600)
        passfile.write_text(f"*:*:*:*:{secret}\n", encoding="utf-8")
        fields["passfile"] = str(passfile)
    return make_conninfo("", **fields)
