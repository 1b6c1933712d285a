"""Sign-in by the firm's own system: one Protocol, the way out and back, and whom it lets in.

What has to be remembered between the way out and the way back is sealed into a cookie of ten minutes, so that the
answer opens a session only in the browser that asked for it.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from knowledge_base.access import Principal, Role
from serve.errors import NotFoundError, ServeError
from serve.rights.logins import NOBODY
from serve.rights.tokens import Vault, new_token

if TYPE_CHECKING:
    from serve.rooms.rights import RightsRooms

COOKIE = "tougu_sign_in"
TTL_S = 600


class SignInError(ServeError):
    """The sign-in of the firm said no, or said something that cannot be believed."""


@dataclass(frozen=True, kw_only=True)
class Journey:
    """What is remembered from the way out to the way back."""

    provider: str
    state: str  # letters and digits
    nonce: str
    verifier: str  # PKCE (RFC 7636)
    next_path: str
    redirect_uri: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who somebody is, as the firm's sign-in says."""

    user_id: str
    groups: tuple[str, ...] = ()


class IdentityProvider(Protocol):
    """The firm's own sign-in."""

    def way_out(self, journey: Journey) -> str:
        """The address to which the browser is sent. Raises SignInError where the provider cannot be reached."""
        ...

    def identify(self, code: str, journey: Journey) -> Identity:
        """Who came back with a code. Raises SignInError for anything that is not as it has to be."""
        ...


class SignInDesk:
    """Sends people to a provider and lets them in when they come back."""

    def __init__(self, house: RightsRooms, providers: Mapping[str, IdentityProvider], vault: Vault) -> None:
        self._house, self._providers, self._vault = house, providers, vault

    def begin(self, provider: str, *, next_path: str) -> tuple[str, str]:
        """Where to send the browser, and the cookie for it. Raises NotFoundError for an unknown provider."""
        found = self._provider(provider)
        journey = Journey(
            provider=provider, state=new_token().replace("-", "a").replace("_", "b"), nonce=new_token(),
            verifier=new_token(), next_path=next_path,
            redirect_uri=f"{self._house.settings.server.url.rstrip('/')}/login/{provider}/callback",
        )  # fmt: skip
        return found.way_out(journey), self._vault.seal(json.dumps(asdict(journey)).encode()).decode()

    def finish(self, provider: str, *, code: str, state: str, sealed: str, address: str) -> tuple[str, str]:
        """A session's token, and the path to go on at. Raises SignInError; a failure is in the audit log."""
        found = self._provider(provider)
        try:
            journey = self._journey(provider, state, sealed)
            identity = found.identify(code, journey)
            user = self._admitted(identity, provider)
        except SignInError as error:
            told = {"address": address[:64], "how": provider, "what": str(error)[:200]}
            self._house.audit.append(event="login.failed", actor=NOBODY, data=told)
            raise
        return self._house.logins.admit(user, how=provider, address=address), journey.next_path

    def _journey(self, provider: str, state: str, sealed: str) -> Journey:
        try:
            journey = Journey(**json.loads(self._vault.open(sealed.encode(), ttl_s=TTL_S)))
        except ServeError as error:
            raise SignInError("the sign-in took too long or began in another browser") from error
        if journey.provider != provider or not hmac.compare_digest(journey.state.encode(), state.encode()):
            raise SignInError("the answer belongs to another sign-in")
        return journey

    def _admitted(self, identity: Identity, provider: str) -> Principal:
        """The user, with the roles of their groups where the settings map them. Raises SignInError for nobody."""
        roles = self._house.settings.auth.oidc.roles if provider == "oidc" else {}
        try:
            if roles:
                self._follow(identity, {roles[group] for group in identity.groups if group in roles})
            return self._house.users.principal(identity.user_id)
        except NotFoundError as error:
            raise SignInError("who signed in is no user here") from error
        except ServeError as error:
            raise SignInError("the groups of who signed in give no role that can be held here") from error

    def _follow(self, identity: Identity, roles: set[Role]) -> None:
        from serve.users import OPERATOR

        try:
            before = self._house.users.principal(identity.user_id)
        except NotFoundError:
            before = None
        if before is not None and before.roles == roles:
            return
        told = {"user": identity.user_id, "roles": sorted(roles), "by": "groups"}
        self._house.audit.append(event="user.changed", actor="system", data=told)
        self._house.users.add(
            identity.user_id, roles=sorted(roles), branches=sorted(before.branches) if before else [],
            labels=sorted(before.labels) if before else [], principal=OPERATOR,
        )  # fmt: skip

    def _provider(self, name: str) -> IdentityProvider:
        found = self._providers.get(name)
        if found is None:
            raise NotFoundError(f"There is no sign-in {name} here: see auth.oidc and auth.wecom in the settings.")
        return found


def inner_path(path: str) -> str:
    """A path of this very server to go on at; anything else is the first page."""
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path and path.isprintable()
    return path if inside else "/"
