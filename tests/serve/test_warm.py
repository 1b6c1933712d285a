"""Long-running processes load the dictionary at their start; a command that ends by itself loads nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mandarin import homophones
from serve.settings import Settings
from serve.warm import warm, warm_beside
from serve.wiring import House
from tests.serve.conftest import Tougu


@pytest.fixture
def cold() -> Iterator[None]:
    homophones._dictionary.cache_clear()
    yield
    homophones._dictionary.cache_clear()


def is_warm() -> bool:
    return homophones._dictionary.cache_info().currsize == 1


def test_warming_up_loads_the_dictionary(cold: None, house: House) -> None:
    assert not is_warm()
    warm_beside(house).join(60)
    assert is_warm()


def test_broken_rules_do_not_keep_a_process_from_starting(cold: None, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("rules: [", encoding="utf-8")
    rules = settings.compliance.model_copy(update={"rule_packs": (tmp_path / "broken.yaml",)})
    house = House(settings.model_copy(update={"compliance": rules}))
    warm(house)
    house.close()


def test_the_worker_warms_up_and_other_commands_do_not(
    cold: None, tougu: Tougu, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[House] = []
    monkeypatch.setattr("serve.warm.warm_beside", started.append)
    monkeypatch.setattr("serve.worker.work_until_signal", lambda _house: None)
    assert tougu("--version").code == 0
    assert started == []
    assert tougu("worker").code == 0
    assert len(started) == 1
