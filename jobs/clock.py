"""Time as the database stores it: aware UTC in Python, and the database's own clock for leases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, column, text
from sqlalchemy.types import TypeDecorator

from jobs.direct import Direct

_NOW = {
    "sqlite": Direct(text("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now') AS now").columns(column("now"))),
    "postgresql": Direct(text("SELECT clock_timestamp() AS now").columns(column("now"))),
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite drops the zone, so it is put back when read.

    Raises ValueError when a naive datetime is written: its zone would be a guess.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime cannot be stored ({value!r}): give it a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def database_now(connection: Connection) -> datetime:
    """Current time by the clock of the database server (the file's host, for SQLite), aware UTC.

    Every worker compares leases against this one clock, so skewed worker clocks cannot
    make two workers hold the same row.
    """
    raw: str | datetime = _NOW[connection.dialect.name].rows(connection, {})[0]["now"]
    if isinstance(raw, str):
        return datetime.fromisoformat(raw).replace(tzinfo=UTC)
    return raw.astimezone(UTC)
