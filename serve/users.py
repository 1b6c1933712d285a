"""Users and their roles. While nobody has a login, the operator of the machine names a user."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, bindparam, delete, select

from jobs.direct import Direct, reading
from knowledge_base.access import ADMINISTRATORS, Principal, Role
from serve.errors import NotFoundError, ServeError, UserError
from serve.rights.credentials import forget_login
from serve.tables import users

_ONE = Direct(select(users).where(users.c.id == bindparam("of")))  # every request asks who it is
USER_ID = re.compile(r"[\w.@-]{1,64}")
OPERATOR = Principal(user_id="operator", roles=frozenset({Role.SYSTEM}))


@dataclass(frozen=True, kw_only=True)
class User:
    """A person known to this installation."""

    id: str
    roles: tuple[Role, ...]
    branches: tuple[str, ...]
    labels: tuple[str, ...]


class Users:
    """The table of users; the operator is always there and is not in it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def principal(self, user_id: str | None) -> Principal:
        """The principal of a user; None is the operator, who administers this machine.

        Raises NotFoundError for a name that was never added.
        """
        if user_id is None:
            return OPERATOR
        with reading(self._engine) as connection:
            rows = _ONE.rows(connection, {"of": user_id})
        if not rows:
            raise NotFoundError(
                f"There is no user {user_id}: add them with `tougu users add {user_id} --role advisor`."
            )
        found = _user(rows[0])
        return Principal(
            user_id=found.id,
            roles=frozenset(found.roles),
            branches=frozenset(found.branches),
            labels=frozenset(found.labels),
        )

    def add(
        self,
        user_id: str,
        *,
        roles: Sequence[Role],
        branches: Sequence[str],
        labels: Sequence[str],
        principal: Principal,
    ) -> User:
        """Add a user, or replace their roles. Raises ServeError when no role is given, UserError for a wrong one."""
        principal.require("change users", Role.ADMINISTRATOR, Role.SYSTEM)
        if not roles:
            raise ServeError(f"The user {user_id} has no role: name at least one with --role.")
        check_roles(user_id, roles, principal)
        user = User(id=user_id, roles=tuple(roles), branches=tuple(branches), labels=tuple(labels))
        row = {
            "id": user.id,
            "roles": [role.value for role in user.roles],
            "branches": list(user.branches),
            "labels": list(user.labels),
            "created_at": datetime.now(UTC),
        }
        with self._engine.begin() as connection:
            connection.execute(delete(users).where(users.c.id == user_id))
            connection.execute(users.insert().values(**row))
        return user

    def remove(self, user_id: str, *, principal: Principal) -> None:
        """Take a user's roles and logins away. Raises NotFoundError for an unknown name."""
        principal.require("change users", Role.ADMINISTRATOR, Role.SYSTEM)
        self.check_removal(user_id, principal)
        with self._engine.begin() as connection:
            forget_login(connection, user_id)
            if connection.execute(delete(users).where(users.c.id == user_id)).rowcount == 0:
                raise NotFoundError(f"There is no user {user_id}: see `tougu users list`.")

    def check_removal(self, user_id: str, principal: Principal) -> None:
        """Raise NotFoundError for an unknown name, UserError for one's own."""
        self.principal(user_id)
        if user_id == principal.user_id:
            raise UserError(
                "Nobody removes themselves: let another administrator do it.",
                zh="不能停用自己，请另一位系统管理员操作。",
            )

    def list(self, *, principal: Principal) -> tuple[User, ...]:
        """All users by name."""
        principal.require("list users", Role.ADMINISTRATOR, Role.SECURITY, Role.SYSTEM)
        with self._engine.connect() as connection:
            rows = connection.execute(select(users).order_by(users.c.id)).all()
        return tuple(_user(row._asdict()) for row in rows)


def check_roles(user_id: str, roles: Sequence[Role], principal: Principal) -> None:
    """Raise UserError for roles that a user cannot be given, or not by this principal."""
    if not USER_ID.fullmatch(user_id):
        raise UserError(
            f"{user_id!r} is no user id: use 1 to 64 letters, digits and . _ @ - .",
            zh="用户名只能用文字、数字和 . _ @ -，1 到 64 个字符。",
        )
    if Role.SYSTEM in roles:
        raise UserError(
            "The role system belongs to the machine and its operator: give a person administrator (users), security "
            "(logins and keys) or audit (reads the log).",
            zh="“系统”是机器自己的角色，不能给人：请选系统管理员、安全管理员或审计管理员。",
        )
    if len(ADMINISTRATORS.intersection(roles)) > 1:
        raise UserError(
            "Nobody is two of administrator, security and audit: each watches the others.",
            zh="系统、安全、审计三种管理员互相监督，一人只能任其一。",
        )
    if user_id == principal.user_id:
        raise UserError(
            "Nobody changes their own roles: let another administrator do it.",
            zh="不能改自己的角色，请另一位系统管理员操作。",
        )


def _user(values: Mapping[str, Any]) -> User:
    return User(
        id=str(values["id"]),
        roles=tuple(Role(role) for role in values["roles"]),
        branches=tuple(values["branches"]),
        labels=tuple(values["labels"]),
    )
