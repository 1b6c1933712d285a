"""A made-up model in two packages of a few bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from models.entries import FinishedFile, ModelEntry, SourceFile

FIRST, SECOND, CONFIG = b"first half, ", b"second half", b"{}"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def part(package: str, path: str, to: str, content: bytes) -> SourceFile:
    return SourceFile(package=package, path=path, to=to, size_bytes=len(content), sha256=sha256(content))


def made_up_entry(name: str = "tiny") -> ModelEntry:
    """A model of two packages whose model.bin is joined from two parts."""
    whole = FIRST + SECOND
    return ModelEntry(
        name=name,
        slot="whisper",
        task="speech",
        source="wheel",
        assembly="join",
        packages=("tougu-tiny-one", "tougu-tiny-two"),
        install="pip install tougu-tiny",
        assembled_bytes=1000,
        files=(
            part("tougu_tiny_one", "data/config.json", "config.json", CONFIG),
            part("tougu_tiny_one", "data/model.bin.part1", "model.bin", FIRST),
            part("tougu_tiny_two", "data/model.bin.part2", "model.bin", SECOND),
        ),
        assembled=(FinishedFile(path="model.bin", size_bytes=len(whole), sha256=sha256(whole)),),
        requires=("config.json", "model.bin"),
        licence="MIT",
        origin="made up",
        filing="internal use only; no filing",
        approver="a test",
    )


def write_packages(site: Path) -> None:
    for package, files in {
        "tougu_tiny_one": {"config.json": CONFIG, "model.bin.part1": FIRST},
        "tougu_tiny_two": {"model.bin.part2": SECOND},
    }.items():
        (site / package / "data").mkdir(parents=True)
        (site / package / "__init__.py").touch()
        for name, content in files.items():
            (site / package / "data" / name).write_bytes(content)
