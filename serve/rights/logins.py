"""Logging in: password, then code; every attempt in the audit log, one answer for all that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from compliance_filters.audit.log import AuditLog
from knowledge_base.access import Principal, Role
from serve.errors import NotFoundError, ServeError
from serve.rights import totp
from serve.rights.credentials import Credentials, Kept, Setup
from serve.rights.lockout import LockedError, Lockouts
from serve.rights.passwords import Passwords
from serve.rights.sessions import Sessions
from serve.rights.settings import AuthSettings
from serve.users import Users

NOBODY = "nobody"  # actor of attempts with a name that is no user's: what was typed may be a password


class LoginError(ServeError):
    """The login was refused; the sentence never says which part was wrong."""

    def __init__(self, message: str, *, zh: str, needs: str = "") -> None:
        super().__init__(message)
        self.zh = zh
        self.more: Mapping[str, Any] = {"needs": needs} if needs else {}


class SignInNeededError(ServeError):
    """The request names nobody, or the login it names is over."""

    zh = "请先登录：登录已过期，或尚未登录。"

    def __init__(self, why: str = "Nobody is logged in, or the login has ended") -> None:
        super().__init__(f"{why}: log in at /login, or send an API key.")
        self.headers = {"www-authenticate": "Bearer"}


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What somebody typed, and from where."""

    user_id: str
    password: str
    code: str = ""
    address: str = ""


class Logins:
    """Opens sessions for those who prove who they are."""

    def __init__(
        self, *, users: Users, credentials: Credentials, passwords: Passwords, sessions: Sessions, lockouts: Lockouts,
        audit: AuditLog, settings: AuthSettings,
    ) -> None:  # fmt: skip
        self._users, self._credentials, self._passwords = users, credentials, passwords
        self._sessions, self._lockouts, self._audit, self._rules = sessions, lockouts, audit, settings

    def enter(self, attempt: Attempt) -> str:
        """The token of a new session. Raises what `prove` raises."""
        return self.admit(self.prove(attempt), how="password", address=attempt.address)

    def confirm(self, attempt: Attempt, *, act: str) -> Principal:
        """Who proves, for one act at the command line, that it is they who do it. Raises what `prove` raises."""
        user = self.prove(attempt)
        self._tell("login.confirmed", user, attempt.address, act=act)
        return user

    def prove(self, attempt: Attempt) -> Principal:
        """Who knows this password, and shows this code where they have an authenticator.

        Raises LockedError, LoginError (with `needs` "code" where the password was right and a code is missing), and
        AuditError: what cannot be written down does not happen.
        """
        user = self._known(attempt.user_id)
        try:
            self._lockouts.begin(attempt.user_id, attempt.address)
        except LockedError:
            self._tell("login.locked", user, attempt.address)
            raise
        kept = self._credentials.of(attempt.user_id) if user else Kept()
        right = self._passwords.right(attempt.password, kept.password)
        if user is None or not right:
            self._fail(user, attempt.address, "password")
            raise LoginError("The name or the password is wrong: try again.", zh="用户名或密码不正确，请重试。")
        self._check_code(user, kept, attempt)
        self._lockouts.succeeded(attempt.user_id, attempt.address)
        return user

    def admit(self, user: Principal, *, how: str, address: str) -> str:
        """Open a session for somebody who has proven who they are; returns its token."""
        self._tell("login", user, address, how=how)
        return self._sessions.open(user.user_id, how=how, address=address)

    def leave(self, token: str) -> None:
        """End a session; a token that opens none changes nothing."""
        user_id = self._sessions.user_of(token)
        if user_id is not None:
            self._audit.append(event="logout", actor=user_id)
            self._sessions.end(token)

    def setup(self, token: str) -> Setup:
        """What a one-time link sets up. Raises LoginError for one that is over."""
        found = self._credentials.open_setup(token)
        if found is None:
            raise LoginError(
                "The link was used or is too old: ask for a new one.",
                zh="链接已使用或已过期，请向安全管理员索取。",
            )
        return found

    def finish_setup(self, token: str, *, password: str, code: str) -> str:
        """Set the password, and the authenticator where a code of it is given or needed; returns whose.

        Raises LoginError, WeakPasswordError; the link stays good until all of it was right.
        """
        setup = self.setup(token)
        self._passwords.check(password, setup.user_id)
        step = totp.step_of(setup.secret, code, datetime.now(UTC), after=None) if code else None
        if step is None and (setup.code_needed or code):
            raise LoginError(
                "The code is wrong: type the one that the authenticator shows now.",
                zh="动态码不正确，请填写验证器当前显示的六位数字。", needs="code",
            )  # fmt: skip
        if not self._credentials.close_setup(token):
            return self.setup(token).user_id  # raises: somebody was faster
        self._audit.append(event="login.set_up", actor=setup.user_id, data={"code": step is not None})
        self._credentials.set_password(setup.user_id, password)
        if step is not None:
            self._credentials.set_totp(setup.user_id, setup.secret)
        return setup.user_id

    def set_password(self, user_id: str, password: str, *, principal: Principal) -> None:
        """Set another's password: security's right. Raises WeakPasswordError, NotFoundError."""
        principal.require("set passwords", Role.SECURITY, Role.SYSTEM)
        self._passwords.check(password, user_id)
        self._audit.append(event="login.password_set", actor=principal.user_id, data={"user": user_id})
        self._credentials.set_password(user_id, password)

    def _check_code(self, user: Principal, kept: Kept, attempt: Attempt) -> None:
        if kept.secret is None:
            if user.has(*self._rules.totp_roles):
                self._fail(user, attempt.address, "no authenticator")
                raise LoginError(
                    "This role needs an authenticator and none is set up: ask for a link to set it up.",
                    zh="该角色须使用动态码登录，尚未设置，请向安全管理员索取设置链接。", needs="setup",
                )  # fmt: skip
            return
        if not attempt.code.strip():
            raise LoginError("The code of the authenticator is missing.", zh="请填写验证器上的动态码。", needs="code")
        step = totp.step_of(kept.secret, attempt.code, datetime.now(UTC), after=kept.step)
        if step is None or not self._credentials.use_step(user.user_id, step):
            self._fail(user, attempt.address, "code")
            raise LoginError(
                "The code is wrong or was used: wait for the next one.", zh="动态码不正确或已用过，请用下一个。",
                needs="code",
            )  # fmt: skip

    def _known(self, user_id: str) -> Principal | None:
        try:
            return self._users.principal(user_id)
        except NotFoundError:
            return None

    def _fail(self, user: Principal | None, address: str, what: str) -> None:
        self._tell("login.failed", user, address, what=what)

    def _tell(self, event: str, user: Principal | None, address: str, **more: str) -> None:
        actor = user.user_id if user else NOBODY
        self._audit.append(event=event, actor=actor, data={"address": address[:64], **more})
