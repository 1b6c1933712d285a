"""Write the next migration: python -m serve.migrations.make "what changes"

Brings an empty SQLite file to the last revision, compares it with the tables in the code, and writes
the difference to `versions/`. Read the result before you commit it.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

from alembic.script import Script

from serve.database import alembic_config, migrate, open_engine


def make(message: str) -> Path | None:
    """Write a revision named after `message` and return its path; None when nothing changed."""
    from alembic import command

    def drop_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
        if directives[0].upgrade_ops.is_empty():
            directives.clear()

    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/head.db")
        migrate(engine)
        with engine.connect() as connection:
            script = command.revision(
                alembic_config(connection), message, autogenerate=True, process_revision_directives=drop_empty
            )
        engine.dispose()
    return Path(script.path) if isinstance(script, Script) else None


def main() -> int:
    """The command line; returns the exit code."""
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        print('usage: python -m serve.migrations.make "what changes"', file=sys.stderr)
        return 2
    path = make(sys.argv[1])
    print(f"wrote {path}" if path else f"nothing to do: {files('serve.migrations')} has it all")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
