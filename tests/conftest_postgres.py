"""Fixtures of databases: a PostgreSQL server a session, an empty database a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from serve.database import open_engine
from tests.postgres import PostgresServer, PostgresUnavailableError, start_server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the session; tests that need it skip, with the remedy, where none can be had."""
    try:
        server = start_server()
    except PostgresUnavailableError as error:
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """URL of a fresh, empty PostgreSQL database."""
    name = f"test_{uuid4().hex}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture
def pg_engine(postgres_url: str) -> Iterator[Engine]:
    """The product's engine on a fresh PostgreSQL database."""
    engine = open_engine(postgres_url)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a fresh database; the test runs on SQLite and, marked `postgres`, on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'contract.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def any_engine(database_url: str) -> Iterator[Engine]:
    """The product's engine on a fresh database of either kind."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()
