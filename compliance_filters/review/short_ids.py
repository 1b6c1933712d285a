"""Short ids: the beginning or the end of an id is enough where only one has it."""

from __future__ import annotations

from sqlalchemy import Column, ColumnElement, Engine, or_, select

from compliance_filters.errors import ReviewQueueError


def the_id(engine: Engine, column: Column[str], wanted: str, *which: ColumnElement[bool], kind: str = "") -> str:
    """The one id that begins like `wanted`, with or without the letters of its kind, or ends so; else `wanted`.

    Ids that were made at one time begin alike. Raises ReviewQueueError where several fit.
    """
    if not wanted:
        return wanted
    fits = or_(*(column.startswith(word, autoescape=True) for word in {wanted, kind + wanted}),
               column.endswith(wanted, autoescape=True))  # fmt: skip
    with engine.connect() as connection:
        found = connection.execute(select(column).where(fits, *which).order_by(column).limit(2)).scalars().all()
    if wanted in found or not found:
        return wanted
    if len(found) > 1:
        raise ReviewQueueError(f"several ids begin or end with {wanted}: write more of the one that you mean.")
    return str(found[0])
