"""What was asked and not found: counted by week, without who asked and without whom it was about."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from knowledge_base.access import Principal, Role
from knowledge_base.editor_tables import unanswered
from mandarin.script import fold_width, to_simplified

READERS = (Role.EDITOR, Role.COMPLIANCE, Role.OPERATIONS, Role.SYSTEM)
MOST_CHARS = 300
SHANGHAI = ZoneInfo("Asia/Shanghai")
_SIGNS = re.compile(r"[\W_]+")
Hide = Callable[[str], str]  # a text without identifiers and names of clients


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """A question of one week."""

    week: str  # 2026-W47
    question: str
    note: str  # what the asker was told
    times: int
    last_at: datetime


class UnansweredLog:
    """Questions that were refused. `hide` takes out identifiers and clients' names before anything is kept."""

    def __init__(self, engine: Engine, hide: Hide) -> None:
        self.engine = engine
        self._hide = hide

    def note(self, question: str, note: str, *, at: datetime | None = None) -> None:
        """Count a question; questions that differ in signs, width or script only are one."""
        now = at or datetime.now(UTC)
        hidden = self._hide(question.strip())[:MOST_CHARS]
        add = postgresql.insert if self.engine.dialect.name == "postgresql" else sqlite.insert
        values = {
            "week": week_of(now), "key": _key(hidden), "question": hidden, "note": self._hide(note)[:MOST_CHARS],
            "times": 1, "last_at": now,
        }  # fmt: skip
        statement = add(unanswered).values(values)
        counted = statement.on_conflict_do_update(
            index_elements=["week", "key"],
            set_={"times": unanswered.c.times + 1, "last_at": now, "note": values["note"]},
        )
        with self.engine.begin() as connection:
            connection.execute(counted)

    def list(self, *, principal: Principal, weeks: int = 12, limit: int = 500) -> tuple[Unanswered, ...]:
        """The last weeks, the latest first, within a week what was asked most. Raises AccessDeniedError."""
        principal.require("read what was not found", *READERS)
        first = week_of(datetime.now(UTC) - timedelta(weeks=max(weeks, 1) - 1))
        query = (
            select(unanswered)
            .where(unanswered.c.week >= first)
            .order_by(unanswered.c.week.desc(), unanswered.c.times.desc(), unanswered.c.question)
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return tuple(_unanswered(row) for row in connection.execute(query))

    def forget(self, weeks: int) -> int:
        """Remove what is older than so many weeks; returns how many rows went."""
        first = week_of(datetime.now(UTC) - timedelta(weeks=weeks))
        with self.engine.begin() as connection:
            return int(connection.execute(delete(unanswered).where(unanswered.c.week < first)).rowcount)


def week_of(moment: datetime) -> str:
    """The week of China's calendar, Monday to Sunday (ISO 8601)."""
    year, week, _ = moment.astimezone(SHANGHAI).isocalendar()
    return f"{year}-W{week:02d}"


def _key(question: str) -> str:
    plain = _SIGNS.sub("", to_simplified(fold_width(question)).text.lower())
    return hashlib.sha256(plain.encode()).hexdigest()


def _unanswered(row: Any) -> Unanswered:
    return Unanswered(
        week=row.week, question=row.question, note=row.note, times=row.times, last_at=row.last_at
    )  # fmt: skip
