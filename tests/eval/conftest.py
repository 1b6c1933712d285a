"""A real house without weights: rules read turns, a hash stands for the encoder, the home is temporary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compliance_filters.settings import ComplianceSettings
from intent.settings import IntentSettings
from models.settings import ModelSettings
from serve.settings import Settings
from serve.wiring import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(
        Settings(
            home=tmp_path / "home",
            models=ModelSettings(encoder_kind="hash"),
            compliance=ComplianceSettings(profile="rules"),
            intent=IntentSettings(method="rules"),
        )
    )
    (tmp_path / "home").mkdir()
    yield made
    made.close()


@pytest.fixture
def lines(tmp_path: Path) -> Callable[..., Path]:
    """Writes objects as JSON Lines and returns the file."""

    def write(*items: dict[str, Any], name: str = "data.jsonl") -> Path:
        import json

        path = tmp_path / name
        path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), encoding="utf-8")
        return path

    return write
