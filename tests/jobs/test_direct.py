"""Statements straight on the driver give what SQLAlchemy gives, and fail as it fails."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import JSON, Column, Engine, Integer, MetaData, String, Table, bindparam, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from jobs.clock import UtcDateTime, database_now
from jobs.direct import Direct, at_once, reading

METADATA = MetaData()
ROWS = Table(
    "direct_rows", METADATA, Column("id", String(8), primary_key=True), Column("n", Integer, nullable=False),
    Column("at", UtcDateTime), Column("told", JSON),
)  # fmt: skip
AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
FIRST = {"id": "a", "n": 1, "at": AT, "told": {"说": ["买", 1.5]}}


@pytest.fixture
def engine(any_engine: Engine) -> Engine:
    METADATA.create_all(any_engine)
    with any_engine.begin() as connection:
        Direct(insert(ROWS)).each(connection, [FIRST])
    return any_engine


def test_rows_are_those_that_sqlalchemy_reads(engine: Engine) -> None:
    query = select(ROWS).where(ROWS.c.at == bindparam("at", type_=UtcDateTime()))
    with engine.connect() as connection:
        assert Direct(query).rows(connection, {"at": AT}) == [FIRST]
        assert [row._asdict() for row in connection.execute(query, {"at": AT})] == [FIRST]


def test_constants_of_a_statement_stay_and_values_change(engine: Engine) -> None:
    raised = Direct(update(ROWS).where(ROWS.c.id == bindparam("of")).values(n=ROWS.c.n + 10).returning(ROWS.c.n))
    with engine.begin() as connection:
        assert [raised.rows(connection, {"of": of}) for of in ("a", "none", "a")] == [[{"n": 11}], [], [{"n": 21}]]


def test_it_stands_and_falls_with_the_transaction(engine: Engine) -> None:
    made = Direct(insert(ROWS))
    with engine.connect() as connection:
        made.each(connection, [{**FIRST, "id": "b"}, {**FIRST, "id": "c"}])
        connection.rollback()
    with engine.connect() as connection:
        assert connection.scalars(select(ROWS.c.id)).all() == ["a"]


def test_one_statement_stands_without_a_transaction_and_the_next_ones_have_theirs(engine: Engine) -> None:
    with at_once(engine) as connection:
        Direct(update(ROWS).values(n=5)).rows(connection, {})
    with engine.connect() as connection:
        connection.execute(update(ROWS).values(n=6))
        connection.rollback()
        assert connection.scalar(select(ROWS.c.n)) == 5


def test_one_statement_that_fails_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(IntegrityError), at_once(engine) as connection:
        Direct(insert(ROWS)).each(connection, [FIRST])
    with engine.connect() as connection:
        assert connection.scalars(select(ROWS.c.id)).all() == ["a"]


def test_errors_are_sqlalchemys(engine: Engine) -> None:
    with pytest.raises(IntegrityError), engine.begin() as connection:
        Direct(insert(ROWS)).each(connection, [FIRST])
    with engine.begin() as connection:
        assert database_now(connection).tzinfo is UTC, "the connection is of use again"


@pytest.mark.postgres
def test_a_read_leaves_prepared_statements_alone(pg_engine: Engine) -> None:
    """psycopg forgets them when a transaction is rolled back, which is how one that only read ends."""
    prepared = text("SELECT count(*) AS n FROM pg_prepared_statements")

    def count() -> Any:
        with reading(pg_engine) as connection:
            return connection.execute(prepared).scalar_one()

    asked = Direct(select(bindparam("n", type_=Integer()).label("n")))
    for n in range(8):
        with reading(pg_engine) as connection:
            assert asked.rows(connection, {"n": n}) == [{"n": n}]
    assert count() > 0
    assert count() > 0
