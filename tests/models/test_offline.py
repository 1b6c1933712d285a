"""No library of this process may ask a hub."""

from __future__ import annotations

import os

import pytest

from models.offline import OFFLINE, SILENT, stay_offline


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*OFFLINE, *SILENT):
        monkeypatch.setenv(name, "unset by the operator")


def test_closes_hub_and_telemetry() -> None:
    stay_offline()
    assert {name: os.environ[name] for name in (*OFFLINE, *SILENT)} == {**OFFLINE, **SILENT}


def test_an_allowed_hub_leaves_only_telemetry_closed() -> None:
    stay_offline(allow_hub=True)
    assert os.environ["HF_HUB_OFFLINE"] == "unset by the operator"
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"


def test_reaches_a_hub_client_that_was_imported_before(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    stay_offline()
    assert huggingface_hub.constants.HF_HUB_OFFLINE
