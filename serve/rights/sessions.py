"""Logins that stand: kept on the server, found by the hash of a cookie, ended when idle, when old, or by somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, bindparam, delete, insert, or_, select, update

from jobs.clock import database_now
from jobs.direct import Direct, reading
from knowledge_base.access import Principal, Role
from serve.errors import NotFoundError
from serve.rights.settings import AuthSettings
from serve.rights.tokens import hashed, new_token
from serve.tables import login_sessions

SHOWN = 12  # characters of a hash by which a session is named to people
TOUCH = timedelta(minutes=1)  # how exactly the last request is known
_rows = login_sessions.c
_ONE = Direct(select(login_sessions).where(_rows.id == bindparam("of")))  # every request asks


@dataclass(frozen=True, kw_only=True)
class Session:
    """A login that stands."""

    id: str  # shortened hash; opens nothing
    user_id: str
    how: str  # password | oidc | wecom
    address: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class Sessions:
    """The table of logins."""

    def __init__(self, engine: Engine, settings: AuthSettings) -> None:
        self._engine = engine
        self._idle = timedelta(minutes=settings.session_idle_minutes)
        self._whole = timedelta(hours=settings.session_hours)

    def open(self, user_id: str, *, how: str, address: str) -> str:
        """Begin a session; returns the token for the cookie. Sessions that ended are swept away."""
        token = new_token()
        with self._engine.begin() as connection:
            now = database_now(connection)
            over = or_(_rows.expires_at <= now, _rows.seen_at <= now - self._idle)
            connection.execute(delete(login_sessions).where(over))
            connection.execute(
                insert(login_sessions).values(
                    id=hashed(token), user_id=user_id, how=how, address=address[:64], created_at=now, seen_at=now,
                    expires_at=now + self._whole,
                )
            )  # fmt: skip
        return token

    def user_of(self, token: str) -> str | None:
        """Who is logged in by a token; None where the session is over or never was. Counts as a sign of life."""
        with reading(self._engine) as connection:
            rows = _ONE.rows(connection, {"of": hashed(token)})
            now = database_now(connection)
        if not rows or rows[0]["expires_at"] <= now or rows[0]["seen_at"] <= now - self._idle:
            return None
        if rows[0]["seen_at"] <= now - TOUCH:
            with self._engine.begin() as connection:
                connection.execute(update(login_sessions).where(_rows.id == rows[0]["id"]).values(seen_at=now))
        return str(rows[0]["user_id"])

    def end(self, token: str) -> None:
        """End the session of a token, where it is one."""
        with self._engine.begin() as connection:
            connection.execute(delete(login_sessions).where(_rows.id == hashed(token)))

    def end_one(self, session_id: str, *, principal: Principal) -> str:
        """End a session by its shown id; returns whose it was. Raises NotFoundError."""
        principal.require("end logins of others", Role.SECURITY, Role.SYSTEM)
        with self._engine.begin() as connection:
            named = _rows.id.startswith(session_id, autoescape=True)
            found = connection.execute(select(_rows.id, _rows.user_id).where(named)).all()
            if len(session_id) < SHOWN or len(found) != 1:
                raise NotFoundError(f"There is no login {session_id}: it has ended, or see the list of logins.")
            connection.execute(delete(login_sessions).where(_rows.id == found[0].id))
        return str(found[0].user_id)

    def end_all(self, user_id: str) -> int:
        """End every session of a user; returns how many."""
        with self._engine.begin() as connection:
            return connection.execute(delete(login_sessions).where(_rows.user_id == user_id)).rowcount

    def list(self, *, principal: Principal) -> tuple[Session, ...]:
        """Logins that stand, the last seen first."""
        principal.require("see who is logged in", Role.SECURITY, Role.SYSTEM)
        with self._engine.connect() as connection:
            now = database_now(connection)
            stands = (_rows.expires_at > now) & (_rows.seen_at > now - self._idle)
            found = connection.execute(select(login_sessions).where(stands).order_by(_rows.seen_at.desc()))
            return tuple(Session(**{**row._mapping, "id": row.id[:SHOWN]}) for row in found)
