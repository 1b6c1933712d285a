"""Wrong passwords: counted by account and by address, whether the account exists or not; then a wait that grows.

An attempt is counted before the password is looked at and given back when it was right, so that many made at once are
counted one after the other.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

from sqlalchemy import Connection, Engine, delete, insert, select, update

from jobs.clock import database_now
from jobs.locks import hold
from knowledge_base.access import Principal, Role
from serve.errors import NotFoundError, ServeError
from serve.rights.settings import AuthSettings
from serve.tables import login_failures, users

FORGET = timedelta(days=1)  # without a failure, after which counting begins anew
LOCK = "login failures"
_rows = login_failures.c


class LockedError(ServeError):
    """Too many wrong passwords: the account or the address has to wait."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Too many failed logins: wait {wait_s} seconds and try again.")
        self.zh = f"登录失败次数过多，请{_words(wait_s)}后再试，或请安全管理员解锁。"
        self.headers = {"retry-after": str(wait_s)}


@dataclass(frozen=True, kw_only=True)
class Lockout:
    """An account or an address that has to wait."""

    name: str  # as counted
    shown: str  # user id, or address; empty for an account that does not exist
    failures: int
    last_at: datetime
    locked_until: datetime


class Lockouts:
    """Counts failures."""

    def __init__(self, engine: Engine, settings: AuthSettings, key: bytes) -> None:
        self._engine, self._rules, self._key = engine, settings, key

    def begin(self, user_id: str, address: str) -> None:
        """Count an attempt. Raises LockedError while the account or the address has to wait."""
        with self._engine.begin() as connection:
            hold(connection, LOCK)
            now = database_now(connection)
            connection.execute(delete(login_failures).where(_rows.last_at < now - FORGET))
            counted = ((self._account(user_id), _known(connection, user_id), self._rules.failures),
                       (self._address(address), address[:64], self._rules.address_failures))  # fmt: skip
            until = [self._locked_until(connection, name) for name, _shown, _most in counted]
            waits = [(each - now).total_seconds() for each in until if each is not None and each > now]
            if waits:
                raise LockedError(max(1, ceil(max(waits))))
            for name, shown, most in counted:
                self._count(connection, name, shown, most, now)

    def succeeded(self, user_id: str, address: str) -> None:
        """Forget the account's failures, and give the address its attempt back."""
        with self._engine.begin() as connection:
            hold(connection, LOCK)
            connection.execute(delete(login_failures).where(_rows.name == self._account(user_id)))
            back = update(login_failures).where(_rows.name == self._address(address), _rows.failures > 0)
            connection.execute(back.values(failures=_rows.failures - 1, locked_until=None))

    def list(self, *, principal: Principal) -> tuple[Lockout, ...]:
        """Who has to wait, the longest first."""
        principal.require("see lockouts", Role.SECURITY, Role.SYSTEM)
        with self._engine.connect() as connection:
            query = select(login_failures).where(_rows.locked_until > database_now(connection))
            return tuple(
                Lockout(**row._mapping) for row in connection.execute(query.order_by(_rows.locked_until.desc()))
            )

    def unlock(self, shown: str, *, principal: Principal) -> None:
        """Let an account or an address try again at once. Raises NotFoundError where nothing is counted."""
        principal.require("unlock accounts", Role.SECURITY, Role.SYSTEM)
        with self._engine.begin() as connection:
            names = [self._account(shown), self._address(shown)]
            if connection.execute(delete(login_failures).where(_rows.name.in_(names))).rowcount == 0:
                raise NotFoundError(f"Nothing is locked under {shown}: see `tougu users lockouts`.")

    def _locked_until(self, connection: Connection, name: str) -> datetime | None:
        return connection.execute(select(_rows.locked_until).where(_rows.name == name)).scalar_one_or_none()

    def _count(self, connection: Connection, name: str, shown: str, most: int, now: datetime) -> None:
        before = connection.execute(select(_rows.failures).where(_rows.name == name)).scalar_one_or_none()
        failures = (before or 0) + 1
        wait_s = min(self._rules.lock_s * 2 ** min(failures - most, 32), self._rules.lock_most_s)
        until = now + timedelta(seconds=wait_s) if failures >= most else None
        values = {"failures": failures, "last_at": now, "locked_until": until}
        if before is None:
            connection.execute(insert(login_failures).values(name=name, shown=shown, **values))
        else:
            connection.execute(update(login_failures).where(_rows.name == name).values(values))

    def _account(self, user_id: str) -> str:
        return self._hash("account", user_id)

    def _address(self, address: str) -> str:
        return self._hash("address", address)

    def _hash(self, kind: str, text: str) -> str:
        told = f"{kind}:{text}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, told, sha256).hexdigest()


def _known(connection: Connection, user_id: str) -> str:
    return connection.execute(select(users.c.id).where(users.c.id == user_id)).scalar_one_or_none() or ""


def _words(wait_s: int) -> str:
    return f"{wait_s}秒" if wait_s < 120 else f"{ceil(wait_s / 60)}分钟"
