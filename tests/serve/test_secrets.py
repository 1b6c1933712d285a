"""The audit key and the signing key: made once, kept by the owner alone."""

from __future__ import annotations

import multiprocessing
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from compliance_filters.settings import ComplianceSettings
from serve.errors import SettingsError
from serve.secrets import KEY_FILE, SIGNING_FILE, audit_key, audit_signer
from serve.settings import Settings


def make(home: Path, start: object, keys: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    keys.put(audit_key(Settings(home=home)))  # type: ignore[attr-defined]


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    start, keys = spawn.Event(), spawn.Queue()
    processes = [spawn.Process(target=make, args=(tmp_path / "home", start, keys)) for _ in range(2)]
    for process in processes:
        process.start()
    start.set()
    found = {keys.get(timeout=60) for _ in processes}
    for process in processes:
        process.join()
    assert len(found) == 1


def test_threads_too_and_nothing_is_left_beside(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(audit_key(Settings(home=tmp_path)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    assert len(audit_key(Settings(home=tmp_path))) == 64
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_a_given_key_makes_no_file(tmp_path: Path) -> None:
    given = ComplianceSettings(audit_key=SecretStr("k" * 40))
    assert audit_key(Settings(home=tmp_path, compliance=given)) == b"k" * 40
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(SettingsError, match="restore it from a backup"):
        audit_key(Settings(home=tmp_path))
    assert (tmp_path / KEY_FILE).read_bytes() == b"short"


def test_the_signing_key_is_another_file_and_no_part_of_the_audit_key(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert audit_signer(settings).private == audit_signer(settings).private
    assert (tmp_path / SIGNING_FILE).stat().st_mode & 0o777 == 0o600
    assert audit_signer(settings).private.hex().encode() not in audit_key(settings)


def test_the_signing_key_may_lie_elsewhere(tmp_path: Path) -> None:
    place = tmp_path / "safe" / "signing.key"
    settings = Settings(home=tmp_path / "home", compliance=ComplianceSettings(audit_signing_key=place))
    audit_signer(settings)
    assert place.is_file()
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("content", ["", "rubbish", "ed25519-sha256-aesgcm ff", "sm2-sm3-sm4gcm " + "1" * 64])
def test_a_damaged_signing_key_is_not_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / SIGNING_FILE).write_text(content)
    with pytest.raises(SettingsError, match="holds no private key"):
        audit_signer(Settings(home=tmp_path))
    assert (tmp_path / SIGNING_FILE).read_text() == content
