"""What a user logs in with: password, authenticator, and the one-time link by which they set both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, insert, or_, select, update

from jobs.clock import database_now
from jobs.locks import begin_writing
from knowledge_base.access import Principal, Role
from serve.errors import NotFoundError
from serve.rights import totp
from serve.rights.passwords import Passwords
from serve.rights.settings import AuthSettings
from serve.rights.tokens import Vault, hashed, new_token
from serve.tables import credentials, login_sessions, login_setups, users

_rows = credentials.c


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is kept of one user; all empty for nobody."""

    password: str | None = None  # PHC string
    secret: bytes | None = None  # of the authenticator
    step: int | None = None  # of the last code used


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A one-time link that was opened."""

    user_id: str
    secret: bytes  # of an authenticator, offered
    code_needed: bool


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a user's login is set up."""

    password: bool = False
    authenticator: bool = False
    invited_until: datetime | None = None  # end of a one-time link that waits


class Credentials:
    """The table of passwords and authenticators."""

    def __init__(self, engine: Engine, settings: AuthSettings, passwords: Passwords, vault: Vault) -> None:
        self._engine, self._rules, self._passwords, self._vault = engine, settings, passwords, vault

    def any(self) -> bool:
        """Whether anybody has a password."""
        with self._engine.connect() as connection:
            return (
                connection.execute(select(_rows.user_id).where(_rows.password.is_not(None)).limit(1)).first()
                is not None
            )

    def of(self, user_id: str) -> Kept:
        """What is kept of a user."""
        with self._engine.connect() as connection:
            row = connection.execute(select(credentials).where(_rows.user_id == user_id)).one_or_none()
        if row is None:
            return Kept()
        secret = self._vault.open(row.totp) if row.totp is not None else None
        return Kept(password=row.password, secret=secret, step=row.totp_step)

    def standing(self, *, principal: Principal) -> dict[str, Standing]:
        """How far the login of each user is set up; who has nothing is not in it."""
        principal.require("see who can log in", Role.SECURITY, Role.SYSTEM)
        kept = select(_rows.user_id, _rows.password.is_not(None).label("p"), _rows.totp.is_not(None).label("a"))
        with self._engine.connect() as connection:
            waits = login_setups.c.expires_at > database_now(connection)
            links = connection.execute(select(login_setups.c.user_id, login_setups.c.expires_at).where(waits)).all()
            known = {row.user_id: row for row in connection.execute(kept)}
        until = {link.user_id: link.expires_at for link in links}
        return {
            user_id: Standing(
                password=bool(known[user_id].p) if user_id in known else False,
                authenticator=bool(known[user_id].a) if user_id in known else False,
                invited_until=until.get(user_id),
            )
            for user_id in {*known, *until}
        }

    def set_password(self, user_id: str, password: str) -> None:
        """Give a user a password; their logins elsewhere end. Raises WeakPasswordError, NotFoundError."""
        self._passwords.check(password, user_id)
        made = self._passwords.hash(password)
        with self._engine.begin() as connection:
            begin_writing(connection)
            _require_user(connection, user_id)
            self._put(connection, user_id, password=made)
            connection.execute(delete(login_sessions).where(login_sessions.c.user_id == user_id))

    def set_totp(self, user_id: str, secret: bytes | None) -> None:
        """Give a user an authenticator, or take it away. Raises NotFoundError."""
        with self._engine.begin() as connection:
            begin_writing(connection)
            _require_user(connection, user_id)
            self._put(connection, user_id, totp=self._vault.seal(secret) if secret else None, totp_step=None)

    def use_step(self, user_id: str, step: int) -> bool:
        """Spend a code; False where another login was faster."""
        fresh = or_(_rows.totp_step.is_(None), _rows.totp_step < step)
        with self._engine.begin() as connection:
            spent = connection.execute(
                update(credentials).where(_rows.user_id == user_id, fresh).values(totp_step=step)
            )
            return spent.rowcount == 1

    def invite(self, user_id: str, *, principal: Principal) -> tuple[str, datetime]:
        """A one-time token to set password and authenticator, and until when; earlier ones are void.

        Raises NotFoundError for an unknown user.
        """
        principal.require("set up logins", Role.SECURITY, Role.SYSTEM)
        token = new_token()
        with self._engine.begin() as connection:
            begin_writing(connection)
            _require_user(connection, user_id)
            now = database_now(connection)
            until = now + timedelta(hours=self._rules.setup_hours)
            old = or_(login_setups.c.user_id == user_id, login_setups.c.expires_at <= now)
            connection.execute(delete(login_setups).where(old))
            sealed = self._vault.seal(totp.new_secret())
            connection.execute(
                insert(login_setups).values(token=hashed(token), user_id=user_id, totp=sealed, expires_at=until)
            )
        return token, until

    def open_setup(self, token: str) -> Setup | None:
        """What a one-time link sets up; None for one that was used, is too old, or never was."""
        query = (
            select(login_setups, users.c.roles)
            .join(users, users.c.id == login_setups.c.user_id)
            .where(login_setups.c.token == hashed(token))
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
            if row is None or row.expires_at <= database_now(connection):
                return None
        needed = not set(self._rules.totp_roles).isdisjoint(Role(role) for role in row.roles)
        return Setup(user_id=row.user_id, secret=self._vault.open(row.totp), code_needed=needed)

    def close_setup(self, token: str) -> bool:
        """Spend a one-time link; False where somebody was faster."""
        with self._engine.begin() as connection:
            spent = connection.execute(delete(login_setups).where(login_setups.c.token == hashed(token)))
            return spent.rowcount == 1

    def _put(self, connection: Connection, user_id: str, **values: object) -> None:
        now = database_now(connection)
        changed = connection.execute(
            update(credentials).where(_rows.user_id == user_id).values(**values, changed_at=now)
        )
        if changed.rowcount == 0:
            connection.execute(insert(credentials).values(user_id=user_id, **values, changed_at=now))


def forget_login(connection: Connection, user_id: str) -> None:
    """Take away all that a user could log in with, in the transaction that removes them."""
    for table in (credentials, login_sessions, login_setups):
        connection.execute(delete(table).where(table.c.user_id == user_id))


def _require_user(connection: Connection, user_id: str) -> None:
    if connection.execute(select(users.c.id).where(users.c.id == user_id)).first() is None:
        raise NotFoundError(f"There is no user {user_id}: add them with `tougu users add {user_id} --role advisor`.")
