"""Writers one after the other: one call for SQLite, which has one writer, and PostgreSQL, which has many."""

from __future__ import annotations

from sqlalchemy import Connection, text


def begin_writing(connection: Connection) -> None:
    """On SQLite take the write lock now, so that what is read next is still true when it is written.

    A transaction that first reads and then writes fails at once with "database is locked" when
    another writer came between; with the lock taken first it waits instead. No effect on PostgreSQL,
    where rows are locked as they are read (`with_for_update`).
    """
    if connection.dialect.name == "sqlite" and not _in_transaction(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def hold(connection: Connection, name: str) -> None:
    """Let only one transaction at a time pass this point for `name`; released by commit or rollback.

    For read-then-write sequences without a row to lock: the next number, the last hash of a chain.
    """
    begin_writing(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def _in_transaction(connection: Connection) -> bool:
    return bool(getattr(connection.connection.dbapi_connection, "in_transaction", False))
