"""The lock of a folder of wheels: pip installs from it, and refuses a wheel that was changed on the way."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "lock_wheels.py"


def wheel(folder: Path, name: str, version: str, body: str = "") -> Path:
    """A wheel that pip takes."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", body)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        kind = "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{info}/WHEEL", kind)
        archive.writestr(f"{info}/RECORD", "")
    return path


def lock(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True, check=False)


def installs(folder: Path, to: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-index", "--find-links", folder,
         "--require-hashes", "-r", folder / "requirements.lock", "--target", to],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_pip_takes_what_is_locked_and_nothing_that_was_changed(tmp_path: Path) -> None:
    house = tmp_path / "house"
    house.mkdir()
    wheel(house, "tougu_one", "1.0")
    wheel(house, "tougu_two", "2.0")
    ran = lock(house)
    assert (ran.returncode, ran.stdout.startswith("requirements.lock sha256:")) == (0, True), ran.stderr
    assert installs(house, tmp_path / "good").returncode == 0
    wheel(house, "tougu_two", "2.0", "import os")
    refused = installs(house, tmp_path / "bad")
    assert refused.returncode != 0
    assert "DO NOT MATCH THE HASHES" in refused.stderr


@pytest.mark.parametrize(
    ("files", "says"),
    [((), "no wheel"), (("jieba-0.42.1.tar.gz",), "source"), (("a-1-py3-none-any.whl", "a-2-py3-none-any.whl"), "two")],
)
def test_a_folder_that_is_not_certain_is_not_locked(tmp_path: Path, files: tuple[str, ...], says: str) -> None:
    for name in files:
        (tmp_path / name).write_bytes(b"x")
    ran = lock(tmp_path)
    assert ran.returncode == 1
    assert says in ran.stderr
    assert not (tmp_path / "requirements.lock").exists()
