"""The small firm of these tests"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.rag.firm import Firm


@pytest.fixture
def firm(engine: Engine, tmp_path: Path) -> Firm:
    return Firm(engine, tmp_path)
