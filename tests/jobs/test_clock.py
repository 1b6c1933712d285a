"""Times go in and come out aware, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Engine, MetaData, Table, insert, select
from sqlalchemy.exc import StatementError

from jobs.clock import UtcDateTime, database_now

metadata = MetaData()
moments = Table("moments", metadata, Column("at", UtcDateTime, primary_key=True))


def test_a_time_of_any_zone_comes_back_in_utc(any_engine: Engine) -> None:
    metadata.create_all(any_engine)
    shanghai = datetime(2026, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    with any_engine.begin() as connection:
        connection.execute(insert(moments).values(at=shanghai))
    with any_engine.connect() as connection:
        read = connection.execute(select(moments.c.at)).scalar_one()
    assert read == shanghai
    assert read.tzinfo is UTC


def test_a_naive_time_is_refused(any_engine: Engine) -> None:
    metadata.create_all(any_engine)
    with pytest.raises(StatementError, match="naive"), any_engine.begin() as connection:
        connection.execute(insert(moments).values(at=datetime(2026, 3, 2)))  # noqa: DTZ001


def test_the_databases_clock_is_near_ours(any_engine: Engine) -> None:
    with any_engine.connect() as connection:
        assert abs(database_now(connection) - datetime.now(UTC)) < timedelta(seconds=5)
