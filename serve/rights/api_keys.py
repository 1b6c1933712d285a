"""Keys of programs: `tgk_<id>_<secret>`, kept hashed, each with a role, groups of routes and an end."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, bindparam, insert, select, update

from compliance_filters.audit.log import AuditLog
from jobs.clock import database_now
from jobs.direct import Direct, reading
from knowledge_base.access import Principal, Role
from serve.errors import NotFoundError, UserError
from serve.rights.groups import RouteGroups
from serve.rights.tokens import hashed, new_token
from serve.tables import api_keys

PREFIX = "tgk_"
KEY = re.compile(r"tgk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,38}")
NO_KEY_HAS = frozenset({Role.SYSTEM, Role.ADMINISTRATOR, Role.SECURITY})  # no program makes users or keys
USE_NOTED = timedelta(hours=1)  # a use from the same address is written down so often
_rows = api_keys.c
_ONE = Direct(select(api_keys).where(_rows.id == bindparam("of")))


class ApiKeyError(UserError):
    """A key cannot have the scope that was asked for."""


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A key without its secret."""

    id: str
    name: str
    role: Role
    groups: tuple[str, ...]
    branches: tuple[str, ...]
    labels: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    used_from: str


@dataclass(frozen=True, kw_only=True)
class KeyHolder:
    """Who came with a key, and the groups of routes that it opens."""

    principal: Principal
    groups: frozenset[str]


class ApiKeys:
    """The table of keys."""

    def __init__(self, engine: Engine, audit: AuditLog, groups: RouteGroups) -> None:
        self._engine, self._audit, self._groups = engine, audit, groups

    def add(
        self, name: str, *, role: Role, groups: Sequence[str], days: int, branches: Sequence[str] = (),
        labels: Sequence[str] = (), principal: Principal,
    ) -> str:  # fmt: skip
        """Make a key; returns it, which nobody can do again. Raises ApiKeyError for a scope that cannot be."""
        principal.require("make API keys", Role.SECURITY, Role.SYSTEM)
        self._check(name, role, groups, days)
        key_id, secret = secrets.token_hex(6), new_token()
        self._audit.append(
            event="api_key.added", actor=principal.user_id,
            data={"key": key_id, "name": name, "role": role.value, "groups": sorted(groups), "days": days},
        )  # fmt: skip
        with self._engine.begin() as connection:
            now = database_now(connection)
            connection.execute(
                insert(api_keys).values(
                    id=key_id, secret=hashed(secret), name=name, role=role.value, groups=sorted(groups),
                    branches=list(branches), labels=list(labels), created_by=principal.user_id, created_at=now,
                    expires_at=now + timedelta(days=days), used_from="",
                )
            )  # fmt: skip
        return f"{PREFIX}{key_id}_{secret}"

    def holder(self, key: str, address: str) -> KeyHolder | None:
        """Who comes with a key; None for one that is wrong, expired or revoked. Its use is noted."""
        parts = KEY.fullmatch(key)
        if parts is None:
            return None
        with reading(self._engine) as connection:
            rows = _ONE.rows(connection, {"of": parts[1]})
            now = database_now(connection)
        row = rows[0] if rows else None
        right = hmac.compare_digest(hashed(parts[2]), row["secret"] if row else hashed(""))
        if row is None or not right or row["revoked_at"] is not None or row["expires_at"] <= now:
            return None
        found = _key(row)
        if found.used_at is None or found.used_at <= now - USE_NOTED or found.used_from != address[:64]:
            self._note_use(found, address[:64], now)
        principal = Principal(
            user_id=f"key:{found.name}", roles=frozenset({found.role}), branches=frozenset(found.branches),
            labels=frozenset(found.labels),
        )  # fmt: skip
        return KeyHolder(principal=principal, groups=frozenset(found.groups))

    def list(self, *, principal: Principal) -> tuple[ApiKey, ...]:
        """Every key, the newest first; also those that are over."""
        principal.require("list API keys", Role.SECURITY, Role.SYSTEM)
        with self._engine.connect() as connection:
            query = select(api_keys).order_by(_rows.created_at.desc(), _rows.id)
            return tuple(_key(row._asdict()) for row in connection.execute(query))

    def revoke(self, key_id: str, *, principal: Principal) -> None:
        """End a key for good. Raises NotFoundError."""
        principal.require("revoke API keys", Role.SECURITY, Role.SYSTEM)
        with self._engine.begin() as connection:
            stands = (_rows.id == key_id) & _rows.revoked_at.is_(None)
            ended = connection.execute(update(api_keys).where(stands).values(revoked_at=database_now(connection)))
            if ended.rowcount == 0:
                raise NotFoundError(f"There is no key {key_id} that stands: see `tougu keys list`.")
        self._audit.append(event="api_key.revoked", actor=principal.user_id, data={"key": key_id})

    def _check(self, name: str, role: Role, groups: Sequence[str], days: int) -> None:
        if NAME.fullmatch(name) is None:
            raise ApiKeyError(
                f"{name!r} is no name of a key: use small letters, digits and hyphens, 2 to 39 of them.",
                zh="密钥名称用小写字母、数字和连字符，2 到 39 个字符。",
            )
        if role in NO_KEY_HAS:
            raise ApiKeyError(
                f"No key has the role {role.value}: give it the role of the work that the program does.",
                zh="程序不能有管理员角色：请选它所做工作的角色。",
            )
        if not 1 <= days <= 3650:
            raise ApiKeyError("A key is good for 1 to 3650 days: name a number between.", zh="有效期为 1 到 3650 天。")
        known = self._groups.names
        unknown = [group for group in groups if group not in known]
        if unknown or not groups:
            raise ApiKeyError(
                f"A key opens at least one known group of routes{f' and {unknown[0]} is none' if unknown else ''}: "
                f"choose from {', '.join(sorted(known))}.",
                zh="请至少选一组可用的接口。",
            )

    def _note_use(self, key: ApiKey, address: str, now: datetime) -> None:
        told = {"key": key.id, "name": key.name, "address": address}
        self._audit.append(event="api_key.used", actor=f"key:{key.name}", data=told)
        with self._engine.begin() as connection:
            connection.execute(update(api_keys).where(_rows.id == key.id).values(used_at=now, used_from=address))


def _key(values: Mapping[str, Any]) -> ApiKey:
    told = {name: value for name, value in values.items() if name != "secret"}
    lists = {name: tuple(values[name]) for name in ("groups", "branches", "labels")}
    return ApiKey(**{**told, **lists, "role": Role(values["role"])})
