"""Hashes of a folder of wheels: python scripts/lock_wheels.py FOLDER

Writes FOLDER/requirements.lock, every wheel with its version and SHA-256, in the form that
`pip install --no-index --find-links FOLDER --require-hashes -r FOLDER/requirements.lock` takes: whoever carries the
folder to another machine changes nothing of it unseen. Prints the hash of the lock itself, which goes another way.
"""

from __future__ import annotations

import sys
from hashlib import file_digest
from pathlib import Path

from packaging.utils import parse_wheel_filename

LOCK = "requirements.lock"


def main(folder: Path) -> str:
    """The lock's own SHA-256. Raises SystemExit for a folder from which nothing certain can be installed."""
    if sources := sorted(each.name for each in folder.glob("*.tar.gz")):
        raise SystemExit(f"{sources[0]} is a source and no wheel: make one of it with `pip wheel` and remove it.")
    lines: dict[str, str] = {}
    for wheel in sorted(folder.glob("*.whl")):
        name, version, *_ = parse_wheel_filename(wheel.name)
        if name in lines:
            raise SystemExit(f"{folder} holds two wheels of {name}: remove the one that was not tested.")
        lines[name] = f"{name}=={version} --hash=sha256:{digest(wheel)}"
    if not lines:
        raise SystemExit(f"There is no wheel in {folder}: run `make wheelhouse` first.")
    (folder / LOCK).write_text("\n".join(lines.values()) + "\n", "utf-8")
    return digest(folder / LOCK)


def digest(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    print(f"{LOCK} sha256:{main(Path(sys.argv[1]))}")
