"""A dossier verified elsewhere: moved, by another user, read-only, offline, with a home that is empty."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.serve.conftest import FEE, Tougu
from tests.serve.test_audit_commands import home as home

OFFLINE = """
import os, socket, sys
def refuse(*_): raise OSError("this machine has no network")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO
from serve.cli import main
sys.argv = ["tougu", *sys.argv[1:]]
with redirect_stdout(StringIO()), redirect_stderr(StringIO()), suppress(SystemExit):
    main()  # loads the program, which may lie where the other user cannot read
if os.geteuid() == 0:  # what follows reads as a user to whom the first machine is closed
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
main()
"""


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder that every user can read, outside the folders of the first machine."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def dossier(home: Path, tougu: Tougu, elsewhere: Path, tmp_path: Path) -> Path:
    """Made in one home, carried elsewhere with the public key alone; then the first home is gone."""
    assert tougu("ask", FEE, "--client", "C0003").code == 0
    assert tougu("audit", "dossier", "C0003", "--out", tmp_path / "made.zip").code == 0
    assert tougu("audit", "public-key", elsewhere / "public.key").code == 0
    shutil.copy(tmp_path / "made.zip", elsewhere / "case.zip")
    shutil.rmtree(home)
    for file in elsewhere.iterdir():
        file.chmod(0o444)
    elsewhere.chmod(0o555)
    return elsewhere / "case.zip"


def verify(file: Path, key: Path) -> subprocess.CompletedProcess[str]:
    """By the documented command, as another user where this one may become another."""
    command = [sys.executable, "-c", OFFLINE, "audit", "dossier-verify", str(file), "--public-key", str(key), "--json"]
    environment = {"TOUGU_HOME": str(file.parent / "empty"), "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1",
                   "PYTHONPATH": str(Path(__file__).parents[2])}  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_it_verifies_without_the_home_that_made_it(dossier: Path, elsewhere: Path) -> None:
    ran = verify(dossier, elsewhere / "public.key")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["ok"], told["about"], told["problems"]) == (True, "C0003", [])
    assert told["signed_by"] == (elsewhere / "public.key").read_text().strip()
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o555
    assert sorted(path.name for path in elsewhere.iterdir()) == ["case.zip", "public.key"], "nothing was written"


def test_every_changed_byte_is_found_elsewhere_too(dossier: Path, elsewhere: Path, tmp_path: Path) -> None:
    """Each byte in this process; one of each file inside by the command."""
    from compliance_filters.audit.checkpoint import PublicKey
    from copilot.dossier import DossierError
    from copilot.dossier_file import verify_dossier

    whole, public = dossier.read_bytes(), PublicKey.read(elsewhere / "public.key")
    bad = tmp_path / "bad.zip"
    step = max(1, len(whole) // 4_000)
    for place in range(0, len(whole), step):
        bad.write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
        try:
            found = not verify_dossier(bad, public_key=public).ok
        except DossierError:
            found = True
        assert found, place
    elsewhere.chmod(0o755)
    with zipfile.ZipFile(dossier) as archive:
        at = archive.getinfo("entries.jsonl").header_offset + 200
    changed = elsewhere / "changed.zip"
    changed.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    changed.chmod(0o444)
    ran = verify(changed, elsewhere / "public.key")
    assert ran.returncode == 1, ran.stdout
