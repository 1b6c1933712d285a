"""Fixtures for all tests; unit tests reach no network and load no weights unless marked."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import Engine, create_engine, event

pytest_plugins = ["tests.conftest_postgres"]

# No test fails for time: a busy machine is no broken behaviour.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parent.parent
LOCAL_HOSTS = ("127.", "localhost", "::1", "0.0.0.0")


def data_dir() -> Path:
    """The folder of real documents, NAV and speech; tests marked `data` read it."""
    return Path(os.environ.get("TOUGU_TEST_DATA", ROOT.parent / "shared" / "data"))


EXPECTED_SKIP = "expected: "


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    absent = None if data_dir().is_dir() else f"{EXPECTED_SKIP}no real data at {data_dir()}; set TOUGU_TEST_DATA"
    for item in items:
        if absent and item.get_closest_marker("data"):
            item.add_marker(pytest.mark.skip(reason=absent))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With TOUGU_TEST_NO_SKIP=1 a skip that nobody expected is a failure: what was not run is not shown."""
    report: Any = yield
    if report.skipped and os.environ.get("TOUGU_TEST_NO_SKIP") == "1" and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if EXPECTED_SKIP not in reason:
            report.outcome = "failed"
            report.longrepr = f"unexpected skip of {item.nodeid}: {reason}"
    return report


@pytest.fixture
def real_data() -> Path:
    return data_dir()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anything but this machine fails the test at once."""
    real_connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(LOCAL_HOSTS):
            raise AssertionError(f"a test tried to reach {address[0]}")
        real_connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def no_weights(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unmarked tests cannot resolve a model's weights."""
    if request.node.get_closest_marker("weights"):
        return
    from models.registry import ModelStore

    def refuse(self: object, name: str) -> Path:
        raise AssertionError(f"a test without the mark `weights` asked for the weights of {name}")

    monkeypatch.setattr(ModelStore, "path", refuse)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A fresh SQLite file database with foreign keys and WAL on."""
    made = create_engine(f"sqlite:///{tmp_path / 'test.db'}")

    @event.listens_for(made, "connect")
    def pragmas(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA busy_timeout=30000")

    yield made
    made.dispose()
