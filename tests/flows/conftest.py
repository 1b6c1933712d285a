"""The product as it ships, weights and all, run as processes of its own in homes that share the converted weights."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

LIMIT_S = 900

Tougu = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def weights_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where weights are put in place once for all flows."""
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def tougu(tmp_path_factory: pytest.TempPathFactory, weights_cache: Path) -> Tougu:
    """Runs the command line in a home of this module; asserts nothing on the outcome."""
    home = tmp_path_factory.mktemp("home")
    own = {key: value for key, value in os.environ.items() if not key.startswith("TOUGU_")}
    environment = {**own, "TOUGU_HOME": str(home), "TOUGU_MODELS__CACHE_DIR": str(weights_cache)}

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from serve.cli import main; main()", *map(str, arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False)

    return run
