"""A house of the same settings in a folder that is thrown away afterwards: suites leave no trace at home."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serve.wiring import House


@contextmanager
def fresh_house(house: House) -> Iterator[House]:
    """The same product with an empty database and index; weights are shared with `house`."""
    home = Path(tempfile.mkdtemp(prefix="tougu-eval-"))
    fresh = house.at_home(home)
    if "encoder" in vars(house):  # loaded already: once in memory is enough
        fresh.encoder = house.encoder
    try:
        yield fresh
    finally:
        fresh.close()
        shutil.rmtree(home, ignore_errors=True)
