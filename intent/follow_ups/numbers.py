"""Registered numbers: one after the other a year, without a gap.

The number is taken in the transaction that writes what bears it: a crash gives it back, and two processes wait for
each other. Nothing that bears a number is ever deleted, so the series proves that nothing is missing.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from intent.follow_ups.tables import registered_numbers
from jobs.locks import hold

SHANGHAI = ZoneInfo("Asia/Shanghai")


def next_number(connection: Connection, prefix: str, now: datetime) -> str:
    """The next number of a series, e.g. TS-2026-000123; the year is that of `now` in China."""
    series = f"{prefix}-{now.astimezone(SHANGHAI):%Y}"
    hold(connection, f"number:{series}")
    last = connection.scalar(select(registered_numbers.c.last).where(registered_numbers.c.series == series))
    if last is None:
        connection.execute(insert(registered_numbers).values(series=series, last=1))
    else:
        changed = update(registered_numbers).where(registered_numbers.c.series == series)
        connection.execute(changed.values(last=last + 1))
    return f"{series}-{(last or 0) + 1:06d}"
