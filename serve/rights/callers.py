"""From a request to who sends it: a key, a login, or, while nobody has one, the operator of the machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from knowledge_base.access import Principal
from serve.errors import NotFoundError
from serve.rights.api_keys import PREFIX
from serve.rights.logins import SignInNeededError

if TYPE_CHECKING:
    from serve.rooms.rights import RightsRooms

COOKIE, SECURE_COOKIE = "tougu_session", "__Host-tougu_session"
SELF = "self"  # the group that opens to everybody who is somebody
RECHECK_S = 1.0  # how soon the first password closes an open house


@dataclass(frozen=True, kw_only=True)
class Credential:
    """What a request shows of who sends it."""

    key: str = ""  # of the header Authorization: Bearer
    cookie: str = ""
    acts_as: str = ""  # header of the loopback server without logins, percent-encoded
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who sends a request."""

    principal: Principal
    bucket: str = ""  # name of their bucket of tokens; empty for the operator, who is not limited
    per_minute: int = 0
    groups: frozenset[str] | None = None  # of routes, that a key opens; None for a person


class Callers:
    """Finds out who sends a request, whether they may come to the route, and how often."""

    def __init__(self, house: RightsRooms) -> None:
        self._house = house
        self.closed = False  # whether logins were found in force
        self._asked_at = float("-inf")

    def logins_in_force(self) -> bool:
        """Whether everybody has to log in. Once true it stays so until the process ends."""
        if not self.closed and time.monotonic() - self._asked_at >= RECHECK_S:
            rules = self._house.settings.auth
            signs_in = bool(rules.oidc.issuer or rules.wecom.corp_id or self._house.settings.server.url)
            self.closed = rules.required if rules.required is not None else signs_in or self._house.credentials.any()
            self._asked_at = time.monotonic()
        return self.closed

    def find(self, shown: Credential) -> Caller:
        """Who sends it. Raises SignInNeededError for nobody, a wrong key or a login that is over."""
        if shown.key.startswith(PREFIX):
            return self._by_key(shown)
        if not self.logins_in_force():
            named = unquote(shown.acts_as) if shown.acts_as else None
            return Caller(principal=self._house.users.principal(named))
        return self._by_login(shown)

    def require_somebody(self, shown: Credential) -> None:
        """Raise SignInNeededError for nobody, before anything that they bring is read; who it is `find` tells."""
        if shown.key.startswith(PREFIX):
            self._by_key(shown)
        elif self.logins_in_force() and (not shown.cookie or self._house.sessions.user_of(shown.cookie) is None):
            raise SignInNeededError

    def admit(self, caller: Caller, path: str) -> None:
        """Let a caller come to a route's pattern.

        Raises TooManyError, and AccessDeniedError where their role or key does not open it.
        """
        self._house.limits.take(caller.bucket, caller.per_minute)
        self._house.route_groups.admit(path, caller.principal, only=caller.groups)

    def _by_key(self, shown: Credential) -> Caller:
        holder = self._house.api_keys.holder(shown.key, shown.address)
        if holder is None:
            raise SignInNeededError("The API key is wrong, expired or revoked")
        return Caller(
            principal=holder.principal, bucket=f"key {holder.principal.user_id}", groups=holder.groups | {SELF},
            per_minute=self._house.settings.limits.key_per_minute,
        )  # fmt: skip

    def _by_login(self, shown: Credential) -> Caller:
        user_id = self._house.sessions.user_of(shown.cookie) if shown.cookie else None
        if user_id is None:
            raise SignInNeededError
        try:
            principal = self._house.users.principal(user_id)
        except NotFoundError as error:  # removed since they logged in
            raise SignInNeededError from error
        per_minute = self._house.settings.limits.person_per_minute
        return Caller(principal=principal, bucket=f"person {user_id}", per_minute=per_minute)
