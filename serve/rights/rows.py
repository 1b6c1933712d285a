"""How many rows of lists one caller is shown in a day: page after page no list is a way round an export's approval."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from jobs.clock import database_now
from jobs.locks import hold
from knowledge_base.access import Principal, Role
from serve.rights.exports import LISTS, ExportError
from serve.rights.settings import LimitSettings
from serve.tables import export_requests, rows_shown
from serve.times import SHANGHAI

_rows = rows_shown.c
_asked = export_requests.c


class RowBudget:
    """Counts rows by caller and day of China, in the database, so that all processes count together."""

    def __init__(self, engine: Engine, settings: LimitSettings) -> None:
        self._engine, self._rules = engine, settings

    def take(self, rows: int, *, principal: Principal) -> None:
        """Count rows that are about to be shown. Raises ExportError where they are more than the day and what another
        person approved leave; none of them counts then. The machine's operator is not counted."""
        own = self._rules.key_rows_a_day if principal.user_id.startswith("key:") else self._rules.person_rows_a_day
        if not rows or not own or principal.has(Role.SYSTEM):
            return
        with self._engine.begin() as connection:
            hold(connection, f"rows shown {principal.user_id}")
            now = database_now(connection)
            today = now.astimezone(SHANGHAI).date()
            before = _shown(connection, principal.user_id, today)
            most = own + _approved(connection, principal.user_id, now)
            if (before or 0) + rows > most:
                raise ExportError(
                    f"Lists showed {principal.user_id} {before or 0} rows today and {most} are the most: narrow the "
                    "list, come back tomorrow, or ask for more with POST /v1/exports and let another person approve.",
                    zh=f"今日列表查看量将超过{most}行：请缩小范围或明日再看；要看更多，在“导出审批”页申请，由另一人审批。",
                    needs="approval",
                )  # fmt: skip
            _keep(connection, principal.user_id, today, before, rows)


def _shown(connection: Connection, user_id: str, day: date) -> int | None:
    query = select(_rows.rows).where(_rows.user_id == user_id, _rows.day == day)
    return connection.execute(query).scalar_one_or_none()


def _approved(connection: Connection, user_id: str, now: datetime) -> int:
    mine = (_asked.asked_by == user_id) & (_asked.what == LISTS) & (_asked.state == "approved")
    query = select(func.sum(_asked.rows)).where(mine, _asked.fetch_until > now)
    return connection.execute(query).scalar_one() or 0


def _keep(connection: Connection, user_id: str, day: date, before: int | None, rows: int) -> None:
    if before is not None:
        here = (_rows.user_id == user_id) & (_rows.day == day)
        connection.execute(update(rows_shown).where(here).values(rows=before + rows))
        return
    connection.execute(delete(rows_shown).where(_rows.day < day - timedelta(days=1)))
    connection.execute(insert(rows_shown).values(user_id=user_id, day=day, rows=rows))
