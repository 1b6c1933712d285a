"""Alembic migrations of every package's tables, run by `serve.database.migrate`."""
