from __future__ import annotations

import pytest
from sqlalchemy import create_engine

from tests.rag.firm import PROFILE, Firm


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    """A firm's documents, shared by the tests of a file: they only read, or add what no other asks for."""
    folder = tmp_path_factory.mktemp("firm")
    made = Firm(create_engine(f"sqlite:///{folder / 'kb.db'}"), folder)
    made.put("profile.md", PROFILE)
    return made
