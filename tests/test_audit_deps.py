"""The audit of what is installed: pins, licences, and advisories that were or were not reached."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit_deps", ROOT / "scripts" / "audit_deps.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="module")
def known() -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((ROOT / "packaging" / "licences.yaml").read_text(encoding="utf-8"))
    return found


def test_everything_installed_is_pinned_and_free(audit: ModuleType, known: dict[str, object]) -> None:
    found, absent = audit.closure("tougu")
    assert {"fastapi", "sqlalchemy", "starlette"} <= found.keys(), "what is needed by what is needed, too"
    pins = audit.pinned((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    assert list(audit.unpinned(found, absent, pins)) == []
    assert [told for name in found if (told := audit.refused(name, audit.licence(name), known))] == []


@pytest.mark.parametrize(
    ("told", "free"),
    [
        ("MIT", True), ("LGPL-3.0-only", True), ("GNU Lesser General Public License v2 or later (LGPLv2+)", True),
        ("AGPL-3.0-only", False), ("GPL-3.0-or-later", False), ("GNU Affero General Public License v3", False),
        ("GNU General Public License v2 (GPLv2)", False), ("MIT OR GPL-2.0-only", True), ("SSPL-1.0", False),
        ("BUSL-1.1", False), ("", False),
    ],
)  # fmt: skip
def test_which_licences_are_refused(audit: ModuleType, known: dict[str, object], told: str, free: bool) -> None:
    assert (audit.refused("some-package", told, known) is None) is free


def test_another_version_and_a_missing_pin_are_told(audit: ModuleType) -> None:
    pins = audit.pinned("# exact\nhttpx==0.28.1\ntorch==2.13.0  # any build\n")
    told = list(audit.unpinned({"httpx": "0.27.0", "torch": "2.13.0+cpu", "rich": "15.0"}, {"ray"}, pins))
    assert [line.split(" ")[0] for line in told] == ["ray", "rich", "httpx"]


def test_a_package_that_the_index_does_not_know_was_not_asked(audit: ModuleType) -> None:
    unknown = {"name": "jinja2", "skip_reason": "not found"}
    assert audit.read_advisories(json.dumps({"dependencies": [unknown]})) == (
        [], "advisories: not reached; nothing is known of vulnerabilities",
    )  # fmt: skip
    assert "not reached" in audit.read_advisories("")[1]
    bad = {"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "CVE-1", "fix_versions": ["2.8.1"]}]}
    lines, told = audit.read_advisories(json.dumps({"dependencies": [bad, unknown]}))
    assert lines == ["jinja2 2.4.1 has the known vulnerability CVE-1: take 2.8.1."]
    assert told == "advisories: 1 on 1 packages, 1 could not be asked"
