"""Alembic's entry: the connection comes from `serve.database`, which holds the lock and the transaction."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import make_url
from sqlalchemy.types import TypeDecorator

from serve.database import all_metadata

DIALECTS = (make_url("postgresql+psycopg://").get_dialect()(), make_url("sqlite://").get_dialect()())


def plain_type(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:
    """Write the project's own column types as the SQL types under them: a migration imports no code."""
    if kind != "type" or not isinstance(item, TypeDecorator):
        return False
    on_postgresql, on_sqlite = (repr(item.load_dialect_impl(dialect).as_generic()) for dialect in DIALECTS)
    variant = "" if on_sqlite == on_postgresql else f".with_variant(sa.{on_sqlite}, 'sqlite')"
    return f"sa.{on_postgresql}{variant}"


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=all_metadata(),
    render_as_batch=True,
    render_item=plain_type,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
