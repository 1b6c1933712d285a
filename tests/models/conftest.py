"""The store is tested here with made-up packages of a few bytes, so it must be free to resolve them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from models.entries import ModelEntry
from tests.models.made_up import made_up_entry, write_packages


@pytest.fixture(autouse=True)
def no_weights() -> None:
    """Lifts the ban of the same name: no test in this folder that lacks the mark asks for real weights."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the import path with the two made-up packages."""
    folder = tmp_path / "site"
    write_packages(folder)
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.fixture
def entry() -> ModelEntry:
    return made_up_entry()


@pytest.fixture
def free_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how many bytes the disk says are free."""

    def say(free: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 0, free))

    return say
