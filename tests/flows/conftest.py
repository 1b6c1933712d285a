"""The product as it ships, run as a user runs it, in homes that share the weights put in place once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from serve.settings import Settings
from serve.users import OPERATOR
from serve.wiring import House

LIMIT_S = 900


class Installation:
    """One home and the command line in it."""

    def __init__(self, home: Path, **environment: str) -> None:
        own = {key: value for key, value in os.environ.items() if not key.startswith("TOUGU_")}
        self.home = home
        self.environment: Mapping[str, str] = {**own, "TOUGU_HOME": str(home), **environment}

    def __call__(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run `tougu ARGUMENTS` to its end; asserts nothing on the outcome."""
        command = [sys.executable, "-c", "from serve.cli import main; main()", *map(str, arguments)]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )

    def text(self, version_id: str) -> str:
        """The canonical text of a document version, as its page shows it."""
        house = House(Settings(home=self.home))
        try:
            return house.open_document(version_id, principal=OPERATOR).text
        finally:
            house.close()


@pytest.fixture(scope="session")
def weights_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where weights are put in place, once for all flows."""
    return tmp_path_factory.mktemp("weights")
